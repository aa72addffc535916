"""Telegram: bots, and the updates that Telegram posts. ``telegram_bot_api`` is what a brand's platform calls.

A tap leaves a bubble on this phone, where Telegram's app shows none. The tapped button waits until the tap is answered, by a call of
answerCallbackQuery or by the method that stands in the answer to the update, which Telegram runs.

Source: https://core.telegram.org/bots/api (checked 2026-11).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from typing import Any

from aiohttp import web

from sandbox.kernel import Kernel, now_ms
from sandbox.phones.base import Acted, Capabilities, Reported, Simulator
from sandbox.phones.callbacks import Answer, Callback, Courier, Wire
from sandbox.phones.fields import Fields
from sandbox.phones.state import PIN, Message, Phone, Profile
from sandbox.phones.telegram_bot_api import BotApi
from sandbox.phones.telegram_forms import Json, Upload
from sandbox.phones.telegram_line import TOKEN, Query, Stored, TelegramLine, chat, person
from sandbox.phones.telegram_webhook import Webhook

MEDIA_KINDS = {"file": "document", "audio": "voice", "video": "video"}


class Telegram(Simulator[TelegramLine]):
    slug = "telegram"
    title = "Telegram"
    look = "telegram"
    consumer_example = "7012345678"
    capabilities = Capabilities(quick_replies=True, images=True, location=True, profile=True)
    brand_typing_s = 5.0

    def __init__(self, kernel: Kernel, courier: Courier) -> None:
        super().__init__(kernel, courier)
        self._numbers = itertools.count(101)  # one sequence for all chats
        self._updates = itertools.count(500000001)
        self.sent: dict[str, Json] = {}  # the brand's messages as Telegram describes them, by number
        self.files: dict[str, Stored] = {}  # by file_id
        self.queries: dict[str, Query] = {}  # taps that wait for an answer
        self.uploads: dict[str, Upload] = {}  # files that the brand sent, by number
        self._api = BotApi(self)

    def routes(self) -> list[web.RouteDef]:
        return self._api.routes()

    # ---- lines and people ----------------------------------------------------------------------------------------------------

    def read_line(self, address: str, body: Json) -> TelegramLine:
        fields = Fields(body, "a Telegram line")
        line = TelegramLine(
            provider=self.slug,
            address=address,
            name=fields.get("name", address),
            bot_token=fields.need("bot_token", str),
            username=fields.get("username", "sandbox_bot"),
            webhook=Webhook(
                url=fields.get("callback_url", ""),
                secret_token=fields.get("secret_token", ""),
                allowed_updates=tuple(fields.get("allowed_updates", [])),
            ),
        )
        fields.done()
        if not TOKEN.fullmatch(line.bot_token) or line.bot_token.partition(":")[0] != address:
            raise ValueError(f"the bot_token of a Telegram line is {address}: and 35 characters")
        return line

    def canonical(self, consumer_id: str) -> str:
        if not (consumer_id.isascii() and consumer_id.isdigit()):
            raise ValueError(f"people on Telegram are numbers; got {consumer_id}")
        return consumer_id

    def new_id(self) -> str:
        return str(next(self._numbers))

    def writes(self, line: TelegramLine, consumer_id: str, kind: str, text: str, message_id: str = "", **fields: Any) -> Acted:
        if message_id and not message_id.isdigit():
            raise ValueError(f"messages on Telegram are numbers; got {message_id}")
        return super().writes(line, consumer_id, kind, text, message_id, **fields)

    def set_profile(self, phone: Phone, body: Json) -> Profile:
        was_blocked = phone.profile.blocked
        profile = super().set_profile(phone, body)
        if profile.blocked != was_blocked:
            line = self.line(phone.line.address)
            before, after = ("member", "kicked") if profile.blocked else ("kicked", "member")
            happened = {"chat": chat(phone), "from": person(phone), "date": now_ms() // 1000}
            for key, status in (("old_chat_member", before), ("new_chat_member", after)):
                happened[key] = {"user": line.bot, "status": status}
            self._report(line, phone, "my_chat_member", happened)
        return profile

    def forget_phones(self) -> None:
        super().forget_phones()
        self.sent.clear()
        self.files.clear()
        self.queries.clear()
        self.uploads.clear()
        for line in self.lines.values():
            line.webhook.kept.clear()

    # ---- updates -------------------------------------------------------------------------------------------------------------

    def report_message(self, line: TelegramLine, phone: Phone, message: Message) -> Reported:
        if selected := message.get("selected"):
            return self._report_tap(line, phone, message, selected)
        content: Json = {"message_id": int(message["id"]), "from": person(phone), "chat": chat(phone), "date": message["at_ms"] // 1000}
        match message["type"]:
            case "location":
                content |= _place(message)
            case "image":
                sizes = [("small", 90, 67), ("big", 1280, 960)]
                content["photo"] = [{**self._store(message, f"photos/{name}", "jpg"), "width": w, "height": h} for name, w, h in sizes]
            case "file":
                kind = MEDIA_KINDS[message["media_type"]]
                content[kind] = {**self._store(message, kind, "bin"), "mime_type": "application/octet-stream"}
            case _:
                content["text"] = message["text"]
                if command := re.match(r"/[a-z0-9_]+", message["text"]):
                    content["entities"] = [{"type": "bot_command", "offset": 0, "length": command.end()}]
        if message["type"] in ("image", "file") and message["text"]:
            content["caption"] = message["text"]
        return self._report(line, phone, "message", content, message)

    def _report_tap(self, line: TelegramLine, phone: Phone, message: Message, selected: Json) -> Reported:
        query_id = f"{message['at_ms']}{message['id']}"
        asked = phone.find(selected["message_id"]) or {}
        tapped = [button for card in asked.get("cards", []) for button in card["buttons"] if button["payload"] == selected["payload"]]
        self.queries[query_id] = Query(phone, tapped)
        for button in tapped:
            button["waiting"] = True
        self.changed(phone)
        query = {"id": query_id, "from": person(phone), "chat_instance": "-3765168376531250000", "data": selected["payload"]}
        return self._report(line, phone, "callback_query", {**query, "message": self.sent[selected["message_id"]]}, message)

    def _store(self, message: Message, folder: str, suffix: str) -> Json:
        file_id = f"AgACAgQAAxkBAAI{folder.replace('/', '_')}{message['id']}"
        self.files[file_id] = Stored(message["url"], f"{folder}/file_{message['id']}.{suffix}")
        return {"file_id": file_id, "file_unique_id": f"AQAD{file_id[-12:]}", "file_size": 4096}

    def _report(self, line: TelegramLine, phone: Phone, kind: str, happened: Json, message: Message | None = None) -> Reported:
        """Queue one update. What the bot does not hear of is forgotten; what it does is kept until there is a webhook."""
        part, webhook = self.part(phone, message), line.webhook
        if not webhook.hears(kind):
            self.kernel.ledger.record("callback.unsubscribed", **part.ledger_fields(), field=kind)
            return []
        body = json.dumps({"update_id": next(self._updates), kind: happened}, separators=(",", ":")).encode()
        update = Callback(
            (part,),
            lambda: Wire("POST", webhook.url, webhook.headers(), body),
            lambda status: 200 <= status < 300,
            lambda answer: self._heard(line, answer),
        )
        if not webhook.url:
            webhook.kept.append(update)
            return []
        return self.post(line, update)

    def post(self, line: TelegramLine, update: Callback) -> Reported:
        """Hand ``update`` to the courier."""
        line.webhook.under_way += 1
        (done,) = reported = self.queue(update)

        def ended(_: asyncio.Future[None]) -> None:
            line.webhook.under_way -= 1

        done.add_done_callback(ended)
        return reported

    def _heard(self, line: TelegramLine, answer: Answer) -> None:
        line.webhook.heard(answer)
        if 200 <= answer.status < 300:
            self._api.run(line, answer)

    def drop(self, line: TelegramLine) -> None:
        """Forget the updates that the platform has not taken yet."""
        line.webhook.kept.clear()
        self.courier.drop(lambda update: update.parts[0].provider == self.slug and update.parts[0].address == line.address)


def _place(message: Message) -> Json:
    """A pin; one with a name or an address is a venue, which Telegram describes with both and beside the pin."""
    pin = {"latitude": message["latitude"], "longitude": message["longitude"]}
    title, address = message["title"], message["address"]
    if title == PIN and not address:
        return {"location": pin}
    return {"venue": {"location": pin, "title": title, "address": address or f"{pin['latitude']}, {pin['longitude']}"}, "location": pin}
