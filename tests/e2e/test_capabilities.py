"""Every capability of LivePerson's Connector API, through every part: the exact calls, and what both people see."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from stack.demo import ACCOUNT_ID, CAMPAIGN_ID, ENGAGEMENT_ID
from tests.e2e.conftest import SHORT
from tests.e2e.people import Agent, meet, set_options
from tests.e2e.wire import Wire, request, update
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

FEATURES = ["AUTO_MESSAGES", "RICH_CONTENT", "QUICK_REPLIES", "MULTI_DIALOG", "PHOTO_SHARING", "FILE_SHARING"]
TEXTS = {"agent_joined": "An agent is here.", "transferred": "Another team takes over.", "closed_by_agent": "Goodbye.",
         "closed_by_consumer": "You ended it.", "closed_by_system": "It was quiet for long."}  # fmt: skip
SURVEYED = {"texts": {"survey_rating": "How was it?", "survey_thanks": "Thanks!"}, "survey": {"enabled": True}}
CHANNELS = [("messenger", "245000000000020{:02}"), ("sms_gateway", "+316123420{:02}")]


@pytest.fixture(scope="module")
def live() -> Iterator[LiveStack]:
    with LiveStack(settings=SHORT, sandbox_options=("--time-scale", "0.05")) as stack:
        options = {"close_keywords": ["#end"], "attributes": {"ctmrinfo.socialId": "{id}", "ctmrinfo.ctype": "via {provider}",
                   "ctmrinfo.customerId": "crm-{id}", "personal.firstname": "{first_name}", "personal.lastname": "{last_name}",
                   "personal.contacts.phone": "{phone}"}}  # fmt: skip
        stack.api.request("PATCH", f"liveperson-apps/{stack.demo.liveperson_app['id']}/", json={"file_types": ["JPG", "PNG", "GIF", "PDF"]})
        set_options(stack, "messenger", "sms", **options)
        yield stack


# The consumer's side.


def test_a_conversation_is_created_with_its_sdes_in_one_step(live: LiveStack) -> None:
    # given
    wire = Wire(live)
    live.control.request("PUT", "phones/messenger/24500000000002001/profile", json={"first_name": "Nina", "last_name": "Peeters"})
    # when
    consumer, _ = meet(live, "messenger", "24500000000002001", "hello")
    # then the call is LivePerson's documented batch
    call = wire.one("conversation")
    profile, conversation = call["body"]
    assert (call["method"], call["path"]) == ("POST", f"/api/account/{ACCOUNT_ID}/messaging/consumer/conversation")
    assert (call["query"], call["tokens"]) == ({"v": "3"}, ["Authorization", "X-LP-ON-BEHALF"])
    assert call["clientProperties"] == {"type": ".ClientProperties", "features": FEATURES}
    assert (profile["type"], conversation["type"]) == ("userprofile.SetUserProfile", "cm.ConsumerRequestConversation")
    sdes = profile["body"]["authenticatedData"]["lp_sdes"]
    assert sdes == [
        {
            "type": "ctmrinfo",
            "info": {
                "socialId": "24500000000002001",
                "ctype": "via Facebook Messenger",
                "customerId": "crm-24500000000002001",
                "companyBranch": "Demo Brand on Messenger",
            },
        },
        {"type": "personal", "personal": {"firstname": "Nina", "lastname": "Peeters"}},
    ]
    assert conversation["body"] == {
        "brandId": ACCOUNT_ID,
        "channelType": "MESSAGING",
        "skillId": "101",
        "ttrDefName": "NORMAL",
        "campaignInfo": {"campaignId": CAMPAIGN_ID, "engagementId": ENGAGEMENT_ID},
        "conversationContext": {"type": "SharkContext"},
    }
    # and the agent sees who writes
    seen = consumer.conversation()
    assert seen["consumer"]["sdes"] == sdes
    assert seen["consumer"]["profile"]["firstName"] == "Nina"


def test_the_campaign_of_the_monitoring_api_is_used(live: LiveStack) -> None:
    # given a campaign for the section that the channel stands for
    campaign = {"campaignId": 3003, "engagementId": 4004, "entryPoints": ["sec://Sport"]}
    live.control.request("PUT", f"accounts/{ACCOUNT_ID}/campaigns", json={"campaigns": [campaign]})
    set_options(live, "sms", engagement={"enabled": True, "entry_points": ["sec://Sport"]}, skill_id="102")
    wire = Wire(live)
    # when
    consumer, _ = meet(live, "sms_gateway", "+31612342002", "hello")
    # then
    asked = wire.one("monitoring")
    assert asked["path"] == f"/api/account/{ACCOUNT_ID}/app/demo-connector/engagement"
    assert asked["body"]["entryPoints"] == ["sec://Sport"]
    offered = asked["answer"]
    conversation = wire.one("conversation")["body"][1]["body"]
    assert conversation["campaignInfo"] == {"campaignId": "3003", "engagementId": "4004"}
    assert conversation["conversationContext"] == {
        "type": "SharkContext", "interactionContextId": "1", "visitorId": offered["visitorId"], "sessionId": offered["sessionId"],
    }  # fmt: skip
    assert consumer.conversation()["skillId"] == "102"
    set_options(live, "sms", engagement={"enabled": False}, skill_id="")


@pytest.mark.parametrize(("provider", "person"), CHANNELS)
def test_text_is_one_call_and_long_text_several_in_order(live: LiveStack, provider: str, person: str) -> None:
    wire = Wire(live)
    consumer, agent = meet(live, provider, person.format(3), "hello")
    call = wire.one("send", contentType="text/plain")
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": "hello"}
    assert call["body"] == request(agent.conversation_id, call, event)
    assert call["clientProperties"]["features"] == FEATURES
    assert call["answer"]["body"] == {"sequence": 0}
    # when what was written needs more than LivePerson's 5000 characters for one request
    words = '"' * 1999
    consumer.does("text", text=words)
    consumer.does("text", text="done")
    # then it arrives whole, in pieces, before what follows
    wait_until(lambda: agent.heard()[-1] == "done", 60, "what follows should arrive")
    assert "".join(agent.heard()[1:-1]) == words
    assert all(len(str(sent["body"])) <= 5000 for sent in wire.calls("send"))


def picture() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((900, 600), 60).save(out, "PNG")
    return out.getvalue()


def test_a_picture_takes_an_address_an_upload_and_a_message_with_a_preview(live: LiveStack) -> None:
    # given
    consumer, agent = meet(live, "messenger", "24500000000002004", "look")
    wire = Wire(live)
    # when
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg")
    # then three calls
    shown = wire.one("send", contentType="hosted/file")
    asked = wire.one("send", type="ms.GenerateURLForUploadFile")
    (uploaded,) = wire.calls("files")
    path = asked["answer"]["body"]["relativePath"]
    assert asked["body"]["body"] == {"fileSize": str(uploaded["body"]["bytes"]), "fileType": "JPG"}
    assert (uploaded["method"], uploaded["path"], uploaded["status"]) == ("PUT", path, 201)
    message = shown["body"]["body"]["event"]["message"]
    assert (message["relativePath"], message["fileType"]) == (path, "JPG")
    assert message["preview"].startswith("data:image/jpeg;base64,") and len(message["preview"]) <= 30_000
    # and the agent has the file
    seen = next(one for one in agent.conversation()["messages"] if one["type"] == "file")
    assert seen["event"]["message"]["relativePath"] == path


def test_what_the_account_does_not_take_is_said_in_words(live: LiveStack) -> None:
    consumer, agent = meet(live, "messenger", "24500000000002005", "listen")
    consumer.does("file", url=f"{live.sandbox_url}/static/phone.js", media_type="file")
    wait_until(lambda: len(agent.heard()) == 2, 60, "the agent should read of the file")
    assert agent.heard()[1].startswith("[document]")
    assert "this LivePerson account takes JPG, PNG, GIF, PDF" in agent.heard()[1]


def test_delivered_and_read_are_reported_by_number(live: LiveStack) -> None:
    # given
    consumer, agent = meet(live, "messenger", "24500000000002006", "hello")
    wire = Wire(live)
    # when the agent writes and the consumer reads
    agent.does("text", text="good day")
    consumer.sees("good day")
    delivered = wire.one("send", status="ACCEPT")
    consumer.does("read")
    read = wire.one("send", status="READ")
    # then both name the agent's message
    sequence = next(one["sequence"] for one in agent.conversation()["messages"] if one["text"] == "good day")
    for call, status in ((delivered, "ACCEPT"), (read, "READ")):
        assert call["body"] == request(
            agent.conversation_id, call, {"type": "AcceptStatusEvent", "status": status, "sequenceList": [sequence]}
        )
    agent.learns("good day", "read")
    # and the phone shows that the agent has read
    agent.does("read")
    wait_until(lambda: consumer.phone()["messages"][0]["status"] == "read", 30, "the phone should show that the agent read")


def test_what_cannot_be_delivered_is_reported(live: LiveStack) -> None:
    _, agent = meet(live, "messenger", "24500000000002007", "hello")
    live.control.request("PUT", "phones/messenger/24500000000002007/profile", json={"blocked": True})
    wire = Wire(live)
    agent.does("text", text="are you there?")
    call = wire.one("send", status="NACK")
    sequence = next(one["sequence"] for one in agent.conversation()["messages"] if one["text"] == "are you there?")
    assert call["body"]["body"]["event"] == {"type": "AcceptStatusEvent", "status": "NACK", "sequenceList": [sequence]}


def test_the_agents_typing_is_shown_and_ends(live: LiveStack) -> None:
    consumer, agent = meet(live, "messenger", "24500000000002008", "hello")
    agent.does("typing", on=True)
    wait_until(lambda: consumer.phone()["typing"], 30, "the phone should show the typing")
    agent.does("typing", on=False)
    wait_until(lambda: not consumer.phone()["typing"], 15, "the typing should end")


JOURNAL = """
from django_scopes import scopes_disabled
from channels_app.models import Channel
from connector_platform.core.events import ChatState, ChatStateKind, InboundEvent
from webhooks_app.journal import Entry, append

