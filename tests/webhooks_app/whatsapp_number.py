"""A WhatsApp number, and Meta on the other end."""

from __future__ import annotations

import json
import time
from typing import Any

from channels_app.models import Channel, ProviderApp
from connector_platform.core.calls import HttpResponse
from connector_platform.database import run
from tests.webhooks_app.far_side import answer
from tests.webhooks_app.world import META_SECRET, VERIFY_TOKEN, World, meta_headers, send

NUMBER_ID = "106500000000066"
NOOR, JAN = "31612345678", "31612345679"


def whatsapp_number(world: World) -> Channel:
    """A WhatsApp number beside the world's other channels."""
    app = {"app_id": "1517776481860111", "app_secret": META_SECRET, "verify_token": VERIFY_TOKEN}
    vendor = ProviderApp.objects.create(brand=None, provider="whatsapp", name="Meta app", config=app)
    config = {"phone_number_id": NUMBER_ID, "waba_id": "102200000000033", "access_token": "EAAcanaryWhatsAppToken0001"}
    row = Channel(
        brand=world.brand,
        liveperson_app=world.app,
        provider="whatsapp",
        provider_app=vendor,
        name="WhatsApp",
        address=NUMBER_ID,
        config=config,
    )
    row.save()
    return row


def writes(world: World, number: Channel, person: str) -> str:
    """A person writes; the conversation that is opened."""
    message = {"from": person, "id": f"wamid.{person}", "timestamp": str(int(time.time())), "type": "text", "text": {"body": "hello"}}
    calls_back(number, messages=[message])
    world.work()
    world.far.calls.clear()
    return world.far.created[-1]


def calls_back(number: Channel, **value: Any) -> None:
    """Meta calls with ``messages`` or ``statuses``."""
    from connector_platform import wsgi

    value |= {"messaging_product": "whatsapp", "metadata": {"phone_number_id": NUMBER_ID}}
    entry = {"id": "102200000000033", "changes": [{"field": "messages", "value": value}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    assert send(wsgi.application, f"/callbacks/whatsapp/apps/{number.provider_app_id}", body, meta_headers(body)).status == 200


def taken(message_id: str) -> HttpResponse:
    return answer({"messaging_product": "whatsapp", "contacts": [], "messages": [{"id": message_id}]})


def limited(code: int, status: int, **headers: str) -> HttpResponse:
    error = {"message": f"(#{code}) words of Meta", "type": "OAuthException", "code": code, "error_subcode": 2494055, "fbtrace_id": "A1"}
    return answer({"error": error}, status, **headers)


def sent(world: World) -> list[tuple[str, str]]:
    """Whom Meta was asked to write to, and what."""
    return [(body["to"], body["text"]["body"]) for call in world.far.of("send_text") if "text" in (body := json.loads(call.body))]


def waits_s(conversation: str) -> float:
    query = "SELECT extract(epoch FROM due_at - now()) FROM webhooks_app_lane WHERE direction = 'o' AND key LIKE %s"
    return float(run(query, [f"%{conversation}"])[0][0])
