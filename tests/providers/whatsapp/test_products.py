"""Products: LivePerson's templates on their way out, orders on their way in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers._meta.whatsapp import orders
from connector_platform.core.events import RichContent
from tests.providers.whatsapp.test_outbound import messages, sent

CATALOGUE = "194836987003835"
SINGLE = {"type": "WhatsAppSingleProduct", "catalogId": CATALOGUE, "productRetailerId": "mug-blue"}


def several(*sections: tuple[str, list[str]]) -> dict[str, Any]:
    rows = [{"title": title, "productIds": products} for title, products in sections]
    return {"type": "WhatsAppMultipleProduct", "catalogId": CATALOGUE, "sections": rows}


def content(*metadata: dict[str, Any], text: str = "", inside: bool = False, **words: str) -> RichContent:
    elements = [{"type": "text", "text": words_, "tag": tag} for tag, words_ in words.items()]
    root: dict[str, Any] = {"type": "vertical", "tag": "generic", "elements": elements}
    if inside:
        return RichContent(content={**root, "metadata": list(metadata)}, text=text)
    return RichContent(content=root, text=text, metadata=metadata)


@pytest.mark.parametrize("inside", [False, True])
def test_one_product_is_shown_with_the_words_around_it(inside: bool) -> None:
    assert messages(content(SINGLE, inside=inside, body="Our mug", footer="While stocks last", text="Look")) == [
        {"type": "text", "text": {"body": "Look", "preview_url": False}},
        {
            "type": "interactive",
            "interactive": {
                "type": "product",
                "body": {"text": "Our mug"},
                "footer": {"text": "While stocks last"},
                "action": {"catalog_id": CATALOGUE, "product_retailer_id": "mug-blue"},
            },
        },
    ]


def test_a_header_is_the_body_of_a_product_that_has_none_and_else_reported() -> None:
    (alone,) = messages(content(SINGLE, header="New"))
    assert alone["interactive"]["body"] == {"text": "New"}
    result, _ = sent(content(SINGLE, header="New", body="Our mug"))
    assert [(loss.kind, loss.before) for loss in result.losses] == [("dropped", "New")]


def test_sections_of_products_are_a_list_of_them() -> None:
    (shown,) = messages(content(several(("Mugs", ["mug-blue", "mug-red"]), ("Plates", ["plate"])), header="Shop", body="All of it"))
    assert shown["interactive"] == {
        "type": "product_list",
        "header": {"type": "text", "text": "Shop"},
        "body": {"text": "All of it"},
        "action": {
            "catalog_id": CATALOGUE,
            "sections": [
                {"title": "Mugs", "product_items": [{"product_retailer_id": "mug-blue"}, {"product_retailer_id": "mug-red"}]},
                {"title": "Plates", "product_items": [{"product_retailer_id": "plate"}]},
            ],
        },
    }


AT_THE_LIMIT = several(*((f"{number:024}", ["x"] * 3) for number in range(10)))


def test_the_limits_are_used_to_the_last() -> None:
    (shown,) = messages(content(AT_THE_LIMIT, header="h" * 60, body="b" * 1024, footer="f" * 60))
    assert shown["interactive"]["type"] == "product_list"
    (alone,) = messages(content(several(("", ["x"] * 30)), header="h", body="b"))
    assert alone["interactive"]["action"]["sections"] == [{"product_items": [{"product_retailer_id": "x"}] * 30}]


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({**SINGLE, "productRetailerId": ""}, {"body": "Look"}),
        ({**SINGLE, "catalogId": None}, {"body": "Look"}),
        (SINGLE, {"body": "b" * 1025}),
        (SINGLE, {"body": "b", "footer": "f" * 61}),
        (SINGLE, {"body": "b", "title": "another tag"}),
        (several(("Mugs", ["a"])), {"body": "no header"}),
        (several(("Mugs", ["a"])), {"header": "no body"}),
        (several(("Mugs", ["a"])), {"header": "h" * 61, "body": "b"}),
        (several(), {"header": "h", "body": "b"}),
        (several(("Mugs", [])), {"header": "h", "body": "b"}),
        (several(("M" * 25, ["a"])), {"header": "h", "body": "b"}),
        (several(("Mugs", ["a"]), ("", ["b"])), {"header": "h", "body": "b"}),
        (several(("Mugs", ["a"] * 31)), {"header": "h", "body": "b"}),
        (several(*((f"{number}", ["a"]) for number in range(11))), {"header": "h", "body": "b"}),
    ],
)
def test_what_whatsapp_would_refuse_leaves_the_words_and_is_reported(metadata: dict[str, Any], words: dict[str, str]) -> None:
    result, calls = sent(content(metadata, inside=True, **words))
    assert b'"interactive"' not in b"".join(call.body for call in calls)
    assert metadata["type"] in [loss.before for loss in result.losses]


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["title", "productIds", "sections"]), inner, max_size=3)
        ),
    ),
    st.sampled_from(["WhatsAppSingleProduct", "WhatsAppMultipleProduct"]),
)
@settings(max_examples=60, deadline=None)
def test_odd_metadata_never_breaks_a_message(odd: Any, kind: str) -> None:
    entry = {"type": kind, "catalogId": CATALOGUE, "productRetailerId": odd, "sections": odd}
    assert messages(content(entry, inside=True, header="Shop", body="All of it"))


# What people order


def item(product: str, quantity: Any = 1, price: Any = None, currency: str = "EUR") -> dict[str, Any]:
    return {"product_retailer_id": product, "quantity": quantity, "item_price": price, "currency": currency}


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([item("mug", 2, 12.5)], "ordered 2 × mug at 12.5 EUR"),
        ([item("mug", 2, 12.5), item("plate", "3", 11)], "ordered 2 × mug at 12.5 EUR, 3 × plate at 11 EUR, in all 58 EUR"),
        ([item("tv", 1, 12500000, "IDR"), item("set", 1, 250000.5, "IDR")], "in all 12750000.5 IDR"),
        ([item("mug", 1, 1), item("plate", 1, 2, "USD")], "ordered 1 × mug at 1 EUR, 1 × plate at 2 USD"),
        ([item("mug", 1, 1), item("plate", 1)], "ordered 1 × mug at 1 EUR, 1 × plate"),
        ([item("mug", 1, "9.99"), item("plate", "2", "12.50")], "1 × mug at 9.99 EUR, 2 × plate at 12.5 EUR, in all 34.99 EUR"),
        ([item("mug", "many", 1e300)], "ordered 1 × mug"),
        ([item("mug", 1, "1" + "0" * 14), item("plate", 1, "NaN"), item("cup", 1, -1)], "ordered 1 × mug, 1 × plate, 1 × cup"),
        ([{}, 7], "ordered 1 × a product, 1 × a product"),
        ([item(f"p{number}") for number in range(32)], "1 × p29 and 2 more"),
        ([], "ordered something"),
    ],
)
def test_an_order_is_told_with_quantities_prices_and_their_sum(items: list[Any], words: str) -> None:
    assert orders.order({"product_items": items}).endswith(words)
