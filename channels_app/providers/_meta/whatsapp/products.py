"""LivePerson's product messages: one product, or sections of them, out of the brand's catalogue at Meta.

The words are a vertical with elements tagged ``header``, ``body`` and ``footer``; which products is said by the metadata beside or inside it.

Source: https://developers.liveperson.com/whatsapp-business-messages-templates-product-messages-template.html and
https://developers.facebook.com/docs/whatsapp/cloud-api/guides/sell-products-and-services/share-products (checked 2026-11).
"""

from __future__ import annotations

from typing import Any

from channels_app.providers._meta.template_requests import metadata_of
from channels_app.providers._meta.whatsapp.lists import MAX_BODY, MAX_FOOTER, MAX_HEADER, MAX_SECTION_TITLE, tagged_texts
from connector_platform.core import wire
from connector_platform.core.events import RichContent
from connector_platform.core.rich import Loss, LossKind, model

MAX_SECTIONS = 10
MAX_PRODUCTS = 30

Fields = dict[str, Any]


def product_message(content: RichContent, root: model.Element | None) -> tuple[Fields, tuple[Loss, ...]] | None:
    """The ``interactive`` object and what it lacks; None where ``content`` asks for no product or exceeds a limit, so that its words are left.

    ``root`` is the same content as it was read.
    """
    entry = next(
        (entry for entry in metadata_of(content) if entry.get("type") in ("WhatsAppSingleProduct", "WhatsAppMultipleProduct")), None
    )
    if entry is None or not isinstance(root, model.Vertical):
        return None
    texts = tagged_texts(root.elements, ("header", "body", "footer"))
    catalogue = wire.identifier(entry, "catalogId")
    if texts is None or len(texts) != len(root.elements) or not catalogue:
        return None
    header, body, footer = texts.get("header", ""), texts.get("body", ""), texts.get("footer", "")
    if len(header) > MAX_HEADER or "\n" in header or len(body) > MAX_BODY or len(footer) > MAX_FOOTER:
        return None
    below = {"footer": {"text": footer}} if footer else {}
    if entry["type"] == "WhatsAppMultipleProduct":
        sections = _sections(entry)
        if not (header and body and sections):
            return None
        fields = {"header": {"type": "text", "text": header}, "body": {"text": body}, **below}
        return {"type": "product_list", **fields, "action": {"catalog_id": catalogue, "sections": sections}}, ()
    product = wire.identifier(entry, "productRetailerId")
    if not product:
        return None
    # WhatsApp has the product's picture and name in the header's place.
    losses = (Loss(path="/content", kind=LossKind.DROPPED, reason="a product has no header", before=header),) if header and body else ()
    words = body or header
    fields = {**({"body": {"text": words}} if words else {}), **below}
    return {"type": "product", **fields, "action": {"catalog_id": catalogue, "product_retailer_id": product}}, losses


def _sections(entry: Fields) -> list[Fields]:
    """The sections with their products; none where a limit is exceeded or a section lacks products, or its title beside others."""
    sections: list[Fields] = []
    for given in wire.items(entry, "sections"):
        title = wire.text(given, "title").strip()
        products = [{"product_retailer_id": product} for product in wire.items(given, "productIds") if isinstance(product, str) and product]
        if not products or len(title) > MAX_SECTION_TITLE or "\n" in title:
            return []
        sections.append({**({"title": title} if title else {}), "product_items": products})
    count = sum(len(section["product_items"]) for section in sections)
    titled = len(sections) == 1 or all("title" in section for section in sections)
    return sections if len(sections) <= MAX_SECTIONS and count <= MAX_PRODUCTS and titled else []
