"""What Meta's Send API takes as a message, for Messenger and Instagram, and what the phone shows of it.

Anything else is refused with the Graph API's error, as a brand's platform has to see its mistakes here and not in production.

Source: https://developers.facebook.com/docs/messenger-platform/reference/send-api, .../send-messages/templates and
.../instagram/features (checked 2026-11).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

MAX_QUICK_REPLIES = 13
MAX_QUICK_REPLY_TITLE = 20
MAX_PAYLOAD = 1000
MAX_BUTTONS = 3
MAX_BUTTON_TITLE = 20
MAX_BUTTON_TEMPLATE_TEXT = 640
MAX_ELEMENTS = 10
MAX_ELEMENT_TEXT = 80  # title and subtitle alike
MEDIA_TYPES = ("image", "audio", "video", "file")
MAX_PICTURES = 10  # in one message of Instagram's

Json = dict[str, Any]


class GraphError(Exception):
    """The Graph API's refusal: HTTP status and the ``error`` object."""

    def __init__(
        self, message: str, *, code: int = 100, subcode: int | None = None, status: int = 400, kind: str = "OAuthException"
    ) -> None:
        super().__init__(message)
        self.code = code
        self.subcode = subcode
        self.status = status
        self.kind = kind

    def body(self) -> Json:
        error: Json = {"message": str(self), "type": self.kind, "code": self.code}
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": {**error, "fbtrace_id": "A" + secrets.token_urlsafe(16)}}


@dataclass
class Shown:
    """How a message looks on the phone: the fields of its bubble."""

    kind: str
    text: str
    fields: Json = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """Where the channels differ."""

    max_text: int
    measure: Callable[[str], int] = len
    quick_reply_types: tuple[str, ...] = ("text",)
    quick_replies_below: tuple[str, ...] = ("text",)
    button_types: tuple[str, ...] = ("web_url", "postback")
    aspect_ratios: tuple[str, ...] = ()
    endings: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of files, by type; none: any
    several_pictures: bool = False
    hearts: bool = False


MESSENGER = Rules(
    max_text=2000,
    quick_reply_types=("text", "user_phone_number", "user_email"),
    quick_replies_below=("text", "attachment"),
    button_types=("web_url", "postback", "phone_number"),
    aspect_ratios=("horizontal", "square"),
)
INSTAGRAM = Rules(
    max_text=1000,
    measure=lambda text: len(text.encode("utf-8", "replace")),
    endings={
        "image": ("png", "jpg", "jpeg", "gif"),
        "audio": ("aac", "m4a", "wav", "mp4"),
        "video": ("mp4", "ogg", "avi", "mov", "webm"),
        "file": ("pdf",),
    },
    several_pictures=True,
    hearts=True,
)


def read_message(message: Any, rules: Rules) -> Shown:
    """The bubble that ``message`` (the Send API's object) makes.

    Raises:
        GraphError: it breaks a rule of the Send API.
    """
    several = {"attachments"} if rules.several_pictures else set()
    message = _object(message, "message", {"text", "attachment", "quick_replies", "metadata"} | several)
    if "metadata" in message:
        _text(message["metadata"], "message[metadata]", 1000)
    if len({"text", "attachment", "attachments"} & set(message)) > 1:
        raise GraphError("(#100) Param message cannot have both text and attachment")
    if "quick_replies" in message and not set(rules.quick_replies_below) & set(message):
        words = " or ".join({"text": "a text", "attachment": "an attachment"}[name] for name in rules.quick_replies_below)
        raise GraphError(f"(#100) Quick replies need {words}")
    if "text" in message:
        shown = Shown("text", _text(message["text"], "message[text]", rules.max_text, rules.measure))
    elif "attachment" in message:
        shown = _attachment(message["attachment"], rules)
    elif "attachments" in message:
        shown = _pictures(_list(message["attachments"], "message[attachments]", MAX_PICTURES), rules)
    else:
        raise GraphError("(#100) Message cannot be empty, must provide valid attachment or text", subcode=2018084)
    if "quick_replies" in message:
        shown.fields["options"] = _quick_replies(message["quick_replies"], rules)
        if shown.kind == "text":
            shown.kind = "quick_replies"
    return shown


