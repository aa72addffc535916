"""WhatsApp's product messages: what the API takes of a catalogue, what the phone shows, what is ordered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.phones_world import World, run
from tests.sandbox.test_phones_whatsapp import NUMBER_ID, does, line, refusal, sends, shown, talking, values

CATALOGUE: dict[str, Any] = {
    "id": "194836987003835",
    "products": [
        {"id": "mug-blue", "name": "Blue mug", "price": 12.5, "currency": "EUR", "image_url": "https://cdn.example.com/blue.jpg"},
        {"id": "mug-red", "name": "Red mug", "price": 11},
    ],
}


def single(product: Any = "mug-blue", catalogue: Any = CATALOGUE["id"], **more: Any) -> dict[str, Any]:
    return {"type": "product", "action": {"catalog_id": catalogue, "product_retailer_id": product}, **more}


def several(*products: str, title: str = "Mugs", **more: Any) -> dict[str, Any]:
    items = [{"product_retailer_id": product} for product in products]
    sections = more.pop("sections", [{"title": title, "product_items": items}])
    frame = {"header": {"type": "text", "text": "Shop"}, "body": {"text": "All of it"}}
    return {"type": "product_list", **frame, "action": {"catalog_id": CATALOGUE["id"], "sections": sections}, **more}


def test_a_product_is_shown_with_picture_and_price_and_ordered_by_a_tap() -> None:
    async def body(it: World) -> None:
        await talking(it, catalogue=CATALOGUE)
        _, answer = await sends(it, "interactive", single(body={"text": "New"}, footer={"text": "Today"}))
        (card,) = (await shown(it))[-1]["cards"]
        assert (card["title"], card["subtitle"], card["menu"]) == ("Blue mug", "12.50 EUR\nNew\nToday", "View")
        assert card["image_url"].endswith("blue.jpg")
        await does(it, "select", {"title": "Blue mug"})
        message = values(it)[-1]["messages"][0]
        assert message["context"] == {"from": "31201234567", "id": answer["messages"][0]["id"]}
        item = {"product_retailer_id": "mug-blue", "quantity": 1, "item_price": 12.5, "currency": "EUR"}
        assert (message["type"], message["order"]) == ("order", {"catalog_id": CATALOGUE["id"], "text": "", "product_items": [item]})

    run(body)


def test_sections_of_products_open_as_a_list() -> None:
    async def body(it: World) -> None:
        await talking(it, catalogue=CATALOGUE)
        assert (await sends(it, "interactive", several("mug-blue", "mug-red")))[0] == 200
        (card,) = (await shown(it))[-1]["cards"]
        assert (card["title"], card["subtitle"], card["menu"]) == ("Shop", "All of it", "View items")
        assert [(row["title"], row["description"], row["section"]) for row in card["buttons"]] == [
            ("Blue mug", "12.50 EUR", "Mugs"),
            ("Red mug", "11.00 EUR", "Mugs"),
        ]

    run(body)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (single("mug-green"), 131009),
        (single(catalogue="77"), 131009),
        (single(None), 131008),
        (single(header={"type": "text", "text": "New"}), 100),
        (single(body={"text": ""}), 131009),
        (several(), 131009),
        (several("mug-green"), 131009),
        (several(*["mug-red"] * 31), 131009),
        (several("mug-red", title="M" * 25), 131009),
        (several(sections=[{"title": str(number), "product_items": [{"product_retailer_id": "mug-red"}]} for number in range(11)]), 131009),
        (several(sections=[{"title": str(n), "product_items": [{"product_retailer_id": "mug-red"}] * 16} for n in range(2)]), 131009),
        (several(sections=[{"product_items": [{"product_retailer_id": "mug-red"}]}] * 2), 131008),
        ({**several("mug-red"), "header": None}, 131008),
        (several("mug-red", header={"type": "image", "image": {"link": "https://cdn.example.com/a.jpg"}}), 100),
        (several("mug-red", header={"type": "text", "text": "h" * 61}), 131009),
        (several("mug-red", body={"text": "b" * 1025}), 131009),
        (several("mug-red", footer={"text": "f" * 61}), 131009),
    ],
)
def test_what_the_api_refuses_of_products(content: Any, code: int) -> None:
    async def body(it: World) -> None:
        await talking(it, catalogue=CATALOGUE)
        status, answer = await sends(it, "interactive", content)
        assert (status, refusal(answer)[0]) == (400, code), answer

    run(body)


def test_without_a_catalogue_there_is_nothing_to_show() -> None:
    async def body(it: World) -> None:
        await talking(it)
        status, answer = await sends(it, "interactive", single(catalogue=""))
        assert (status, refusal(answer)[0]) == (400, 131009)
        status, answer = await line(it, NUMBER_ID, catalogue={"id": "1", "products": [{"id": "a"}]})
        assert (status, "needs name" in answer["error"]) == (400, True)

    run(body)


def test_what_left_the_catalogue_cannot_be_ordered() -> None:
    async def body(it: World) -> None:
        await talking(it, catalogue=CATALOGUE)
        await sends(it, "interactive", single())
        await line(it)
        status, answer = await it.call("POST", "/control/phones/whatsapp/US.15550100031/select", {"title": "Blue mug"})
        assert (status, "not in the catalogue any more" in answer["error"]) == (409, True), answer

    run(body)
