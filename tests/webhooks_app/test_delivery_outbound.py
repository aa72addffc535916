"""Towards the consumer: agents' words, files and what becomes of their conversation."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from channels_app.selectors import configs
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.database import run
from tests.webhooks_app.deliveries import agent_says, out, receive_gateway_message
from tests.webhooks_app.far_side import PNG, answer, refused
from tests.webhooks_app.world import (
    PERSON,
    World,
    ended,
    event_change,
    everything_in_the_database,
    state_change,
)

CARD = {"type": "RichContentEvent", "content": {"type": "vertical", "elements": [{"type": "text", "text": "A card"}]}}


def test_an_agents_text_goes_to_the_person_once(world: World) -> None:
    conversation = world.open_conversation()
    agent_says(world, conversation, 0, "How can I help?")
    world.work()
    (call,) = world.far.calls
    assert json.loads(call.body)["recipient"] == {"id": PERSON}
    assert world.far.phone() == ["How can I help?"]
    assert ended(out(world, 0)) == ("done", "sent")
    assert run("SELECT provider_message_id, sequence, part FROM webhooks_app_deliveredmessage") == [("m_out_102", 0, 0)]


FILE = {
    "type": "ContentEvent",
    "contentType": "hosted/file",
    "message": {"relativePath": "/a/b.png", "fileType": "PNG", "caption": "the plan"},
}


def test_structured_content_is_shown_in_some_form(world: World) -> None:
    conversation = world.open_conversation()
    world.notify(event_change(conversation, 0, CARD))
    world.work()
    assert ended(world.event(direction="o")) == ("done", "sent")


def test_an_agents_file_is_shown_from_a_signed_address_of_ours_that_ends(world: World, client: Client, settings: Any) -> None:
    # given a file of an agent
    conversation = world.open_conversation()
    world.notify(event_change(conversation, 0, FILE))
    world.work()
    # then it is fetched from LivePerson at once, and Messenger is given an address of ours
    assert [call.purpose for call in world.far.calls][:2] == ["fetch_file_url", "fetch_file"]
    url = json.loads(world.far.calls[2].body)["message"]["attachment"]["payload"]["url"]
    assert url.startswith(f"{settings.PUBLIC_URL}/files/")
    assert "temp_url_sig" not in url
    # and whoever has the address gets the bytes, as a picture that cannot run anything
    path = url.removeprefix(settings.PUBLIC_URL)
    shown = client.get(path)
    assert (shown.status_code, shown.content, shown["Content-Type"]) == (200, PNG, "image/png")
    assert "sandbox" in shown["Content-Security-Policy"]
    # but nobody else, and nobody for ever
    assert client.get(path.replace("/files/", "/files/0")).status_code == 404
    settings.FILE_DAYS = -1
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("mime_type", "served"),
    [
        ("application/pdf", "application/pdf"),
        ("audio/mpeg", "audio/mpeg"),
        ("text/html", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_file_is_a_download_under_its_own_type_where_a_browser_would_run_nothing(
    world: World, client: Client, settings: Any, mime_type: str, served: str
) -> None:
    conversation = world.open_conversation()
    world.notify(event_change(conversation, 0, FILE))
    world.work()
    url = json.loads(world.far.calls[2].body)["message"]["attachment"]["payload"]["url"]
    run("UPDATE webhooks_app_hostedfile SET mime_type = %s", [mime_type])
    for method in (client.get, client.head):
        answer = method(url.removeprefix(settings.PUBLIC_URL))
        assert (answer.status_code, answer["Content-Type"]) == (200, served)
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["X-Content-Type-Options"] == "nosniff"


def test_an_agents_file_that_cannot_be_had_is_announced_in_words_and_holds_nothing_up(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("fetch_file_url", refused("no such file"))
    world.notify(event_change(conversation, 0, FILE))
    agent_says(world, conversation, 1, "did you get it?")
    world.work()
    assert world.far.phone() == ["[The agent sent a file that cannot be shown here] the plan", "did you get it?"]


def test_livepersons_refusal_of_a_file_is_no_fault_of_the_channel(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("fetch_file_url", answer({"title": "forbidden"}, 403))
    world.notify(event_change(conversation, 0, FILE))
    world.work()
    assert configs.channel(world.channel.id).state == "active"  # type: ignore[union-attr]
    assert len(world.far.phone()) == 1


# Changes of the conversation.


def test_a_closed_conversation_is_recorded_and_the_next_message_opens_another(world: World) -> None:
    conversation = world.open_conversation()
    world.notify(state_change(conversation, world.lp_consumer_id(), stage="CLOSE"))
    world.work()
    assert world.conversations()[0].state == "closed"
    world.consumer_says("hello again")
    world.work()
    assert world.far.created == [conversation, "conversation-2"]


def test_during_a_survey_the_conversation_stays_open_and_answers_go_to_the_survey(world: World) -> None:
    conversation = world.open_conversation()
    survey = {"dialogId": "survey-1", "dialogType": "POST_SURVEY", "state": "OPEN"}
    world.notify(state_change(conversation, world.lp_consumer_id(), stage="OPEN", state="CLOSE", dialogs=[survey]))
    world.work()
    world.consumer_says("5 stars")
    world.work()
    assert world.conversations()[0].state == "open"
    assert json.loads(world.far.of("send_text")[0].body)["body"]["dialogId"] == "survey-1"


def test_an_older_state_does_not_overwrite_a_newer_one(world: World) -> None:
    conversation = world.open_conversation()
    consumer = world.lp_consumer_id()
    world.notify(state_change(conversation, consumer, stage="CLOSE", at_ms=2000))
    world.notify(state_change(conversation, consumer, stage="OPEN", at_ms=1000))
    world.work()
    assert (world.conversations()[0].state, world.conversations()[0].stage) == ("closed", "CLOSE")


def test_what_an_agent_says_as_the_conversation_closes_still_goes_out(world: World) -> None:
    conversation = world.open_conversation()
    world.notify(state_change(conversation, world.lp_consumer_id(), stage="CLOSE"))
    agent_says(world, conversation, 0, "Goodbye!")
    world.work()
    assert world.far.phone() == ["Goodbye!"]


def test_secrets_that_a_gateway_quotes_are_in_no_attempt_in_any_form(world: World) -> None:
    # given: it quotes the whole request, headers and all
    _, conversation = receive_gateway_message(world)

    def quote(call: HttpCall) -> HttpResponse:
        return HttpResponse(status=400, body=json.dumps({"headers": dict(call.headers), "url": call.url}).encode())

    world.far.script("send_text", quote)
    agent_says(world, conversation, 0, "hello")
    world.work()
    # then
    (attempt,) = world.attempts(http_status=400)
    assert "headers" in attempt.response_excerpt
    assert "canary-gateway-password" not in attempt.response_excerpt
    import base64

    basic = base64.b64encode(b"demo:canary-gateway-password").decode()
    assert basic not in attempt.response_excerpt
    assert basic[8:] not in everything_in_the_database()


# What agents are told of a message that did not arrive.

REFUSAL = {"error": {"code": 10, "error_subcode": 2018278, "message": "outside of allowed window", "type": "OAuthException"}}


def test_the_agent_reads_why_a_message_did_not_arrive(world: World) -> None:
    # given
    conversation = world.open_conversation()
    world.far.script("send_text", answer(REFUSAL, 400))
    # when
    agent_says(world, conversation, 0, "are you still there?")
    world.work_on(times=2)
    # then LivePerson marks it, and the agent reads the reason as a line of the conversation
    assert world.far.statuses() == [("NACK", (0,))]
    (line,) = [text for text in world.far.texts() if text.startswith("[not delivered: ")]
    assert "window" in line
    # and that was nothing that the consumer wrote
    assert world.consumer().last_inbound_at == world.events(kind="text", direction="i")[0].occurred_at


def test_nobody_is_told_where_the_operator_wants_none_or_nobody_is_there(world: World) -> None:
    # given an operator who wants no such lines
    world.decide(tell_failures=False)
    conversation = world.open_conversation()
    world.far.script("send_text", answer(REFUSAL, 400))
    agent_says(world, conversation, 0, "hello?")
    world.work_on(times=2)
    assert world.far.texts() == []
    # and a conversation that was closed meanwhile: no other is opened for the line
    world.decide(tell_failures=True)
    world.far.script("send_text", answer(REFUSAL, 400))
    agent_says(world, conversation, 1, "hello??")
    world.notify(state_change(conversation, world.lp_consumer_id(), stage="CLOSE"))
    world.work_on(times=3)
    assert len(world.far.created) == 1
    assert world.event(kind="unsupported").outcome == "conversation_closed"
