"""Templates: by an agent's command, by a bot's metadata, and what is refused before Meta would."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.providers._meta.whatsapp.config import WhatsAppTemplate
from channels_app.providers._meta.whatsapp.templates import template_message
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import Content, RichContent, Text
from tests.providers.contract.cases import NOW
from tests.providers.whatsapp.case import CONFIG
from tests.providers.whatsapp.test_outbound import messages, sent

NUMBERED = {
    "type": "template",
    "template": {
        "name": "order_update",
        "language": {"code": "en_US", "policy": "deterministic"},
        "components": [{"type": "body", "parameters": [{"type": "text", "text": "7781"}, {"type": "text", "text": "on Monday"}]}],
    },
}
NAMED = {
    "type": "template",
    "template": {
        "name": "order_update",
        "language": {"code": "nl", "policy": "deterministic"},
        "components": [
            {
                "type": "body",
                "parameters": [
                    {"type": "text", "parameter_name": "order", "text": "7781"},
                    {"type": "text", "parameter_name": "day", "text": "maandag"},
                ],
            }
        ],
    },
}
BARE = {"type": "template", "template": {"name": "reopen", "language": {"code": "nl", "policy": "deterministic"}}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#template reopen", BARE),
        ("  #Template REOPEN:nl \n", BARE),
        ("#template order_update 7781 | on Monday", NUMBERED),
        ("#template order_update:en_us 7781|on\n  Monday", NUMBERED),
        ("#template order_update:nl 7781 | maandag", NAMED),
    ],
)
def test_an_agents_command_sends_a_template_outside_the_window_too(text: str, expected: Any) -> None:
    for age in (timedelta(hours=1), timedelta(days=9)):
        assert messages(Text(text=text), last_inbound_at=NOW - age) == [expected]


@pytest.mark.parametrize("text", ["template reopen", "#templates reopen", "see #template reopen", "#", ""])
def test_other_words_are_words(text: str) -> None:
    assert template_message(Text(text=text), CONFIG) is None


def test_without_a_command_all_words_are_words() -> None:
    assert template_message(Text(text="#template reopen"), CONFIG.model_copy(update={"template_command": ""})) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("#template", "names no template"),
        ("#template unknown", "no template of this name"),
        ("#template reopen:de", "no template of this name"),
        ("#template reopen now", "takes no values"),
        ("#template order_update 7781", "needs 2 value(s): order | day"),
        ("#template order_update 7781 | a | b", "needs 2 value(s)"),
        ("#template order_update 7781 | ", "needs 2 value(s)"),
        (f"#template order_update 7781 | {'x' * 1025}", "longer than 1024"),
    ],
)
def test_a_wrong_command_is_refused_with_what_there_is(text: str, says: str) -> None:
    with pytest.raises(UnsupportedContent) as caught:
        sent(Text(text=text))
    assert says in caught.value.message
    assert "7781" not in caught.value.message, "an error repeats nobody's words"


METADATA: list[tuple[dict[str, Any], Any]] = [
    ({"type": "WhatsAppTemplate", "name": "reopen"}, BARE),
    ({"type": "WhatsAppTemplate", "name": "order_update", "language": "en_US", "parameters": ["7781", "on Monday"]}, NUMBERED),
    ({"type": "WhatsAppTemplate", "name": "order_update", "parameters": {"day": "on Monday", "order": 7781}}, NUMBERED),
    ({"type": "WhatsAppTemplate", "name": "order_update", "language": "nl", "parameters": {"order": "7781", "day": "maandag"}}, NAMED),
    ({"type": "ExternalId", "id": "#template order_update:nl 7781 | maandag"}, NAMED),
]


@pytest.mark.parametrize(("entry", "expected"), METADATA)
def test_a_bots_metadata_sends_a_template_in_place_of_the_content(entry: dict[str, Any], expected: Any) -> None:
    body = {"type": "vertical", "elements": [{"type": "text", "text": "Your order"}]}
    for content in (RichContent(content=body, metadata=({"type": "Other"}, entry)), RichContent(content={**body, "metadata": [entry]})):
        assert messages(content, last_inbound_at=NOW - timedelta(days=9)) == [expected]
        assert [loss.kind for loss in sent(content)[0].losses] == ["dropped"]


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "WhatsAppTemplate"},
        {"type": "WhatsAppTemplate", "name": 7},
        {"type": "WhatsAppTemplate", "name": "order_update", "parameters": "7781"},
        {"type": "WhatsAppTemplate", "name": "order_update", "parameters": [["7781"], None]},
        {"type": "WhatsAppTemplate", "name": "order_update", "parameters": {"order": "7781", "time": {}}},
    ],
)
def test_metadata_that_fits_no_template_is_refused(entry: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedContent, match="Templates that can be sent"):
        sent(RichContent(metadata=(entry,)))


@pytest.mark.parametrize("entry", [{"type": "ExternalId", "id": "case 12"}, {"type": "ExternalId"}, {}, {"type": ["x"]}])
def test_other_metadata_asks_for_no_template(entry: dict[str, Any]) -> None:
    assert template_message(RichContent(text="hello", metadata=(entry,)), CONFIG) is None


def test_a_header_picture_is_sent_along() -> None:
    template = WhatsAppTemplate(name="sale", language="nl", header_image_url="https://cdn.example.com/sale.jpg")
    config = CONFIG.model_copy(update={"templates": [template]})
    message = template_message(Text(text="#template sale"), config)
    assert message is not None
    assert message["template"]["components"] == [
        {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://cdn.example.com/sale.jpg"}}]}
    ]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(
    st.builds(lambda text: Text(text=f"#template {text}"), st.text(max_size=60))
    | st.builds(
        lambda more: RichContent(metadata=({"type": "WhatsAppTemplate", "name": "order_update", **more},)),
        st.dictionaries(st.sampled_from(["name", "language", "parameters"]), JSON),
    )
)
def test_any_command_is_a_whole_template_or_refused(content: Content) -> None:
    try:
        message = template_message(content, CONFIG)
    except UnsupportedContent:
        return
    if message is None:
        return
    known = next(
        one
        for one in CONFIG.templates
        if (one.name, one.language) == (message["template"]["name"], message["template"]["language"]["code"])
    )
    values = [one["text"] for component in message["template"].get("components", []) for one in component["parameters"]]
    assert len(values) == len(known.parameters)
    assert all(value and value == " ".join(value.split()) for value in values)
