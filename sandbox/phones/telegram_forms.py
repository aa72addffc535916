"""What the Bot API takes in a call, and its words of refusal.

Anything else is refused with Telegram's error, as a brand's platform has to see its mistakes here and not in production.

Source: https://core.telegram.org/bots/api#sendmessage, #inlinekeyboardbutton, #making-requests (checked 2026-11).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import urlsplit

from aiohttp import web

MAX_TEXT, MAX_CAPTION, MAX_NOTICE = 4096, 1024, 200  # UTF-16 units
MAX_CALLBACK_DATA = 64  # bytes
MAX_BUTTONS = 100
MAX_PHOTO_BYTES, MAX_FILE_BYTES = 10 * 1024 * 1024, 50 * 1024 * 1024
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"RIFF")
FETCHED_DOCUMENTS = (".pdf", ".zip", ".gif")  # "In sendDocument, sending by URL will currently only work for .PDF and .ZIP files"

Json = dict[str, Any]


class BotError(Exception):
    """The Bot API's refusal: a description and its code."""

    def __init__(self, description: str, *, code: int = 400, retry_after_s: float | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.retry_after_s = retry_after_s

    def body(self) -> Json:
        parameters = {} if self.retry_after_s is None else {"parameters": {"retry_after": self.retry_after_s}}
        return {"ok": False, "error_code": self.code, "description": str(self), **parameters}


def bad(description: str) -> NoReturn:
    raise BotError(f"Bad Request: {description}")


@dataclass(frozen=True)
class Upload:
    """A file in a form."""

    name: str
    mime_type: str
    data: bytes


@dataclass
class Markup:
    """An inline keyboard as it was sent, and as the phone shows it."""

    wire: Json = field(default_factory=dict)
    buttons: list[Json] = field(default_factory=list)


def read_text(params: Json, name: str, most: int, refusal: str) -> str:
    """The text in ``name``. With a ``parse_mode`` it has to be well-formed in it, as Telegram refuses the whole message otherwise."""
    text = params.get(name, "")
    if not isinstance(text, str):
        bad(f"{name} must be a string")
    if len(text.encode("utf-16-le")) // 2 > most:
        bad(refusal)
    mode = str(params.get("parse_mode", "")).lower()
    marks = "_*`" if mode == "markdown" else "_*`~|" if mode == "markdownv2" else ""
    unbalanced = any(text.count(mark) % 2 for mark in marks) or (mode == "html" and text.count("<") != text.count(">"))
    if unbalanced:
        bad("can't parse entities: can't find end of the entity")
    return text


def read_markup(markup: Any) -> Markup:
    """The inline keyboard in ``reply_markup``, in forms as JSON; the sandbox knows no other.

    Raises:
        BotError: it breaks a rule of the Bot API.
    """
    if isinstance(markup, str):
        markup = read_json(markup.encode())
    if markup is None:
        return Markup()
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) and all(isinstance(button, dict) for button in row) for row in rows):
        bad("object expected as reply markup: the sandbox knows inline_keyboard")
    buttons = [read_button(button) for row in rows for button in row]
    if len(buttons) > MAX_BUTTONS:
        bad("reply markup is too long")
    return Markup({"inline_keyboard": rows}, buttons)


def read_button(button: Json) -> Json:
    """The button as the phone shows it.

    Raises:
        BotError: it breaks a rule of the Bot API.
    """
    text, data, url = button.get("text"), button.get("callback_data"), button.get("url")
    if not isinstance(text, str) or not text.strip():
        bad("text buttons are unallowed in the inline keyboard")
    if (data is None) == (url is None):
        bad("exactly one of the optional fields of an inline button must be used")
    if url is not None:
        if not isinstance(url, str) or not is_web(url):
            bad(f"inline keyboard button URL '{url}' is invalid: BUTTON_URL_INVALID")
        return {"kind": "link", "title": text, "payload": "", "url": url}
    if not isinstance(data, str) or not 1 <= len(data.encode()) <= MAX_CALLBACK_DATA:
        bad("BUTTON_DATA_INVALID")
    return {"kind": "postback", "title": text, "payload": data}


def is_true(value: Any) -> bool:
    """Whether a parameter says yes; in forms it is a word."""
    return value is True or str(value).lower() in ("true", "yes", "1")


def is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in (parts.hostname or "") and not re.search(r"\s", url)


def is_address(url: str) -> bool:
    """Whether a file could be fetched from there. The sandbox's internet is this machine's network, so a host needs no dot."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)


async def read_params(request: web.Request) -> Json:
    """The parameters of a call: the query, and over it a JSON or form body, whose files are ``Upload``s."""
    params: Json = dict(request.query)
    if request.content_type != "application/json":
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                params[name] = Upload(value.filename, value.content_type, value.file.read())
            else:
                params[name] = value
        return params
    return {**params, **read_json(await request.read())}


def read_json(raw: bytes) -> Json:
    """The parameters in a JSON body; none where it is something else."""
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def read_file(params: Json, name: str) -> str | Upload:
    """The file in ``name``: an address to fetch it from, or its bytes. A picture's bytes have to be one.

    Raises:
        BotError: it is neither, too large, or of a type that Telegram does not take in this way.
    """
    value = params.get(name, "")
    if isinstance(value, Upload):
        if not value.data:
            bad("file must be non-empty")
        if len(value.data) > (MAX_PHOTO_BYTES if name == "photo" else MAX_FILE_BYTES):
            raise BotError("Request Entity Too Large", code=413)
        if name == "photo" and not value.data.startswith(PICTURES):
            bad("IMAGE_PROCESS_FAILED")
        return value
    url = str(value)
    if not is_address(url):
        bad("wrong file identifier/HTTP URL specified")
    if name == "document" and not urlsplit(url).path.lower().endswith(FETCHED_DOCUMENTS):
        bad("wrong type of the web page content")
    return url


def read_number(params: Json, name: str, most: float) -> float:
    """The number in ``name``, of degrees up to ``most`` either way."""
    try:
        value = float(params.get(name, ""))
    except (TypeError, ValueError):
        bad(f"{name} is empty")
    if not abs(value) <= most:
        bad(f"wrong {name} specified")
    return value


def refusal_body(status: int) -> str:
    """Telegram's words for a status that a fault gives."""
    words = {429: "Too Many Requests: retry after 1", 401: "Unauthorized", 403: "Forbidden: bot was blocked by the user"}
    description = words.get(status) or ("Internal Server Error" if status >= 500 else "Bad Request: chat not found")
    return json.dumps(BotError(description, code=status, retry_after_s=1 if status == 429 else None).body())
