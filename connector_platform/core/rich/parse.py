"""From LivePerson's JSON to the model: everything documented is taken, everything unknown keeps its words, junk is refused with its place.

LivePerson's schemas are not used as a gate: its own samples and its service go beyond them.
Source: https://developers.liveperson.com/structured-content-templates.html; LivePersonInc/json-pollock at 1399ba8 (checked 2026-11).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from connector_platform.core.rich import model
from connector_platform.core.rich.actions import read_click
from connector_platform.core.rich.model import Element, Message, QuickReplies
from connector_platform.core.rich.reading import MAX_CHARS, Reader, RichContentInvalid, clean

# Under these names people write what is meant to be seen.
_WORD_NAMES = ("title", "subtitle", "header", "text", "body", "caption", "description", "key", "value", "footer", "label", "url", "uri")
_LAYOUT_NAMES = ("border", "borderLine", "borderColor", "padding", "scroll", "percentages", "display")
_STYLE_NAMES = {"bold", "italic", "size", "color", "background-color", "border-color", "border-radius"}
_PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def parse_content(data: Any, *, path: str = "") -> Element:
    """The element that ``data`` describes: an object, or the JSON of one as message history has it. ``path`` is where ``data`` stands.

    Raises:
        RichContentInvalid: ``data`` is none, with the place of the fault.
    """
    return _Parser().element(_decoded(data, path), path, 0)


def parse_quick_replies(data: Any, *, path: str = "") -> QuickReplies:
    """The quick replies that ``data`` describes.

    Raises:
        RichContentInvalid: ``data`` describes none, with the place of the fault.
    """
    return _Parser().quick_replies(_decoded(data, path), path, 0)


def parse(content: Any, quick_replies: Any = None, text: str = "") -> Message:
    """One message. None, ``{}`` and ``""`` are no content and no quick replies. Paths start with the names of these parameters.

    Raises:
        RichContentInvalid: with the place of the fault.
    """
    parser = _Parser()
    return Message(
        text=parser.words({"text": text}, "text", ""),
        content=parser.element(_decoded(content, "/content"), "/content", 0) if content not in (None, {}, "") else None,
        quick_replies=parser.quick_replies(_decoded(quick_replies, "/quick_replies"), "/quick_replies", 0)
        if quick_replies not in (None, {}, "")
        else None,
    )


def _decoded(data: Any, path: str) -> Any:
    if not isinstance(data, str):
        return data
    if len(data) > MAX_CHARS:
        raise RichContentInvalid(path, f"more than {MAX_CHARS} characters of JSON")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RichContentInvalid(path, "a text that is not JSON") from error


class _Parser(Reader):
    def element(self, data: Any, path: str, depth: int) -> Element:
        data = self.node(data, path, depth)
        build = _BUILDERS.get(_name(data.get("type")) or _guess(data))
        return build(self, data, path, depth) if build is not None else self.unknown(data, path, depth)

    def common(self, data: dict[str, Any], path: str, depth: int, *own: str) -> dict[str, Any]:
        """The fields that all elements have; ``own`` names those word fields that the element's type has itself."""
        nested = data.get("quickReplies")
        return {
            "path": path,
            "tag": _name(data.get("tag")),
            "tag_version": _name(data.get("tagVersion")),
            "alt": _name(data.get("alt")),
            "tooltip": _name(data.get("tooltip")),
            "rtl": data.get("rtl") is True,
            "style": _style(data.get("style")),
            "metadata": self.metadata(data, path),
            "click": read_click(self, data, path, depth),
            "strays": self._strays(data, path, own),
            "quick_replies": self.quick_replies(nested, f"{path}/quickReplies", depth + 1) if nested is not None else None,
        }

    def _strays(self, data: dict[str, Any], path: str, own: tuple[str, ...]) -> tuple[model.Stray, ...]:
        return tuple(
            model.Stray(name=name, value=self.words(data, name, path), path=f"{path}/{name}")
            for name in _WORD_NAMES
            if name not in own and isinstance(data.get(name), str) and data[name].strip()
        )

    def container(self, data: dict[str, Any], path: str, depth: int, *, of: str = "elements") -> dict[str, Any]:
        return {
            **self.common(data, path, depth),
            "elements": tuple(self.element(item, at, depth + 1) for item, at in self.items(data, of, path, is_required=True)),
            "layout": {name: data[name] for name in _LAYOUT_NAMES if name in data},
        }

    def quick_replies(self, data: Any, path: str, depth: int) -> QuickReplies:
        data = self.node(data, path, depth)
        return QuickReplies(
            **self.container(data, path, depth, of="replies"),
            items_per_row=self.whole(data, "itemsPerRow", path),
        )

    def unknown(self, data: dict[str, Any], path: str, depth: int) -> Element:
        """A type that we do not know: its words, its click where it can be read, and the elements in it. Its own form is never a fault."""
        try:
            click = read_click(self, data, path, depth)
        except RichContentInvalid:
            click = model.Click()
        children, nested = data.get("elements"), data.get("quickReplies")
        return model.UnknownElement(
            path=path,
            kind=_name(data.get("type")),
            tooltip=_name(data.get("tooltip")),
            alt=_name(data.get("alt")),
            tag=_name(data.get("tag")),
            click=click,
            strays=self._strays(data, path, ()),
            quick_replies=self.quick_replies(nested, f"{path}/quickReplies", depth + 1) if isinstance(nested, dict) else None,
            elements=tuple(
                self.element(item, f"{path}/elements/{index}", depth + 1)
                for index, item in enumerate(children if isinstance(children, list) else ())
                if isinstance(item, dict)
            ),
        )

    def text(self, data: dict[str, Any], path: str, depth: int) -> Element:
        return model.TextElement(**self.common(data, path, depth, "text"), text=self.words(data, "text", path, is_required=True))

    def image(self, data: dict[str, Any], path: str, depth: int) -> Element:
        return model.ImageElement(
            **self.common(data, path, depth, "url", "caption"),
            url=self.words(data, "url", path, is_required=True),
            caption=self.words(data, "caption", path),
        )

    def button(self, data: dict[str, Any], path: str, depth: int) -> Element:
        ref = data.get("ref")
        return model.ButtonElement(
            **self.common(data, path, depth, "title", "subtitle"),
            title=self.words(data, "title", path, is_required=True),
            subtitle=self.words(data, "subtitle", path),
            class_name=self.words(data, "class", path),
            ref=self.words(ref, "name", f"{path}/ref") if isinstance(ref, dict) else "",
        )

    def map(self, data: dict[str, Any], path: str, depth: int) -> Element:
        latitude, longitude = self.number(data, "la", path), self.number(data, "lo", path)
        # Several published samples have the two the wrong way round; where that shows, it is put right.
        was_swapped = abs(latitude) > 90 >= abs(longitude)
        if was_swapped:
            latitude, longitude = longitude, latitude
        if abs(latitude) > 90 or abs(longitude) > 180:
            raise RichContentInvalid(f"{path}/la", "no such place on Earth")
        return model.MapElement(**self.common(data, path, depth), latitude=latitude, longitude=longitude, was_swapped=was_swapped)

    def link_preview(self, data: dict[str, Any], path: str, depth: int) -> Element:
        return model.LinkPreviewElement(
            **self.common(data, path, depth, "url", "title"),
            url=self.words(data, "url", path, is_required=True),
            title=self.words(data, "title", path),
        )

    def template(self, data: dict[str, Any], path: str, depth: int) -> Element:
        if data.get("templateType") != "quickReply":
            return self.unknown(data, path, depth)
        responses = [self.words({"": item}, "", at) for item, at in self.items(data, "resp", path, is_required=True)]
        return model.QuickReplyTemplate(
            **self.common(data, path, depth, "title"), title=self.words(data, "title", path), responses=tuple(responses)
        )

    def key_values(self, data: dict[str, Any], path: str, depth: int) -> Element:
        pairs = []
        for item, at in self.items(data, "elements", path, is_required=True):
            pair = self.node(item, at, depth + 1)
            pairs.append(model.Pair(key=self.words(pair, "key", at, is_required=True), value=self.words(pair, "value", at), path=at))
        return model.KeyValueList(**self.common(data, path, depth), pairs=tuple(pairs))

    def checkbox(self, data: dict[str, Any], path: str, depth: int) -> Element:
        return model.Checkbox(**self.common(data, path, depth, "text"), text=self.words(data, "text", path, is_required=True))

    def submit_button(self, data: dict[str, Any], path: str, depth: int) -> Element:
        return model.SubmitButton(
            **self.common(data, path, depth, "title"),
            title=self.words(data, "title", path, is_required=True),
            is_disabled=data.get("disabled") is True,
        )

    def section(self, data: dict[str, Any], path: str, depth: int) -> Element:
        return model.Section(**self.container(data, path, depth), section_id=self.words(data, "sectionID", path))

    def carousel_select(self, data: dict[str, Any], path: str, depth: int) -> Element:
        return model.CarouselSelect(**self.container(data, path, depth), select_mode=_select_mode(data.get("selectMode")))

    def accordion_select(self, data: dict[str, Any], path: str, depth: int) -> Element:
        titles = []
        for item, at in self.items(data, "titles", path):
            title = self.node(item, at, depth + 1)
            titles.append(model.AccordionTitle(name=self.words(title, "name", at), additional=self.words(title, "additional", at), path=at))
        return model.AccordionSelect(
            **self.container(data, path, depth), select_mode=_select_mode(data.get("selectMode")), titles=tuple(titles)
        )


