"""A brand's catalogue at Meta, the product messages that the Cloud API takes, and what is ordered out of them.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/guides/sell-products-and-services/share-products (checked 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.phones.base import Refused
from sandbox.phones.fields import Fields
from sandbox.phones.meta_forms import Shown
from sandbox.phones.whatsapp_checks import invalid, json_list, json_object, words

MAX_BODY = 1024
MAX_SHORT = 60  # header and footer
MAX_SECTION_TITLE = 24
MAX_PRODUCTS = 30

Json = dict[str, Any]


@dataclass(frozen=True)
class Product:
    """``price`` is of one piece."""

    id: str
    name: str
    price: float
    currency: str
    image_url: str

    @property
    def shown_price(self) -> str:
        return f"{self.price:.2f} {self.currency}"


@dataclass(frozen=True)
class Catalogue:
    """What is connected to the business account; without an id nothing is."""

    id: str = ""
    products: dict[str, Product] = field(default_factory=dict)

    def order(self, product_id: str) -> Json:
        """What a person who orders one piece writes.

        Raises:
            Refused: the product is gone.
        """
        product = self.products.get(product_id)
        if product is None:
            raise Refused(f"{product_id} is not in the catalogue any more")
        item = {"product_retailer_id": product.id, "quantity": 1, "item_price": product.price, "currency": product.currency}
        return {"catalog_id": self.id, "text": "", "product_items": [item]}


def read_catalogue(body: Json) -> Catalogue:
    """The catalogue that a line's description holds.

    Raises:
        ValueError: a field is missing, unknown or of the wrong form.
    """
    if not body:
        return Catalogue()
    fields = Fields(body, "a catalogue")
    identifier = fields.need("id", str)
    products = [_product(given) for given in fields.need("products", list)]
    fields.done()
    return Catalogue(identifier, {product.id: product for product in products})


def _product(body: Any) -> Product:
    given = body if isinstance(body, dict) else {}
    fields = Fields(given, "a product")
    price = float(fields.get("price", 0 if isinstance(given.get("price"), int) else 0.0))
    product = Product(
        id=fields.need("id", str),
        name=fields.need("name", str),
        price=price,
        currency=fields.get("currency", "EUR"),
        image_url=fields.get("image_url", ""),
    )
    fields.done()
    return product


def single_product(content: Json, catalogue: Catalogue) -> Shown:
    """One product with its picture, name and price; WhatsApp takes no header above it.

    Raises:
        CloudError: it breaks a rule of the Cloud API.
    """
    content = json_object(content, "interactive", {"type", "body", "footer", "action"})
    action = json_object(content.get("action"), "interactive['action']", {"catalog_id", "product_retailer_id"})
    product = _found(action.get("product_retailer_id"), action.get("catalog_id"), catalogue)
    said = [_text(content, "body", MAX_BODY), _text(content, "footer", MAX_SHORT)]
    lines = [product.shown_price, *filter(None, said)]
    card = {"title": product.name, "subtitle": "\n".join(lines), "image_url": product.image_url, "menu": "View"}
    return Shown("template", said[0], {"cards": [{**card, "buttons": [_row(product, "")]}]})


def several_products(content: Json, catalogue: Catalogue) -> Shown:
    """Sections of products behind one button; header and body are wanted.

    Raises:
        CloudError: it breaks a rule of the Cloud API.
    """
    content = json_object(content, "interactive", {"type", "header", "body", "footer", "action"})
    header = json_object(content.get("header"), "interactive['header']", {"type", "text"})
    if header.get("type") != "text":
        invalid("Header type invalid. A product list takes a header of type text only")
    title = words(header.get("text"), "Header text", MAX_SHORT, one_line=True)
    body = words(json_object(content.get("body"), "interactive['body']", {"text"}).get("text"), "Body text", MAX_BODY)
    action = json_object(content.get("action"), "interactive['action']", {"catalog_id", "sections"})
    sections = json_list(action.get("sections"), "interactive['action']['sections']", 10)
    rows: list[Json] = []
    for section in sections:
        section = json_object(section, "section", {"title", "product_items"})
        heading = ""
        if "title" in section or len(sections) > 1:
            heading = words(section.get("title"), "Section title", MAX_SECTION_TITLE, one_line=True)
        for item in json_list(section.get("product_items"), "product_items", MAX_PRODUCTS):
            item = json_object(item, "product_item", {"product_retailer_id"})
            rows.append(_row(_found(item.get("product_retailer_id"), action.get("catalog_id"), catalogue), heading))
    if len(rows) > MAX_PRODUCTS:
        invalid(f"Total product count exceed max allowed count: {MAX_PRODUCTS}")
    footer = _text(content, "footer", MAX_SHORT)
    card = {"title": title, "subtitle": "\n".join(filter(None, (body, footer))), "image_url": "", "menu": "View items"}
    return Shown("template", body, {"cards": [{**card, "buttons": rows}]})


def _text(content: Json, key: str, most: int) -> str:
    if key not in content:
        return ""
    return words(json_object(content[key], f"interactive['{key}']", {"text"}).get("text"), f"{key.capitalize()} text", most)


def _found(product_id: Any, catalogue_id: Any, catalogue: Catalogue) -> Product:
    words(catalogue_id, "catalog_id", 100)
    words(product_id, "product_retailer_id", 100)
    product = catalogue.products.get(product_id) if catalogue_id == catalogue.id else None
    if product is None:
        invalid(f"Product not found for product_retailer_id, {product_id}, in catalog_id, {catalogue_id}")
    return product


def _row(product: Product, section: str) -> Json:
    return {"kind": "product", "title": product.name, "payload": product.id, "description": product.shown_price, "section": section}
