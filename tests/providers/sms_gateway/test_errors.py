"""What an answer means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers.sms_gateway import SmsGateway
from channels_app.providers.sms_gateway.config import SmsGatewayConfig
from channels_app.providers.sms_gateway.config_outbound import MessageIdRule
from channels_app.providers.sms_gateway.errors import ERROR_CLASSES, message_id_of
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ContentRejected,
    CredentialsRejected,
    DeliveryError,
    OutcomeUnknown,
    RecipientGone,
    ServerFault,
    Throttled,
)
from tests.providers.sms_gateway.case import make_config, preset_config


def meaning(config: SmsGatewayConfig, status: int, body: bytes = b"", **headers: str) -> DeliveryError | None:
    """The error that an answer means for ``config``, None for a success."""
    provider = SmsGateway()
    call = provider.preview(config, "hello", "+31612345678")
    try:
        provider.interpret(
            call, HttpResponse(status=status, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
        )
    except DeliveryError as err:
        return err
    return None


def outbound(**values: Any) -> SmsGatewayConfig:
    return make_config(outbound=values)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, None), (201, None), (202, None), (204, ContentRejected), (302, ContentRejected),
        (400, ContentRejected), (401, CredentialsRejected), (403, CredentialsRejected), (407, CredentialsRejected), (404, ContentRejected),
        (410, ContentRejected), (413, ContentRejected), (422, ContentRejected), (429, Throttled), (500, ServerFault), (502, ServerFault),
        (503, ServerFault),
    ],
)  # fmt: skip
def test_statuses_without_rules(status: int, expected: type[DeliveryError] | None) -> None:
    err = meaning(outbound(message_id={}), status)
    assert (type(err) if err else None) is expected


@pytest.mark.parametrize(
    ("rules", "body", "is_known"),
    [
        ({}, b'{"messages":[{"id":"1"}]}', True),
        ({}, b'{"messages":[]}', False),
        ({}, b"<html>maintenance</html>", False),
        ({"message_id": {"header": "X-Id"}}, b"OK", False),
        # Where the body says by other means that it was taken, reports name our id.
        ({"success": {"body_regex": "^OK"}}, b"OK", True),
        ({"success": {"json_path": "ok"}}, b'{"ok":true}', True),
        ({"message_id": {}}, b"anything", True),
    ],
)
def test_a_success_without_the_id_that_it_should_have_is_an_unknown_outcome(rules: dict[str, Any], body: bytes, is_known: bool) -> None:
    err = meaning(outbound(**rules), 200, body)
    assert (type(err), err and err.provider_code) == ((type(None), None) if is_known else (OutcomeUnknown, "no_message_id"))


@pytest.mark.parametrize("status", [429, 503])
def test_the_waiting_time_is_read_from_the_configured_header(status: int) -> None:
    usual = meaning(outbound(), status, retry_after="30")
    assert isinstance(usual, Throttled) and usual.retry_after_s == 30
    own = meaning(outbound(retry_after={"header": "X-Wait"}), status, x_wait="7", retry_after="30")
    assert isinstance(own, Throttled) and own.retry_after_s == 7


def test_a_rule_reads_the_waiting_time_too() -> None:
    config = outbound(errors=[{"body_regex": "slow down", "class": "rate_limited"}])
    err = meaning(config, 200, b"ERR slow down", retry_after="12.5")
    assert isinstance(err, Throttled) and err.retry_after_s == 12.5


def test_a_rule_has_words_for_the_agent() -> None:
    rule = {"json_path": "code", "in": ["13"], "class": "recipient"}
    told, untold = (meaning(outbound(errors=[{**rule, **more}]), 400, b'{"code":13}') for more in ({"reason": "no such number"}, {}))
    assert told and untold
    assert (told.message, told.provider_code) == ("no such number", "13")
    assert untold.message == "the gateway answered HTTP 400, which a rule of this channel calls “recipient”"


RULES = [
    {"status": [409], "class": "retry"},
    {"body_regex": "(?i)credit", "class": "auth"},
    {"json_path": "code", "in": ["12", 13], "class": "permanent"},
    {"json_path": "code", "in": ["14"], "class": "recipient"},
    {"status": [500], "json_path": "accepted", "class": "unknown"},
]


@pytest.mark.parametrize(
    ("status", "body", "expected", "code"),
    [
        (409, b"", ServerFault, "409"),
        (200, b"No CREDIT left", CredentialsRejected, "200"),
        (400, b'{"code":"12"}', ContentRejected, "12"),
        (200, b'{"code":13}', ContentRejected, "13"),
        (500, b'{"code":14}', RecipientGone, "14"),
        (500, b'{"accepted":true}', OutcomeUnknown, "true"),
        (500, b'{"accepted":null}', ServerFault, "500"),
        (400, b'{"code":"99"}', ContentRejected, "400"),
        (400, b"not json", ContentRejected, "400"),
    ],
)
def test_configured_rules_win_over_status_and_success(status: int, body: bytes, expected: type[DeliveryError], code: str) -> None:
    err = meaning(outbound(errors=RULES), status, body)
    assert type(err) is expected and err is not None and err.provider_code == code


def test_the_first_rule_decides() -> None:
    config = outbound(errors=[{"status": [400], "class": "retry"}, {"status": [400], "class": "auth"}])
    assert type(meaning(config, 400)) is ServerFault


@pytest.mark.parametrize("name", sorted(ERROR_CLASSES))
def test_each_class_of_a_rule(name: str) -> None:
    assert type(meaning(outbound(errors=[{"status": [418], "class": name}]), 418)) is ERROR_CLASSES[name]


@pytest.mark.parametrize(
    ("success", "body", "accepted"),
    [
        ({"body_regex": "^OK"}, b"OK 1", True),
        ({"body_regex": "^OK"}, b"ERROR 1", False),
        ({"json_path": "messages[0].status", "equals": "accepted"}, b'{"messages":[{"status":"accepted"}]}', True),
        ({"json_path": "messages[0].status", "equals": "accepted"}, b'{"messages":[{"status":"refused"}]}', False),
        ({"json_path": "messages[0].id"}, b'{"messages":[{"id":7}]}', True),
        ({"json_path": "messages[0].id"}, b'{"messages":[]}', False),
        ({"json_path": "ok", "equals": "true", "body_regex": "id"}, b'{"ok":true}', False),
    ],
)
def test_a_2xx_must_pass_the_success_test(success: dict[str, Any], body: bytes, accepted: bool) -> None:
    err = meaning(outbound(success=success), 200, body)
    assert (err is None) is accepted
    assert accepted or (isinstance(err, ContentRejected) and err.provider_code == "not_confirmed")


@pytest.mark.parametrize(
    ("preset", "status", "body", "expected"),
    [
        ("kannel", 202, b"0: Accepted for delivery", None),
        ("kannel", 202, b"3: Queued for later delivery", None),
        ("kannel", 200, b"4: Rejected", ContentRejected),
        ("kannel", 403, b"Authorization failed for sendsms", CredentialsRejected),
        ("kannel", 503, b"Temporal failure, try again later.", ServerFault),
        ("jasmin", 200, b'Success "07033084-5cfd-4812-90a4-e4d24ffb6e3d"', None),
        ("jasmin", 403, b'Error "Authentication failure"', CredentialsRejected),
        ("jasmin", 412, b'Error "No route found"', ContentRejected),
        ("jasmin", 500, b'Error "Cannot send submit_sm"', ServerFault),
        ("jasmin", 200, b'Error "?"', ContentRejected),
    ],
)
def test_answers_of_known_gateways(preset: str, status: int, body: bytes, expected: type[DeliveryError] | None) -> None:
    err = meaning(preset_config(preset), status, body)
    assert (type(err) if err else None) is expected


@pytest.mark.parametrize(
    ("rule", "response", "expected"),
    [
        ({"json_path": "messages[0].id"}, HttpResponse(status=200, body=b'{"messages":[{"id":42}]}'), "42"),
        ({"json_path": "messages[0].id"}, HttpResponse(status=200, body=b"oops"), ""),
        ({"regex": r"id=(\S+)"}, HttpResponse(status=200, body=b"OK id=a-1 cost=2"), "a-1"),
        ({"regex": r"id=(\S+)|none"}, HttpResponse(status=200, body=b"none"), ""),
        ({"header": "X-Id"}, HttpResponse(status=200, headers={"x-id": " h1 "}), "h1"),
        ({"header": "X-Id"}, HttpResponse(status=200), ""),
        ({"regex": "(.+)"}, HttpResponse(status=200, body=b"9" * 300), ""),
        ({}, HttpResponse(status=200, body=b"1"), ""),
    ],
)
def test_message_ids(rule: dict[str, str], response: HttpResponse, expected: str) -> None:
    assert message_id_of(MessageIdRule.model_validate(rule), response) == expected


def test_an_error_never_repeats_the_answer() -> None:
    err = meaning(outbound(errors=[{"body_regex": "hello", "class": "permanent"}]), 200, b"hello +31612345678 is refused")
    assert err is not None and "31612345678" not in err.message and "hello" not in err.message


def test_a_call_that_is_not_ours_goes_by_status() -> None:
    with pytest.raises(ServerFault):
        SmsGateway().interpret(HttpCall(method="GET", url="https://gw.example.net"), HttpResponse(status=500))


@settings(deadline=None)
@given(
    st.integers(100, 599),
    st.one_of(
        st.binary(max_size=200),
        st.dictionaries(st.sampled_from(["code", "messages"]), st.integers() | st.text()).map(lambda data: json.dumps(data).encode()),
    ),
    st.text(max_size=20),
)
def test_any_answer_is_a_success_or_one_of_our_errors(status: int, body: bytes, wait: str) -> None:
    config = outbound(errors=RULES, success={"json_path": "messages[0].id"})
    err = meaning(config, status, body, retry_after=wait)
    assert err is None or err.provider_code
