"""What Infobip reads and answers: the elements of ``messages``, statuses, errors, times.

Source: the models of infobip-api-python-client 6.0.0 (SMS), Infobip's OpenAPI 3.210.0 (MMS),
https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes, read 2026-11.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.phones.fields import Fields
from sandbox.phones.infobip_account import ApiError, Json

T = TypeVar("T")

MAX_PARTS, MAX_BYTES = 25, 4000  # of an SMS's text
MAX_MMS_TEXT = 1600
MAX_SEGMENT_TEXT, MAX_TITLE = 4096, 66
STATUSES = {
    "MESSAGE_ACCEPTED": (0, "ACCEPTED", 0),
    "PENDING_ACCEPTED": (1, "PENDING", 26),
    "DELIVERED_TO_OPERATOR": (3, "DELIVERED", 2),
    "DELIVERED_TO_HANDSET": (3, "DELIVERED", 5),
    "UNDELIVERABLE_REJECTED_OPERATOR": (2, "UNDELIVERABLE", 4),
    "UNDELIVERABLE_NOT_DELIVERED": (2, "UNDELIVERABLE", 9),
    "EXPIRED_EXPIRED": (4, "EXPIRED", 15),
    "REJECTED_SOURCE": (5, "REJECTED", 11),
    "REJECTED_DESTINATION_BLOCKLISTED": (5, "REJECTED", 14),
    "REJECTED_ROUTE_NOT_AVAILABLE": (5, "REJECTED", 19),
    "REJECTED_MESSAGE_TOO_LONG": (5, "REJECTED", 25),
    "REJECTED_DESTINATION": (5, "REJECTED", 52),
    "REJECTED_MESSAGE_TEXT_TOO_LONG": (5, "REJECTED", 77),
}
NO_ERROR = {"groupId": 0, "groupName": "OK", "id": 0, "name": "NO_ERROR", "description": "No Error", "permanent": False}
ABSENT = {
    "groupId": 1,
    "groupName": "HANDSET_ERRORS",
    "id": 27,
    "name": "EC_ABSENT_SUBSCRIBER",
    "description": "Absent Subscriber",
    "permanent": False,
}
STOPPED = {
    "groupId": 2,
    "groupName": "USER_ERRORS",
    "id": 603,
    "name": "EC_CONTENT_BLOCKED",
    "description": "Content blocked",
    "permanent": True,
}


class Strict:
    """Fields as Infobip reads them: what is missing, of another type or unknown is a BAD_REQUEST."""

    def __init__(self, body: Any, what: str) -> None:
        self._fields = Fields(body if isinstance(body, dict) else {}, what)

    def need(self, name: str, kind: type[T]) -> T:
        return self._checked(lambda: self._fields.need(name, kind))

    def get(self, name: str, default: T) -> T:
        return self._checked(lambda: self._fields.get(name, default))

    def done(self) -> None:
        self._checked(self._fields.done)

    @staticmethod
    def _checked(read: Callable[[], T]) -> T:
        try:
            return read()
        except ValueError as error:
            raise ApiError("BAD_REQUEST", str(error)) from error


@dataclass(frozen=True)
class Outgoing:
    """One element of ``messages``."""

    kind: str  # text or image
    sender: str
    to: list[str]
    text: str
    url: str
    report_url: str
    callback_data: str

    @classmethod
    def read(cls, item: Any, kind: str) -> Outgoing:
        fields = Strict(item, "message")
        sender, destinations, content = fields.need("sender", str), fields.need("destinations", list), fields.need("content", dict)
        webhooks = Strict(fields.get("webhooks", dict[str, Any]()), "webhooks")
        fields.get("options", dict[str, Any]())
        fields.done()
        delivery = Strict(webhooks.get("delivery", dict[str, Any]()), "delivery")
        report_url, callback_data = delivery.get("url", ""), webhooks.get("callbackData", "")
        delivery.get("intermediateReport", False)
        delivery.get("notify", True)
        webhooks.get("contentType", "")
        delivery.done()
        webhooks.done()
        recipients = [Strict(destination, "destination").need("to", str) for destination in destinations]
        text, url = cls._text(content) if kind == "text" else cls._segments(content)
        return cls(kind, sender, recipients, text, url, report_url, callback_data)

    @staticmethod
    def _text(content: Any) -> tuple[str, str]:
        fields = Strict(content, "content")
        text = fields.need("text", str)
        fields.done()
        return text, ""

    @staticmethod
    def _segments(content: Any) -> tuple[str, str]:
        fields = Strict(content, "content")
        found = fields.need("messageSegments", list)
        if len(fields.get("title", "")) > MAX_TITLE:
            raise ApiError("BAD_REQUEST", f"title: size must be between 0 and {MAX_TITLE}")
        fields.done()
        texts, urls = [], []
        for segment in found:
            one = Strict(segment, "message segment")
            kind = one.need("type", str)
            if kind == "TEXT":
                texts.append(one.need("text", str))
                if len(texts[-1]) > MAX_SEGMENT_TEXT:
                    raise ApiError("BAD_REQUEST", f"text: size must be between 0 and {MAX_SEGMENT_TEXT}")
            elif kind == "LINK":
                urls.append(one.need("contentUrl", str))
                one.get("contentType", "")
            else:
                raise ApiError("BAD_REQUEST", f"unknown segment type {kind}")
            one.get("contentId", "")
            one.done()
        if len(urls) != 1 or urlsplit(urls[0]).scheme not in ("http", "https"):
            raise ApiError("BAD_REQUEST", "an MMS of this sandbox has one link")
        return "\n".join(texts), urls[0]


def status(name: str) -> Json:
    """Infobip's status object."""
    group_id, group, number = STATUSES[name]
    return {"groupId": group_id, "groupName": group, "id": number, "name": name, "description": name.replace("_", " ").capitalize()}


def instant(at_ms: int) -> str:
    """A time as Infobip writes it: the offset has no colon."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"


async def read_json(request: web.Request) -> Json:
    """The JSON object of a call.

    Raises:
        ApiError: it is none.
    """
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise ApiError("BAD_REQUEST", "the body is not JSON") from error
    if not isinstance(body, dict):
        raise ApiError("BAD_REQUEST", "the body must be an object")
    return body
