"""Products that people order or ask about, in a line of words for the agent: LivePerson has no form for them.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples (checked 2026-07).
"""

from __future__ import annotations

import re
from typing import Any

from channels_app.providers._meta import wire

MAX_PRODUCTS = 30
MAX_PRICE = 10**12

_WRITTEN_PRICE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")


def order(data: dict[str, Any]) -> str:
    """``ordered 2 × SKU-1 at 12.5 EUR, 1 × SKU-2 at 3 EUR, in all 28 EUR from catalogue 123``."""
    products: list[str] = []
    totals: list[tuple[str, float] | None] = []
    for item in wire.items(data, "product_items"):
        quantity, price, currency = wire.digits(item, "quantity") or "1", _price(item), wire.text(item, "currency")[:3]
        at = f" at {_money(price, currency)}" if price is not None else ""
        products.append(f"{quantity} × {wire.identifier(item, 'product_retailer_id')[:100] or 'a product'}{at}")
        totals.append(None if price is None else (currency, int(quantity) * price))
    told = ", ".join(products[:MAX_PRODUCTS]) or "something"
    if len(products) > MAX_PRODUCTS:
        told += f" and {len(products) - MAX_PRODUCTS} more"
    priced = [total for total in totals if total is not None]
    # A sum only where every price is known, in one currency.
    if len(products) > 1 and len(priced) == len(totals) and len({currency for currency, _ in priced}) == 1:
        told += f", in all {_money(sum(amount for _, amount in priced), priced[0][0])}"
    catalogue = wire.identifier(data, "catalog_id")
    return f"ordered {told}" + (f" from catalogue {catalogue}" if catalogue else "")


def _price(item: Any) -> float | None:
    """The price of one; None where there is none that can be. Meta writes a number, vendors that pass it on a text."""
    written = wire.text(item, "item_price")
    price = float(written) if _WRITTEN_PRICE.fullmatch(written) else wire.number(item, "item_price")
    return price if price is not None and 0 <= price < MAX_PRICE else None


def _money(amount: float, currency: str) -> str:
    """``12.5 EUR``: at most three decimals, which is what currencies have."""
    return f"{amount:.3f}".rstrip("0").rstrip(".") + (f" {currency}" if currency else "")


def product(data: dict[str, Any]) -> str:
    """``asks about product SKU-1 of catalogue 123``."""
    catalogue = wire.identifier(data, "catalog_id")
    return f"asks about product {wire.identifier(data, 'product_retailer_id') or 'unknown'}" + (
        f" of catalogue {catalogue}" if catalogue else ""
    )
