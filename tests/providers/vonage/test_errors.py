"""What answers mean, beyond one sample for each row."""

from __future__ import annotations

import pytest

from channels_app.providers.vonage import Vonage, VonageConfig
from connector_platform.core.calls import HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    DeliveryError,
    OptedOut,
    OutcomeUnknown,
    ServerFault,
    Throttled,
)
from connector_platform.core.events import Text
from tests.providers.contract.cases import drive
from tests.providers.vonage.case import CASE, CONFIG, SMS_CONFIG, problem, reply, sms_answer


def error_of(response: HttpResponse, config: VonageConfig = CONFIG) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        drive(Vonage(), Vonage().send(Text(text="hi"), config, CASE.context()), lambda *_: response)
    return caught.value


@pytest.mark.parametrize(
    ("response", "error", "code"),
    [
        (problem(422, "1120"), ConfigurationError, "422/1120"),
        (problem(422, "1240"), OptedOut, "422/1240"),
        (problem(422, "9999"), ContentRejected, "422"),
        (problem(429, "1010"), Throttled, "429"),
        (problem(500, "1000"), ServerFault, "500"),
        (problem(502), ServerFault, "500"),
        (problem(409), ContentRejected, "409"),
        (reply(200, {"message_uuid": ""}), OutcomeUnknown, "no_id"),
        (reply(202, []), OutcomeUnknown, "no_id"),
    ],
)
def test_status_and_number_together_decide(response: HttpResponse, error: type[DeliveryError], code: str) -> None:
    """The same number means other things under another status: 1010 is a rate limit with 429, a missing parameter in a report."""
    found = error_of(response)
    assert (type(found), found.provider_code) == (error, code)
    assert "secret-looking" not in found.message


def test_waits_are_those_that_vonage_asks_for() -> None:
    assert error_of(reply(429, {}, **{"retry-after": "7"})).retry_after_s == 7
    assert error_of(reply(503, {}, **{"retry-after": "7"})).retry_after_s == 7
    assert error_of(reply(429, {})).retry_after_s is None
    throttled = {"status": "1", "error-text": "Throughput Rate Exceeded - please wait [ 250 ] and retry"}
    assert error_of(reply(200, sms_answer(throttled)), SMS_CONFIG).retry_after_s == 0.25
    assert error_of(reply(200, sms_answer({"status": "1", "error-text": "Wait"})), SMS_CONFIG).retry_after_s is None


@pytest.mark.parametrize(
    ("statuses", "error"),
    [
        (["0", "6"], OutcomeUnknown),
        (["1", "0"], OutcomeUnknown),
        (["6", "6"], ContentRejected),
        (["77"], ContentRejected),
        ([""], ContentRejected),
    ],
)
def test_a_text_of_which_only_some_sms_were_taken_is_not_sent_again(statuses: list[str], error: type[DeliveryError]) -> None:
    entries = [{"status": status, "message-id": str(at)} for at, status in enumerate(statuses)]
    assert type(error_of(reply(200, sms_answer(*entries)), SMS_CONFIG)) is error
