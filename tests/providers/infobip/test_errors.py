"""What Infobip's answers and reports mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.providers.infobip import Infobip, errors
from channels_app.providers.infobip.reasons import reason
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected, CredentialsRejected, DeliveryError, OutcomeUnknown, RecipientGone, Throttled
from tests.providers.infobip.case import json_response, refused_message, refused_request, sent_response

SEND = HttpCall(method="POST", url="https://xyz123.api.infobip.com/sms/3/messages", purpose="send_text")


def meaning(response: HttpResponse, call: HttpCall = SEND) -> DeliveryError | None:
    try:
        Infobip().interpret(call, response)
    except DeliveryError as error:
        return error
    return None


@pytest.mark.parametrize("group_id", [0, 1, 3])
def test_accepted_pending_and_delivered_are_taken(group_id: int) -> None:
    assert meaning(sent_response("ib-1", group_id=group_id)) is None


def test_a_message_that_is_refused_with_200_is_refused() -> None:
    error = meaning(refused_message("REJECTED_NOT_ENOUGH_CREDITS"))
    assert isinstance(error, CredentialsRejected)
    assert error.provider_code == "REJECTED_NOT_ENOUGH_CREDITS"
    assert "Words of Infobip" not in error.message


@pytest.mark.parametrize(
    ("status_id", "code"), [(14, "REJECTED_DESTINATION_BLOCKLISTED"), (52, "REJECTED_DESTINATION"), (None, "REJECTED_DESTINATION")]
)
def test_the_two_statuses_of_one_name_are_told_apart_by_their_number(status_id: int | None, code: str) -> None:
    status = {"groupId": 5, "groupName": "REJECTED", "id": status_id, "name": "REJECTED_DESTINATION"}
    error = meaning(json_response({"messages": [{"messageId": "ib-1", "status": status}]}))
    assert isinstance(error, RecipientGone)
    assert error.provider_code == code


def test_the_group_decides_where_the_status_is_new() -> None:
    error = meaning(sent_response("ib-1", group_id=5, name="REJECTED_FOR_A_NEW_REASON"))
    assert isinstance(error, ContentRejected)
    assert error.provider_code == "REJECTED"


@pytest.mark.parametrize(
    "body",
    [{}, {"messages": []}, {"messages": [{"status": {"groupId": 1}}]}, {"messages": [{"messageId": "", "status": {"groupId": 1}}]}],
)
def test_a_200_without_a_message_id_is_an_unknown_outcome(body: dict[str, Any]) -> None:
    assert isinstance(meaning(json_response(body)), OutcomeUnknown)


def test_a_group_that_we_do_not_know_is_an_unknown_outcome() -> None:
    body = {"messages": [{"messageId": "ib-1", "status": {"groupId": 9, "groupName": "TELEPORTED"}}]}
    assert isinstance(meaning(json_response(body)), OutcomeUnknown)


def test_retry_after_is_honoured() -> None:
    response = refused_request("TOO_MANY_REQUESTS")
    error = meaning(HttpResponse(status=response.status, body=response.body, headers={"retry-after": "17"}))
    assert isinstance(error, Throttled)
    assert error.retry_after_s == 17


def test_the_bodys_code_wins_over_the_status() -> None:
    response = refused_request("UNAUTHORIZED")
    assert isinstance(meaning(HttpResponse(status=400, body=response.body)), CredentialsRejected)


@pytest.mark.parametrize("purpose", sorted(errors.MAYBE_ABSENT))
def test_nothing_there_is_an_answer_where_it_was_asked_for(purpose: str) -> None:
    call = HttpCall(method="GET", url="https://xyz123.api.infobip.com/x", purpose=purpose, effect=False)
    assert meaning(HttpResponse(status=404), call) is None
    assert isinstance(meaning(HttpResponse(status=401), call), CredentialsRejected)


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        ({"groupName": "EXPIRED", "name": "EXPIRED_EXPIRED"}, {}, "the message was not delivered in time (EXPIRED_EXPIRED)"),
        ({"groupId": 2}, {"name": "EC_NEW", "permanent": True}, "the message cannot be delivered; sending it again will not help (EC_NEW)"),
        ({}, {}, "it was not delivered"),
        ({"name": "<b>\n"}, {"permanent": [1]}, "it was not delivered (_b__)"),
    ],
)
def test_a_failure_has_words(status: dict[str, Any], error: dict[str, Any], expected: str) -> None:
    assert reason(status, error) == expected


@given(
    st.dictionaries(
        st.sampled_from(["groupId", "groupName", "name", "permanent"]), st.none() | st.booleans() | st.text() | st.lists(st.text())
    )
)
def test_a_failure_has_words_for_anything(values: dict[str, Any]) -> None:
    assert reason(values, values)
