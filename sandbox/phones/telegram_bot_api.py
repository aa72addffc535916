"""The Bot API: what a brand's platform calls. ``telegram_forms`` reads the calls.

Source: https://core.telegram.org/bots/api (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import web

from sandbox.phones.callbacks import Answer
from sandbox.phones.state import Phone
from sandbox.phones.telegram_forms import (
    MAX_CAPTION,
    MAX_NOTICE,
    MAX_TEXT,
    PICTURES,
    BotError,
    Json,
    Upload,
    bad,
    read_file,
    read_json,
    read_markup,
    read_number,
    read_params,
    read_text,
    refusal_body,
)
from sandbox.phones.telegram_line import TOKEN, TelegramLine, chat
from sandbox.phones.telegram_webhook import drops_pending
from sandbox.phones.vendor import answer_with_faults

if TYPE_CHECKING:
    from sandbox.phones.telegram import Telegram

ACTIONS = {
    *("typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document", "choose_sticker"),
    *("find_location", "record_video_note", "upload_video_note"),
}
FILE_METHODS = {
    "sendPhoto": "photo",
    "sendDocument": "document",
    "sendVideo": "video",
    "sendAudio": "audio",
    "sendAnimation": "animation",
}


@dataclass(frozen=True)
class Done:
    """What a call came to, with Telegram's remark where it makes one."""

    result: Json | bool
    description: str = ""

    def body(self) -> Json:
        return {"ok": True, "result": self.result, **({"description": self.description} if self.description else {})}


