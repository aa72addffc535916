from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import Receipt, RichContent, Text, Unsupported, content_to_json
from connector_platform.liveperson.notifications import EVENT_TYPES, Notification, ParsedNotifications, parse_notification
from tests.liveperson.support import CONVERSATION, SURVEY, described

FIXTURES = Path(__file__).parent / "fixtures"
BODIES = sorted(path for path in FIXTURES.glob("*.json") if not path.name.endswith(".expected.json"))


def fixture(name: str) -> ParsedNotifications:
    return parse_notification((FIXTURES / f"{name}.json").read_bytes())


def only(name: str) -> Notification:
    [notification] = fixture(name).notifications
    return notification


def change(**fields: Any) -> dict[str, Any]:
    return {
        "sequence": 5,
        "originatorId": "a-1",
        "originatorMetadata": {"id": "a-1", "role": "ASSIGNED_AGENT"},
        "serverTimestamp": 1793455256399,
        "event": {"type": "ContentEvent", "message": "hello", "contentType": "text/plain"},
        "conversationId": CONVERSATION,
        "dialogId": CONVERSATION,
        "messageAudience": "ALL",
        **fields,
    }


def parsed(*changes: Any) -> ParsedNotifications:
    envelope = {"kind": "notification", "body": {"changes": list(changes)}, "type": "ms.MessagingEventNotification"}
    return parse_notification(json.dumps(envelope).encode())


def one(**fields: Any) -> Notification:
    [notification] = parsed(change(**fields)).notifications
    return notification


def conversation(**details: Any) -> dict[str, Any]:
    details = {"state": "OPEN", "stage": "OPEN", "metaDataLastUpdateTs": 1793451600000, **details}
    return {"type": "UPSERT", "result": {"convId": CONVERSATION, "conversationDetails": details}}


@pytest.mark.parametrize("path", BODIES, ids=lambda path: path.stem)
def test_each_sample_is_what_stands_beside_it(path: Path) -> None:
    expected = json.loads(path.with_suffix(".expected.json").read_text())
    assert described(parse_notification(path.read_bytes())) == expected


def test_every_event_type_has_a_sample() -> None:
    seen = set()
    for path in BODIES:
        envelope = json.loads(path.read_bytes())
        seen |= {item["event"]["type"] if "event" in item else envelope["type"].split(".")[1] for item in envelope["body"]["changes"]}
    assert set(EVENT_TYPES) <= seen


def test_one_bad_change_does_not_lose_the_others() -> None:
    result = fixture("several__one_unreadable")
    assert [notification.sequence for notification in result.notifications] == [5, 18]
    assert [json.loads(raw) for raw in result.unreadable] == [{"sequence": "no number", "event": {"type": "ContentEvent"}}]


def test_raw_is_the_one_change_alone() -> None:
    first, second = fixture("several__one_unreadable").notifications
    assert json.loads(first.raw)["sequence"] == 5 and json.loads(second.raw)["sequence"] == 18


def test_escaped_and_raw_bodies_are_the_same() -> None:
    envelope = json.loads((FIXTURES / "content__agent_text.json").read_bytes())
    escaped = parse_notification(json.dumps(envelope, ensure_ascii=True).encode())
    assert escaped == parse_notification(json.dumps(envelope, ensure_ascii=False).encode())
    assert escaped.notifications[0].content == Text(text="Your order left this morning. 📦")


@pytest.mark.parametrize("audience", ["AGENTS_AND_MANAGERS", "SOMETHING_NEW", "all", "", 0, False, [], {}, ["ALL"]])
def test_an_audience_other_than_all_fails_closed(audience: Any) -> None:
    assert one(messageAudience=audience).is_private is True


def test_all_and_no_audience_are_public() -> None:
    assert one().is_private is False
    assert one(messageAudience=None).is_private is False
    assert only("content__survey_question").is_private is False


def test_private_words_are_not_in_the_representation() -> None:
    private = only("content__private")
    assert private.is_private and "invoice" not in repr(private)


@pytest.mark.parametrize("role", ["ASSIGNED_AGENT", "AGENT", "MANAGER", "CONTROLLER", "READER", "AGENT_MANAGER", "NEW_ROLE", ""])
def test_only_the_consumer_is_an_echo(role: str) -> None:
    assert one(originatorMetadata={"role": role}).is_echo is False
    assert one(originatorMetadata={"role": "CONSUMER"}).is_echo is True
    assert one(originatorMetadata=None).role == ""