with scopes_disabled():
    channel = Channel.objects.get(provider="messenger")
for number, state in enumerate({states!r}):
    event = InboundEvent(
        consumer_id={person!r}, source_id=f"{tag}-{{number}}", content=ChatState(state=ChatStateKind(state)), wire_type="typing", raw=b""
    )
    append([Entry.inbound(event, channel_id=channel.id, brand_id=channel.brand_id)])
"""


def consumer_is(live: LiveStack, person: str, *states: str) -> None:
    """The consumer is typing and so on, as a platform would tell: none of the demo's does, so it is written where callbacks are written."""
    code = JOURNAL.format(states=states, person=person, tag="-".join(states))
    subprocess.run([sys.executable, "manage.py", "shell", "-v", "0", "-c", code], env=live.env, check=True, timeout=60)


def test_the_consumers_chat_states_reach_the_agent_and_typing_ends(live: LiveStack) -> None:
    # given
    person = "24500000000002026"
    consumer, agent = meet(live, "messenger", person, "hello")
    wire = Wire(live)

    def told() -> list[str]:
        return [call["body"]["body"]["event"]["chatState"] for call in wire.calls("send", type="ChatStateEvent")]

    # when
    consumer_is(live, person, "active", "inactive", "gone", "paused", "composing")
    # then
    wait_until(lambda: told() == ["ACTIVE", "INACTIVE", "GONE", "PAUSE", "COMPOSING"], 30, "LivePerson should hear of each state")
    call = wire.calls("send", chatState="COMPOSING")[0]
    assert call["body"] == request(agent.conversation_id, call, {"type": "ChatStateEvent", "chatState": "COMPOSING"})
    assert agent.conversation()["consumerTyping"]
    # and what is written ends the typing
    consumer.does("text", text="here it is")
    agent.hears("hello", "here it is")
    wait_until(lambda: not agent.conversation()["consumerTyping"], 30, "the typing should end with the message")
    assert told()[-1] == "ACTIVE"


