"""What Twilio takes in a call, and its words of refusal.

Anything else is refused with Twilio's error, as a brand's platform has to see its mistakes here and not in production.

Source: https://www.twilio.com/docs/messaging/api/message-resource and /docs/api/errors (2026-11).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

MAX_BODY = 1600
MAX_MEDIA = 10

WHATSAPP = "whatsapp:"
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
PLACE = re.compile(r"geo:(-?[\d.]+),(-?[\d.]+)(?:\|(.*))?")

Json = dict[str, Any]


class TwilioError(Exception):
    """Twilio's refusal: its code, its words, and the HTTP status."""

    def __init__(self, code: int, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    def body(self) -> Json:
        more = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": str(self), "more_info": more, "status": self.status}


def refuse(code: int, message: str) -> NoReturn:
    raise TwilioError(code, message)


def read_json(raw: bytes) -> Json:
    """Raises:
    TwilioError: the body is no JSON object.
    """
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        refuse(20001, "the body is not a JSON object")
    return value


@dataclass
class Form:
    """The fields of a message that is to be sent, in order; a field may come several times."""

    fields: dict[str, list[str]]

    def get(self, name: str) -> str:
        return self.fields.get(name, [""])[-1]

    def all(self, name: str) -> list[str]:
        return [value for value in self.fields.get(name, []) if value]


def check_recipient(form: Form, *, is_whatsapp: bool) -> str:
    """The recipient.

    Raises:
        TwilioError: there is none, or none that this sender can reach.
    """
    to = form.get("To")
    if not to:
        refuse(21604, "A 'To' phone number is required.")
    if to.startswith(WHATSAPP) != is_whatsapp:
        refuse(21910, "'From' and 'To' pair should be of the same channel")
    bare = to.removeprefix(WHATSAPP)
    if not NUMBER.fullmatch(bare) and (is_whatsapp or not re.fullmatch(r"\d{3,8}", bare)):
        refuse(21211, f"Invalid 'To' Phone Number: {to}")
    return to


def check_message(form: Form, *, is_whatsapp: bool, takes_media: bool) -> None:
    """Raises:
    TwilioError: the message breaks a rule of the Messages resource.
    """
    body, media = form.get("Body"), form.all("MediaUrl")
    if not (body.strip() or media or form.get("ContentSid")):
        refuse(21619, "A text message body or media urls must be specified.")
    if len(body.encode("utf-16-le")) // 2 > MAX_BODY:
        refuse(21617, f"The concatenated message body exceeds the {MAX_BODY} character limit.")
    if len(media) > (1 if is_whatsapp else MAX_MEDIA):
        refuse(21623, "Number of media files exceeds allowed limit")
    if any(urlsplit(url).scheme not in ("http", "https") for url in media):
        refuse(21620, "Invalid media URL(s)")
    if media and not is_whatsapp and not takes_media:
        refuse(21612, "The 'To' phone number is not currently reachable via MMS")
    callback = form.get("StatusCallback")
    if callback and urlsplit(callback).scheme not in ("http", "https"):
        refuse(21609, f"The 'StatusCallback' URL {callback} is not a valid URL.")
    if form.get("SmartEncoded") not in ("", "true", "false"):
        refuse(20001, "SmartEncoded must be true or false")


def read_place(form: Form) -> tuple[float, float, str] | None:
    """Latitude, longitude and label of a pin; None where there is none.

    Raises:
        TwilioError: it is malformed.
    """
    action = form.get("PersistentAction")
    if not action:
        return None
    found = PLACE.fullmatch(action)
    if found is None:
        refuse(21628, "PersistentAction is not valid")
    return float(found[1]), float(found[2]), found[3] or ""


def refusal_body(status: int) -> str:
    """Twilio's words for a status that a fault gives."""
    code = {401: 20003, 403: 20003, 404: 20404, 429: 20429}.get(status, 20500 if status >= 500 else 30007)
    return json.dumps(TwilioError(code, "The sandbox was told to refuse this.", status=status).body())