class BotApi:
    """The API of all bots of one simulator."""

    def __init__(self, telegram: Telegram) -> None:
        self._telegram = telegram
        self._methods: dict[str, Callable[[TelegramLine, Json], Done]] = {
            "getMe": self._get_me,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
            "sendMessage": self._send_message,
            **{method: partial(self._send_file, name=name) for method, name in FILE_METHODS.items()},
            "sendLocation": self._send_location,
            "sendVenue": self._send_venue,
            "sendChatAction": self._send_chat_action,
            "answerCallbackQuery": self._answer_callback_query,
            "getFile": self._get_file,
        }

    def routes(self) -> list[web.RouteDef]:
        method = "/telegram/bot{token}/{method}"
        return [
            web.get(method, self._call),
            web.post(method, self._call),
            web.get("/telegram/file/bot{token}/{path:.+}", self._download),
            web.get("/telegram/uploads/{number}/{name}", self._uploaded),
        ]

    def run(self, line: TelegramLine, answer: Answer) -> None:
        """The method that the platform named in its answer to an update. Telegram tells nobody what comes of it; the ledger does."""
        params = read_json(answer.body) if answer.content_type == "application/json" else {}
        method = params.pop("method", None)
        if method is None:
            return
        try:
            if method not in self._methods:
                raise BotError("Not Found", code=404)
            self._methods[method](line, params)
        except BotError as error:
            self._telegram.refuses(line.address, str(params.get("chat_id", "")), str(error), code=error.code, method=str(method))

    async def _call(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        params = await read_params(request)

        async def effect() -> web.Response:
            line = None
            try:
                line = self._line_of(request)
                if name not in self._methods:
                    raise BotError("Not Found", code=404)
                return web.json_response(self._methods[name](line, params).body())
            except BotError as error:
                if line is not None and name.startswith("send"):
                    self._telegram.refuses(line.address, str(params.get("chat_id", "")), str(error), code=error.code)
                return web.json_response(error.body(), status=error.code)

        target = "typing" if name == "sendChatAction" else "send" if name.startswith("send") else "file" if name == "getFile" else "api"
        return await answer_with_faults(self._telegram.kernel, f"telegram.{target}", request, effect, refusal_body)

    async def _download(self, request: web.Request) -> web.Response:
        """The bytes of a file, as Telegram gives them: of no particular type."""
        try:
            self._line_of(request)
            stored = next((file for file in self._telegram.files.values() if file.path == request.match_info["path"]), None)
            if stored is None:
                raise BotError("Not Found", code=404)
        except BotError as error:
            return web.json_response(error.body(), status=error.code)
        async with self._telegram.courier.session.get(stored.url) as answer:
            return web.Response(status=answer.status, body=await answer.read(), content_type="application/octet-stream")

    def _line_of(self, request: web.Request) -> TelegramLine:
        token = request.match_info["token"]
        if not TOKEN.fullmatch(token):
            raise BotError("Not Found", code=404)
        line = next((line for line in self._telegram.lines.values() if line.bot_token == token), None)
        if line is None:
            raise BotError("Unauthorized", code=401)
        return line

    def _get_me(self, line: TelegramLine, params: Json) -> Done:
        return Done({**line.bot, "can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False})

    def _set_webhook(self, line: TelegramLine, params: Json) -> Done:
        description = line.webhook.set(params)
        if drops_pending(params):
            self._telegram.drop(line)
        if line.webhook.url:
            waiting, line.webhook.kept = line.webhook.kept, []
            for update in waiting:
                self._telegram.post(line, update)
        return Done(True, description)

    def _delete_webhook(self, line: TelegramLine, params: Json) -> Done:
        return self._set_webhook(line, {"drop_pending_updates": params.get("drop_pending_updates")})

    def _webhook_info(self, line: TelegramLine, params: Json) -> Done:
        return Done(line.webhook.info())

    def _send_message(self, line: TelegramLine, params: Json) -> Done:
        phone = self._recipient(line, params)
        text = read_text(params, "text", MAX_TEXT, "message is too long")
        if not text.strip():
            bad("message text is empty")
        return self._land(line, phone, params, "text", text)

    def _send_file(self, line: TelegramLine, params: Json, name: str) -> Done:
        phone = self._recipient(line, params)
        caption = read_text(params, "caption", MAX_CAPTION, "message caption is too long")
        file = read_file(params, name)
        url = self._keep(file) if isinstance(file, Upload) else file
        kind = "image" if name in ("photo", "animation") else "file"
        return self._land(line, phone, params, kind, caption, wire={name: _sent_file(name)}, url=url)

    def _send_location(self, line: TelegramLine, params: Json) -> Done:
        return self._send_place(line, params, {})

    def _send_venue(self, line: TelegramLine, params: Json) -> Done:
        words = {name: str(params.get(name, "")).strip() for name in ("title", "address")}
        for name, value in words.items():
            if not value:
                bad(f"{name} must be non-empty")
        return self._send_place(line, params, words)

    def _send_place(self, line: TelegramLine, params: Json, words: dict[str, str]) -> Done:
        phone = self._recipient(line, params)
        point = {"latitude": read_number(params, "latitude", 90), "longitude": read_number(params, "longitude", 180)}
        wire: Json = {"venue": {"location": point, **words}, "location": point} if words else {"location": point}
        return self._land(line, phone, params, "location", "", wire=wire, **point, title=", ".join(words.values()))

    def _keep(self, file: Upload) -> str:
        """The address on this machine where the phone finds an uploaded file."""
        number = str(len(self._telegram.uploads) + 1)
        self._telegram.uploads[number] = file
        return f"{self._telegram.kernel.base_url}/telegram/uploads/{number}/{quote(file.name or 'file')}"

    async def _uploaded(self, request: web.Request) -> web.Response:
        file = self._telegram.uploads.get(request.match_info["number"])
        if file is None:
            return web.Response(status=404)
        shown = file.mime_type if file.data.startswith(PICTURES) else "application/octet-stream"
        return web.Response(body=file.data, content_type=shown, headers={"X-Content-Type-Options": "nosniff"})

    def _land(
        self, line: TelegramLine, phone: Phone, params: Json, kind: str, text: str, *, wire: Json | None = None, **fields: Any
    ) -> Done:
        markup = read_markup(params.get("reply_markup"))
        if markup.buttons:
            # What has no place in a card of the phone page stands above it.
            if kind in ("file", "location"):
                self._telegram.lands(line, phone, kind, "", **fields)
                fields = {}
            card = {"title": "", "subtitle": text, "image_url": fields.get("url", ""), "buttons": markup.buttons}
            kind, fields = "template", {"cards": [card]}
        shown = self._telegram.lands(line, phone, kind, text, **fields)
        sent: Json = {"message_id": int(shown["id"]), "from": line.bot, "chat": chat(phone), "date": shown["at_ms"] // 1000}
        if wire is None:
            sent["text"] = text
        else:
            sent |= {**wire, **({"caption": text} if text else {})}
        if markup.wire:
            sent["reply_markup"] = markup.wire
        self._telegram.sent[shown["id"]] = sent
        return Done(sent)

    def _send_chat_action(self, line: TelegramLine, params: Json) -> Done:
        phone = self._recipient(line, params)
        if params.get("action") not in ACTIONS:
            bad("wrong parameter action in request")
        self._telegram.brand_types(phone, True)
        return Done(True)

    def _answer_callback_query(self, line: TelegramLine, params: Json) -> Done:
        query_id = str(params.get("callback_query_id", ""))
        query = self._telegram.queries.pop(query_id, None)
        if query is None:
            bad("query is too old and response timeout expired or query ID is invalid")
        text = read_text(params, "text", MAX_NOTICE, "MESSAGE_TOO_LONG")
        for button in query.buttons:
            button.pop("waiting", None)
        self._telegram.kernel.ledger.record("phone.tap_answered", consumer=query.phone.consumer_id, address=line.address, text=text)
        self._telegram.changed(query.phone)
        return Done(True)

    def _get_file(self, line: TelegramLine, params: Json) -> Done:
        file_id = str(params.get("file_id", ""))
        if file_id not in self._telegram.files:
            bad("invalid file_id")
        stored = self._telegram.files[file_id]
        return Done({"file_id": file_id, "file_unique_id": f"AQAD{file_id[-12:]}", "file_size": 4096, "file_path": stored.path})

    def _recipient(self, line: TelegramLine, params: Json) -> Phone:
        chat_id = params.get("chat_id")
        if chat_id is None:
            bad("chat_id is empty")
        phone = self._telegram.phones.get((line.address, str(chat_id)))
        if phone is None or phone.last_wrote_at_ms is None:
            bad("chat not found")
        if phone.profile.blocked:
            raise BotError("Forbidden: bot was blocked by the user", code=403)
        return phone


def _sent_file(name: str) -> Any:
    """How Telegram describes a file of the brand."""
    file = {"file_id": f"AgACsent{name}", "file_unique_id": f"AQAD{name}"}
    return [{**file, "width": 800, "height": 600}] if name == "photo" else file
