from __future__ import annotations

import os

import requests

from bench.idiomatic.celery import app
from bench.idiomatic.models import Message

_session = requests.Session()
_session.trust_env = False
_session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=48))


@app.task  # type: ignore[untyped-decorator]
def deliver(pk: int) -> None:
    """Send one message to LivePerson and keep what it answered: the same call that the platform makes."""
    message = Message.objects.get(pk=pk)
    request = {
        "kind": "req",
        "id": f"{message.pk}-1",
        "type": "ms.PublishEvent",
        "body": {
            "dialogId": message.sender_id,
            "conversationId": message.sender_id,
            "event": {"type": "ContentEvent", "contentType": "text/plain", "message": message.text},
        },
    }
    response = _session.post(
        os.environ["BENCH_SEND_URL"],
        json=request,
        headers={"Authorization": "bench", "X-LP-ON-BEHALF": "bench", "Client-Properties": '{"type":".ClientProperties","features":[]}'},
        timeout=15,
    )
    response.raise_for_status()
    message.status = "sent"
    message.answer_status = response.status_code
    message.save(update_fields=["status", "answer_status", "updated_at"])
