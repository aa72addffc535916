"""The requests of another library that is in use, side by side with ours: what both write alike, Meta takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pywa import WhatsApp as Pywa
from pywa import types
from pywa.types.templates import BodyText, TemplateLanguage

from connector_platform.core.events import (
    ChatState,
    ChatStateKind,
    Content,
    File,
    FileKind,
    Location,
    Receipt,
    ReceiptKind,
    Text,
)
from tests.providers.whatsapp.case import CONSUMERS, PHONE_NUMBER_ID, TOKEN
from tests.providers.whatsapp.test_outbound import sent
from tests.providers.whatsapp.test_rich import IMAGE, card, carousel, link, pick, publish, question, words

TO, HIDDEN = CONSUMERS
PNG, PDF = "https://cdn.example.com/mug.png", "https://files.example.com/terms.pdf"
BUY = types.Button("Buy", pick(1))


def pywas(act: Callable[[Pywa], Any]) -> dict[str, Any]:
    """What pywa posts."""
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"success": True, "contacts": [{"input": TO, "wa_id": TO}], "messages": [{"id": "wamid.x"}]})

    act(Pywa(phone_id=PHONE_NUMBER_ID, token=TOKEN, session=httpx.Client(transport=httpx.MockTransport(answer))))
    (request,) = seen
    assert request.url.path.endswith(f"/{PHONE_NUMBER_ID}/messages")
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    posted: dict[str, Any] = json.loads(request.content)
    return posted


def ours(content: Content, **context: Any) -> dict[str, Any]:
    _, (call,) = sent(content, **context)
    posted: dict[str, Any] = json.loads(call.body)
    return posted


def alike(posted: dict[str, Any]) -> dict[str, Any]:
    """``posted`` without what is a matter of taste: a section's title where there is one section, a policy that has one value only, and how
    a component's type is spelt."""
    for section in posted.get("interactive", {}).get("action", {}).get("sections", []):
        section.pop("title", None)
        for row in section["rows"]:
            if row.get("description", "") is None:
                row.pop("description")
    posted.get("template", {}).get("language", {}).pop("policy", None)
    for component in posted.get("template", {}).get("components", []):
        component["type"] = component["type"].lower()
    return posted


ROWS = [types.SectionRow(title=f"Choice {number}", callback_data=pick(number)) for number in range(1, 5)]
REPLIES = [types.Button(f"Choice {number}", pick(number)) for number in (1, 2)]
LOOK = types.URLButton("Look", "https://shop.example.com/mug")
# Cards with replies are left out: pywa calls them cta_url as well, where Meta's examples have no type.
CARDS = [types.ImageCarouselCard(body=name, image=PNG, buttons=LOOK) for name in ("Mug", "Cup")]


@pytest.mark.parametrize(
    ("content", "act", "context"),
    [
        (Text(text="hello"), lambda wa: wa.send_message(TO, "hello"), {}),
        (Text(text="oi"), lambda wa: wa.send_message(HIDDEN, "oi"), {"to": HIDDEN}),
        (Text(text="yes", reply_to="wamid.q"), lambda wa: wa.send_message(TO, "yes", reply_to_message_id="wamid.q"), {}),
        (question(2), lambda wa: wa.send_message(TO, "Which?", buttons=REPLIES), {}),
        (
            question(4),
            lambda wa: wa.send_message(TO, "Which?", buttons=types.SectionList("Options", sections=[types.Section("x", ROWS)])),
            {},
        ),
        (card(words("Mug"), link("Look")), lambda wa: wa.send_message(TO, "Mug", buttons=LOOK), {}),
        (card(IMAGE, words("Mug"), publish("Buy")), lambda wa: wa.send_image(TO, PNG, caption="Mug", buttons=[BUY]), {}),
        (
            carousel(card(IMAGE, words("Mug"), link("Look")), card(IMAGE, words("Cup"), link("Look"))),
            lambda wa: wa.send_carousel(TO, body="Please choose:", cards=CARDS),
            {},
        ),
        (File(kind=FileKind.IMAGE, url=PNG, caption="A mug"), lambda wa: wa.send_image(TO, PNG, caption="A mug"), {}),
        (File(kind=FileKind.DOCUMENT, url=PDF, name="terms.pdf"), lambda wa: wa.send_document(TO, PDF, filename="terms.pdf"), {}),
        (
            Location(latitude=52.3791, longitude=4.9003, title="Station", address="Stationsplein 1"),
            lambda wa: wa.send_location(TO, 52.3791, 4.9003, "Station", "Stationsplein 1"),
            {},
        ),
        (
            Text(text="#template order_update 7781 | Monday"),
            lambda wa: wa.send_template(TO, "order_update", TemplateLanguage.ENGLISH_US, params=[BodyText.params("7781", "Monday")]),
            {},
        ),
        (
            Text(text="#template order_update:nl 7781 | maandag"),
            lambda wa: wa.send_template(TO, "order_update", TemplateLanguage.DUTCH, params=[BodyText.params(order="7781", day="maandag")]),
            {},
        ),
        (Receipt(kind=ReceiptKind.READ, sequences=(1,)), lambda wa: wa.mark_message_as_read("wamid.latest"), {}),
        (ChatState(state=ChatStateKind.COMPOSING), lambda wa: wa.indicate_typing("wamid.latest"), {}),
    ],
)
def test_both_write_the_same(content: Content, act: Callable[[Pywa], Any], context: dict[str, Any]) -> None:
    assert alike(ours(content, **context)) == alike(pywas(act))