_Builder = Callable[[_Parser, dict[str, Any], str, int], Element]


def _plain(kind: type[model.Container]) -> _Builder:
    return lambda parser, data, path, depth: kind(**parser.container(data, path, depth))


_BUILDERS: dict[str, _Builder] = {
    "text": _Parser.text,
    "image": _Parser.image,
    "button": _Parser.button,
    "map": _Parser.map,
    "linkPreview": _Parser.link_preview,
    "template": _Parser.template,
    "keyValuePairList": _Parser.key_values,
    "vertical": _plain(model.Vertical),
    "horizontal": _plain(model.Horizontal),
    "carousel": _plain(model.Carousel),
    "carouselSelect": _Parser.carousel_select,
    "accordionSelect": _Parser.accordion_select,
    "tabs": _plain(model.Tabs),
    "list": _plain(model.SelectList),
    "sectionList": _plain(model.SectionList),
    "section": _Parser.section,
    "checklist": _plain(model.Checklist),
    "checkbox": _Parser.checkbox,
    "buttonList": _plain(model.ButtonList),
    "submitButton": _Parser.submit_button,
    "quickReplies": _Parser.quick_replies,
}


def _guess(data: dict[str, Any]) -> str:
    """The type of an element that does not tell it; LivePerson's schema asks no basic element for one."""
    url = data.get("url")
    if isinstance(url, str):
        is_picture = "caption" in data or url.partition("?")[0].lower().endswith(_PICTURE_SUFFIXES)
        return "image" if is_picture and "title" not in data else "linkPreview"
    for names, kind in (
        (("la", "lo"), "map"),
        (("templateType", "resp"), "template"),
        (("replies",), "quickReplies"),
        (("elements",), "vertical"),
        (("text",), "text"),
        (("title",), "button"),
    ):
        if all(data.get(name) is not None for name in names):
            return kind
    return ""


def _style(data: Any) -> model.Style:
    """Never a reason to refuse a message."""
    data = data if isinstance(data, dict) else {}
    radius = data.get("border-radius")
    return model.Style(
        bold=data.get("bold") is True,
        italic=data.get("italic") is True,
        size=_name(data.get("size")),
        color=_name(data.get("color")),
        background_color=_name(data.get("background-color")),
        border_color=_name(data.get("border-color")),
        border_radius=float(radius) if isinstance(radius, int | float) and abs(radius) < 1e6 else None,
        other={name: value for name, value in data.items() if name not in _STYLE_NAMES},
    )


def _select_mode(data: Any) -> model.SelectMode:
    data = data if isinstance(data, dict) else {}
    is_multiple = data.get("type") == model.SelectType.MULTIPLE
    return model.SelectMode(name=_name(data.get("name")), type=model.SelectType.MULTIPLE if is_multiple else model.SelectType.SINGLE)


def _name(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""