def _quick_replies(replies: Any, rules: Rules) -> list[Json]:
    replies = _list(replies, "message[quick_replies]", MAX_QUICK_REPLIES)
    options = []
    for number, reply in enumerate(replies):
        where = f"message[quick_replies][{number}]"
        reply = _object(reply, where, {"content_type", "title", "payload", "image_url"})
        kind = reply.get("content_type")
        if kind not in rules.quick_reply_types:
            types = ", ".join(rules.quick_reply_types)
            raise GraphError(f"(#100) Param {where}[content_type] must be one of {types}; got {kind!r}")
        match kind:
            case "text":
                option = {
                    "title": _text(reply.get("title"), f"{where}[title]", MAX_QUICK_REPLY_TITLE),
                    "payload": _text(reply.get("payload"), f"{where}[payload]", MAX_PAYLOAD),
                }
                if "image_url" in reply:
                    option["image_url"] = _url(reply["image_url"], f"{where}[image_url]")
                options.append(option)
            case _ if {"title", "payload"} & set(reply):
                raise GraphError(f"(#100) Param {where} takes no title and no payload")
            case asked:
                # The app fills in what it knows of the person; a tap sends that as title and payload.
                known = "+31612345678" if asked == "user_phone_number" else "consumer@example.com"
                options.append({"title": known, "payload": known})
    return options


def _attachment(attachment: Any, rules: Rules) -> Shown:
    attachment = _object(attachment, "message[attachment]", {"type", "payload"})
    kind = attachment.get("type")
    if kind == "template":
        return _template(attachment.get("payload"), rules)
    if kind == "like_heart" and rules.hearts:
        return Shown("text", "❤️")
    if kind not in MEDIA_TYPES:
        raise GraphError(f"(#100) Param message[attachment][type] must be one of {', '.join(MEDIA_TYPES)}, template; got {kind!r}")
    where = "message[attachment][payload]"
    payload = _object(attachment.get("payload"), where, {"url", "attachment_id", "is_reusable"})
    if ("url" in payload) == ("attachment_id" in payload):
        raise GraphError(f"(#100) Param {where} needs exactly one of url, attachment_id")
    if "attachment_id" in payload:
        raise GraphError("(#100) Invalid attachment id: nothing was uploaded under it")
    url = _url(payload["url"], f"{where}[url]")
    ending = urlsplit(url).path.rpartition("/")[2].rpartition(".")[2].lower()
    if "." in urlsplit(url).path.rpartition("/")[2] and ending not in rules.endings.get(kind, (ending,)):
        raise GraphError(f"(#100) The {kind} attachment has an unsupported type: {ending}", subcode=2534068)
    return Shown("image" if kind == "image" else "file", "", {"url": url, "media_type": kind})


def _pictures(attachments: list[Any], rules: Rules) -> Shown:
    """Several pictures in one message; the phone shows them as one bubble with cards."""
    shown = [_attachment(attachment, rules) for attachment in attachments]
    if any(one.kind != "image" for one in shown):
        raise GraphError("(#100) Param message[attachments] takes pictures only")
    cards = [{"title": "", "subtitle": "", "image_url": one.fields["url"], "buttons": []} for one in shown]
    return Shown("template", "", {"cards": cards})


def _template(payload: Any, rules: Rules) -> Shown:
    where = "message[attachment][payload]"
    kind = payload.get("template_type") if isinstance(payload, dict) else None
    if kind == "button":
        payload = _object(payload, where, {"template_type", "text", "buttons", "sharable"})
        text = _text(payload.get("text"), f"{where}[text]", MAX_BUTTON_TEMPLATE_TEXT)
        buttons = _buttons(_list(payload.get("buttons"), f"{where}[buttons]", MAX_BUTTONS), f"{where}[buttons]", rules)
        return Shown("template", text, {"cards": [{"title": "", "subtitle": text, "image_url": "", "buttons": buttons}]})
    if kind == "generic":
        look = {"image_aspect_ratio"} if rules.aspect_ratios else set()
        payload = _object(payload, where, {"template_type", "elements", "sharable"} | look)
        if "image_aspect_ratio" in payload and payload["image_aspect_ratio"] not in rules.aspect_ratios:
            raise GraphError(f"(#100) Param {where}[image_aspect_ratio] must be one of {', '.join(rules.aspect_ratios)}")
        elements = _list(payload.get("elements"), f"{where}[elements]", MAX_ELEMENTS)
        cards = [_element(element, f"{where}[elements][{number}]", rules) for number, element in enumerate(elements)]
        return Shown("template", "\n".join(card["title"] for card in cards), {"cards": cards})
    raise GraphError(f"(#100) Param {where}[template_type]: the sandbox knows button and generic; got {kind!r}")


