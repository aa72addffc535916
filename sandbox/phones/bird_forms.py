"""What Bird's Channels API takes, and the words in which it refuses.

Source: https://docs.bird.com/api/channels-api/api-reference/messaging, .../supported-channels/programmable-sms/sending-messages,
.../message-types/files, https://docs.bird.com/api/notifications-api/api-reference/webhook-subscriptions/create-a-webhook-subscription (read
2026-11). The pages do not list the codes in the bodies of refusals: but for ``InvalidPayload`` they are assumed, and so is the longest text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.phones.gsm7 import segments

Json = dict[str, Any]

EVENTS = ("sms.inbound", "sms.outbound", "sms.interaction")
MAX_ALIKE = 5  # webhooks with the same event and filters
MAX_IMAGES = 10
MAX_SEGMENTS = 9
MESSAGE_FIELDS = {
    *("sender", "receiver", "reference", "template", "meta", "replyTo", "body", "notification", "capFrequency", "enableLinksTracking"),
    *("shortLinks", "ignoreGlobalHoldout", "tags", "scheduledFor", "validity"),
}
CONTACT_FIELDS = {"id", "identifierKey", "identifierValue", "type", "identifiers", "platformAddress", "platformAddressSelector"}
WEBHOOK_FIELDS = {"service", "event", "eventFilters", "template", "url", "signingKey"}
_URL = re.compile(r"https://([a-zA-Z0-9-]+\.)+[a-zA-Z]{2,}(/\S*)?")
_CODES = {401: "Unauthenticated", 403: "AccessDenied", 404: "NotFound", 409: "Conflict", 429: "TooManyRequests"}


class ApiError(Exception):
    """A refusal in the Channels API's form."""

    def __init__(self, message: str, *, status: int = 422) -> None:
        super().__init__(message)
        self.status = status
        self.code = _CODES.get(status, "InternalError" if status >= 500 else "InvalidPayload")

    def body(self) -> Json:
        return {"code": self.code, "message": str(self)}


def refusal_body(status: int) -> str:
    """Bird's words for a status that a fault gives."""
    return json.dumps(ApiError("a fault of the sandbox", status=status).body())


@dataclass(frozen=True)
class Outgoing:
    """A message as it was asked for. ``kind``: text, image or file."""

    to: str
    kind: str
    text: str
    url: str
    reference: str


def read_json(raw: bytes, known: set[str]) -> Json:
    """The JSON object of a call.

    Raises:
        ApiError: it is none, or has a field that Bird does not know.
    """
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise ApiError("the body is not JSON", status=400) from error
    if not isinstance(body, dict):
        raise ApiError("the body is not an object")
    if unknown := sorted(set(body) - known):
        raise ApiError(f'property "{unknown[0]}" is unsupported')
    return body


def read_message(raw: bytes) -> Outgoing:
    """The message that ``raw`` asks for.

    Raises:
        ApiError: it is out of form.
    """
    fields = read_json(raw, MESSAGE_FIELDS)
    contacts = _inside(fields, "receiver").get("contacts")
    if not isinstance(contacts, list) or len(contacts) != 1 or not isinstance(contacts[0], dict):
        raise ApiError("receiver.contacts: an SMS has one contact")
    if set(contacts[0]) - CONTACT_FIELDS or contacts[0].get("identifierKey", "phonenumber") != "phonenumber":
        raise ApiError("receiver.contacts.0: an SMS goes to a phonenumber")
    to = contacts[0].get("identifierValue")
    if not isinstance(to, str) or not re.fullmatch(r"\+[1-9]\d{6,14}", to):
        raise ApiError("receiver.contacts.0.identifierValue is no phone number in E.164")
    if "template" in fields:
        raise ApiError("template: this sandbox has none")
    body = _inside(fields, "body")
    kind = body.get("type")
    if kind not in ("text", "image", "file") or set(body) != {"type", kind}:
        raise ApiError("body.type: SMS channels take text, image and file")
    text, url = _read_body(kind, _inside(body, kind))
    return Outgoing(to, kind, text, url, str(fields.get("reference", "")))


def _read_body(kind: str, part: Json) -> tuple[str, str]:
    text = part.get("text", "")
    if not isinstance(text, str) or segments(text).count > MAX_SEGMENTS:
        raise ApiError(f"body.{kind}.text is no text, or too long")
    if kind == "text":
        if not text:
            raise ApiError("body.text.text is missing")
        return text, ""
    media = part.get(f"{kind}s")
    if not isinstance(media, list) or not 1 <= len(media) <= MAX_IMAGES or not all(isinstance(one, dict) for one in media):
        raise ApiError(f"body.{kind}.{kind}s: from 1 to {MAX_IMAGES}")
    for one in media:
        if urlsplit(str(one.get("mediaUrl", ""))).scheme not in ("http", "https") or (kind == "file" and not one.get("contentType")):
            raise ApiError(f"body.{kind}.{kind}s: each needs a mediaUrl{' and a contentType' if kind == 'file' else ''}")
    return text, str(media[0]["mediaUrl"])


def _inside(fields: Json, name: str) -> Json:
    found = fields.get(name)
    if not isinstance(found, dict):
        raise ApiError(f"{name} is missing")
    return found


def read_webhook(raw: bytes, alike: list[Json]) -> Json:
    """The webhook that ``raw`` asks for, without an id. ``alike`` are those that are there.

    Raises:
        ApiError: it is out of form, or there are five like it.
    """
    fields = read_json(raw, WEBHOOK_FIELDS)
    if fields.get("service") != "channels" or fields.get("event") not in EVENTS:
        raise ApiError("service or event is unknown")
    url = fields.get("url")
    # The sandbox's own exception: a platform under test is on this machine.
    is_local = urlsplit(str(url)).hostname in ("localhost", "127.0.0.1")
    if not isinstance(url, str) or not (is_local or _URL.fullmatch(url)):
        raise ApiError("url is not of the form https://example.com/path")
    filters = fields.get("eventFilters") or []
    if not isinstance(filters, list) or not all(isinstance(one, dict) and set(one) == {"key", "value"} for one in filters):
        raise ApiError("eventFilters are pairs of key and value")
    key = fields.get("signingKey", "")
    if not isinstance(key, str):
        raise ApiError("signingKey is no text")
    webhook = {"service": "channels", "event": fields["event"], "eventFilters": filters, "url": url, "signingKey": key, "status": "active"}
    if sum((one["event"], one["eventFilters"]) == (webhook["event"], filters) for one in alike) >= MAX_ALIKE:
        raise ApiError("too many subscriptions with the same filters")
    return webhook
