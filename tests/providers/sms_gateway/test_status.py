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
    assert event.content == Receipt(
        kind=ReceiptKind.FAILED, message_ids=("m1",), reason="the operator refused the message (rejectd, error 017)"
    )
    assert (event.source_id, event.consumer_id) == ("status:failed:m1", "")


@pytest.mark.parametrize("state", ["delivered", "failed", "sent"])
def test_the_path_can_be_the_state(state: str) -> None:
    assert state_of(get("id=m1", f"/status/{state}"), OPEN) == state
    with pytest.raises(PayloadMalformed, match="id"):
        SmsGateway().parse(get("", f"/status/{state}"), OPEN)


def reason_of(query: str, config: SmsGatewayConfig) -> str:
    (event,) = SmsGateway().parse(get(query, "/status"), config).events
    assert isinstance(event.content, Receipt)
    return event.content.reason


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("id=m1&status=EXPIRED", "the phone was switched off or out of reach for too long (EXPIRED)"),
        ("id=m1&status=failed&err=017", "failed, error 017"),
        ("id=m1&status=UNDELIV&err=xyz", "the operator could not deliver the message (UNDELIV, error xyz)"),
    ],
)
def test_smpps_words_are_told_in_words(query: str, expected: str) -> None:
    assert reason_of(query, OPEN) == expected


def test_the_operators_own_words_stand_in_for_these_and_a_code_counts_before_a_word() -> None:
    config = make_config(inbound={"auth": BASIC}, status={"reasons": {"017": "the number is barred", "UNDELIV": "it did not arrive"}})
    assert reason_of("id=m1&status=UNDELIV&err=017", config) == "the number is barred (UNDELIV, error 017)"
    assert reason_of("id=m1&status=UNDELIV&err=018", config) == "it did not arrive (UNDELIV, error 018)"
    assert reason_of("id=m1&status=EXPIRED", config) == "EXPIRED"
    assert reason_of("id=m1&status=REJECTD&err=" + "9" * 5000, config).endswith("9")
    (event,) = SmsGateway().parse(get("id=m1", "/status/failed"), config).events
    assert event.content == Receipt(kind=ReceiptKind.FAILED, message_ids=("m1",), reason="the gateway gave no reason")


@pytest.mark.parametrize(("mask", "words"), [("2", "could not deliver"), ("16", "refused"), ("34", "switched off")])
def test_kannels_bits_are_told_in_words(mask: str, words: str) -> None:
    assert words in reason_of(f"uuid=m1&status={mask}", preset_config("kannel"))
