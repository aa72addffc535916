"""What the Messages API takes for WhatsApp, RCS, Viber and Messenger senders, and what the phone shows of it.

Vonage looks into the fields of its own forms; WhatsApp's ``custom`` objects it passes on unread, and tells later that WhatsApp refused one.
The number that it then gives is the sandbox's choice: no source says it.

Source: the models of Vonage's own SDK, vonage-messages 1.8.1 (2026-10), and https://developer.vonage.com/en/messages/guides/rcs/... (2026-11).
"""

from __future__ import annotations

from typing import Any

from sandbox.phones.vonage_forms import Json, Look, invalid, is_web
from sandbox.phones.whatsapp_checks import CloudError
from sandbox.phones.whatsapp_forms import IMAGE_ENDINGS, Template, read_message
from sandbox.phones.whatsapp_products import Catalogue

INVALID, BAD_TEMPLATE = "1020", "1022"
MAX_TEXT = {"whatsapp": 4096, "rcs": 3072, "viber_service": 1000, "messenger": 640}
MAX_CAPTION = 3000  # of a picture on WhatsApp
MAX_VIBER_NAME = 25
RCS_ENDINGS = {"image": ("jpg", "jpeg", "png"), "video": ("mp4", "m4v", "webm"), "file": ("pdf",)}
SUGGESTIONS = {
    "reply": set(),
    "dial": {"phone_number"},
    "view_location": {"latitude", "longitude", "pin_label"},
    "share_location": set(),
    "open_url": {"url", "description"},
    "open_url_in_webview": {"url", "description"},
    "create_calendar_event": {"start_time", "end_time", "title", "description"},
}
"""What a suggestion of each type cannot do without, beside its text and postback_data."""


def look_of(channel: str, kind: str, body: Json, templates: tuple[Template, ...], catalogue: Catalogue) -> Look | None:
    """How the message in ``body`` looks; None for SMS and MMS.

    Raises:
        Problem: it breaks a rule that Vonage checks.
    """
    if channel not in MAX_TEXT:
        return None
    if kind == "custom":
        return _custom(body, templates, catalogue)
    if kind == "card":
        if _object(body, "rcs").get("card_orientation") == "VERTICAL" and "media_height" not in _object(body, "card"):
            raise invalid("card.media_height", "`media_height` must be specified when card_orientation is VERTICAL")
        return Look("template", "", {"cards": [_card(_object(body, "card"))]})
    if kind == "carousel":
        return _carousel(body)
    if kind == "text":
        return _text(channel, body)
    return _file(channel, kind, body)


def _text(channel: str, body: Json) -> Look:
    text = _words(body, "text", MAX_TEXT[channel])
    if channel == "viber_service":
        _viber(body)
    chips = _suggestions(body, 11)
    if any(chip["kind"] == "link" for chip in chips):
        return Look("template", text, {"cards": [{"title": "", "subtitle": text, "image_url": "", "buttons": chips}]})
    return Look("text", text, {"options": chips} if chips else {})


def _file(channel: str, kind: str, body: Json) -> Look:
    known = {
        "whatsapp": {"image": {"caption"}, "video": {"caption"}, "file": {"caption", "name"}},
        "viber_service": {"image": {"caption"}, "file": {"name"}},
    }
    part = _object(body, kind)
    if unknown := sorted(set(part) - {"url"} - known.get(channel, {}).get(kind, set())):
        raise invalid(f"{kind}.{unknown[0]}", f"`{unknown[0]}` is not known")
    if not is_web(part.get("url")):
        raise invalid(f"{kind}.url", "`url` must be a valid URL")
    caption = _words(part, "caption", MAX_CAPTION) if "caption" in part else ""
    title = _words(part, "name", MAX_VIBER_NAME if channel == "viber_service" else 255) if "name" in part else ""
    if channel == "viber_service":
        _viber(body)
    ending = part["url"].rpartition("/")[2].partition("?")[0].rpartition(".")
    is_wrong = bool(ending[1]) and (
        (channel == "rcs" and ending[2].lower() not in RCS_ENDINGS[kind])
        or (channel == "whatsapp" and kind == "image" and f".{ending[2].lower()}" in IMAGE_ENDINGS)
    )
    fields = {"url": part["url"], "media_type": kind, **({"title": title} if title else {})}
    return Look("image" if kind == "image" else "file", caption, fields, INVALID if is_wrong else "")


