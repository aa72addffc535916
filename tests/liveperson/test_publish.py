from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_platform.core.calls import HttpCall
from connector_platform.core.errors import ContentRejected, OutcomeUnknown, ServerFault
from connector_platform.core.events import ChatStateKind, Profile, ReceiptKind
from connector_platform.core.text import utf16_units
from connector_platform.liveperson.errors import Purpose
from connector_platform.liveperson.publish import (
    ACCEPT_STATUSES,
    CHAT_STATES,
    AcceptStatus,
    CloseScope,
    Published,
    publish,
    publish_accept_status,
    publish_chat_state,
    publish_close,
    publish_csat,
    publish_text,
    set_profile,
    text_parts,
)
from connector_platform.liveperson.sdes import Consumer
from tests.liveperson.support import APP, CONVERSATION, DOMAINS, SEND_API_HEADERS, SEND_URL, SURVEY, TOKENS, answer, ok, play

METADATA = [{"type": "ExternalId", "id": "yes-77"}]


def sent(call: HttpCall) -> Any:
    """The request object of ``call``, which has to be a call to SEND with its headers."""
    assert (call.method, call.url) == ("POST", SEND_URL)
    assert dict(call.headers) == SEND_API_HEADERS
    return json.loads(call.body)


def event_object(event: dict[str, Any], *, dialog_id: str = CONVERSATION, **beside: Any) -> dict[str, Any]:
    body = {"dialogId": dialog_id, "conversationId": CONVERSATION, "event": event}
    return {"kind": "req", "id": "r-1", "type": "ms.PublishEvent", "body": body, **beside}


def field_object(field: dict[str, Any]) -> dict[str, Any]:
    body = {"conversationId": CONVERSATION, "conversationField": field}
    return {"kind": "req", "id": "r-1", "type": "cm.UpdateConversationField", "body": body}


def text(message: str, **options: Any) -> Any:
    options = {"conversation_id": CONVERSATION, "dialog_id": CONVERSATION, "request_id": "r-1", **options}
    return publish_text(APP, DOMAINS, TOKENS, text=message, **options)


@pytest.mark.parametrize("status", [200, 202])
def test_text_is_one_request_object_and_answers_its_sequence(status: int) -> None:
    published, [call] = play(text("Grüße 👋"), answer(status, {"reqId": "r-1", "code": "OK", "body": {"sequence": 3}}))
    assert sent(call) == event_object({"type": "ContentEvent", "contentType": "text/plain", "message": "Grüße 👋"})
    assert (call.purpose, call.effect) == ("send_text", True)
    assert published == Published(sequence=3)


def test_metadata_goes_beside_the_body() -> None:
    _, [call] = play(text("yes please", dialog_id=SURVEY, metadata=METADATA), ok(sequence=0))
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "yes please"}
    assert sent(call) == event_object(event, dialog_id=SURVEY, metadata=METADATA)


def test_lone_surrogates_and_nuls_do_not_stop_a_text() -> None:
    _, [call] = play(text("a\ud83dz\x00 \ud83d\ude00"), ok(sequence=0))
    assert sent(call)["body"]["event"]["message"] == "a\ufffdz 😀"


@pytest.mark.parametrize("body", [{}, {"sequence": True}, {"sequence": "5"}, {"sequence": None}])
def test_a_success_without_a_usable_sequence_is_a_success(body: dict[str, Any]) -> None:
    assert play(text("hi"), ok(**body))[0] == Published(sequence=None)


@pytest.mark.parametrize("state", ChatStateKind)
def test_every_chat_state_has_its_word_and_no_sequence(state: ChatStateKind) -> None:
    steps = publish_chat_state(APP, DOMAINS, TOKENS, conversation_id=CONVERSATION, dialog_id=CONVERSATION, request_id="r-1", state=state)
    published, [call] = play(steps, ok(sequence=0))
    assert sent(call) == event_object({"type": "ChatStateEvent", "chatState": CHAT_STATES[state]})
    assert published == Published(sequence=None)
    assert call.effect is False


def test_the_words_of_chat_states_and_receipts() -> None:
    assert set(CHAT_STATES.values()) == {"ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE"}
    assert dict(ACCEPT_STATUSES) == {ReceiptKind.DELIVERED: "ACCEPT", ReceiptKind.READ: "READ", ReceiptKind.FAILED: "NACK"}


@pytest.mark.parametrize("status", AcceptStatus)
def test_accept_status_names_the_agents_messages(status: AcceptStatus) -> None:
    steps = publish_accept_status(
        APP, DOMAINS, TOKENS, conversation_id=CONVERSATION, dialog_id=SURVEY, request_id="r-1", status=status, sequences=(2, 3)
    )
    published, [call] = play(steps, ok(sequence=9))
    event = {"type": "AcceptStatusEvent", "status": status.value, "sequenceList": [2, 3]}
    assert sent(call) == event_object(event, dialog_id=SURVEY)
    assert published == Published(sequence=9)
    assert call.effect is (status is AcceptStatus.ACTION)


