"""Delivery reports: what each gateway's word or number becomes."""

from __future__ import annotations

import pytest

from channels_app.providers.base import CallbackRequest
from channels_app.providers.sms_gateway import SmsGateway
from channels_app.providers.sms_gateway.config import SmsGatewayConfig
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import Receipt, ReceiptKind
from tests.providers.sms_gateway.case import BASIC, get, make_config, post, preset_config

OPEN = make_config(inbound={"auth": BASIC})


def state_of(request: CallbackRequest, config: SmsGatewayConfig) -> str:
    parsed = SmsGateway().parse(request, config)
    if parsed.events:
        content = parsed.events[0].content
        assert isinstance(content, Receipt)
        return str(content.kind)
    return parsed.ignored[0].removeprefix("status_")


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("1", "delivered"), ("9", "delivered"), ("2", "failed"), ("16", "failed"), ("34", "failed"), ("4", "sent"), ("8", "sent"),
        ("12", "sent"), ("66", "unknown"), ("-1", "unknown"), ("32", "unknown"), ("x", "unknown"), ("9" * 5000, "unknown"),
    ],
)  # fmt: skip
def test_kannels_bit_mask(mask: str, expected: str) -> None:
    assert state_of(get(f"uuid=m1&status={mask}", "/status"), preset_config("kannel")) == expected


@pytest.mark.parametrize("query", ["uuid=m1&status=0", "uuid=m1", "uuid=m1&status=", "status=1"])
def test_a_kannel_report_without_state_or_id_is_malformed(query: str) -> None:
    with pytest.raises(PayloadMalformed):
        SmsGateway().parse(get(query, "/status"), preset_config("kannel"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("message_status=DELIVRD", "delivered"),
        ("message_status=ESME_ROK&level=1", "sent"),
        ("message_status=ESME_RINVDSTADR&level=1", "failed"),
        ("message_status=ACCEPTD&dlvrd=001", "sent"),
        ("message_status=UNKNOWN", "failed"),
        ("dlvrd=001&err=000", "delivered"),
        ("dlvrd=000&err=011", "failed"),
        ("dlvrd=000&err=000", "sent"),
        ("message_status=", "malformed"),
    ],
)
def test_jasmins_reports(query: str, expected: str) -> None:
    request = post(f"id=j1&{query}".encode(), path="/status")
    if expected == "malformed":
        with pytest.raises(PayloadMalformed, match="status"):
            SmsGateway().parse(request, preset_config("jasmin"))
    else:
        assert state_of(request, preset_config("jasmin")) == expected


def test_a_failed_report_names_the_reason_once_per_message() -> None:
    (event,) = SmsGateway().parse(get("id=m1&status=rejectd&err=017", "/status"), OPEN).events
    assert event.content == Receipt(kind=ReceiptKind.FAILED, message_ids=("m1",), reason="rejectd, error 017")
    assert (event.source_id, event.consumer_id) == ("status:failed:m1", "")


@pytest.mark.parametrize("state", ["delivered", "failed", "sent"])
def test_the_path_can_be_the_state(state: str) -> None:
    assert state_of(get("id=m1", f"/status/{state}"), OPEN) == state
    with pytest.raises(PayloadMalformed, match="id"):
        SmsGateway().parse(get("", f"/status/{state}"), OPEN)
