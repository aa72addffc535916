"""The Bot API: what a brand's platform calls. ``telegram_forms`` reads the calls.

Source: https://core.telegram.org/bots/api (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.phones.state import Phone
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
from sandbox.phones.telegram_line import TOKEN, TelegramLine, chat
from sandbox.phones.telegram_webhook import drops_pending
from sandbox.phones.vendor import answer_with_faults

if TYPE_CHECKING:
    from sandbox.phones.telegram import Telegram

ACTIONS = {
    *("typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document", "choose_sticker"),
    *("find_location", "record_video_note", "upload_video_note"),
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
            "sendPhoto": self._send_photo,
            "sendChatAction": self._send_chat_action,
            "answerCallbackQuery": self._answer_callback_query,
            "getFile": self._get_file,
        }

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

    def _send_photo(self, line: TelegramLine, params: Json) -> Done:
        phone = self._recipient(line, params)
        caption = read_text(params, "caption", MAX_CAPTION, "message caption is too long")
        if not is_web(str(params.get("photo", ""))):
            bad("wrong file identifier/HTTP URL specified")
        return self._land(line, phone, params, "image", caption, url=params["photo"])

    def _land(self, line: TelegramLine, phone: Phone, params: Json, kind: str, text: str, **fields: Any) -> Done:
        markup = read_markup(params.get("reply_markup"))
        if markup.buttons:
            card = {"title": "", "subtitle": text, "image_url": fields.get("url", ""), "buttons": markup.buttons}
            kind, fields = "template", {"cards": [card]}
        shown = self._telegram.lands(line, phone, kind, text, **fields)
        sent: Json = {"message_id": int(shown["id"]), "from": line.bot, "chat": chat(phone), "date": shown["at_ms"] // 1000}
        if "photo" in params:
            photo = {"file_id": f"AgACsent{shown['id']}", "file_unique_id": f"AQAD{shown['id']}", "width": 800, "height": 600}
            sent |= {"photo": [photo], **({"caption": text} if text else {})}
        else:
            sent["text"] = text
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
        if query_id not in self._telegram.queries:
            bad("query is too old and response timeout expired or query ID is invalid")
        self._telegram.queries.discard(query_id)
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
