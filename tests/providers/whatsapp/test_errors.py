"""What becomes of Meta's answers: the code first, then the rest."""

from __future__ import annotations

import json

import pytest

from channels_app.providers.whatsapp import WhatsApp
from channels_app.providers.whatsapp.error_table import ERRORS
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    DeliveryError,
    OutcomeUnknown,
    PersonThrottled,
    RecipientGone,
    ServerFault,
    Throttled,
    WindowClosed,
)
from tests.providers._meta.case import json_response
from tests.providers.whatsapp.case import error_response

MESSAGE = HttpCall(method="POST", url="https://graph.facebook.com/v25.0/1/messages", purpose="send_text")
MARK = HttpCall(method="POST", url="https://graph.facebook.com/v25.0/1/messages", purpose="typing", effect=False)

EXPECTED: dict[str, type[DeliveryError]] = {
    **dict.fromkeys(("1", "1/99", "2", "1200", "131000", "131016", "131057", "135000"), ServerFault),
    "131056": PersonThrottled,
    **dict.fromkeys(("4", "17", "32", "613", "80007", "130429", "131048", "131064", "133016"), Throttled),
    **dict.fromkeys(("102", "190", *(f"190/{subcode}" for subcode in (458, 459, 460, 463, 464, 467, 492))), CredentialsRejected),
    **dict.fromkeys(("0", "3", "10", "200", "131005", "368", "131031"), CredentialsRejected),
    **dict.fromkeys(
        ("131037", "131042", "131045", "133010", "100/33", "100/appsecret_proof", "100/input_token", "2200"), ConfigurationError
    ),
    **dict.fromkeys(("131047", "470"), WindowClosed),
    **dict.fromkeys(("131026", "131021", "131030", "130497", "131062", "137000"), RecipientGone),
    **dict.fromkeys(("130472", "131049", "131050", "131063"), ContentRejected),
    **dict.fromkeys(("100", "2500", "131008", "131009", "131051", "131052", "131053"), ContentRejected),
    **dict.fromkeys(("132000", "132001", "132005", "132007", "132008", "132012", "132015", "132016", "132068", "132069"), ContentRejected),
}


def raised(response: HttpResponse, call: HttpCall = MESSAGE) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        WhatsApp().interpret(call, response)
    return caught.value


def test_the_table_holds_every_code_and_no_other() -> None:
    assert {row.code: row.error for row in ERRORS} == EXPECTED
    assert all(row.remedy for row in ERRORS)


@pytest.mark.parametrize("status", [200, 400, 403, 500])
@pytest.mark.parametrize("code", sorted(EXPECTED))
def test_a_code_decides_whatever_the_status(code: str, status: int) -> None:
    error = raised(error_response(code, status=status))
    assert (type(error), error.provider_code) == (EXPECTED[code], code)
    assert "trace AbCdEf_123" in error.message
    assert "ords of Meta" not in error.message


def test_a_missing_proof_of_the_apps_secret_is_a_mistake_of_the_configuration() -> None:
    message = "API calls from the server require an appsecret_proof argument"
    error = raised(json_response({"error": {"message": message, "type": "GraphMethodException", "code": 100}}, status=400))
    assert (type(error), error.provider_code) == (ConfigurationError, "100/appsecret_proof")


@pytest.mark.parametrize("code", ["201", "250", "299"])
def test_all_of_the_two_hundreds_are_permissions(code: str) -> None:
    assert type(raised(error_response(code, status=400))) is CredentialsRejected


@pytest.mark.parametrize("code", ["20", "2000", "300", "199"])
def test_but_nothing_beside_them(code: str) -> None:
    assert type(raised(error_response(code, status=400))) is ContentRejected


def test_an_unknown_subcode_falls_back_to_its_code() -> None:
    error = raised(error_response("190/999"))
    assert (type(error), error.provider_code) == (CredentialsRejected, "190/999")


def test_is_transient_turns_a_general_refusal_into_a_retry() -> None:
    assert type(raised(error_response("100", is_transient=True))) is ServerFault
    assert type(raised(error_response("777777", is_transient=True))) is ServerFault
    assert type(raised(error_response("130429", is_transient=True))) is Throttled


def test_to_one_person_a_message_goes_every_six_seconds() -> None:
    assert raised(error_response("131056", status=403)).retry_after_s == 6
    assert raised(error_response("130429", status=403)).retry_after_s is None
    assert raised(json_response({"error": {"code": 131056}}, status=403, headers={"retry-after": "30"})).retry_after_s == 30


def test_only_the_limit_of_the_pair_leaves_the_channel_alone() -> None:
    limits = {code: raised(error_response(code, status=403)) for code, error in EXPECTED.items() if issubclass(error, Throttled)}
    assert {code for code, error in limits.items() if isinstance(error, PersonThrottled)} == {"131056"}
    assert {"4", "613", "80007", "130429", "131048", "131064"} < set(limits)


def test_metas_own_waiting_time_is_honoured() -> None:
    usage = {"106500000000066": [{"type": "whatsapp", "estimated_time_to_regain_access": 3}, {"estimated_time_to_regain_access": 5}]}
    headers = {"x-business-use-case-usage": json.dumps(usage)}
    assert raised(json_response({"error": {"code": 80007}}, status=400, headers=headers)).retry_after_s == 300


@pytest.mark.parametrize("usage", ["", "{", "[]", '{"a":7}', '{"a":[7]}', '{"a":[{"estimated_time_to_regain_access":-1}]}', "[" * 9999])
def test_an_unreadable_waiting_time_is_none(usage: str) -> None:
    assert raised(HttpResponse(status=429, headers={"x-business-use-case-usage": usage})).retry_after_s is None


@pytest.mark.parametrize(
    "body", [{}, {"error": {}}, {"error": {"code": 7777777}}, {"error": {"message": "x"}}, {"messages": [None]}, {"success": True}]
)
def test_a_success_without_proof_is_unknown(body: dict[str, object]) -> None:
    assert type(raised(json_response(body))) is OutcomeUnknown


def test_marks_need_no_id() -> None:
    WhatsApp().interpret(MARK, json_response({"success": True}))
