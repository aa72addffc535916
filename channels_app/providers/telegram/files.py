"""An agent's file: a picture by its address, everything else, and what Telegram cannot fetch, uploaded; at last as a link.

Telegram fetches by address only what is open to the internet, and only some types (pictures, PDF, ZIP). What stands on an address of ours can be
fetched by us and uploaded, wherever it is.

Source: https://core.telegram.org/bots/api#sending-files (checked 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.telegram import api
from channels_app.providers.telegram.config import TelegramConfig
from channels_app.providers.telegram.errors import AGENT_FILE
from channels_app.providers.telegram.messages import MAX_CAPTION, compose, is_public
from connector_platform.core.calls import HttpCall, HttpResponse, Steps, Upload
from connector_platform.core.errors import ContentRejected, UnsupportedContent
from connector_platform.core.events import File, FileKind
from connector_platform.core.rich import Loss, LossKind
from connector_platform.core.text import utf16_units


@dataclass(frozen=True, slots=True)
class _Form:
    """A method that sends a file, and its name for the file."""

    method: str
    field: str


_PHOTO, _DOCUMENT = _Form("sendPhoto", "photo"), _Form("sendDocument", "document")
_FORMS = {
    "image/gif": _Form("sendAnimation", "animation"),
    "video/mp4": _Form("sendVideo", "video"),
    "audio/mpeg": _Form("sendAudio", "audio"),
    "audio/mp4": _Form("sendAudio", "audio"),
}


def send(file: File, config: TelegramConfig, context: SendContext) -> Steps[Sent]:
    """The calls that ``file`` takes. A caption that is too long for one follows as text.

    Raises:
        UnsupportedContent: it has no address. ContentRejected: it is gone, or Telegram does not even take the link.
    """
    if not file.url.startswith(("https://", "http://")):
        raise UnsupportedContent("the file has no address")
    response = yield from _as_file(file, config, context)
    words, losses = "", []
    if response is None:
        words = "\n".join(line for line in (file.caption, f"{file.name}: {file.url}" if file.name else file.url) if line)
        losses.append(Loss(path="", kind=LossKind.REDUCED, reason="Telegram does not take the file; it is shown as a link"))
    elif not _caption(file):
        words = file.caption
        if words.strip():
            losses.append(Loss(path="/caption", kind=LossKind.MOVED, reason="the caption is too long for one; it follows as text"))
    parts = [api.part(response, context)] if response is not None else []
    for message in compose(words):
        fields = {"chat_id": api.chat_id(context), **message.fields()}
        response = yield api.call(message.method, fields, config, context, purpose=message.purpose, effect=True)
        parts.append(api.part(response, context))
    return Sent(parts=tuple(parts), losses=tuple(losses))


def _as_file(file: File, config: TelegramConfig, context: SendContext) -> Steps[HttpResponse | None]:
    """Telegram's answer to the file; None where it takes it in no form."""
    form = _PHOTO if file.kind is FileKind.IMAGE else _DOCUMENT
    form = _FORMS.get(file.mime_type.lower(), form)
    about = {"chat_id": api.chat_id(context), **({"caption": caption} if (caption := _caption(file)) else {})}
    if form is _PHOTO and is_public(file.url):
        try:
            return (yield api.call(form.method, {**about, form.field: file.url}, config, context, purpose="send_photo", effect=True))
        except ContentRejected:
            pass
    if not _is_ours(file.url, context):
        return None
    downloaded = yield HttpCall(method="GET", url=file.url, purpose=AGENT_FILE, effect=False)
    for better in dict.fromkeys((form, _DOCUMENT)):
        upload = Upload(field=better.field, name=_name(file), mime_type=file.mime_type, data=downloaded.body)
        try:
            return (yield api.upload(better.method, about, upload, config, context))
        except ContentRejected:
            pass
    return None


def _caption(file: File) -> str:
    """What of the caption goes with the file: all or nothing."""
    return file.caption.strip() if utf16_units(file.caption) <= MAX_CAPTION else ""


def _is_ours(url: str, context: SendContext) -> bool:
    try:
        return urlsplit(url)[:2] == urlsplit(context.callback_url)[:2]
    except ValueError:
        return False


def _name(file: File) -> str:
    return file.name or unquote(urlsplit(file.url).path.rpartition("/")[2]) or "file"
