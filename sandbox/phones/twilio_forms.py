"""What Twilio takes in a call, and its words of refusal.

Anything else is refused with Twilio's error, as a brand's platform has to see its mistakes here and not in production.

Source: https://www.twilio.com/docs/messaging/api/message-resource, /docs/content/twilio-quick-reply, /docs/content/twiliolist-picker and
/docs/api/errors (2026-11).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import urlsplit

MAX_BODY = 1600
MAX_MEDIA = 10
MAX_CONTENT_BODY, MAX_TITLE, MAX_ITEM, MAX_ID, MAX_DESCRIPTION = 1024, 20, 24, 200, 72
MAX_ACTIONS, MAX_SESSION_ACTIONS, MAX_ITEMS = 10, 3, 10

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
class Content:
    """A content as it was made, and its buttons as the phone shows them; ``menu`` is what opens a list of them."""

    sid: str
    types: Json
    body: str
    buttons: list[Json] = field(default_factory=list)
    menu: str = ""


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


def read_content(sid: str, resource: Json) -> Content:
    """The content that the body of ``POST /v1/Content`` describes; the sandbox knows quick replies and list pickers.

    Raises:
        TwilioError: it breaks a rule of the Content API.
    """
    types = resource.get("types")
    if not isinstance(types, dict) or len(types) != 1 or not _text(resource, "language"):
        refuse(20001, "language and types are required; the sandbox takes one type")
    ((name, value),) = types.items()
    body, menu = _text(value, "body"), ""
    if not body or len(body) > MAX_CONTENT_BODY:
        refuse(20001, f"body must have 1 to {MAX_CONTENT_BODY} characters")
    if "{{" in body:
        refuse(20001, "a variable needs a sample value")
    if name == "twilio/quick-reply":
        buttons = [_action(action) for action in _list(value, "actions", MAX_ACTIONS)]
    elif name == "twilio/list-picker":
        menu = _text(value, "button")
        if not 1 <= len(menu) <= MAX_TITLE:
            refuse(20001, f"button must have 1 to {MAX_TITLE} characters")
        buttons = [_item(item) for item in _list(value, "items", MAX_ITEMS)]
        if len({button["payload"] for button in buttons}) != len(buttons):
            refuse(20001, "ids of items must be unique")
    else:
        refuse(20001, f"the sandbox does not know {name}")
    return Content(sid, types, body, buttons, menu)


def _action(action: Any) -> Json:
    title, payload = _text(action, "title"), _text(action, "id")
    if action.get("type") != "QUICK_REPLY" or not 1 <= len(title) <= MAX_TITLE or len(payload) > MAX_ID:
        refuse(20001, f"an action is a QUICK_REPLY with a title of at most {MAX_TITLE} and an id of at most {MAX_ID} characters")
    return {"kind": "postback", "title": title, "payload": payload or title}


def _item(item: Any) -> Json:
    title, payload, description = _text(item, "item"), _text(item, "id"), _text(item, "description")
    if not 1 <= len(title) <= MAX_ITEM or not 1 <= len(payload) <= MAX_ID or len(description) > MAX_DESCRIPTION:
        refuse(20001, f"an item has at most {MAX_ITEM} characters, an id of 1 to {MAX_ID}, a description of at most {MAX_DESCRIPTION}")
    return {"kind": "list", "title": title, "payload": payload, "description": description}


def _text(holder: Any, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


def _list(holder: Any, name: str, most: int) -> list[Any]:
    found = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(found, list) or not 1 <= len(found) <= most or not all(isinstance(entry, dict) for entry in found):
        refuse(20001, f"{name} must hold 1 to {most} objects")
    return found


def check_session(content: Content) -> None:
    """Raises:
    TwilioError: WhatsApp would want to approve this content first.
    """
    titles = [button["title"] for button in content.buttons]
    if "twilio/quick-reply" in content.types and (len(titles) > MAX_SESSION_ACTIONS or len(set(titles)) != len(titles)):
        refuse(63021, "Channel invalid content error: at most 3 buttons, each with a title of its own")


def refusal_body(status: int) -> str:
    """Twilio's words for a status that a fault gives."""
    code = {401: 20003, 403: 20003, 404: 20404, 429: 20429}.get(status, 20500 if status >= 500 else 30007)
    return json.dumps(TwilioError(code, "The sandbox was told to refuse this.", status=status).body())
