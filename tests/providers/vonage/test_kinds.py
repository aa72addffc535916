"""WhatsApp, RCS, Viber and Messenger senders: the exact messages, and the rules of the contract suite."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.vonage import Vonage, VonageConfig
from connector_platform.core.calls import HttpCall
from connector_platform.core.errors import ContentRejected, RecipientGone, WindowClosed
from connector_platform.core.events import (
    ChatState,
    ChatStateKind,
    Close,
    Content,
    File,
    FileKind,
    InboundEvent,
    Location,
    Receipt,
    ReceiptKind,
    RichContent,
    Text,
)
from connector_platform.core.rich import LossKind
from tests.providers.contract import test_sending as rules
from tests.providers.contract.cases import NOW, ProviderCase, drive
from tests.providers.vonage.case import (
    CASE,
    CONFIG,
    FIXTURES,
    MESSENGER,
    MMS_CONFIG,
    RCS,
    SMS_CONFIG,
    VIBER,
    WHATSAPP,
    answer,
    make_config,
    post,
    problem,
)

KINDS = {"sms": CONFIG, "mms": MMS_CONFIG, "whatsapp": WHATSAPP, "rcs": RCS, "viber": VIBER, "messenger": MESSENGER}
MAX_TEXT = {"sms": 1000, "mms": 1000, "whatsapp": 4096, "rcs": 3072, "viber": 1000, "messenger": 640}
PERSON = "31612345678"
UUID = "5d8c1e0a-0000-4000-8000-000000009001"
MARKS = (ChatState(state=ChatStateKind.COMPOSING), Receipt(kind=ReceiptKind.READ), Close())
MUG = "https://cdn.example.com/mug.png"
# It tells an id for each SMS that a text became, not for each text.
SMS_CASE = replace(CASE, config=SMS_CONFIG, text_limit=1000, gives_ids=False)
CASES = {**{kind: replace(CASE, config=config, text_limit=MAX_TEXT[kind]) for kind, config in KINDS.items()}, "sms_api": SMS_CASE}


def sent(content: Content, config: VonageConfig, **context: Any) -> tuple[Sent, list[HttpCall]]:
    return drive(Vonage(), Vonage().send(content, config, CASE.context(**context)), answer)


def bodies(content: Content, config: VonageConfig, **context: Any) -> list[dict[str, Any]]:
    """The messages without what is the same in all."""
    assert CASE.rendered is not None
    return [CASE.rendered(call) for call in sent(content, config, **context)[1]]


def card(*elements: dict[str, Any]) -> RichContent:
    return RichContent(content={"type": "vertical", "elements": list(elements)})


def words(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "text", "text": text, **style}


def publish(title: str) -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": title}]}}


def link(title: str) -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "link", "uri": "https://shop.example.com/mug"}]}}


PICTURE = {"type": "image", "url": MUG, "tooltip": "mug"}
MUG_CARD = card(PICTURE, words("Mug"), words("Holds coffee"), publish("Buy"), link("Look"))


# The contract suite's rules, for the kinds that its case is not about


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize(
    "rule",
    [
        rules.test_the_address_of_the_vendor_can_be_another,
        rules.test_words_of_rich_content_are_never_dropped,
        rules.test_a_text_of_exactly_the_limit_is_one_part,
        rules.test_a_text_one_longer_than_the_limit_is_two_parts,
        rules.test_a_cut_leaves_every_character_whole,
        rules.test_a_long_text_arrives_complete_and_in_order,
        rules.test_files_are_sent_where_the_channel_says_so,
        rules.test_a_text_is_an_effect,
        rules.test_the_check_ends_in_a_sentence,
        rules.test_the_check_reports_refused_credentials,
    ],
    ids=lambda rule: rule.__name__.removeprefix("test_"),
)
def test_every_kind_keeps_the_rule(rule: Any, case: ProviderCase) -> None:
    rule(case=case)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("name", sorted(rules.CONTENTS))
def test_every_content_has_an_outcome_by_every_kind(case: ProviderCase, name: str) -> None:
    rules.test_every_content_has_an_outcome(case, name)
    rules.test_the_same_content_makes_the_same_calls(case, name)


@pytest.mark.parametrize("content", [rules.QUESTION, rules.TWINS], ids=["quick_replies", "twins"])
def test_an_rcs_suggestion_names_exactly_its_choice(content: RichContent) -> None:
    rules.test_a_button_names_exactly_its_choice(CASES["rcs"], content)


# WhatsApp


def test_whatsapp_has_forms_for_texts_and_files_and_passes_on_the_rest() -> None:
    file = File(kind=FileKind.DOCUMENT, url="https://files.example.com/7.pdf", name="invoice.pdf", caption="Yours")
    assert bodies(Text(text="Hi"), WHATSAPP) == [{"channel": "whatsapp", "message_type": "text", "text": "Hi"}]
    assert bodies(file, WHATSAPP) == [
        {
            "channel": "whatsapp",
            "message_type": "file",
            "file": {"url": "https://files.example.com/7.pdf", "caption": "Yours", "name": "invoice.pdf"},
        }
    ]
    (place,) = bodies(Location(latitude=52.37, longitude=4.89, title="Dam"), WHATSAPP)
    assert place == {
        "channel": "whatsapp",
        "message_type": "custom",
        "custom": {"type": "location", "location": {"latitude": 52.37, "longitude": 4.89, "name": "Dam"}},
    }


def test_whatsapp_choices_are_buttons_that_come_back() -> None:
    result, (call,) = sent(card(words("Which mug?"), publish("Blue"), publish("Red")), WHATSAPP)
    body = json.loads(call.body)
    assert body["message_type"] == "custom"
    assert body["custom"]["type"] == "interactive"
    buttons = body["custom"]["interactive"]["action"]["buttons"]
    assert [button["reply"]["title"] for button in buttons] == ["Blue", "Red"]
    assert [button["reply"]["id"] for button in buttons] == [choice.payload for choice in result.shown]


def test_whatsapp_goes_by_templates_after_a_day() -> None:
    late = {"last_inbound_at": NOW - timedelta(hours=24, seconds=1)}
    with pytest.raises(WindowClosed, match="order_update"):
        sent(Text(text="Hi"), WHATSAPP, **late)
    (body,) = bodies(Text(text="#template order_update 7781 | on Monday"), WHATSAPP, **late)
    assert body["custom"] == {
        "type": "template",
        "template": {
            "name": "order_update",
            "language": {"code": "en_US", "policy": "deterministic"},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": "7781"}, {"type": "text", "text": "on Monday"}]}],
        },
    }


def test_whatsapp_marks_go_to_the_region_of_the_number() -> None:
    (typing,) = sent(ChatState(state=ChatStateKind.COMPOSING), WHATSAPP, recent_source_ids=("referral:x", f"{UUID}#1"))[1]
    (read,) = sent(Receipt(kind=ReceiptKind.READ), make_config(kind="whatsapp", region="us"), recent_source_ids=(UUID,))[1]
    assert (typing.method, typing.url) == ("PATCH", f"https://api-eu.vonage.com/v1/messages/{UUID}")
    assert json.loads(typing.body) == {"status": "read", "replying_indicator": {"show": True, "type": "text"}}
    assert (read.url, json.loads(read.body)) == (f"https://api-us.vonage.com/v1/messages/{UUID}", {"status": "read"})
    assert not typing.effect
    assert typing.headers["Authorization"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("content", "config"),
    [
        (ChatState(state=ChatStateKind.PAUSED), WHATSAPP),
        (ChatState(state=ChatStateKind.COMPOSING), make_config(kind="whatsapp", show_typing=False)),
        (Receipt(kind=ReceiptKind.READ), make_config(kind="whatsapp", show_read=False)),
        (Receipt(kind=ReceiptKind.DELIVERED), WHATSAPP),
        *((content, config) for content in MARKS for config in (CONFIG, SMS_CONFIG, RCS, VIBER, MESSENGER)),
    ],
)
def test_what_cannot_be_shown_makes_no_call(content: Content, config: VonageConfig) -> None:
    assert sent(content, config, recent_source_ids=(UUID,)) == (Sent(), [])


def test_there_is_no_mark_without_a_message() -> None:
    assert sent(Receipt(kind=ReceiptKind.READ), WHATSAPP, recent_source_ids=("content:0011",))[1] == []


def test_a_mark_that_is_not_known_does_not_break_the_channel() -> None:
    with pytest.raises(ContentRejected) as caught:
        drive(Vonage(), Vonage().send(Receipt(kind=ReceiptKind.READ), WHATSAPP, CASE.context()), lambda call, number: problem(404))
    assert caught.value.provider_code == "mark"


@pytest.mark.parametrize("person", ["31612345678", "+31612345678", "US.13491208655302741918", "US.ENT.11815799212886844830"])
def test_whatsapp_people_are_numbers_or_user_ids(person: str) -> None:
    (call,) = sent(Text(text="Hi"), WHATSAPP, to=person)[1]
    assert json.loads(call.body)["to"] == person.removeprefix("+")


@pytest.mark.parametrize("person", ["Acme", "US.", "12", "US.1/../2"])
def test_nobody_else_is(person: str) -> None:
    with pytest.raises(RecipientGone):
        sent(Text(text="Hi"), WHATSAPP, to=person)


# RCS


def test_an_rcs_card_has_a_title_words_and_a_picture() -> None:
    result, (call,) = sent(MUG_CARD, RCS)
    assert CASE.rendered is not None
    assert CASE.rendered(call) == {
        "channel": "rcs",
        "message_type": "card",
        "card": {
            "title": "Mug",
            "text": "Holds coffee",
            "media_url": MUG,
            "media_height": "MEDIUM",
            "suggestions": [
                {"type": "reply", "text": "Buy", "postback_data": result.shown[0].payload},
                {"type": "open_url", "text": "Look", "postback_data": "link", "url": "https://shop.example.com/mug", "description": "Look"},
            ],
        },
        "rcs": {"card_orientation": "VERTICAL"},
    }


def test_an_rcs_card_that_lacks_words_is_a_picture_and_a_text() -> None:
    picture, text = bodies(card(PICTURE, words("Mug"), publish("Buy")), RCS)
    assert picture == {"channel": "rcs", "message_type": "image", "image": {"url": MUG}}
    assert (text["text"], [chip["text"] for chip in text["suggestions"]]) == ("Mug", ["Buy"])


def test_an_rcs_carousel_wants_whole_cards() -> None:
    whole = {"type": "carousel", "elements": [MUG_CARD.content, MUG_CARD.content]}
    partly = {"type": "carousel", "elements": [MUG_CARD.content, card(PICTURE, words("Mug"), publish("Buy")).content]}
    (carousel,) = bodies(RichContent(content=whole), RCS)
    assert (carousel["message_type"], len(carousel["carousel"]["cards"]), carousel["rcs"]) == ("carousel", 2, {"card_width": "MEDIUM"})
    result, calls = sent(RichContent(content=partly), RCS)
    assert [json.loads(call.body)["message_type"] for call in calls] == ["card", "image", "text"]
    assert LossKind.REDUCED in {loss.kind for loss in result.losses}


def test_eleven_rcs_choices_are_suggestions_and_more_are_numbered() -> None:
    def choices(count: int) -> RichContent:
        replies = [publish(f"Choice {number}") for number in range(count)]
        return RichContent(text="Which?", quick_replies={"type": "quickReplies", "itemsPerRow": 8, "replies": replies})

    assert len(bodies(choices(11), RCS)[0]["suggestions"]) == 11
    assert all(len(body.get("suggestions", [])) <= 11 for body in bodies(choices(12), RCS))


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (File(kind=FileKind.IMAGE, url="https://f.example/1.jpg"), "image"),
        (File(kind=FileKind.IMAGE, url="https://f.example/1", mime_type="image/png"), "image"),
        (File(kind=FileKind.IMAGE, url="https://f.example/1.gif"), "text"),
        (File(kind=FileKind.VIDEO, url="https://f.example/1.MP4"), "video"),
        (File(kind=FileKind.AUDIO, url="https://f.example/1.mp3"), "text"),
        (File(kind=FileKind.DOCUMENT, url="https://f.example/1.pdf"), "file"),
        (File(kind=FileKind.DOCUMENT, url="https://f.example/1.docx"), "text"),
        (File(kind=FileKind.DOCUMENT, url="https://f.example/1"), "text"),
    ],
)
def test_an_rcs_file_of_another_type_is_a_link(file: File, kind: str) -> None:
    (body,) = bodies(file, RCS)
    assert body["message_type"] == kind
    assert file.url in json.dumps(body)


def test_the_words_with_an_rcs_file_follow_it() -> None:
    result, calls = sent(File(kind=FileKind.IMAGE, url=MUG, caption="Look"), RCS)
    assert [json.loads(call.body)["message_type"] for call in calls] == ["image", "text"]
    assert [loss.kind for loss in result.losses] == [LossKind.MOVED]


# Viber and Messenger


def test_viber_pictures_have_captions_and_files_names() -> None:
    head = {"channel": "viber_service", "viber_service": {"category": "transaction"}}
    assert bodies(File(kind=FileKind.IMAGE, url=MUG, caption="Look"), VIBER) == [
        {**head, "message_type": "image", "image": {"url": MUG, "caption": "Look"}}
    ]
    file = File(kind=FileKind.DOCUMENT, url="https://f.example/1", name="a-very-long-name-of-an-invoice.pdf")
    (body,) = bodies(file, VIBER)
    assert body["file"] == {"url": "https://f.example/1", "name": "a-very-long-name-of-a.pdf"}


def test_a_viber_video_is_a_link_because_nobody_knows_its_length() -> None:
    result, (call,) = sent(File(kind=FileKind.VIDEO, url="https://f.example/1.mp4", caption="Look"), VIBER)
    assert json.loads(call.body)["text"] == "Look\nhttps://f.example/1.mp4"
    assert [loss.kind for loss in result.losses] == [LossKind.REDUCED]


def test_messenger_answers_within_a_day() -> None:
    head = {"channel": "messenger", "messenger": {"category": "response"}}
    assert bodies(File(kind=FileKind.AUDIO, url="https://f.example/1.mp3", caption="Listen"), MESSENGER, to="24500000000004001") == [
        {**head, "message_type": "audio", "audio": {"url": "https://f.example/1.mp3"}},
        {**head, "message_type": "text", "text": "Listen"},
    ]
    with pytest.raises(WindowClosed, match="24 hours"):
        sent(Text(text="Hi"), MESSENGER, last_inbound_at=NOW - timedelta(hours=24, seconds=1))


# Receiving and set-up


@pytest.mark.parametrize("kind", ["sms", "whatsapp", "rcs", "viber", "messenger"])
def test_a_callback_for_another_kind_of_sender_is_left_aside(kind: str) -> None:
    own = {"sms": {"sms", "mms"}, "whatsapp": {"whatsapp"}, "rcs": {"rcs"}, "viber": {"viber_service"}, "messenger": {"messenger"}}[kind]
    for path in sorted(FIXTURES.glob("*.json")):
        if path.name.endswith(".expected.json") or not (channel := json.loads(path.read_text()).get("channel")):
            continue
        parsed = Vonage().parse(post(path.read_bytes()), KINDS[kind])
        assert (parsed.ignored == ("other_channel",)) == (channel not in own)


def test_the_same_number_may_be_two_senders() -> None:
    assert Vonage().address(CONFIG) != Vonage().address(WHATSAPP)


def test_an_event_names_its_sender_as_the_channel_does() -> None:
    for config, channel in ((WHATSAPP, "whatsapp"), (RCS, "rcs"), (VIBER, "viber_service"), (MESSENGER, "messenger")):
        body = {"channel": channel, "message_uuid": UUID, "to": config.sender, "from": PERSON, "message_type": "text", "text": "Hi"}
        (event,) = Vonage().parse(post(body), config).events
        assert isinstance(event, InboundEvent)
        assert event.address == Vonage().address(config)


def test_setting_up_asks_for_no_number_where_the_sender_is_none() -> None:
    context: SendContext = CASE.context()
    for steps in (Vonage().check(RCS, context), Vonage().register_webhook(RCS, context), Vonage().remove_webhook(RCS, context)):
        _, calls = drive(Vonage(), steps, answer)
        assert {call.url.rpartition("/")[0] for call in calls} == {"https://api.nexmo.com/v2/applications"}
