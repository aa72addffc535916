"""The exact requests that leave, by SMS, MMS and WhatsApp."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from channels_app.providers.base import Sent
from channels_app.providers.twilio import TwilioConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ContentRejected,
    DeliveryError,
    OutcomeUnknown,
    RecipientGone,
    ServerFault,
    Throttled,
    UnsupportedContent,
    WindowClosed,
)
from connector_platform.core.events import (
    ChatState,
    ChatStateKind,
    Contact,
    Content,
    File,
    FileKind,
    Location,
    Receipt,
    ReceiptKind,
    RichContent,
    Text,
)
from connector_platform.core.rich import LossKind
from tests.providers.contract.cases import NOW, drive
from tests.providers.twilio.case import (
    ACCOUNT,
    CASE,
    CONFIG,
    CONSUMERS,
    KEY,
    MMS,
    NUMBER,
    PERSON,
    POOL,
    SERVICE,
    SMS,
    TOKEN,
    WHATSAPP_SENDER,
    answer,
    answered,
    fields_of,
    make_config,
    refusal,
)

PICTURE = "https://files.example.com/a.png"
MESSAGES = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
PLAIN_WHATSAPP = make_config(whatsapp_buttons=False)


def button(title: str, words: str = "") -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": words or title}]}}


def question(*titles: str, text: str = "Which colour?") -> RichContent:
    return RichContent(text=text, quick_replies={"type": "quickReplies", "replies": [button(title) for title in titles]})


def send(
    content: Content, config: TwilioConfig = SMS, *, vendor: Callable[[HttpCall, int], HttpResponse] = answer, **context: Any
) -> tuple[Sent, list[HttpCall]]:
    context.setdefault("to", CONSUMERS[0] if config.sender == WHATSAPP_SENDER else PERSON)
    calls: list[HttpCall] = []

    def noted(call: HttpCall, number: int) -> HttpResponse:
        calls.append(call)
        return vendor(call, number)

    sent, _ = drive(CASE.provider, CASE.provider.send(content, config, CASE.context(**context)), noted)
    return sent, calls


def messages(content: Content, config: TwilioConfig = SMS, **context: Any) -> list[dict[str, str]]:
    """The messages that leave, without what is the same in all."""
    _, calls = send(content, config, **context)
    return [
        {name: value for name, value in fields_of(call).items() if name not in ("To", "From", "StatusCallback")}
        for call in calls
        if call.effect
    ]


def test_a_text_is_one_form_with_the_status_callback_of_its_part() -> None:
    # when
    sent, (call,) = send(Text(text="Hé & ho 🙂"))
    # then
    assert (call.method, call.url, call.effect, call.purpose) == ("POST", MESSAGES, True, "send_text")
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert call.headers["Authorization"] == "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    message_id = CASE.context().message_id
    assert fields_of(call) == {
        "To": PERSON,
        "From": NUMBER,
        "Body": "Hé & ho 🙂",
        "StatusCallback": f"https://connect.example.com/webhooks/callback?part={message_id}-1",
    }
    assert sent.parts == (("SM" + "0" * 32, f"{message_id}-1"),)


def test_an_api_key_makes_the_calls_where_there_is_one() -> None:
    _, (call,) = send(Text(text="hello"), CONFIG)
    assert call.headers["Authorization"] == "Basic " + base64.b64encode(f"{KEY}:canary-api-key-secret".encode()).decode()


def test_a_messaging_service_chooses_the_number() -> None:
    _, (call,) = send(Text(text="hello"), POOL)
    assert fields_of(call)["MessagingServiceSid"] == SERVICE
    assert "From" not in fields_of(call)


@pytest.mark.parametrize(
    ("text", "sizes"),
    [("a" * 1600, [1600]), ("a" * 1601, [1600, 1]), ("🙂" * 800, [800]), ("🙂" * 801, [800, 1]), ("é " * 1200, [1599, 800])],
)
def test_a_long_text_is_cut_at_1600_and_not_at_one_sms(text: str, sizes: list[int]) -> None:
    bodies = [fields["Body"] for fields in messages(Text(text=text))]
    assert [len(body) for body in bodies] == sizes
    assert "".join("".join(bodies).split()) == "".join(text.split())


def test_smart_encoding_is_asked_for_in_sms_only() -> None:
    assert messages(Text(text="“so”"), make_config(sender=NUMBER, smart_encoding=True)) == [{"Body": "“so”", "SmartEncoded": "true"}]
    assert messages(Text(text="“so”"), make_config(smart_encoding=True)) == [{"Body": "“so”"}]


# Files

IMAGE = File(kind=FileKind.IMAGE, url=PICTURE, caption="The mug")


@pytest.mark.parametrize(
    ("file", "config", "expected"),
    [
        (IMAGE, SMS, [{"Body": f"The mug\n{PICTURE}"}]),
        (IMAGE, MMS, [{"Body": "The mug", "MediaUrl": PICTURE}]),
        (replace(IMAGE, kind=FileKind.DOCUMENT, name="a.pdf", caption=""), MMS, [{"Body": f"a.pdf\n{PICTURE}"}]),
        (IMAGE, CONFIG, [{"Body": "The mug", "MediaUrl": PICTURE}]),
        (replace(IMAGE, caption=""), CONFIG, [{"MediaUrl": PICTURE}]),
        (replace(IMAGE, kind=FileKind.AUDIO, mime_type="audio/ogg; codecs=opus"), CONFIG, [{"MediaUrl": PICTURE}, {"Body": "The mug"}]),
        (replace(IMAGE, caption="a" * 1025), CONFIG, [{"MediaUrl": PICTURE}, {"Body": "a" * 1025}]),
        (replace(IMAGE, mime_type="image/gif"), CONFIG, [{"MediaUrl": PICTURE}, {"Body": "The mug"}]),
        (replace(IMAGE, mime_type="image/gif"), MMS, [{"Body": "The mug", "MediaUrl": PICTURE}]),
        (replace(IMAGE, mime_type="image/webp"), CONFIG, [{"Body": f"The mug\n{PICTURE}"}]),
        (replace(IMAGE, mime_type="image/svg+xml"), MMS, [{"Body": f"The mug\n{PICTURE}"}]),
        (replace(IMAGE, kind=FileKind.DOCUMENT, mime_type="application/zip"), CONFIG, [{"Body": f"The mug\n{PICTURE}"}]),
        (replace(IMAGE, kind=FileKind.DOCUMENT, mime_type="application/pdf"), CONFIG, [{"Body": "The mug", "MediaUrl": PICTURE}]),
        (replace(IMAGE, kind=FileKind.DOCUMENT, mime_type="text/csv; charset=utf-8"), CONFIG, [{"MediaUrl": PICTURE}, {"Body": "The mug"}]),
        (replace(IMAGE, size_bytes=5 * 2**20), CONFIG, [{"Body": "The mug", "MediaUrl": PICTURE}]),
        (replace(IMAGE, size_bytes=5 * 2**20 + 1), CONFIG, [{"Body": f"The mug\n{PICTURE}"}]),
        (replace(IMAGE, size_bytes=5 * 2**20 + 1), MMS, [{"Body": f"The mug\n{PICTURE}"}]),
        (replace(IMAGE, kind=FileKind.DOCUMENT, size_bytes=16 * 2**20), CONFIG, [{"Body": "The mug", "MediaUrl": PICTURE}]),
        (replace(IMAGE, kind=FileKind.DOCUMENT, size_bytes=16 * 2**20 + 1), CONFIG, [{"Body": f"The mug\n{PICTURE}"}]),
        (replace(IMAGE, url="https://files.example.com/a"), CONFIG, [{"Body": "The mug", "MediaUrl": "https://files.example.com/a"}]),
        (replace(IMAGE, url="https://["), CONFIG, [{"Body": "The mug", "MediaUrl": "https://["}]),
    ],
)
def test_a_file(file: File, config: TwilioConfig, expected: list[dict[str, str]]) -> None:
    assert messages(file, config) == expected


def test_a_link_for_a_file_is_reported() -> None:
    sent, _ = send(IMAGE)
    assert [(loss.path, loss.kind) for loss in sent.losses] == [("/url", LossKind.REDUCED)]


def test_a_file_that_twilio_does_not_take_goes_as_a_link() -> None:
    def vendor(call: HttpCall, number: int) -> HttpResponse:
        return refusal(21620) if "MediaUrl" in fields_of(call) else answer(call, number)

    sent, calls = send(IMAGE, MMS, vendor=vendor)
    assert [fields_of(call).get("Body") for call in calls] == ["The mug", f"The mug\n{PICTURE}"]
    assert [loss.kind for loss in sent.losses] == [LossKind.REDUCED]
    assert len(sent.parts) == 1


def test_another_refusal_of_a_file_is_let_through() -> None:
    with pytest.raises(RecipientGone):
        send(IMAGE, MMS, vendor=lambda *_: refusal(21610))


# Places and contacts


def test_a_place_is_a_pin_on_whatsapp_and_a_link_in_an_sms() -> None:
    place = Location(latitude=52.3791, longitude=4.9003, title="Centraal", address="Stationsplein 1")
    assert messages(place, CONFIG) == [{"Body": "Centraal", "PersistentAction": "geo:52.3791,4.9003|Stationsplein 1"}]
    assert messages(replace(place, title="", address=""), CONFIG) == [{"Body": "52.3791, 4.9003", "PersistentAction": "geo:52.3791,4.9003"}]
    (by_sms,) = messages(place)
    assert by_sms["Body"] == "Centraal\nStationsplein 1\nhttps://www.google.com/maps/search/?api=1&query=52.3791,4.9003"


def test_a_contact_is_lines() -> None:
    assert messages(Contact(name="Ana", phone="+15550100"), CONFIG) == [{"Body": "Ana\n+15550100"}]


# Structured content


def test_up_to_three_choices_are_buttons_on_whatsapp() -> None:
    # when
    sent, (made, message) = send(question("Red", "Blue", "Green"), CONFIG)
    # then
    assert (made.url, made.effect, made.purpose) == ("https://content.twilio.com/v1/Content", False, "create_content")
    message_id = CASE.context().message_id
    ids = [f"pick:{message_id}:{number}" for number in (1, 2, 3)]
    actions = [{"type": "QUICK_REPLY", "title": title, "id": id_} for title, id_ in zip(("Red", "Blue", "Green"), ids, strict=True)]
    assert json.loads(made.body) == {
        "friendly_name": f"connector {message_id}",
        "language": "en",
        "types": {"twilio/quick-reply": {"body": "Which colour?", "actions": actions}},
    }
    assert fields_of(message)["ContentSid"] == "HX" + "0" * 32
    assert "Body" not in fields_of(message)
    assert [choice.payload for choice in sent.shown] == ids
    assert len(sent.parts) == 1


@pytest.mark.parametrize("titles", [("1", "2", "3", "4"), ("Buy", "Buy")])
def test_more_choices_or_two_of_one_title_are_a_list(titles: tuple[str, ...]) -> None:
    _, (made, _) = send(question(*titles), CONFIG)
    picker = json.loads(made.body)["types"]["twilio/list-picker"]
    assert [item["item"] for item in picker["items"]] == list(titles)
    assert len({item["id"] for item in picker["items"]}) == len(titles)
    assert (picker["body"], picker["button"]) == ("Which colour?", "Choose")


def test_words_that_do_not_fit_above_buttons_go_before_them() -> None:
    _, calls = send(question("Red", text="word " * 300), CONFIG)
    before, message = [call for call in calls if call.effect]
    body = json.loads(calls[0].body)["types"]["twilio/quick-reply"]["body"]
    assert len(body) <= 1024
    assert f"{fields_of(before)['Body']} {body}".split() == ["word"] * 300
    assert "ContentSid" in fields_of(message)


@pytest.mark.parametrize("config", [SMS, MMS, PLAIN_WHATSAPP])
def test_elsewhere_choices_are_numbered(config: TwilioConfig) -> None:
    sent, (call,) = send(question("Red", "Blue"), config)
    assert fields_of(call)["Body"] == "Which colour?\n1) Red\n2) Blue"
    assert [(choice.number, choice.is_numbered, choice.payload) for choice in sent.shown] == [(1, True, ""), (2, True, "")]


def test_numbered_lines_stand_in_for_buttons_that_twilio_does_not_take() -> None:
    def vendor(call: HttpCall, number: int) -> HttpResponse:
        return answered({"code": 20403}, 403) if not call.effect else answer(call, number)

    sent, calls = send(question("Red", "Blue"), CONFIG, vendor=vendor)
    assert fields_of(calls[-1])["Body"] == "Which colour?\n1) Red\n2) Blue"
    assert all(choice.is_numbered for choice in sent.shown)
    assert "numbered" in sent.losses[-1].reason


@pytest.mark.parametrize(
    ("response", "error"), [(answered({}, 503), ServerFault), (refusal(20429, 429), Throttled), (answered({}), ServerFault)]
)
def test_trouble_that_passes_is_no_reason_to_give_up_the_buttons(response: HttpResponse, error: type[DeliveryError]) -> None:
    with pytest.raises(error):
        send(question("Red", "Blue"), CONFIG, vendor=lambda *_: response)


def test_braces_would_be_variables_in_a_content() -> None:
    sent, (call,) = send(question("Red", text="Use {{1}}?"), CONFIG)
    assert fields_of(call)["Body"] == "Use {{1}}?\n1) Red"
    assert "variable" in sent.losses[-1].reason


def test_pictures_of_a_card_leave_as_mms_where_that_is_allowed() -> None:
    card = RichContent(
        content={"type": "vertical", "elements": [{"type": "image", "url": PICTURE}, {"type": "text", "text": "Mug"}, button("Buy")]}
    )
    assert messages(card, MMS) == [{"MediaUrl": PICTURE}, {"Body": "Mug\n1) Buy"}]
    assert messages(card, SMS) == [{"Body": f"{PICTURE}\nMug\n1) Buy"}]


# Typing

TYPES = ChatState(state=ChatStateKind.COMPOSING)
NEWEST, BEFORE = "MM" + "a" * 32, "SM" + "b" * 32


def test_typing_names_the_persons_newest_message() -> None:
    sent, (call,) = send(TYPES, CONFIG, recent_source_ids=(f"{NEWEST}#1", BEFORE))
    assert (call.method, call.url, call.effect) == ("POST", "https://messaging.twilio.com/v3/Indicators/Typing.json", False)
    assert json.loads(call.body) == {"channel": "WHATSAPP", "messageId": NEWEST}
    assert call.headers["Authorization"] == "Basic " + base64.b64encode(f"{KEY}:canary-api-key-secret".encode()).decode()
    assert sent == Sent()


def test_a_messaging_service_types_to_who_is_on_whatsapp() -> None:
    _, on_whatsapp = send(TYPES, POOL, to=CONSUMERS[0], recent_source_ids=(BEFORE,))
    _, by_sms = send(TYPES, POOL, to=PERSON, recent_source_ids=(BEFORE,))
    assert (len(on_whatsapp), len(by_sms)) == (1, 0)


@pytest.mark.parametrize(
    ("content", "config", "recent"),
    [
        (TYPES, SMS, (NEWEST,)),
        (TYPES, CONFIG, ()),
        (TYPES, CONFIG, ("status:read:SM1", "SM12", "HX" + "a" * 32)),
        (TYPES, make_config(whatsapp_typing=False), (NEWEST,)),
        (ChatState(state=ChatStateKind.PAUSED), CONFIG, (NEWEST,)),
        (Receipt(kind=ReceiptKind.READ, sequences=(1,)), CONFIG, (NEWEST,)),
    ],
    ids=["sms", "no message", "none of Twilio's", "switched off", "paused", "read"],
)
def test_what_twilio_cannot_show_makes_no_call(content: Content, config: TwilioConfig, recent: tuple[str, ...]) -> None:
    assert send(content, config, recent_source_ids=recent) == (Sent(), [])


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("jpg", [{"MediaUrl": "https://x.example/a.jpg", "Body": "Mug"}]),
        ("gif", [{"MediaUrl": "https://x.example/a.gif"}, {"Body": "Mug"}]),
        ("webp", [{"Body": "Mug\nhttps://x.example/a.webp"}]),
    ],
)
def test_a_picture_of_a_card_carries_words_where_whatsapp_lets_it(ending: str, expected: list[dict[str, str]]) -> None:
    elements = [{"type": "image", "url": f"https://x.example/a.{ending}", "caption": "Mug"}]
    card = RichContent(content={"type": "vertical", "elements": elements})
    sent, calls = send(card, PLAIN_WHATSAPP)
    assert [{name: fields_of(call)[name] for name in ("MediaUrl", "Body") if name in fields_of(call)} for call in calls] == expected
    assert ("links" in str([loss.reason for loss in sent.losses])) == (ending == "webp")


# What cannot go


def test_the_window_of_whatsapp_is_known_without_a_call() -> None:
    def never(call: HttpCall, number: int) -> HttpResponse:
        raise AssertionError("no call should be made")

    day = timedelta(hours=24)
    send(Text(text="hello"), CONFIG, last_inbound_at=NOW - day)
    send(Text(text="hello"), CONFIG, last_inbound_at=None)
    send(Text(text="hello"), SMS, last_inbound_at=NOW - 30 * day)
    for content in (Text(text="hello"), question("Red"), IMAGE):
        with pytest.raises(WindowClosed) as caught:
            send(content, CONFIG, vendor=never, last_inbound_at=NOW - day - timedelta(seconds=1))
        assert "templates" in caught.value.message


def test_nobody_answers_a_name() -> None:
    with pytest.raises(RecipientGone):
        send(Text(text="hello"), to="MyBank")
    send(Text(text="hello"), to="3020")


def test_who_wrote_by_rcs_is_answered_by_rcs() -> None:
    _, (call,) = send(Text(text="hello"), POOL, to=f"rcs:{PERSON}")
    assert fields_of(call)["To"] == f"rcs:{PERSON}"
    with pytest.raises(RecipientGone):
        send(Text(text="hello"), POOL, to="rcs:agent")


@pytest.mark.parametrize("content", [Text(text="  "), File(kind=FileKind.IMAGE), RichContent()])
def test_what_holds_nothing_is_refused(content: Content) -> None:
    with pytest.raises(UnsupportedContent):
        send(content)


def test_a_success_without_a_sid_proves_nothing() -> None:
    for body in ({}, {"sid": None}, {"sid": "42"}, []):
        with pytest.raises(OutcomeUnknown):
            send(Text(text="hello"), vendor=lambda *_, body=body: answered(body, 201))


def test_a_refused_text_is_let_through() -> None:
    with pytest.raises(ContentRejected):
        send(Text(text="hello"), vendor=lambda *_: refusal(30007))
