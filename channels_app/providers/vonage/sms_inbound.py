"""From the SMS API's callbacks to our vocabulary: messages, long ones part by part, and delivery receipts.

Source: https://developer.vonage.com/en/messaging/sms/guides/inbound-sms and .../delivery-receipts (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType

from channels_app.providers._sms import inbound as _sms
from channels_app.providers._sms.numbers import profile
from channels_app.providers.base import CallbackRequest
from channels_app.providers.vonage import wire
from channels_app.providers.vonage.config import VonageConfig
from channels_app.providers.vonage.reasons import RECEIPT_AGAIN, RECEIPT_OPTED_OUT, error_number, receipt_reason
from connector_platform.core import wire as json_wire
from connector_platform.core.events import Content, InboundEvent, ParsedCallback, Piece, Receipt, ReceiptKind, Text, Unsupported

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "sms.part": "SMS API: one part of a long text, which the platform joins; the parts may come in any order",
        "sms.binary": "SMS API: a line for the agent that something came which cannot be shown",
        "sms.delivered": "SMS API: a receipt, delivered",
        "sms.failed": "SMS API: a receipt, failed, with the carrier's reason",
        "sms.opted_out": "SMS API: an opt-out, beside the receipt: the person had sent STOP to Vonage or the carrier",
        "sms.accepted": "SMS API: ignored, it is on its way",
        "sms.status_other": "SMS API: ignored, a status that says nothing",
        "sms.unreadable": "SMS API: ignored, a callback that names nobody",
    }
)

# The key of the account and what signs the call are no part of the event.
_NOT_KEPT = ("api-key", "sig", "nonce", "timestamp")


def parse(request: CallbackRequest, config: VonageConfig) -> ParsedCallback:
    """What a callback says. Both kinds are told apart by what they hold: only a receipt has a status.

    Raises:
        PayloadMalformed: the parameters cannot be read.
    """
    given = {json_wire.storable(name): json_wire.storable(value) for name, value in wire.parameters(request).items()}
    person = wire.number(given, "msisdn")
    message_id = json_wire.identifier(given, "messageId")
    if not person or not message_id:
        return ParsedCallback(ignored=("sms.unreadable",))
    event = InboundEvent(
        consumer_id=person,
        source_id=message_id,
        content=Unsupported(kind="binary", description="sent something this channel cannot show"),
        wire_type="sms.binary",
        raw=json_wire.dump({name: value for name, value in given.items() if name not in _NOT_KEPT}),
        address=wire.number(given, "to"),
        occurred_at=wire.instant(given.get("message-timestamp", "")),
        profile=profile(person),
    )
    if "status" in given:
        return _receipt(event, given)
    if given.get("type") != "binary":
        wire_type, content = _words(given, config)
        event = replace(event, wire_type=wire_type, content=content)
    return ParsedCallback(events=(event,))


def _words(given: Mapping[str, str], config: VonageConfig) -> tuple[str, Content]:
    text = given.get("text", "")
    if text and (piece := _piece(given)) is not None:
        return "sms.part", Text(text=text, piece=piece)
    return wire.words(text, config)


def _piece(given: Mapping[str, str]) -> Piece | None:
    """Which part of a long text this is; None where it is none, or does not say which."""
    if given.get("concat", "").lower() != "true":
        return None
    return _sms.piece(given.get("concat-ref", ""), given.get("concat-part", ""), given.get("concat-total", ""))


def _receipt(event: InboundEvent, given: Mapping[str, str]) -> ParsedCallback:
    status, code = given["status"].lower(), error_number(given.get("err-code", ""))
    if status in ("accepted", "buffered"):
        return ParsedCallback(ignored=("sms.accepted",))
    if status == "delivered":
        content = Receipt(kind=ReceiptKind.DELIVERED, message_ids=(event.source_id,))
    elif status in ("expired", "failed", "rejected"):
        reason, again = receipt_reason(status, code), RECEIPT_AGAIN.get(code, 0)
        content = Receipt(kind=ReceiptKind.FAILED, message_ids=(event.source_id,), reason=reason, again=again)
    else:
        return ParsedCallback(ignored=("sms.status_other",))
    kind = content.kind.value
    receipt = replace(
        event,
        profile=None,
        source_id=f"status:{kind}:{event.source_id}",
        content=content,
        wire_type=f"sms.{kind}",
        occurred_at=_reported_at(given) or event.occurred_at,
    )
    if content.kind is not ReceiptKind.FAILED or code != RECEIPT_OPTED_OUT:
        return ParsedCallback(events=(receipt,))
    return ParsedCallback(events=(receipt, *_sms.opted_out(receipt, at="Vonage", wire_type="sms.opted_out")))


def _reported_at(given: Mapping[str, str]) -> datetime | None:
    """When the carrier says that it happened: ``scts``, as YYMMDDHHMM."""
    try:
        return datetime.strptime(given.get("scts", ""), "%y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None
