"""What Vonage's callbacks say: a person's message and what became of the brand's, over the Messages API and over the SMS API.

Source: https://developer.vonage.com/en/api/messages#inbound-message and #message-status; WhatsApp's fields as the tests of Vonage's own .NET
SDK have them (2026-11).
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.phones.gsm7 import segments
from sandbox.phones.state import Message, Phone
from sandbox.phones.vonage_callbacks import keyword, parts, timestamp
from sandbox.phones.vonage_forms import Json

if TYPE_CHECKING:
    from sandbox.phones.vonage_line import VonageLine


def inbound(line: VonageLine, channel: str, phone: Phone, message: Message, media_url: str) -> Json:
    """The Messages API's callback for what a person sent; ``media_url`` is where Vonage gives the file out."""
    event: Json = {
        "channel": channel if line.kind or message["type"] == "text" else "mms",
        "message_uuid": message["id"],
        "to": line.sender,
        "from": phone.consumer_id,
        "timestamp": timestamp(message["at_ms"]),
    }
    if line.kind == "whatsapp":
        names = f"{phone.profile.first_name} {phone.profile.last_name}".strip()
        event |= {"profile": {"name": names or "Somebody"}, "context_status": "none"}
        event["_self"] = {"href": f"https://api-eu.vonage.com/v1/messages/{message['id']}"}
    if selected := message.get("selected"):
        return event | _tapped(line, phone, selected)
    if message["type"] == "location":
        words = {key: message[field] for key, field in (("name", "title"), ("address", "address")) if message[field]}
        place = {"lat": message["latitude"], "long": message["longitude"], **words}
        return event | {"message_type": "location", "location": place}
    if message["type"] == "text":
        event |= {"message_type": "text", "text": message["text"]}
        if not line.kind:
            event["sms"] = {"num_messages": str(segments(message["text"]).count), "keyword": keyword(message["text"])}
            event["usage"] = {"currency": "EUR", "price": "0.0050"}
        return event
    kind, name = message["media_type"], message["url"].rpartition("/")[2][:60]
    return event | {
        "message_type": kind,
        kind: {"url": media_url, "name": name, **({"caption": message["text"]} if message["text"] else {})},
    }


def _tapped(line: VonageLine, phone: Phone, selected: Json) -> Json:
    context: Json = {}
    if line.kind == "whatsapp":
        context = {"context_status": "available", "context": {"message_uuid": selected["message_id"], "message_from": line.sender}}
    if selected["kind"] == "template_button":
        return {**context, "message_type": "button", "button": {"payload": selected["payload"], "text": selected["title"]}}
    if selected["kind"] == "product":
        return {**context, "message_type": "order", "order": _order(line, selected["payload"])}
    reply = {"id": selected["payload"], "title": selected["title"]}
    buttons = [button for card in (phone.find(selected["message_id"]) or {}).get("cards", []) for button in card["buttons"]]
    for button in buttons:
        if button["payload"] == selected["payload"] and button.get("description"):
            reply["description"] = button["description"]
    return {**context, "message_type": "reply", "reply": reply}


def _order(line: VonageLine, product_id: str) -> Json:
    """Meta's order with its numbers written as texts, which is how Vonage passes them on."""
    order = line.catalogue.order(product_id)
    items = [{**item, "quantity": str(item["quantity"]), "item_price": f"{item['item_price']:.2f}"} for item in order["product_items"]]
    return {"catalog_id": order["catalog_id"], "product_items": items}


def status_report(line: VonageLine, phone: Phone, message: Message, word: str, code: str, detail: str) -> Json:
    """The Messages API's callback for what became of a message: submitted, delivered, read, or failed with ``code``."""
    is_rejected = code in ("1020", "1022", "1240", "1340")
    status = {"failed": "rejected" if is_rejected else "undeliverable"}.get(word, word)
    event: Json = {
        "message_uuid": message["id"],
        "to": phone.consumer_id,
        "from": line.sender,
        "timestamp": timestamp(int(time.time() * 1000)),
        "status": status,
        "channel": message["channel"],
        "usage": {"currency": "EUR", "price": "0.0333"},
    }
    if message["client_ref"]:
        event["client_ref"] = message["client_ref"]
    if word == "failed":
        kind = f"https://developer.vonage.com/api-errors/messages#{code}"
        event["error"] = {"type": kind, "title": code, "detail": detail, "instance": secrets.token_hex(16)}
    return event


def sms_parts(line: VonageLine, phone: Phone, message: Message) -> list[dict[str, str]]:
    """The parameters of the SMS API's callbacks for a text: one for each SMS of it."""
    pieces = parts(message["text"])
    reference = secrets.token_hex(2).upper()
    found: list[dict[str, str]] = []
    for number, piece in enumerate(pieces, 1):
        fields = {
            "msisdn": phone.consumer_id,
            "to": line.address,
            "messageId": message["id"] if number == 1 else secrets.token_hex(8).upper(),
            "text": piece,
            "type": "text" if segments(message["text"]).encoding == "GSM-7" else "unicode",
            "keyword": keyword(message["text"]),
        }
        if len(pieces) > 1:
            fields |= {"concat": "true", "concat-ref": reference, "concat-total": str(len(pieces)), "concat-part": str(number)}
        found.append(fields)
    return found


def sms_receipts(line: VonageLine, phone: Phone, message: Message, word: str, error_code: str) -> list[dict[str, str]]:
    """The parameters of the SMS API's delivery receipts for a text: one for each SMS of it."""
    common = {
        "msisdn": phone.consumer_id,
        "to": line.address,
        "network-code": "20404",
        "price": "0.03330000",
        "status": {"submitted": "accepted"}.get(word, word),
        "scts": datetime.now(UTC).strftime("%y%m%d%H%M"),
        "err-code": error_code,
        **({"client-ref": message["client_ref"]} if message["client_ref"] else {}),
    }
    return [{**common, "messageId": part_id} for part_id in message["part_ids"]]
