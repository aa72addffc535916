"""Telegram's part in the contract suite."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from channels_app.providers.base import CallbackRequest
from channels_app.providers.telegram import Telegram, TelegramConfig
from channels_app.providers.telegram.verify import HEADER
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.events import Content, File, FileKind, Text
from tests.providers.contract.cases import ErrorSample, ProviderCase, TextSample

BOT_ID = "6123456789"
TOKEN = f"{BOT_ID}:AAcanary-Bot_Token_of_35_characters"
SECRET = "fx-Secret_Token-42"
CONSUMERS = ("7012345678", "7012345699")

CONFIG = TelegramConfig(bot_token=SecretStr(TOKEN), secret_token=SecretStr(SECRET))


def post(update: Any, *, escaped: bool = True) -> CallbackRequest:
    """An unsigned callback with ``update``."""
    body = json.dumps(update, ensure_ascii=escaped, separators=(",", ":")).encode()
    return CallbackRequest(method="POST", headers={"content-type": "application/json"}, body=body)


def sign(request: CallbackRequest) -> CallbackRequest:
    """``request`` with the secret that setWebhook was given."""
    return replace(request, headers={**request.headers, HEADER: SECRET})


def message(consumer_id: str = CONSUMERS[0], number: int = 101, /, **content: Any) -> dict[str, Any]:
    """A message of a private chat."""
    person = {"id": int(consumer_id), "first_name": "Nina", "last_name": "P", "username": "nina_p"}
    return {
        "message_id": number,
        "from": {**person, "is_bot": False, "language_code": "es"},
        "chat": {**person, "type": "private"},
        "date": 1793001599,
        **content,
    }


def update(number: int = 500000001, /, **kind: Any) -> dict[str, Any]:
    return {"update_id": number, **kind}


def text_callback(sample: TextSample) -> CallbackRequest:
    number = int(sample.source_id)
    return post(update(number, message=message(sample.consumer_id, number, text=sample.text)), escaped=sample.escaped)


def answer(call: HttpCall, number: int) -> HttpResponse:
    """Telegram in a good mood."""
    method = call.url.rpartition("/")[2]
    if method == "getMe":
        return result({"id": int(BOT_ID), "is_bot": True, "first_name": "Acme Care", "username": "acme_care_bot"})
    if method == "getWebhookInfo":
        return result({"url": "https://connect.example.com/webhooks/callback", "pending_update_count": 0})
    if method == "sendChatAction":
        return result(True)
    return result({"message_id": 1000 + number, "chat": {"id": int(CONSUMERS[0]), "type": "private"}, "date": 1793001600})


def result(value: Any) -> HttpResponse:
    """A success."""
    return HttpResponse(status=200, headers={"content-type": "application/json"}, body=json.dumps({"ok": True, "result": value}).encode())


def refusal(code: int, description: str, *, status: int | None = None, **parameters: Any) -> HttpResponse:
    """Telegram's refusal; ``status`` is HTTP's where it differs from the body's code."""
    body = {"ok": False, "error_code": code, "description": description, **({"parameters": parameters} if parameters else {})}
    return HttpResponse(status=status or code, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


def sent_text(call: HttpCall) -> str:
    return str(json.loads(call.body).get("text", "")) if call.body else ""


def rendered(call: HttpCall) -> Any:
    """The message in a call, and the method that takes it."""
    fields = json.loads(call.body)
    del fields["chat_id"]
    return {"method": call.url.rpartition("/")[2], **fields}


def _sample(code: str) -> ErrorSample:
    number, _, part = code.partition("/")
    content: Content = File(kind=FileKind.IMAGE, url="https://files.example.com/a.png") if "http" in part else Text(text="hello")
    return ErrorSample(
        response=refusal(int(number), f"Bad Request: {part.upper()} and more" if part else "Words of Telegram"), content=content
    )


CASE = ProviderCase(
    rendered=rendered,
    provider=Telegram(),
    config=CONFIG,
    fixtures_dir=Path(__file__).parent / "fixtures",
    sign=sign,
    signature_header=HEADER,
    signs_body=False,
    text_callback=text_callback,
    unknown_callback=post(update(telepathy={"thought": "hm"})),
    echo_callback=post(update(message=message(text="ours") | {"from": {"id": int(BOT_ID), "is_bot": True, "first_name": "Acme Care"}})),
    answer=answer,
    sent_text=sent_text,
    consumer_ids=CONSUMERS,
    secrets_in_url=True,
    error_samples={row.code: _sample(row.code) for row in Telegram.errors},
    bad_configs=(
        ("bot_token", {"bot_token": "acme_care_bot", "secret_token": SECRET}),
        ("bot_token", {"bot_token": f"{TOKEN}/x", "secret_token": SECRET}),
        ("bot_token", {"secret_token": SECRET}),
        ("secret_token", {"bot_token": TOKEN, "secret_token": "short"}),
        ("secret_token", {"bot_token": TOKEN, "secret_token": "with blanks and dots ..."}),
        ("api_base", {"bot_token": TOKEN, "secret_token": SECRET, "api_base": "bots.example.com"}),
    ),
)