def _element(element: Any, where: str, rules: Rules) -> Json:
    element = _object(element, where, {"title", "subtitle", "image_url", "default_action", "buttons"})
    if not set(element) - {"title"}:
        raise GraphError(f"(#100) Param {where} needs more than a title", subcode=2018032)
    card: Json = {
        "title": _text(element.get("title"), f"{where}[title]", MAX_ELEMENT_TEXT),
        "subtitle": _text(element["subtitle"], f"{where}[subtitle]", MAX_ELEMENT_TEXT) if "subtitle" in element else "",
        "image_url": _url(element["image_url"], f"{where}[image_url]") if "image_url" in element else "",
        "buttons": [],
    }
    if "default_action" in element:
        action = _object(element["default_action"], f"{where}[default_action]", {"type", "url", "webview_height_ratio"})
        if action.get("type") != "web_url":
            raise GraphError(f"(#100) Param {where}[default_action][type] must be web_url")
        card["url"] = _url(action.get("url"), f"{where}[default_action][url]")
    if "buttons" in element:
        card["buttons"] = _buttons(_list(element["buttons"], f"{where}[buttons]", MAX_BUTTONS), f"{where}[buttons]", rules)
    return card


def _buttons(buttons: list[Any], where: str, rules: Rules) -> list[Json]:
    shown = []
    for number, button in enumerate(buttons):
        here = f"{where}[{number}]"
        button = _object(button, here, {"type", "title", "url", "payload", "webview_height_ratio"})
        title = _text(button.get("title"), f"{here}[title]", MAX_BUTTON_TITLE)
        kind = button.get("type")
        if kind not in rules.button_types:
            raise GraphError(f"(#100) Param {here}[type] must be one of {', '.join(rules.button_types)}; got {kind!r}")
        match kind:
            case "web_url":
                shown.append({"kind": "link", "title": title, "payload": "", "url": _url(button.get("url"), f"{here}[url]")})
            case "postback":
                shown.append({"kind": "postback", "title": title, "payload": _text(button.get("payload"), f"{here}[payload]", MAX_PAYLOAD)})
            case "phone_number":
                number_text = _text(button.get("payload"), f"{here}[payload]", MAX_PAYLOAD)
                if not number_text.startswith("+"):
                    raise GraphError(f"(#100) Param {here}[payload] must be a phone number with + and the country code")
                shown.append({"kind": "link", "title": title, "payload": "", "url": f"tel:{number_text}"})
    return shown


def decoded(value: Any, where: str) -> Any:
    """``value``, read as JSON when it came as a form field.

    Raises:
        GraphError: it is text that is no JSON.
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise GraphError(f"(#100) Param {where} must be a JSON object") from error


def _object(value: Any, where: str, known: set[str]) -> Json:
    if not isinstance(value, dict):
        raise GraphError(f"(#100) Param {where} must be an object")
    for key in value:
        if key not in known:
            raise GraphError(f'(#100) Unexpected key "{key}" on param "{where}"')
    return value


def _list(value: Any, where: str, most: int) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise GraphError(f"(#100) Param {where} must be a non-empty array")
    if len(value) > most:
        raise GraphError(f"(#100) Length of param {where} must be less than or equal to {most}")
    return value


def _text(value: Any, where: str, most: int, measure: Callable[[str], int] = len) -> str:
    if not isinstance(value, str) or not value.strip():
        raise GraphError(f"(#100) Param {where} must be a non-empty UTF-8 encoded string")
    if measure(value) > most:
        raise GraphError(f"(#100) Length of param {where} must be less than or equal to {most}")
    return value


def _url(value: Any, where: str) -> str:
    if isinstance(value, str):
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme in ("http", "https") and parts.hostname:
            return value
    raise GraphError(f"(#100) Param {where} should represent a valid URL")