@pytest.mark.parametrize("role", ["ASSIGNED_AGENT", "MANAGER", "READER", "AGENT_MANAGER", "NEW_ROLE", "", "CONSUMER"])
def test_a_role_that_people_have_proves_no_bot(role: str) -> None:
    assert one(originatorMetadata={"role": role}).by_bot is False


@pytest.mark.parametrize("role", ["CONTROLLER", "AGENT"])
def test_livepersons_own_bots_are_known_by_their_role(role: str) -> None:
    assert one(originatorMetadata={"role": role}).by_bot is True


@pytest.mark.parametrize("kind", ["BotResponse", "EscalationSummary", "IBMWatsonInfo", "AutoMessage", "Question"])
def test_an_accounts_bot_is_known_by_what_it_says_of_itself(kind: str) -> None:
    assert one(metadata=[{"type": "ExternalId", "id": "x"}, {"type": kind}]).by_bot is True


@pytest.mark.parametrize(
    "metadata", [None, [], [{"type": "ExternalId"}], [{"type": "ActionReason"}], [{}], [{"type": ["BotResponse"]}], ["BotResponse"], {}]
)
def test_other_metadata_proves_no_bot(metadata: Any) -> None:
    assert one(metadata=metadata).by_bot is False


def test_the_survey_counts_from_zero_again_without_colliding() -> None:
    assert one(sequence=0).source_id == f"{CONVERSATION}:0"
    assert one(sequence=0, dialogId=SURVEY).source_id == f"{SURVEY}:0"


def test_a_message_without_a_number_is_known_by_its_content() -> None:
    first, again, other = one(sequence=None), one(sequence=None), one(sequence=None, serverTimestamp=1)
    assert first.source_id is not None
    assert first.source_id == again.source_id != other.source_id


def test_chat_states_have_no_identity() -> None:
    assert one(event={"type": "ChatStateEvent", "chatState": "PAUSE"}).source_id is None


def test_changes_of_one_instant_are_told_apart_by_their_state() -> None:
    first, again, other = parsed(conversation(skillId="1"), conversation(skillId="1"), conversation(skillId="2")).notifications
    assert first.source_id == again.source_id != other.source_id


def test_an_agent_to_whom_the_conversation_is_offered_has_not_joined() -> None:
    people = [{"id": "a-1", "role": "ASSIGNED_AGENT"}, {"id": "a-2", "role": "ASSIGNED_AGENT"}]
    details = [{"id": "a-1", "role": "ASSIGNED_AGENT", "state": "SUGGESTED"}, {"id": "a-2", "role": "ASSIGNED_AGENT", "state": "ACTIVE"}]
    dialogs = [{"dialogId": CONVERSATION, "participantsDetails": details}]
    [notification] = parsed(conversation(participants=people, dialogs=dialogs)).notifications
    assert notification.content.agent_ids == ("a-2",)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("details", "changed_at_ms"),
    [
        ({}, 1793451600000),
        ({"metaDataLastUpdateTs": None, "dialogs": [{"dialogId": "d", "metaDataLastUpdateTs": 7}, {"dialogId": "e"}]}, 7),
        ({"metaDataLastUpdateTs": None, "startTs": 5}, 5),
        ({"metaDataLastUpdateTs": None}, 0),
    ],
)
def test_the_time_of_a_change(details: dict[str, Any], changed_at_ms: int) -> None:
    [notification] = parsed(conversation(**details)).notifications
    assert notification.content.changed_at_ms == changed_at_ms  # type: ignore[union-attr]


def test_a_numeric_skill_is_a_string() -> None:
    [notification] = parsed(conversation(skillId=44)).notifications
    assert notification.content.skill_id == "44"  # type: ignore[union-attr]


def test_the_published_schemas_key_for_structured_content_is_understood() -> None:
    content = {"type": "text", "text": "x"}
    assert one(event={"type": "RichContentEvent", "message": content}).content == RichContent(content=content)


def test_nacks_are_failures_and_actions_are_left_aside() -> None:
    assert one(event={"type": "AcceptStatusEvent", "status": "NACK", "sequenceList": [3]}).content == Receipt(kind="failed", sequences=(3,))  # type: ignore[arg-type]
    action = one(event={"type": "AcceptStatusEvent", "status": "ACTION", "sequenceList": [3]})
    assert action.is_ignored and isinstance(action.content, Unsupported)


def test_unsupported_content_is_not_ignored_but_told() -> None:
    form = only("content__secure_form")
    assert not form.is_ignored and isinstance(form.content, Unsupported) and "secure form" in form.content.description