METADATA = [{"type": "ExternalId", "id": "Yes-1234"}]


def offer(title: str, words: str, metadata: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": words}], "metadata": metadata}}


QUESTION = {"type": "quickReplies", "itemsPerRow": 8, "replies": [offer("Yes", "yes please", METADATA), offer("No", "no thanks", [])]}


@pytest.mark.parametrize(("provider", "person"), CHANNELS)
def test_a_tap_or_a_number_is_reported_in_two_calls(live: LiveStack, provider: str, person: str) -> None:
    # given a question
    consumer, agent = meet(live, provider, person.format(9), "hello")
    agent.does("text", text="Shall we?", quickReplies=QUESTION)
    wait_until(lambda: any("Shall we?" in text for text in consumer.received()), 60, "the question should arrive")
    wire = Wire(live)
    # when it is answered: by a tap, or by the number where there is nothing to tap
    if provider == "messenger":
        consumer.does("select", title="Yes")
    else:
        assert consumer.received()[-1] == "Shall we?\n1) Yes\n2) No"
        consumer.does("text", text="1")
    # then LivePerson hears of the click and of the words, both with the metadata
    click, words = wire.one("send", status="ACTION"), wire.one("send", contentType="text/plain")
    sequence = next(one["sequence"] for one in agent.conversation()["messages"] if one["text"] == "Shall we?")
    action = {"type": "AcceptStatusEvent", "status": "ACTION", "sequenceList": [sequence]}
    assert click["body"] == {**request(agent.conversation_id, click, action), "metadata": METADATA}
    said = {"type": "ContentEvent", "contentType": "text/plain", "message": "yes please"}
    assert words["body"] == {**request(agent.conversation_id, words, said), "metadata": METADATA}
    assert click["n"] < words["n"]
    agent.hears("hello", "yes please")


def test_of_two_buttons_that_say_the_same_the_one_that_was_tapped_is_reported(live: LiveStack) -> None:
    consumer, agent = meet(live, "messenger", "24500000000002010", "what is there?")
    cards = [
        {"type": "vertical", "elements": [{"type": "text", "text": name}, offer("Buy", "I buy it", [{"type": "ExternalId", "id": name}])]}
        for name in ("Mug", "Cup")
    ]
    agent.does("rich", content={"type": "carousel", "elements": cards})
    wait_until(lambda: consumer.received(), 60, "the carousel should arrive")
    wire = Wire(live)
    buttons = [button for card in consumer.phone()["messages"][-1]["cards"] for button in card["buttons"]]
    consumer.does("select", payload=buttons[1]["payload"])
    assert wire.one("send", status="ACTION")["body"]["metadata"] == [{"type": "ExternalId", "id": "Cup"}]


@pytest.mark.parametrize(("provider", "person"), CHANNELS)
def test_a_word_closes_and_the_consumer_is_told(live: LiveStack, provider: str, person: str) -> None:
    # given
    set_options(live, "messenger" if provider == "messenger" else "sms", texts=TEXTS)
    consumer, agent = meet(live, provider, person.format(11), "hello")
    wire = Wire(live)
    # when
    consumer.does("text", text="#END")
    # then
    call = wire.one("send", type="cm.UpdateConversationField")
    dialog = {"dialogId": agent.conversation_id, "state": "CLOSE", "closedCause": "Closed by consumer"}
    assert call["body"] == update(agent.conversation_id, call, {"field": "DialogChange", "type": "UPDATE", "dialog": dialog})
    consumer.sees("You ended it.")
    assert agent.heard() == ["hello"]
    assert agent.conversation()["closeReason"] == "CONSUMER"
    # and the next word is in a new conversation
    consumer.does("text", text="again")
    wait_until(lambda: consumer.conversation()["conversationId"] != agent.conversation_id, 60, "a new conversation should be opened")


@pytest.mark.parametrize(("action", "words"), [("close", "Goodbye."), ("auto-close", "It was quiet for long.")])
def test_the_other_ends_have_words_of_their_own(live: LiveStack, action: str, words: str) -> None:
    set_options(live, "sms", texts=TEXTS)
    consumer, agent = meet(live, "sms_gateway", f"+3161234{len(words):04}", "hello")
    agent.does(action)
    consumer.sees(words)


@pytest.mark.parametrize(("provider", "person"), CHANNELS)
def test_our_own_survey_is_reported_as_csat(live: LiveStack, provider: str, person: str) -> None:
    # given a brand that wants ratings
    channel = "messenger" if provider == "messenger" else "sms"
    set_options(live, channel, texts={name: "" for name in TEXTS})
    set_options(live, channel, **SURVEYED)
    consumer, agent = meet(live, provider, person.format(14), "hello")
    wire = Wire(live)
    # when the agent closes and the consumer answers
    agent.does("close")
    consumer.sees("How was it?")
    if provider == "messenger":
        consumer.does("select", title="4")
        wait_until(lambda: len(consumer.received()) == 2, 60, "the second question should come")
        consumer.does("select", title="Yes")
    else:
        consumer.does("text", text="4")
        wait_until(lambda: len(consumer.received()) == 2, 60, "the second question should come")
        consumer.does("text", text="yes")
    # then
    call = wire.one("send", field="CSATRate")
    rating = {"field": "CSATRate", "csatRate": 4, "csatResolutionConfirmation": True, "status": "FILLED"}
    assert call["body"] == update(agent.conversation_id, call, rating)
    wait_until(lambda: consumer.received()[-1] == "Thanks!", 60, "thanks should come")
    assert agent.conversation()["csat"] == rating
    assert wire.calls("conversation") == []
    set_options(live, channel, survey={"enabled": False})


@pytest.mark.parametrize(("provider", "person"), CHANNELS)
def test_livepersons_survey_is_carried_through_the_channel(live: LiveStack, provider: str, person: str) -> None:
    # given a skill with a survey
    questions = [{"text": "How was it?", "kind": "csat"}, {"text": "Anything else?", "kind": "text"}]
    live.control.request("PUT", f"accounts/{ACCOUNT_ID}/surveys/101", json={"questions": questions, "timeout_s": 600, "thanks": "Noted."})
    try:
        consumer, agent = meet(live, provider, person.format(15), "hello")
        agent.does("join")
        wire = Wire(live)
        # when the consumer ends the conversation
        consumer.does("text", text="#end")
        wait_until(lambda: any("How was it?" in text for text in consumer.received()), 60, "the survey should ask")
        dialogs = {dialog["dialogType"]: dialog for dialog in agent.conversation()["dialogs"]}
        survey = dialogs["POST_SURVEY"]["dialogId"]
        assert (dialogs["MAIN"]["state"], agent.conversation()["stage"]) == ("CLOSE", "OPEN")
        # and answers
        if provider == "messenger":
            consumer.does("select", title="5")
        else:
            consumer.does("text", text="5")
        wait_until(lambda: any("Anything else?" in text for text in consumer.received()), 60, "the next question should come")
        answer = wire.one("send", message="5")
        said = {"type": "ContentEvent", "contentType": "text/plain", "message": "5"}
        assert answer["body"]["body"] == request(agent.conversation_id, answer, said, dialog_id=survey)["body"]
        assert answer["body"]["metadata"][0]["type"] == "Answer"
        assert wire.one("send", status="ACTION")["body"]["body"]["dialogId"] == survey
        consumer.does("text", text="all fine")
        # then the survey has both, and everything is closed
        wait_until(lambda: agent.conversation()["stage"] == "CLOSE", 60, "the survey should end")
        assert [one["answer"] for one in agent.conversation()["surveyAnswers"]] == ["5", "all fine"]
        wait_until(lambda: any("Noted." in text for text in consumer.received()), 60, "thanks should arrive")
        assert wire.calls("conversation") == []
    finally:
        live.control.request("DELETE", f"accounts/{ACCOUNT_ID}/surveys/101")


# The agent's side, as the consumer sees it.


def test_the_consumer_is_told_of_agents_and_transfers(live: LiveStack) -> None:
    set_options(live, "sms", texts=TEXTS)
    consumer, agent = meet(live, "sms_gateway", "+31612342020", "hello")
    agent.does("join")
    wait_until(lambda: "An agent is here." in consumer.received(), 60, "the consumer should read of the agent")
    agent.does("transfer", skillId="102")
    wait_until(lambda: "Another team takes over." in consumer.received(), 60, "the consumer should read of the transfer")
    assert consumer.conversation()["skillId"] == "102"
    agent.does("text", text="Service here")
    wait_until(lambda: consumer.received()[-1] == "Service here", 60, "the new team's words should arrive")


def test_a_resumed_conversation_reaches_the_phone(live: LiveStack) -> None:
    # given a closed conversation
    set_options(live, "sms", texts={name: "" for name in TEXTS})
    consumer, agent = meet(live, "sms_gateway", "+31612342021", "hello")
    agent.does("close")
    wait_until(lambda: agent.conversation()["stage"] == "CLOSE", 30, "it should be closed")
    wire = Wire(live)
    # when an agent resumes it and writes
    resumed = Agent(live, agent.does("resume")["conversation"]["conversationId"])
    resumed.does("text", text="one more thing")
    consumer.sees("one more thing")
    # then the consumer's answer is in the resumed one, which nobody here created
    consumer.does("text", text="yes?")
    wait_until(lambda: resumed.heard()[-1:] == ["yes?"], 60, "the answer should be in the resumed conversation")
    assert wire.calls("conversation") == []


def test_private_words_stay_with_the_agents(live: LiveStack) -> None:
    consumer, agent = meet(live, "messenger", "24500000000002022", "hello")
    agent.does("private", text="he is a difficult one")
    agent.does("text", text="How can I help?")
    consumer.sees("How can I help?")
    assert "difficult" not in live.logs()
    assert "difficult" not in str(live.api.request("GET", "events/")["results"])


def test_automatic_messages_come_because_the_first_message_is_quick(live: LiveStack) -> None:
    live.control.request("PUT", f"accounts/{ACCOUNT_ID}/automatic-messages", json={"texts": {"FIRST_MESSAGE": "One moment please"}})
    try:
        consumer, _ = meet(live, "messenger", "24500000000002023", "hello")
        consumer.sees("One moment please")
    finally:
        live.control.request("PUT", f"accounts/{ACCOUNT_ID}/automatic-messages", json={"texts": {}})


def test_an_agents_file_is_fetched_within_its_minute(live: LiveStack) -> None:
    consumer, agent = meet(live, "sms_gateway", "+31612342024", "hello")
    wire = Wire(live)
    data = picture()
    agent.does("file", data_base64=base64.b64encode(data).decode(), fileType="PNG", caption="the map")
    asked = wire.one("send", type="ms.GenerateURLForDownloadFile")
    path = asked["answer"]["body"]["relativePath"]
    assert asked["body"]["body"] == {"relativePath": path}
    (fetched,) = wire.calls("files")
    assert (fetched["method"], fetched["path"], fetched["status"]) == ("GET", path, 200)
    wait_until(lambda: consumer.received() == ["the map"], 60, "the picture should arrive with its words")
    (shown,) = [message for message in consumer.phone()["messages"] if message["direction"] == "in"]
    assert shown["type"] == "image" and "/files/" in shown["url"]
    assert consumer.conversation()["conversationId"] == agent.conversation_id


def test_both_sides_of_one_person_on_two_channels_stay_apart(live: LiveStack) -> None:
    wire = Wire(live)
    first, one = meet(live, "messenger", "24500000000002025", "by Messenger")
    second, two = meet(live, "sms_gateway", "+31612342025", "by SMS")
    assert one.conversation_id != two.conversation_id
    one.does("text", text="to Messenger")
    two.does("text", text="to the number")
    first.sees("to Messenger")
    second.sees("to the number")
    assert len(wire.calls("conversation")) == 2
