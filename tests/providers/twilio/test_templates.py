"""Templates: asked for by command or metadata, sent by their SID, outside of the window, too."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected, CredentialsRejected, UnsupportedContent, WindowClosed
from connector_platform.core.events import Content, Receipt, RichContent, Text
from tests.providers.contract.cases import NOW, drive
from tests.providers.twilio.case import CASE, CONSUMERS, NUMBER, PERSON, SERVICE, answer, answered, form, make_config, refusal
from tests.providers.twilio.test_outbound import messages, send

UPDATE, DUTCH, HELLO = "HX" + "a" * 32, "HX" + "b" * 32, "HX" + "c" * 32
TEMPLATES = [
    {"name": "order_update", "language": "en", "content_sid": UPDATE, "parameters": ["order", "day"], "purpose": "news of an order"},
    {"name": "order_update", "language": "nl", "content_sid": DUTCH, "parameters": ["order", "day"], "has_named_parameters": True},
    {"name": "hello", "content_sid": HELLO},
]
OFFERED = make_config(templates=TEMPLATES)
LATE = NOW - timedelta(days=9)


@pytest.mark.parametrize(
    ("content", "sid", "variables"),
    [
        (Text(text="#template hello"), HELLO, None),
        (Text(text="#template order_update 7781 | on\n  Monday “é”"), UPDATE, {"1": "7781", "2": "on Monday “é”"}),
        (Text(text="#template order_update:nl 7781 | maandag"), DUTCH, {"order": "7781", "day": "maandag"}),
        (RichContent(metadata=({"type": "ExternalId", "id": "#template hello"},)), HELLO, None),
        (
            RichContent(metadata=({"type": "WhatsAppTemplate", "name": "order_update", "parameters": {"day": "today", "order": 7}},)),
            UPDATE,
            {"1": "7", "2": "today"},
        ),
    ],
)
def test_a_template_leaves_by_its_sid_outside_of_the_window_too(content: Content, sid: str, variables: Any) -> None:
    (fields,) = messages(content, OFFERED, last_inbound_at=LATE, to=CONSUMERS[0])
    assert fields["ContentSid"] == sid
    assert (json.loads(fields["ContentVariables"]) if variables else fields.get("ContentVariables")) == variables
    assert set(fields) <= {"ContentSid", "ContentVariables"}


def test_what_a_template_stands_in_for_is_a_loss() -> None:
    sent, _ = send(RichContent(text="news", metadata=({"type": "WhatsAppTemplate", "name": "hello"},)), OFFERED)
    assert [loss.kind for loss in sent.losses] == ["dropped"]


@pytest.mark.parametrize(("text", "says"), [("#template sale", "no template of this name"), ("#template hello you", "takes no values")])
def test_a_wrong_command_is_refused_with_what_there_is(text: str, says: str) -> None:
    with pytest.raises(UnsupportedContent) as caught:
        send(Text(text=text), OFFERED)
    assert says in caught.value.message
    assert "“#template order_update:en order | day” (news of an order)" in caught.value.message


def test_a_closed_window_names_what_can_go() -> None:
    with pytest.raises(WindowClosed, match="#template hello"):
        send(Text(text="hello"), OFFERED, last_inbound_at=LATE, to=CONSUMERS[0])


def test_a_window_that_only_whatsapp_knew_of_names_them_too() -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "63016", "To": CONSUMERS[0]}
    (event,) = CASE.provider.parse(form(fields), OFFERED).events
    assert isinstance(event.content, Receipt)
    assert event.content.reason.startswith("the person's last message is more than 24 hours ago (code 63016). Templates that can be sent: ")


def test_an_sms_channel_reads_commands_only_where_it_has_templates() -> None:
    sms = make_config(sender=NUMBER, templates=TEMPLATES)
    assert messages(Text(text="#template hello"), make_config(sender=NUMBER)) == [{"Body": "#template hello"}]
    assert messages(Text(text="#template hello"), sms) == [{"ContentSid": HELLO}]
    pool = make_config(sender="", messaging_service_sid=SERVICE, templates=TEMPLATES)
    assert messages(Text(text="#template hello"), pool, to=PERSON) == [{"MessagingServiceSid": SERVICE, "ContentSid": HELLO}]


def test_a_refused_template_is_let_through() -> None:
    with pytest.raises(ContentRejected) as caught:
        send(Text(text="#template hello"), OFFERED, vendor=lambda *_: refusal(21656))
    assert caught.value.provider_code == "21656"


# Test connection


def check(found: dict[str, HttpResponse]) -> str:
    def vendor(call: HttpCall, number: int) -> HttpResponse:
        sid = call.url.removesuffix("/ApprovalRequests").rpartition("/")[2]
        return found[sid] if call.url.startswith("https://content.twilio.com/v1/Content/") else answer(call, number)

    context = CASE.context(callback_url="https://demo.twilio.com/reply")
    sentence, calls = drive(CASE.provider, CASE.provider.check(OFFERED, context), vendor)
    assert not any(call.effect for call in calls)
    return sentence


def approval(status: str) -> HttpResponse:
    return answered({"sid": UPDATE, "whatsapp": {"type": "whatsapp", "status": status, "rejection_reason": ""} if status else None})


def test_the_check_says_what_whatsapp_has_not_approved() -> None:
    approved = {sid: approval("approved") for sid in (UPDATE, DUTCH, HELLO)}
    assert check(approved) == f"Connected to account Acme, {OFFERED.sender}."
    said = check({UPDATE: approval("paused"), DUTCH: approval(""), HELLO: refusal(20404, 404)})
    assert said == (
        f"Connected to account Acme, {OFFERED.sender}, but template order_update is paused; template order_update is not submitted; "
        "template hello is not there."
    )


def test_another_trouble_with_an_approval_is_no_fault_of_the_template() -> None:
    with pytest.raises(CredentialsRejected):
        check(dict.fromkeys((UPDATE, DUTCH, HELLO), refusal(20003, 401)))