def test_what_no_database_holds_is_taken_out_of_strings() -> None:
    body = json.dumps({"body": {"changes": [change(event={"type": "ContentEvent", "message": "a\x00b\ud800c"})]}}).encode()
    [notification] = parse_notification(body).notifications
    assert notification.content == Text(text="ab\ufffdc")
    assert b"\\u0000" not in notification.raw


@pytest.mark.parametrize(
    "bad",
    [
        None,
        5,
        [],
        {},
        {"event": None},
        {"event": {"type": 5}},
        {"event": {}},
        {"result": {}},
        {"result": {"convId": CONVERSATION}},
        {"result": {"convId": "", "conversationDetails": {}}},
        change(conversationId=None, dialogId=None),
        change(conversationId="x" * 129),
        change(sequence=-1),
        change(sequence=True),
        change(sequence=2**63),
        change(event={"type": "ContentEvent", "contentType": "text/plain", "message": {"a": 1}}),
        change(event={"type": "ContentEvent", "contentType": "hosted/file", "message": "x"}),
        change(event={"type": "ContentEvent", "contentType": "hosted/file", "message": {"relativePath": "@evil.example/x"}}),
        change(event={"type": "RichContentEvent"}),
        change(event={"type": "RichContentEvent", "content": "not json"}),
        change(event={"type": "RichContentEvent", "content": "[" * 5000}),
        change(event={"type": "RichContentEvent", "content": "[1]"}),
        change(event={"type": "AcceptStatusEvent", "status": "READ"}),
        change(event={"type": "AcceptStatusEvent", "status": "READ", "sequenceList": ["1"]}),
        conversation(participants={"CONSUMER": ["c"]}),
        conversation(dialogs=[{}]),
    ],
)
def test_a_change_that_cannot_be_read_is_reported(bad: Any) -> None:
    result = parsed(bad, change())
    assert [json.loads(raw) for raw in result.unreadable] == [json.loads(json.dumps(bad))]
    assert len(result.notifications) == 1


def nested(depth: int) -> bytes:
    return b'{"body":{"changes":[' + b'{"a":' * depth + b"1" + b"}" * depth + b"]}}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"\xef\xbb\xbf{}",
        '{"body":{"changes":[]}}'.encode("utf-16"),
        b"null",
        b"[]",
        b"{}",
        b'{"body":[]}',
        b'{"body":{"changes":{}}}',
        b'{"body":{"changes":[NaN]}}',
        b'{"body":{"changes":[1e999]}}',
        b'{"body":{"changes":[' + b"9" * 5000 + b"]}}",
        nested(100),
        nested(100_000),
        b"[" * 100_000,
    ],
    ids=range(15),
)
def test_what_is_no_notification_is_malformed_and_does_not_hold_up_the_app(body: bytes) -> None:
    with pytest.raises(PayloadMalformed) as caught:
        parse_notification(body)
    assert caught.value.status == 200


def test_a_notification_without_changes_is_empty() -> None:
    assert parsed() == ParsedNotifications()


@given(body=st.binary())
def test_any_bytes_are_read_or_malformed(body: bytes) -> None:
    with contextlib.suppress(PayloadMalformed):
        parse_notification(body)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=20)
    | st.sampled_from([CONVERSATION, "ALL", "JPG"]),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)
WIRE_NAMES = """
    type contentType message content quickReplies status sequenceList chatState relativePath fileType caption sequence originatorMetadata
    role serverTimestamp conversationId dialogId messageAudience metadata convId participants dialogs state stage skillId startTs
    metaDataLastUpdateTs
"""
names = st.sampled_from(WIRE_NAMES.split())
types = st.sampled_from(["ContentEvent", "RichContentEvent", "AcceptStatusEvent", "ChatStateEvent", "Other"])
objects = st.dictionaries(names, json_values, max_size=5)
events = st.builds(lambda fields, kind: {**fields, "type": kind}, objects, types)
changes = st.one_of(
    st.builds(lambda fields, event: {**change(), **fields, "event": event}, objects, events),
    st.builds(lambda fields, details: {"result": {"convId": "c", **fields, "conversationDetails": details}}, objects, objects),
    json_values,
)


@given(items=st.lists(changes, max_size=3))
def test_any_changes_are_read_or_reported_and_can_be_stored(items: list[Any]) -> None:
    body = json.dumps({"body": {"changes": items}}).encode()
    try:
        result = parse_notification(body)
    except PayloadMalformed:
        return
    assert len(result.notifications) + len(result.unreadable) == len(items)
    for notification in result.notifications:
        assert json.dumps(content_to_json(notification.content), ensure_ascii=False).encode()
        assert notification.raw.decode()