def _viber(body: Json) -> None:
    if _object(body, "viber_service", {}).get("category", "transaction") not in ("transaction", "promotion"):
        raise invalid("viber_service.category", "`category` must be one of transaction, promotion")


def _custom(body: Json, templates: tuple[Template, ...], catalogue: Catalogue) -> Look:
    """An object of Meta's, which nobody looks into before WhatsApp does."""
    custom = _object(body, "custom")
    kind = str(custom.get("type", "text"))
    try:
        shown = read_message(kind, custom.get(kind), templates, catalogue)
    except CloudError:
        return Look("text", "", late_refusal=BAD_TEMPLATE if kind == "template" else INVALID, is_template=kind == "template")
    return Look(shown.kind, shown.text, shown.fields, is_template=kind == "template")


def _carousel(body: Json) -> Look:
    if _object(body, "rcs").get("card_width") not in ("SMALL", "MEDIUM"):
        raise invalid("rcs.card_width", "`card_width` must be one of SMALL, MEDIUM")
    cards = _object(body, "carousel").get("cards")
    if not isinstance(cards, list) or not 2 <= len(cards) <= 10:
        raise invalid("carousel.cards", "`cards` must have 2 to 10 cards")
    shown: Json = {"cards": [_card(card) for card in cards]}
    if chips := _suggestions(body, 11):
        shown["options"] = chips
    return Look("template", "", shown)


def _card(card: Any) -> Json:
    if not isinstance(card, dict):
        raise invalid("card", "a card must be an object")
    known = {"title", "text", "media_url", "media_description", "media_height", "thumbnail_url", "media_force_refresh", "suggestions"}
    if unknown := sorted(set(card) - known):
        raise invalid(f"card.{unknown[0]}", f"`{unknown[0]}` is not known")
    if not is_web(card.get("media_url")):
        raise invalid("card.media_url", "`media_url` must be a valid URL")
    if card.get("media_height", "TALL") not in ("SHORT", "MEDIUM", "TALL"):
        raise invalid("card.media_height", "`media_height` must be one of SHORT, MEDIUM, TALL")
    words = {"title": _words(card, "title", 200), "subtitle": _words(card, "text", 2000)}
    return {**words, "image_url": card["media_url"], "buttons": _suggestions(card, 4)}


def _suggestions(body: Json, most: int) -> list[Json]:
    found = body.get("suggestions")
    if found is None:
        return []
    if not isinstance(found, list) or not 1 <= len(found) <= most:
        raise invalid("suggestions", f"`suggestions` must have 1 to {most} of them")
    return [_suggestion(one) for one in found]


def _suggestion(one: Any) -> Json:
    kind = one.get("type") if isinstance(one, dict) else None
    if kind not in SUGGESTIONS:
        raise invalid("suggestions.type", f"`type` must be one of {', '.join(SUGGESTIONS)}")
    title, payload = _words(one, "text", 25), _words(one, "postback_data", 2048)
    if missing := sorted(name for name in SUGGESTIONS[kind] if not isinstance(one.get(name), str) or not one[name]):
        raise invalid(f"suggestions.{missing[0]}", f"`{missing[0]}` is required")
    if kind == "open_url":
        if not is_web(one["url"]):
            raise invalid("suggestions.url", "`url` must be a valid URL")
        return {"kind": "link", "title": title, "payload": payload, "url": one["url"]}
    return {"kind": kind, "title": title, "payload": payload}


def _object(body: Json, name: str, default: Json | None = None) -> Json:
    value = body.get(name, default)
    if not isinstance(value, dict):
        raise invalid(name, f"`{name}` must be an object")
    return value


def _words(body: Json, name: str, most: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise invalid(name, f"`{name}` must have 1 to {most} characters")
    return value
