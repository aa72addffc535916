"""What the Cloud API takes as a message, and what the phone shows of it. Anything else is refused as Meta refuses it.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages and .../support/error-codes (checked 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.phones.fields import Fields
from sandbox.phones.meta_forms import Shown
from sandbox.phones.whatsapp_checks import CloudError, invalid, json_list, json_object, web_url, words
from sandbox.phones.whatsapp_products import Catalogue, several_products, single_product

MAX_TEXT = 4096
MAX_BODY = 1024
MAX_SHORT = 60  # header and footer
MAX_TITLE = 20
MAX_BUTTON_ID = 256
MAX_ROW_TITLE = 24
MAX_ROW_DESCRIPTION = 72
MAX_ROW_ID = 200
MAX_ROWS = 10
MAX_CARD_BODY = 160
MEDIA = ("image", "video", "audio", "document", "sticker")
IMAGE_ENDINGS = (".gif", ".webp", ".svg", ".bmp")  # of pictures that WhatsApp does not take as such

Json = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """An approved template: its wording with ``{{1}}`` or ``{{name}}``, and the quick replies below it."""

    name: str
    language: str
    text: str
    status: str = "APPROVED"
    buttons: tuple[str, ...] = field(default=())

    @property
    def variables(self) -> list[str]:
        return list(dict.fromkeys(re.findall(r"\{\{(\w+)\}\}", self.text)))


def read_template(body: Any) -> Template:
    """The template that a line's description names.

    Raises:
        ValueError: a field is missing, unknown or of the wrong form.
    """
    fields = Fields(body if isinstance(body, dict) else {}, "a template")
    template = Template(
        name=fields.need("name", str),
        language=fields.need("language", str),
        text=fields.need("text", str),
        status=fields.one_of("status", ("APPROVED", "PAUSED", "REJECTED")),
        buttons=tuple(map(str, fields.get("buttons", []))),
    )
    fields.done()
    return template


def read_message(kind: str, content: Any, templates: tuple[Template, ...], catalogue: Catalogue) -> Shown:
    """The bubble that a message of ``kind`` with ``content`` makes.

    Raises:
        CloudError: it breaks a rule of the Cloud API.
    """
    if kind not in (*_READERS, *MEDIA, "interactive", "template"):
        raise CloudError(
            100, f"Param type must be one of {', '.join(sorted((*_READERS, *MEDIA, 'interactive', 'template')))}; got {kind!r}"
        )
    if content is None:
        raise CloudError(131008, f"The parameter {kind} is required.")
    if kind == "template":
        return _template(content, templates)
    if kind == "interactive":
        return _interactive(content, catalogue)
    return _media(kind, content) if kind in MEDIA else _READERS[kind](content)


def _text(content: Any) -> Shown:
    content = json_object(content, "text", {"body", "preview_url"})
    if not isinstance(content.get("preview_url", False), bool):
        invalid("text['preview_url'] must be a boolean")
    return Shown("text", words(content.get("body"), "text['body']", MAX_TEXT))


def _media(kind: str, content: Any) -> Shown:
    captioned = set() if kind in ("audio", "sticker") else {"caption"}
    content = json_object(content, kind, {"id", "link", *captioned, *({"filename"} if kind == "document" else set())})
    if ("id" in content) == ("link" in content):
        raise CloudError(131009, f"Exactly one of {kind}['id'] and {kind}['link'] is required")
    if "id" in content:
        raise CloudError(131009, f"{kind}['id']: nothing was uploaded under it")
    url = web_url(content["link"], f"{kind}['link']")
    caption = words(content["caption"], f"{kind}['caption']", MAX_BODY) if "caption" in content else ""
    name = words(content["filename"], "document['filename']", 240) if "filename" in content else ""
    return Shown("image" if kind == "image" else "file", caption, {"url": url, "media_type": kind, **({"title": name} if name else {})})


def _location(content: Any) -> Shown:
    content = json_object(content, "location", {"latitude", "longitude", "name", "address"})
    for key, most in (("latitude", 90), ("longitude", 180)):
        value = content.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > most:
            raise CloudError(131009, f"location['{key}'] must be a number of degrees")
    title = ", ".join(words(content[key], f"location['{key}']", 1000) for key in ("name", "address") if key in content)
    return Shown("location", "", {"latitude": content["latitude"], "longitude": content["longitude"], "title": title})


def _contacts(content: Any) -> Shown:
    lines = []
    for card in json_list(content, "contacts", 257):
        card = json_object(card, "contacts", {"addresses", "birthday", "emails", "name", "org", "phones", "urls"})
        name = card.get("name")
        if not isinstance(name, dict) or not name.get("formatted_name") or len(name) < 2:
            raise CloudError(131008, "contacts['name'] needs formatted_name and one more of its parts")
        numbers = [phone.get("phone", "") for phone in card.get("phones", [])]
        lines.append(" ".join([name["formatted_name"], *numbers, *(mail.get("email", "") for mail in card.get("emails", []))]))
    return Shown("text", "\n".join(lines))


def _reaction(content: Any) -> Shown:
    content = json_object(content, "reaction", {"message_id", "emoji"})
    if not content.get("message_id") or not isinstance(content.get("emoji"), str):
        raise CloudError(131008, "reaction needs message_id and emoji")
    return Shown("text", content["emoji"] or "(took a reaction back)")


def _interactive(content: Any, catalogue: Catalogue) -> Shown:
    kind = content.get("type") if isinstance(content, dict) else None
    if kind in ("product", "product_list"):
        return (single_product if kind == "product" else several_products)(content, catalogue)
    readers: dict[Any, Callable[[Json], Shown]] = {"button": _buttons, "list": _rows, "cta_url": _link, "carousel": _carousel}
    if kind not in readers:
        raise CloudError(131009, f"interactive['type']: the sandbox knows {', '.join((*readers, 'product', 'product_list'))}; got {kind!r}")
    return readers[kind](content)


def _buttons(content: Json) -> Shown:
    content = json_object(content, "interactive", {"type", "header", "body", "footer", "action"})
    action = json_object(content.get("action"), "interactive['action']", {"buttons"})
    buttons = json_list(action.get("buttons"), "interactive['action']['buttons']", 3)
    shown = [_reply(button, "reply", "button_reply") for button in buttons]
    _unique(shown)
    return _card(content, shown)


def _rows(content: Json) -> Shown:
    content = json_object(content, "interactive", {"type", "header", "body", "footer", "action"})
    if content.get("header", {"type": "text"}).get("type") != "text":
        invalid("Header type invalid. A list takes a header of type text only")
    action = json_object(content.get("action"), "interactive['action']", {"button", "sections"})
    menu = words(action.get("button"), "Button label", MAX_TITLE, one_line=True)
    shown: list[Json] = []
    sections = json_list(action.get("sections"), "interactive['action']['sections']", 10)
    for section in sections:
        section = json_object(section, "section", {"title", "rows"})
        heading = ""
        if "title" in section or len(sections) > 1:
            heading = words(section.get("title"), "Section title", MAX_ROW_TITLE, one_line=True)
        for row in json_list(section.get("rows"), "rows", MAX_ROWS):
            row = json_object(row, "row", {"id", "title", "description"})
            shown.append(
                {
                    "kind": "list_reply",
                    "title": words(row.get("title"), "Row title", MAX_ROW_TITLE, one_line=True),
                    "payload": words(row.get("id"), "Row id", MAX_ROW_ID),
                    "description": words(row["description"], "Row description", MAX_ROW_DESCRIPTION) if "description" in row else "",
                    "section": heading,
                }
            )
    if len(shown) > MAX_ROWS:
        invalid(f"Total row count exceed max allowed count: {MAX_ROWS}")
    _unique(shown)
    return _card(content, shown, menu=menu)


def _link(content: Json) -> Shown:
    content = json_object(content, "interactive", {"type", "header", "body", "footer", "action"})
    return _card(content, [_link_button(content.get("action"))])


def _carousel(content: Json) -> Shown:
    content = json_object(content, "interactive", {"type", "body", "action"})
    body = _body(content)
    cards = json_list(json_object(content.get("action"), "interactive['action']", {"cards"}).get("cards"), "cards", 10)
    if len(cards) < 2:
        invalid("cards count invalid. Min: 2, Max: 10")
    shown: list[Json] = []
    for index, card in enumerate(cards):
        card = json_object(card, "card", {"card_index", "type", "header", "body", "action"})
        if card.get("card_index") != index:
            invalid(f"card_index must be {index}")
        header = json_object(card.get("header"), "card['header']", {"type", "image", "video"})
        if header.get("type") not in ("image", "video"):
            invalid("card header type must be image or video")
        said = words(json_object(card.get("body"), "card['body']", {"text"}).get("text"), "Card body", MAX_CARD_BODY)
        if said.count("\n") > 2:
            invalid("Card body takes at most 2 line breaks")
        if card.get("type") == "cta_url":
            buttons = [_link_button(card.get("action"))]
        else:
            replies = json_list(json_object(card.get("action"), "card['action']", {"buttons"}).get("buttons"), "buttons", 3)
            buttons = [_reply(button, "quick_reply", "button_reply") for button in replies]
            _unique(buttons)
        shown.append({"title": said, "subtitle": "", "image_url": _picture(header), "buttons": buttons})
    if len({(card["buttons"][0]["kind"], len(card["buttons"])) for card in shown}) > 1:
        invalid("All cards must have the same number and type of buttons")
    return Shown("template", body, {"cards": shown, "above": body})


def _template(content: Any, templates: tuple[Template, ...]) -> Shown:
    content = json_object(content, "template", {"name", "language", "components"})
    language = json_object(content.get("language"), "template['language']", {"code", "policy"})
    found = next((one for one in templates if (one.name, one.language) == (content.get("name"), language.get("code"))), None)
    if found is None or found.status == "REJECTED":
        raise CloudError(132001, f"template name ({content.get('name')}) does not exist in {language.get('code')}", status=404)
    if found.status == "PAUSED":
        raise CloudError(132015, "Template is paused due to low quality")
    values: Json = {}
    for component in content.get("components", []):
        component = json_object(component, "component", {"type", "parameters", "sub_type", "index"})
        for number, parameter in enumerate(component.get("parameters", []), 1):
            if component.get("type") == "body":
                parameter = json_object(parameter, "parameter", {"type", "text", "parameter_name"})
                said = words(parameter.get("text"), "Parameter text", MAX_BODY, one_line=True)
                values[str(parameter.get("parameter_name", number))] = said
    if set(values) != set(found.variables):
        raise CloudError(132000, f"body: number of localizable_params ({len(values)}) does not match ({len(found.variables)})")
    text = re.sub(r"\{\{(\w+)\}\}", lambda match: values[match[1]], found.text)
    buttons = [{"kind": "template_button", "title": title, "payload": title} for title in found.buttons]
    if not buttons:
        return Shown("text", text)
    return Shown("template", text, {"cards": [{"title": "", "subtitle": text, "image_url": "", "buttons": buttons}]})


_READERS: dict[str, Callable[[Any], Shown]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
}


def _card(content: Json, buttons: list[Json], **more: str) -> Shown:
    body = _body(content)
    header = json_object(content.get("header", {}), "interactive['header']", {"type", "text", "image", "video", "document"})
    title = words(header.get("text"), "Header text", MAX_SHORT, one_line=True) if header.get("type") == "text" else ""
    footer = json_object(content.get("footer", {}), "interactive['footer']", {"text"})
    small = words(footer.get("text"), "Footer text", MAX_SHORT) if footer else ""
    card = {
        "title": title,
        "subtitle": "\n".join(line for line in (body, small) if line),
        "image_url": _picture(header),
        "buttons": buttons,
        **more,
    }
    return Shown("template", body, {"cards": [card]})


def _body(content: Json) -> str:
    return words(json_object(content.get("body"), "interactive['body']", {"text"}).get("text"), "Body text", MAX_BODY)


def _picture(header: Json) -> str:
    kind = header.get("type")
    if kind in (None, "text"):
        return ""
    return web_url(json_object(header.get(kind), f"header['{kind}']", {"link", "id"}).get("link"), f"header['{kind}']['link']")


def _reply(button: Any, kind: str, shown_as: str) -> Json:
    button = json_object(button, "button", {"type", kind})
    if button.get("type") != kind:
        invalid(f"Button type must be {kind}; got {button.get('type')!r}")
    reply = json_object(button.get(kind), kind, {"id", "title"})
    return {
        "kind": shown_as,
        "title": words(reply.get("title"), "Button title", MAX_TITLE, one_line=True),
        "payload": words(reply.get("id"), "Button id", MAX_BUTTON_ID),
    }


def _link_button(action: Any) -> Json:
    action = json_object(action, "action", {"name", "parameters"})
    if action.get("name") != "cta_url":
        invalid("action['name'] must be cta_url")
    parameters = json_object(action.get("parameters"), "action['parameters']", {"display_text", "url"})
    title = words(parameters.get("display_text"), "display_text", MAX_TITLE, one_line=True)
    return {"kind": "link", "title": title, "payload": "", "url": web_url(parameters.get("url"), "url")}


def _unique(buttons: list[Json]) -> None:
    for key, name in (("title", "title"), ("payload", "id")):
        values = [button[key] for button in buttons]
        # Rows of different sections may be called the same; their ids may not.
        if len(set(values)) != len(values) and not (key == "title" and buttons[0]["kind"] == "list_reply"):
            invalid(f"Duplicated {name}: every {name} in a message has to be unique")
