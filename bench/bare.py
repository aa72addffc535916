"""The floor under receiving: WSGI functions without any framework. They verify, read the JSON, make one statement, answer.

``journal`` makes the platform's own statement (de-duplication, the lane's lock and number, the event). ``plain`` inserts one row.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from psycopg_pool import ConnectionPool

from connector_platform.core.events import Text
from webhooks_app.journal import Entry, append

_SECRET = os.environ["BENCH_APP_SECRET"].encode()
_CHANNEL, _BRAND = (uuid.UUID(os.environ[name]) for name in ("BENCH_CHANNEL_ID", "BENCH_BRAND_ID"))
_POOL = ConnectionPool(os.environ["DATABASE_URL"], kwargs={"autocommit": True}, min_size=1, max_size=48, open=True)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


class _Recorder:
    """Takes the place of a connection: keeps what the platform's journal executes for one message, whatever form it has by now."""

    statement: Any = ""
    parameters: dict[str, Any]

    def execute(self, statement: Any, parameters: dict[str, Any]) -> _Recorder:
        self.statement, self.parameters = statement, parameters
        return self

    def fetchall(self) -> list[Any]:
        return []


def _recorded() -> _Recorder:
    recorder = _Recorder()
    sample = Entry(
        lane_key="", direction="i", brand_id=_BRAND, channel_id=_CHANNEL, source_scope=_CHANNEL, source_id="", content=Text(text="")
    )
    append([sample], recorder)
    return recorder


_RECORDED = _recorded()
_STATEMENT = _RECORDED.statement
_TAKES_ARRAYS = isinstance(_RECORDED.parameters["key"], list)
_DEFAULTS = {name: value[0] if _TAKES_ARRAYS else value for name, value in _RECORDED.parameters.items()}


def _message(environ: Environ) -> tuple[dict[str, Any], bytes] | None:
    """The callback's only message, or None where the signature is wrong or there is no body."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    expected = "sha256=" + hmac.new(_SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, environ.get("HTTP_X_HUB_SIGNATURE_256", "")):
        return None
    event: dict[str, Any] = json.loads(body)["entry"][0]["messaging"][0]
    return event, body


def _answer(start_response: StartResponse, status: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"OK"]


def journal(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The platform's statement."""
    read = _message(environ)
    if read is None:
        return _answer(start_response, "401 Unauthorized")
    event, body = read
    sender = event["sender"]["id"]
    parameters: dict[str, Any] = {
        **_DEFAULTS,
        "key": f"i:{_CHANNEL}:{sender}",
        "direction": "i",
        "brand": _BRAND,
        "channel": _CHANNEL,
        "scope": _CHANNEL,
        "source": event["message"]["mid"],
        "public": uuid.uuid4(),
        "kind": "text",
        "content": json.dumps({"type": "text", "text": event["message"]["text"]}),
        "raw": body,
        "wire": "message.text",
        "consumer": sender,
        "occurred": datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
    }
    if _TAKES_ARRAYS:
        parameters = {name: [value] for name, value in parameters.items()}
    with _POOL.connection() as connection:
        connection.execute(_STATEMENT, parameters)
    return _answer(start_response, "200 OK")


def plain(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """One row."""
    read = _message(environ)
    if read is None:
        return _answer(start_response, "401 Unauthorized")
    event, body = read
    with _POOL.connection() as connection:
        connection.execute(
            "INSERT INTO bench_plain (source, consumer, body) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [event["message"]["mid"], event["sender"]["id"], body],
        )
    return _answer(start_response, "200 OK")