def test_a_tap_carries_the_elements_metadata() -> None:
    steps = publish_accept_status(
        APP,
        DOMAINS,
        TOKENS,
        conversation_id=CONVERSATION,
        dialog_id=CONVERSATION,
        request_id="r-1",
        status=AcceptStatus.ACTION,
        sequences=[7],
        metadata=METADATA,
    )
    _, [call] = play(steps, ok(sequence=9))
    assert sent(call) == event_object({"type": "AcceptStatusEvent", "status": "ACTION", "sequenceList": [7]}, metadata=METADATA)


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        (CloseScope.CONVERSATION, {"field": "ConversationStateField", "conversationState": "CLOSE"}),
        (
            CloseScope.DIALOG,
            {
                "field": "DialogChange",
                "type": "UPDATE",
                "dialog": {"dialogId": SURVEY, "state": "CLOSE", "closedCause": "Closed by consumer"},
            },
        ),
        (CloseScope.STAGE, {"field": "Stage", "conversationState": "CLOSE"}),
    ],
)
def test_each_scope_of_a_close_has_its_field(scope: CloseScope, field: dict[str, Any]) -> None:
    steps = publish_close(APP, DOMAINS, TOKENS, conversation_id=CONVERSATION, dialog_id=SURVEY, request_id="r-1", scope=scope)
    published, [call] = play(steps, ok(msg="OK Conversation resolved successfully"))
    assert sent(call) == field_object(field)
    assert (published, call.effect) == (Published(sequence=None), False)


@pytest.mark.parametrize("resolved", [True, False])
def test_a_rating_carries_both_answers(resolved: bool) -> None:
    steps = publish_csat(APP, DOMAINS, TOKENS, conversation_id=CONVERSATION, request_id="r-1", csat=4, resolved=resolved)
    _, [call] = play(steps, ok(msg="OK CSAT updated successfully"))
    assert sent(call) == field_object({"field": "CSATRate", "csatRate": 4, "csatResolutionConfirmation": resolved, "status": "FILLED"})


@pytest.mark.parametrize("csat", [0, 6, -1])
def test_a_rating_outside_the_scale_is_refused_before_any_call(csat: int) -> None:
    with pytest.raises(ContentRejected):
        publish_csat(APP, DOMAINS, TOKENS, conversation_id=CONVERSATION, request_id="r-1", csat=csat, resolved=True)


def test_the_profile_alone() -> None:
    steps = set_profile(APP, DOMAINS, TOKENS, Consumer(profile=Profile(first_name="Ada")), request_id="r-1")
    _, [call] = play(steps, ok(msg="OK User Profile set successfully"))
    assert sent(call) == {
        "kind": "req",
        "id": "r-1",
        "type": "userprofile.SetUserProfile",
        "body": {
            "firstName": "Ada",
            "authenticatedData": {"lp_sdes": [{"type": "personal", "personal": {"firstname": "Ada", "language": "en-US"}}]},
        },
    }


@pytest.mark.parametrize("request_id", ["", "x" * 65])
def test_a_request_id_has_1_to_64_characters(request_id: str) -> None:
    with pytest.raises(ValueError, match="64"):
        text("hi", request_id=request_id)


def test_any_request_object_can_be_published() -> None:
    request = event_object({"type": "ContentEvent"})
    _, [call] = play(publish(APP, DOMAINS, TOKENS, request, purpose=Purpose.TEXT), ok(sequence=1))
    assert sent(call) == request


def test_an_unreadable_success_is_unknown_with_an_effect_and_repeated_without() -> None:
    request = event_object({"type": "ContentEvent"})
    with pytest.raises(OutcomeUnknown):
        play(publish(APP, DOMAINS, TOKENS, request, purpose=Purpose.TEXT), answer(200, body=b"<html>"))
    with pytest.raises(ServerFault):
        play(publish(APP, DOMAINS, TOKENS, request, purpose=Purpose.TEXT, effect=False), answer(200, body=b"<html>"))


def parts(message: str, **options: Any) -> list[str]:
    return text_parts(message, conversation_id=CONVERSATION, dialog_id=CONVERSATION, **options)


def test_a_short_text_is_one_part_as_it_is() -> None:
    assert parts(" hello\n") == [" hello\n"]
    assert parts("") == []


def test_what_json_escapes_counts_as_what_it_costs() -> None:
    assert len(parts('"' * 2000)) == 1
    assert len(parts('"' * 3000)) == 2


def test_metadata_that_leaves_no_room_is_refused() -> None:
    assert parts("hi", metadata=[{"type": "ExternalId", "id": "x" * 4000}]) == ["hi"]
    with pytest.raises(ContentRejected):
        parts("hi", metadata=[{"type": "ExternalId", "id": "x" * 4900}])


long_texts = st.lists(
    st.one_of(st.text(max_size=60), st.sampled_from(["\n\n", " ", '"' * 300, "\x01" * 90, "👩‍👩‍👧‍👦" * 40, "wort " * 200, "x" * 1500])),
    max_size=30,
).map("".join)


@given(message=long_texts, with_metadata=st.booleans())
def test_every_part_fits_in_a_request_and_no_word_is_lost(message: str, with_metadata: bool) -> None:
    metadata = METADATA if with_metadata else None
    pieces = parts(message, metadata=metadata)
    for piece in pieces:
        _, [call] = play(text(piece, request_id="x" * 64, metadata=metadata), ok(sequence=1))
        assert utf16_units(call.body.decode()) <= 5000
    assert "".join("".join(pieces).split()) == "".join(message.split())
