"""What Vonage's two send calls take, and the words in which they refuse.

Source: https://developer.vonage.com/en/api/messages, https://developer.vonage.com/en/api/sms, https://developer.vonage.com/en/api-errors
(checked 2026-11).
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.phones.gsm7 import BASIC, EXTENSION

Json = dict[str, Any]

MAX_TEXT = 1000
MAX_CAPTION = 2000
MAX_CLIENT_REF = 100
MAX_CALLBACK = 100
MAX_SMS_TEXT = 3200
MMS_TYPES = ("image", "audio", "video", "file", "vcard")
CHANNELS = {
    "sms": ("text",),
    "mms": ("text", *MMS_TYPES),
    "whatsapp": ("text", "image", "audio", "video", "file", "custom"),
    "rcs": ("text", "image", "video", "file", "card", "carousel"),
    "viber_service": ("text", "image", "file"),
    "messenger": ("text", "image", "audio", "video", "file"),
}
"""The channels and types that this sandbox knows; Vonage has a few more types."""
EXTRAS: dict[str, set[str]] = {
    "sms": {"sms"},
    "mms": set(),
    "whatsapp": {"context", "whatsapp"},
    "rcs": {"rcs", "suggestions"},
    "viber_service": {"viber_service"},
    "messenger": {"messenger"},
}
NUMBER = r"[1-9]\d{6,14}"
SENDERS = {
    "sms": r"\d{3,15}",
    "mms": r"\d{3,15}",
    "whatsapp": NUMBER,
    "rcs": "[a-zA-Z0-9-_&]+",
    "viber_service": ".{1,50}",
    "messenger": ".{1,50}",
}
RECIPIENTS = {"whatsapp": rf"{NUMBER}|[A-Za-z]{{2}}\.(ENT\.)?[A-Za-z0-9]{{1,128}}", "messenger": ".{1,50}"}
COMMON = {"channel", "message_type", "to", "from", "client_ref", "webhook_url", "webhook_version", "ttl", "trusted_recipient"}
SMS_FIELDS = {
    *("api_key", "api_secret", "from", "to", "text", "type", "ttl", "status-report-req", "callback", "client-ref", "message-class"),
    *("entity-id", "content-id", "account-ref", "trusted-number"),
}
_ERRORS = "https://developer.vonage.com/api-errors"


class Problem(Exception):
    """A refusal as RFC 7807 has it. ``kind`` is what stands behind the address of Vonage's list of errors."""

    def __init__(self, status: int, kind: str, title: str, detail: str, parameters: list[str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.title = title
        self.parameters = parameters or []

    def body(self) -> Json:
        shown: Json = {"type": f"{_ERRORS}{self.kind}", "title": self.title, "detail": str(self), "instance": secrets.token_hex(16)}
        if self.parameters:
            shown["invalid_parameters"] = [{"name": name, "reason": str(self)} for name in self.parameters]
        return shown

    def answer(self) -> web.Response:
        return web.json_response(self.body(), status=self.status, content_type="application/problem+json")


def invalid(name: str, reason: str) -> Problem:
    return Problem(422, "/messages#1150", "Invalid params", reason, [name])


def unauthorized() -> Problem:
    detail = "Check that you're using the correct credentials, and that your account has this feature enabled"
    return Problem(401, "#unauthorized", "You did not provide correct credentials.", detail)


def refusal_body(status: int) -> str:
    """Vonage's words for a status that a fault gives."""
    if status == 429:
        problem = Problem(429, "/messages#1010", "Rate Limit Hit", "Please wait, then retry your request")
    elif status == 402:
        detail = "This request could not be performed due to your account balance being low."
        problem = Problem(402, "#low-balance", "Low balance", detail)
    elif status >= 500:
        problem = Problem(status, "/messages#1000", "Internal error", "There was an error processing your request in the Platform.")
    else:
        problem = unauthorized() if status == 401 else invalid("message", "refused")
    return json.dumps(problem.body())


@dataclass(frozen=True)
class Look:
    """How a message looks on the phone, and what Vonage finds out about it only later."""

    kind: str
    text: str
    fields: Json = field(default_factory=dict)
    late_refusal: str = ""
    is_template: bool = False


@dataclass(frozen=True)
class Outgoing:
    """A message of the brand that may be sent."""

    to: str
    sender: str
    channel: str
    kind: str  # of the bubble: text, image, file, location or template
    text: str
    client_ref: str
    webhook_url: str
    fields: Json = field(default_factory=dict)  # of the bubble, beside its text
    late_refusal: str = ""  # taken now, and reported as rejected with this number
    is_template: bool = False  # WhatsApp takes it whenever


def read_message(raw: bytes, shown_as: Callable[[str, str, Json], Look | None]) -> Outgoing:
    """The message in the body of a call to the Messages API. ``shown_as``: how a message of a channel other than SMS and MMS looks, given
    channel, type and body; None for a channel or type that there is not.

    Raises:
        Problem: it breaks a rule.
    """
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise invalid("body", "the body is not valid JSON") from error
    if not isinstance(body, dict):
        raise invalid("body", "the body must be an object")
    channel, kind = body.get("channel"), body.get("message_type")
    if channel not in CHANNELS:
        raise invalid("channel", f"`channel` must be one of {', '.join(CHANNELS)}")
    if not isinstance(kind, str) or kind not in CHANNELS[channel]:
        raise invalid("message_type", f"`message_type` is not one of {channel}'s")
    if unknown := sorted(set(body) - COMMON - {kind} - EXTRAS[channel]):
        raise invalid(unknown[0], f"`{unknown[0]}` is not known")
    if body.get("webhook_version", "v1") not in ("v1", "v0.1"):
        raise invalid("webhook_version", "`webhook_version` must be one of v0.1, v1")
    client_ref = body.get("client_ref", "")
    if not isinstance(client_ref, str) or len(client_ref) > MAX_CLIENT_REF:
        raise invalid("client_ref", f"`client_ref` may have {MAX_CLIENT_REF} characters")
    webhook_url = body.get("webhook_url", "")
    if webhook_url and not is_web(webhook_url):
        raise invalid("webhook_url", "`webhook_url` must be a valid URL")
    to, sender = _address(body, "to", RECIPIENTS.get(channel, NUMBER)), _address(body, "from", SENDERS[channel])
    look = shown_as(channel, kind, body)
    if look is None:
        text, url = _content(body, kind)
        bubble = kind if kind in ("text", "image") else "file"
        look = Look(bubble, text, {"url": url} if url else {})
    return Outgoing(to, sender, channel, look.kind, look.text, client_ref, webhook_url, look.fields, look.late_refusal, look.is_template)


def read_mark(raw: bytes) -> bool:
    """Whether the body of a call that marks a message as read asks for the dots, too.

    Raises:
        Problem: it breaks a rule.
    """
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise invalid("body", "the body is not valid JSON") from error
    if not isinstance(body, dict) or body.get("status") != "read" or set(body) - {"status", "replying_indicator"}:
        raise invalid("status", "`status` must be read")
    indicator = body.get("replying_indicator", {"show": False, "type": "text"})
    if not isinstance(indicator, dict) or not isinstance(indicator.get("show"), bool) or indicator.get("type") != "text":
        raise invalid("replying_indicator", "`replying_indicator` needs show and type text")
    return bool(indicator["show"])


def _content(body: Json, kind: str) -> tuple[str, str]:
    if kind == "text":
        text = body.get("text")
        if not isinstance(text, str) or not 1 <= len(text) <= MAX_TEXT:
            raise invalid("text", f"`text` must have 1 to {MAX_TEXT} characters")
        return text, ""
    part = body.get(kind)
    if not isinstance(part, dict) or set(part) - {"url", "caption"} or not is_web(part.get("url")):
        raise invalid(f"{kind}.url", f"`{kind}` needs a url, and may have a caption")
    caption = part.get("caption", " ")
    if not isinstance(caption, str) or not 1 <= len(caption) <= MAX_CAPTION:
        raise invalid(f"{kind}.caption", f"`caption` must have 1 to {MAX_CAPTION} characters")
    return part.get("caption", ""), part["url"]


def _address(body: Json, name: str, pattern: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise invalid(name, f"`{name}` is not valid for the given channel")
    return value


def is_web(value: Any) -> bool:
    """Whether ``value`` is an address that can be fetched."""
    return isinstance(value, str) and urlsplit(value).scheme in ("http", "https") and bool(urlsplit(value).hostname)


class SmsRefused(Exception):
    """The SMS API's refusal of one message: its status. The HTTP status stays 200."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status

    def answer(self) -> web.Response:
        entry = {"status": str(self.status), "error-text": str(self)}
        return web.json_response({"message-count": "1", "messages": [entry]})


def read_sms(fields: dict[str, str]) -> Outgoing:
    """The message in the fields of a call to the SMS API, as the phone will show it: what the chosen alphabet lacks is a question mark.

    Raises:
        SmsRefused: it breaks a rule.
    """
    for name in ("from", "to", "text"):
        if not fields.get(name):
            raise SmsRefused(2, f"Missing {name} param")
    if unknown := sorted(set(fields) - SMS_FIELDS):
        raise SmsRefused(3, f"Invalid value for param: {unknown[0]}")
    if not re.fullmatch(r"\d{7,15}", fields["to"]):
        raise SmsRefused(3, "Invalid value for param: to")
    kind, text = fields.get("type", "text"), fields["text"]
    if kind not in ("text", "unicode"):
        raise SmsRefused(3, "Invalid value for param: type")
    if len(text) > MAX_SMS_TEXT:
        raise SmsRefused(12, "Message too long")
    if len(fields.get("client-ref", "")) > MAX_CLIENT_REF:
        raise SmsRefused(3, "Invalid value for param: client-ref")
    callback = fields.get("callback", "")
    if callback and (len(callback) > MAX_CALLBACK or not is_web(callback)):
        raise SmsRefused(23, "Invalid value for param: callback")
    if kind == "text":
        text = "".join(char if char in BASIC or char in EXTENSION else "?" for char in text)
    wanted = callback if fields.get("status-report-req") == "1" else ""
    return Outgoing(fields["to"], fields["from"], "sms", "text", text, fields.get("client-ref", ""), wanted)
