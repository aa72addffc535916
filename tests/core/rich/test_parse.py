"""From JSON to the model, and the place of what is no structured content."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.rich import RichContentInvalid, model, parse, parse_content, parse_quick_replies
from connector_platform.core.rich.reading import MAX_CHARS, MAX_DEPTH, MAX_NODES
from tests.core.rich.support import resolve

BUTTON = {
    "type": "button",
    "title": "Buy",
    "click": {"actions": [{"type": "publishText", "text": "I buy"}], "metadata": [{"type": "ExternalId"}]},
}


def test_an_element_keeps_everything_that_it_has() -> None:
    element = parse_content(
        {
            "type": "text",
            "text": "Hello",
            "tag": "title",
            "tagVersion": "2",
            "alt": "a greeting",
            "tooltip": "tip",
            "rtl": True,
            "style": {"bold": True, "size": "large", "background-color": "#fff", "border-radius": 3, "color-hover": "red"},
            "click": {"actions": [{"type": "link", "uri": "https://example.com", "target": "blank", "ios": {"uri": "app://x"}}]},
        }
    )
    style = model.Style(bold=True, size="large", background_color="#fff", border_radius=3.0, other={"color-hover": "red"})
    link = model.Link(path="/click/actions/0", uri="https://example.com", target="blank", ios="app://x")
    assert element == model.TextElement(
        text="Hello",
        tag="title",
        tag_version="2",
        alt="a greeting",
        tooltip="tip",
        rtl=True,
        style=style,
        click=model.Click(actions=(link,)),
    )


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"type": "publishText", "text": "t"}, model.PublishText(text="t")),
        ({"type": "link", "web": {"uri": "https://w.example.com"}}, model.Link(uri="https://w.example.com", web="https://w.example.com")),
        ({"type": "navigate", "la": 1, "lo": "2.5", "name": "n"}, model.Navigate(latitude=1, longitude=2.5, name="n")),
        ({"type": "addToCart", "items": [{"productId": 7}]}, model.AddToCart(items=(model.CartItem(product_id="7"),))),
        ({"type": "custom"}, model.Custom()),
        ({"type": "datePicker", "class": "range", "minDate": 5}, model.DatePicker(is_range=True, min_date_s=5)),
        ({"type": "checked", "publishText": "p"}, model.Checked(publish_text="p")),
        ({"type": "submitAsText", "submit": False}, model.SubmitAsText(submit=False)),
        ({"type": "openCamera"}, model.UnknownAction(kind="openCamera")),
    ],
)
def test_each_action_has_its_type(action: dict[str, Any], expected: model.Action) -> None:
    (found,) = parse_content({**BUTTON, "click": {"actions": [action]}}).click.actions
    assert type(found) is type(expected)
    assert {name: getattr(found, name) for name in found.__dataclass_fields__ if name != "path"} == {
        name: getattr(expected, name) for name in expected.__dataclass_fields__ if name != "path"
    }
    assert found.path == "/click/actions/0"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"url": "https://example.com/a.PNG?v=1"}, model.ImageElement),
        ({"url": "https://example.com/a", "caption": "c"}, model.ImageElement),
        ({"url": "https://example.com/a"}, model.LinkPreviewElement),
        ({"url": "https://example.com/a.png", "title": "t"}, model.LinkPreviewElement),
        ({"la": 1, "lo": 2}, model.MapElement),
        ({"templateType": "quickReply", "title": "t", "resp": ["a"]}, model.QuickReplyTemplate),
        ({"replies": []}, model.QuickReplies),
        ({"elements": []}, model.Vertical),
        ({"text": "t"}, model.TextElement),
        ({"title": "t"}, model.ButtonElement),
        ({"type": "template", "templateType": "new", "title": "t"}, model.UnknownElement),
        ({}, model.UnknownElement),
    ],
)
def test_an_element_without_a_type_is_known_by_its_fields(data: dict[str, Any], kind: type[model.Element]) -> None:
    assert type(parse_content(data)) is kind


@pytest.mark.parametrize(("latitude", "longitude", "expected"), [(52.4, 4.9, (52.4, 4.9, False)), (139.7, 35.6, (35.6, 139.7, True))])
def test_swapped_coordinates_are_put_right_where_it_shows(latitude: float, longitude: float, expected: tuple[float, float, bool]) -> None:
    place = parse_content({"type": "map", "la": latitude, "lo": longitude})
    assert isinstance(place, model.MapElement)
    assert (place.latitude, place.longitude, place.was_swapped) == expected


def test_metadata_may_be_one_object() -> None:
    assert parse_content({"type": "vertical", "elements": [], "metadata": {"fallback": "x"}}).metadata == ({"fallback": "x"},)


def test_the_unknown_keeps_its_words_and_children() -> None:
    element = parse_content({"type": "stars", "title": "How many?", "tooltip": [], "click": 7, "elements": [1, {"text": "1 to 5"}]})
    assert isinstance(element, model.UnknownElement)
    assert [(stray.value, stray.path) for stray in element.strays] == [("How many?", "/title")]
    assert [child.path for child in element.elements] == ["/elements/1"]


def test_nothing_is_no_content() -> None:
    for nothing in (None, {}, ""):
        assert parse(nothing, nothing) == model.Message()


FAULTS: list[tuple[Any, str]] = [
    (7, ""),
    ([], ""),
    ("not json", ""),
    ("[" * 5000, ""),
    ("7", ""),
    ({"type": "vertical"}, ""),
    ({"type": "vertical", "elements": 7}, "/elements"),
    ({"type": "vertical", "elements": [{"text": "a"}, None]}, "/elements/1"),
    ({"type": "text"}, ""),
    ({"type": "text", "text": {}}, "/text"),
    ({"type": "image", "caption": "c"}, ""),
    ({"type": "button"}, ""),
    ({"type": "map", "la": "north", "lo": 4}, "/la"),
    ({"type": "map", "la": math.nan, "lo": 4}, "/la"),
    ({"type": "map", "la": True, "lo": 4}, "/la"),
    ({"type": "map", "la": 400, "lo": 4}, "/la"),
    ({"type": "map", "la": 4}, ""),
    ({**BUTTON, "click": []}, "/click"),
    ({**BUTTON, "click": {"actions": {}}}, "/click/actions"),
    ({**BUTTON, "click": {"actions": [{"type": "publishText"}]}}, "/click/actions/0"),
    ({**BUTTON, "click": {"actions": ["publishText"]}}, "/click/actions/0"),
    ({**BUTTON, "click": {"actions": [{"type": "link"}]}}, "/click/actions/0"),
    ({**BUTTON, "click": {"actions": [{"type": "link", "uri": "x", "ios": 7}]}}, "/click/actions/0/ios"),
    ({**BUTTON, "click": {"metadata": ["x"]}}, "/click/metadata/0"),
    ({**BUTTON, "click": {"actions": [{"type": "scheduleSlotList", "slots": [{"id": "a"}]}]}}, "/click/actions/0/slots/0"),
    ({"type": "template", "templateType": "quickReply", "resp": [[]]}, "/resp/0"),
    ({"type": "keyValuePairList", "elements": [{"value": "v"}]}, "/elements/0"),
    ({"type": "vertical", "elements": [], "quickReplies": {"replies": 7}}, "/quickReplies/replies"),
    ({"type": "vertical", "elements": [{"type": "vertical", "elements": [{"type": "button"}]}]}, "/elements/0/elements/0"),
]


@pytest.mark.parametrize(("data", "path"), FAULTS)
def test_junk_is_refused_with_its_place(data: Any, path: str) -> None:
    with pytest.raises(RichContentInvalid) as caught:
        parse_content(data)
    assert caught.value.path.removesuffix("/") == path
    assert isinstance(caught.value, UnsupportedContent)
    assert caught.value.code == "rich_content_invalid"


def test_paths_start_where_the_content_stands() -> None:
    with pytest.raises(RichContentInvalid) as caught:
        parse({"type": "text", "text": "t"}, {"replies": [{"type": "button"}]})
    assert caught.value.path == "/quick_replies/replies/0"
    with pytest.raises(RichContentInvalid) as caught:
        parse_quick_replies({"replies": [BUTTON, {"type": "button"}]})
    assert caught.value.path == "/replies/1"


def nested(levels: int) -> dict[str, Any]:
    data: dict[str, Any] = {"type": "text", "text": "bottom"}
    for _ in range(levels):
        data = {"type": "vertical", "elements": [data]}
    return data


def test_depth_size_and_length_are_bounded() -> None:
    parse_content(nested(MAX_DEPTH))
    parse_content({"type": "vertical", "elements": [{"text": "t"}] * (MAX_NODES - 1)})
    parse("", None, "t" * MAX_CHARS)
    for data in (
        nested(MAX_DEPTH + 1),
        nested(5000),
        {"type": "vertical", "elements": [{"text": "t"}] * MAX_NODES},
        {"text": "t" * (MAX_CHARS + 1)},
        json.dumps({"text": "t" * MAX_CHARS}),
    ):
        with pytest.raises(RichContentInvalid):
            parse_content(data)


def test_halves_of_characters_and_nul_do_not_get_further() -> None:
    element = parse_content({"type": "text", "text": "a\x00b\ud83d"})
    assert isinstance(element, model.TextElement)
    assert element.text == "ab\ufffd"


NAMES = [
    "type",
    "elements",
    "text",
    "title",
    "url",
    "click",
    "actions",
    "uri",
    "la",
    "lo",
    "replies",
    "resp",
    "quickReplies",
    "metadata",
    "slots",
]
KINDS = [
    "text",
    "image",
    "button",
    "map",
    "vertical",
    "carousel",
    "list",
    "keyValuePairList",
    "publishText",
    "link",
    "template",
    "accordionSelect",
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(KINDS),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(), children, max_size=5),
    max_leaves=25,
)


@given(ANY_JSON)
def test_any_json_is_read_or_refused_with_a_place_that_exists(data: Any) -> None:
    try:
        assert isinstance(parse_content(data), model.Element)
    except RichContentInvalid as error:
        document = data
        if isinstance(data, str) and error.path:
            document = json.loads(data)
        resolve(document, error.path)


@given(ANY_JSON, ANY_JSON, st.text())
def test_any_message_is_read_or_refused_with_a_place_that_exists(content: Any, replies: Any, text: str) -> None:
    try:
        assert isinstance(parse(content, replies, text), model.Message)
    except RichContentInvalid as error:
        first, _, rest = error.path.removeprefix("/").partition("/")
        document = {"content": content, "quick_replies": replies, "text": text}[first]
        if isinstance(document, str) and rest:
            document = json.loads(document)
        resolve(document, f"/{rest}" if rest else "")
