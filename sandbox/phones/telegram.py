"""Telegram: bots, the Bot API that a brand's platform calls, and the updates that Telegram posts. ``telegram_forms`` reads the calls.

A tap leaves a bubble on this phone, where Telegram's app shows none. What the platform answers an update with is not run: a tap counts as
answered only by a call of answerCallbackQuery.

Source: https://core.telegram.org/bots/api (checked 2026-11).
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.kernel import Kernel, now_ms
from sandbox.phones.base import Acted, Capabilities, Reported, Simulator
from sandbox.phones.callbacks import Callback, Courier, Wire
from sandbox.phones.fields import Fields
from sandbox.phones.state import Line, Message, Phone, Profile
from sandbox.phones.telegram_forms import (
    MAX_CAPTION,
    MAX_TEXT,
    BotError,
    Json,
    bad,
    is_web,
    read_markup,
    read_params,
    read_text,
    refusal_body,
)
from sandbox.phones.vendor import answer_with_faults

TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{30,}")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
NOT_BY_DEFAULT = ("chat_member", "message_reaction", "message_reaction_count")
ACTIONS = {
    *("typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document", "choose_sticker"),
    *("find_location", "record_video_note", "upload_video_note"),
}
MEDIA_KINDS = {"file": "document", "audio": "voice", "video": "video"}


@dataclass(kw_only=True)
class TelegramLine(Line):
    """A bot and its webhook."""

    bot_token: str
    username: str
    callback_url: str = ""  # empty: no webhook is set
    secret_token: str = ""
    allowed_updates: tuple[str, ...] = ()  # empty: all but those of NOT_BY_DEFAULT

    def public(self) -> Json:
        shown = {"username": self.username, "callback_url": self.callback_url, "allowed_updates": list(self.allowed_updates)}
        return {**super().public(), **shown}

    @property
    def bot(self) -> Json:
        return {"id": int(self.address), "is_bot": True, "first_name": self.name, "username": self.username}

    def hears(self, kind: str) -> bool:
        """Whether the webhook is told of this kind of update."""
        listed = kind in self.allowed_updates if self.allowed_updates else kind not in NOT_BY_DEFAULT
        return bool(self.callback_url) and listed


@dataclass
class Stored:
    """A file that a consumer sent: where its bytes are, and the path that getFile tells."""

    url: str
    path: str


class Telegram(Simulator[TelegramLine]):
    slug = "telegram"
    title = "Telegram"
    look = "bubbles"
    consumer_example = "7012345678"
    capabilities = Capabilities(quick_replies=True, images=True, location=True, profile=True)
    brand_typing_s = 5.0

    def __init__(self, kernel: Kernel, courier: Courier) -> None:
        super().__init__(kernel, courier)
        self._numbers = itertools.count(101)  # one sequence for all chats
        self._updates = itertools.count(500000001)
        self._sent: dict[str, Json] = {}  # the brand's messages as Telegram describes them, by number
        self._files: dict[str, Stored] = {}  # by file_id
        self._queries: set[str] = set()  # taps that wait for an answer
        self._methods: dict[str, Callable[[TelegramLine, Json], Any]] = {
            "getMe": self._get_me,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "sendChatAction": self._send_chat_action,
            "answerCallbackQuery": self._answer_callback_query,
            "getFile": self._get_file,
        }

    # ---- lines and people ----------------------------------------------------------------------------------------------------

    def read_line(self, address: str, body: Json) -> TelegramLine:
        fields = Fields(body, "a Telegram line")
        line = TelegramLine(
            provider=self.slug,
            address=address,
            name=fields.get("name", address),
            bot_token=fields.need("bot_token", str),
            username=fields.get("username", "sandbox_bot"),
            callback_url=fields.get("callback_url", ""),
            secret_token=fields.get("secret_token", ""),
            allowed_updates=tuple(fields.get("allowed_updates", [])),
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
        self._sent.clear()
        self._files.clear()
        self._queries.clear()

    # ---- updates -------------------------------------------------------------------------------------------------------------

    def report_message(self, line: TelegramLine, phone: Phone, message: Message) -> Reported:
        if selected := message.get("selected"):
            return self._report_tap(line, phone, message, selected)
        content: Json = {"message_id": int(message["id"]), "from": person(phone), "chat": chat(phone), "date": message["at_ms"] // 1000}
        match message["type"]:
            case "location":
                content["location"] = {"latitude": message["latitude"], "longitude": message["longitude"]}
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
        self._queries.add(query_id)
        query = {"id": query_id, "from": person(phone), "chat_instance": "-3765168376531250000", "data": selected["payload"]}
        return self._report(line, phone, "callback_query", {**query, "message": self._sent[selected["message_id"]]}, message)

    def _store(self, message: Message, folder: str, suffix: str) -> Json:
        file_id = f"AgACAgQAAxkBAAI{folder.replace('/', '_')}{message['id']}"
        self._files[file_id] = Stored(message["url"], f"{folder}/file_{message['id']}.{suffix}")
        return {"file_id": file_id, "file_unique_id": f"AQAD{file_id[-12:]}", "file_size": 4096}

    def _report(self, line: TelegramLine, phone: Phone, kind: str, happened: Json, message: Message | None = None) -> Reported:
        """Queue one update. Nothing is queued for a bot whose webhook does not hear of ``kind``."""
        part = self.part(phone, message)
        if not line.hears(kind):
            self.kernel.ledger.record("callback.unsubscribed", **part.ledger_fields(), field=kind)
            return []
        headers = {"Content-Type": "application/json"}
        if line.secret_token:
            headers["X-Telegram-Bot-Api-Secret-Token"] = line.secret_token
        body = json.dumps({"update_id": next(self._updates), kind: happened}, separators=(",", ":")).encode()
        wire = Wire("POST", line.callback_url, headers, body)
        return self.queue(Callback((part,), lambda: wire, lambda status: 200 <= status < 300))

    # ---- the Bot API ---------------------------------------------------------------------------------------------------------

    def routes(self) -> list[web.RouteDef]:
        method = "/telegram/bot{token}/{method}"
        return [web.get(method, self._call), web.post(method, self._call), web.get("/telegram/file/bot{token}/{path:.+}", self._download)]

    async def _call(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        params = await read_params(request)

        async def effect() -> web.Response:
            line = None
            try:
                line = self._line_of(request)
                if name not in self._methods:
                    raise BotError("Not Found", code=404)
                return web.json_response({"ok": True, "result": self._methods[name](line, params)})
            except BotError as error:
                if line is not None and name.startswith("send"):
                    self.refuses(line.address, str(params.get("chat_id", "")), str(error), code=error.code)
                return web.json_response(error.body(), status=error.code)

        target = "typing" if name == "sendChatAction" else "send" if name.startswith("send") else "file" if name == "getFile" else "api"
        return await answer_with_faults(self.kernel, f"telegram.{target}", request, effect, refusal_body)

    async def _download(self, request: web.Request) -> web.Response:
        """The bytes of a file, as Telegram gives them: of no particular type."""
        try:
            self._line_of(request)
            stored = next((file for file in self._files.values() if file.path == request.match_info["path"]), None)
            if stored is None:
                raise BotError("Not Found", code=404)
        except BotError as error:
            return web.json_response(error.body(), status=error.code)
        async with self.courier.session.get(stored.url) as answer:
            return web.Response(status=answer.status, body=await answer.read(), content_type="application/octet-stream")

    def _line_of(self, request: web.Request) -> TelegramLine:
        token = request.match_info["token"]
        if not TOKEN.fullmatch(token):
            raise BotError("Not Found", code=404)
        line = next((line for line in self.lines.values() if line.bot_token == token), None)
        if line is None:
            raise BotError("Unauthorized", code=401)
        return line

    def _get_me(self, line: TelegramLine, params: Json) -> Json:
        return {**line.bot, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}

    def _set_webhook(self, line: TelegramLine, params: Json) -> bool:
        url, secret = str(params.get("url", "")), str(params.get("secret_token", ""))
        if url and urlsplit(url).scheme not in ("http", "https"):  # Telegram wants https; the sandbox calls this machine
            bad("bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not SECRET.fullmatch(secret):
            bad("secret token contains unallowed characters")
        line.callback_url, line.secret_token = url, secret
        if isinstance(params.get("allowed_updates"), list):
            line.allowed_updates = tuple(map(str, params["allowed_updates"]))
        return True

    def _delete_webhook(self, line: TelegramLine, params: Json) -> bool:
        return self._set_webhook(line, {})

    def _webhook_info(self, line: TelegramLine, params: Json) -> Json:
        info = {"url": line.callback_url, "has_custom_certificate": False, "pending_update_count": self.courier.pending}
        return {**info, **({"allowed_updates": list(line.allowed_updates)} if line.allowed_updates else {})}

    def _send_message(self, line: TelegramLine, params: Json) -> Json:
        phone = self._recipient(line, params)
        text = read_text(params, "text", MAX_TEXT, "message is too long")
        if not text.strip():
            bad("message text is empty")
        return self._land(line, phone, params, "text", text)

    def _send_photo(self, line: TelegramLine, params: Json) -> Json:
        phone = self._recipient(line, params)
        caption = read_text(params, "caption", MAX_CAPTION, "message caption is too long")
        if not is_web(str(params.get("photo", ""))):
            bad("wrong file identifier/HTTP URL specified")
        return self._land(line, phone, params, "image", caption, url=params["photo"])

    def _land(self, line: TelegramLine, phone: Phone, params: Json, kind: str, text: str, **fields: Any) -> Json:
        markup = read_markup(params.get("reply_markup"))
        if markup.buttons:
            card = {"title": "", "subtitle": text, "image_url": fields.get("url", ""), "buttons": markup.buttons}
            kind, fields = "template", {"cards": [card]}
        shown = self.lands(line, phone, kind, text, **fields)
        sent: Json = {"message_id": int(shown["id"]), "from": line.bot, "chat": chat(phone), "date": shown["at_ms"] // 1000}
        if "photo" in params:
            photo = {"file_id": f"AgACsent{shown['id']}", "file_unique_id": f"AQAD{shown['id']}", "width": 800, "height": 600}
            sent |= {"photo": [photo], **({"caption": text} if text else {})}
        else:
            sent["text"] = text
        if markup.wire:
            sent["reply_markup"] = markup.wire
        self._sent[shown["id"]] = sent
        return sent

    def _send_chat_action(self, line: TelegramLine, params: Json) -> bool:
        phone = self._recipient(line, params)
        if params.get("action") not in ACTIONS:
            bad("wrong parameter action in request")
        self.brand_types(phone, True)
        return True

    def _answer_callback_query(self, line: TelegramLine, params: Json) -> bool:
        query_id = str(params.get("callback_query_id", ""))
        if query_id not in self._queries:
            bad("query is too old and response timeout expired or query ID is invalid")
        self._queries.discard(query_id)
        return True

    def _get_file(self, line: TelegramLine, params: Json) -> Json:
        file_id = str(params.get("file_id", ""))
        if file_id not in self._files:
            bad("invalid file_id")
        return {"file_id": file_id, "file_unique_id": f"AQAD{file_id[-12:]}", "file_size": 4096, "file_path": self._files[file_id].path}

    def _recipient(self, line: TelegramLine, params: Json) -> Phone:
        chat_id = params.get("chat_id")
        if chat_id is None:
            bad("chat_id is empty")
        phone = self.phones.get((line.address, str(chat_id)))
        if phone is None or phone.last_wrote_at_ms is None:
            bad("chat not found")
        if phone.profile.blocked:
            raise BotError("Forbidden: bot was blocked by the user", code=403)
        return phone


def person(phone: Phone) -> Json:
    """The consumer as a Telegram user, who always has a first name."""
    profile = phone.profile
    names = {"first_name": profile.first_name or "Somebody", **({"last_name": profile.last_name} if profile.last_name else {})}
    return {"id": int(phone.consumer_id), "is_bot": False, **names, "language_code": "en"}


def chat(phone: Phone) -> Json:
    """The private chat with the consumer; its id is the consumer's."""
    shown = person(phone)
    return {**{key: shown[key] for key in ("id", "first_name", "last_name") if key in shown}, "type": "private"}
