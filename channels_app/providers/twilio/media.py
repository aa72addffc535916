"""Files that consumers send: what they are, and how to come by their bytes without showing the credentials to anybody but Twilio.

Source: https://www.twilio.com/docs/messaging/api/media-resource (known, not re-read, 2026-11).
"""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

from channels_app.providers._sms.inbound import is_web
from channels_app.providers.base import SendContext
from channels_app.providers.twilio import api, wire
from channels_app.providers.twilio.config import TwilioConfig
from channels_app.providers.twilio.errors import FETCH_MEDIA, FETCH_STORED
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ContentRejected, UnsupportedContent
from connector_platform.core.events import File, FileKind

MAX_FILES = 10

_CARDS = ("text/vcard", "text/x-vcard", "text/directory")
_STORED = re.compile(r"/2010-04-01/Accounts/(?P<account>AC[0-9a-fA-F]{32})/Messages/[A-Z]{2}[0-9a-fA-F]{32}/Media/ME[0-9a-fA-F]{32}")


def read_files(fields: dict[str, str], *, caption: str) -> list[File]:
    """The files of a message; ``caption`` goes with a single one."""
    found = [file for number in range(MAX_FILES) if (file := _file(fields, number)) is not None]
    if len(found) != 1 or not caption:
        return found
    (only,) = found
    return [File(kind=only.kind, url=only.url, mime_type=only.mime_type, name=only.name, caption=caption)]


def _file(fields: dict[str, str], number: int) -> File | None:
    url = wire.text(fields, f"MediaUrl{number}")
    if not is_web(url):
        return None
    mime_type = wire.text(fields, f"MediaContentType{number}").lower()[:100]
    name = "sticker" if wire.text(fields, "MessageType").lower() == "sticker" else "contact card" if mime_type in _CARDS else ""
    return File(kind=_kind(mime_type), url=url, mime_type=mime_type, name=name)


def _kind(mime_type: str) -> FileKind:
    family = mime_type.partition("/")[0]
    return FileKind(family) if family in (FileKind.IMAGE, FileKind.VIDEO, FileKind.AUDIO) else FileKind.DOCUMENT


def fetch_file(file: File, config: TwilioConfig, context: SendContext) -> Steps[bytes]:
    """The bytes of a file. Twilio answers with the address of its storage, which is called without the credentials.

    The credentials go to Twilio's own address, made of the path alone: whoever chose the host in ``file.url`` gains nothing.

    Raises:
        UnsupportedContent: the file has no address. ContentRejected: it was deleted. DeliveryError: any other answer.
    """
    if not is_web(file.url):
        raise UnsupportedContent("the file has no address")
    stored = _STORED.search(urlsplit(file.url).path)
    url = file.url
    if stored and stored["account"] == config.account_sid:
        asked = api.url(context, api.API, stored[0])
        headers = api.authorization(config.call_credentials)
        response = yield HttpCall(method="GET", url=asked, headers=headers, purpose=FETCH_MEDIA, effect=False)
        if response.is_success:
            return response.body
        try:
            url = urljoin(asked, response.headers["location"])
        except ValueError as error:
            raise ContentRejected("Twilio's answer names no address of the file") from error
    response = yield HttpCall(method="GET", url=url, purpose=FETCH_STORED, effect=False)
    return response.body
