"""The exact calls that leave for Meta."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from channels_app.providers._meta.verify import appsecret_proof
from channels_app.providers.base import Sent
from channels_app.providers.whatsapp import WhatsAppConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import DeliveryError, OutcomeUnknown, UnsupportedContent, WindowClosed
from connector_platform.core.events import (
    ChatState,
    ChatStateKind,
    Close,
    Contact,
    Content,
    ConversationChange,
    File,
    FileKind,
    Location,
    Receipt,
    ReceiptKind,
    Selection,
    Text,
)
from tests.providers._meta.case import json_response
from tests.providers.contract.cases import NOW, drive, send
from tests.providers.whatsapp.case import APP_CONFIG, APP_SECRET, CASE, CONFIG, CONSUMERS, PHONE_NUMBER_ID, TOKEN, error_response

PLAIN_APP = APP_CONFIG.model_copy(update={"send_appsecret_proof": False})
HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
URL = f"https://graph.facebook.com/v25.0/{PHONE_NUMBER_ID}/messages"
FRAME = {"messaging_product": "whatsapp", "recipient_type": "individual", "to": CONSUMERS[0]}


def sent(content: Content, *, config: WhatsAppConfig = CONFIG, **context: Any) -> tuple[Sent, list[HttpCall]]:
    return send(CASE, content, config=config, context=CASE.context(**{"app": PLAIN_APP, **context}))


def messages(content: Content, **context: Any) -> list[Any]:
    """The messages that leave, after everything around them was asserted."""
    _, calls = sent(content, **context)
    found = []
    for call in calls:
        payload = json.loads(call.body)
        assert (call.method, call.url, call.headers, call.effect) == ("POST", URL, HEADERS, True)
        assert {key: payload.pop(key, None) for key in FRAME} == FRAME
        assert call.purpose == f"send_{payload['type']}"
        found.append(payload)
    return found


def text(body: str, *, preview: bool = False) -> dict[str, Any]:
    return {"type": "text", "text": {"body": body, "preview_url": preview}}


def test_a_text_is_one_call() -> None:
    result, calls = sent(Text(text="Où est 📦 ?"))
    assert result == Sent(parts=(("wamid.out0",),))
    assert calls == [
        HttpCall(
            method="POST",
            url=URL,
            headers=HEADERS,
            body=(
                '{"messaging_product":"whatsapp","recipient_type":"individual","to":"31612345678","type":"text",'
                '"text":{"body":"Où est 📦 ?","preview_url":false}}'
            ).encode(),
            purpose="send_text",
            effect=True,
        )
    ]


def test_who_hides_the_number_is_addressed_as_recipient() -> None:
    _, (call,) = sent(Text(text="oi"), to=CONSUMERS[1])
    payload = json.loads(call.body)
    assert payload["recipient"] == CONSUMERS[1]
    assert "to" not in payload


def test_the_proof_goes_with_every_call_where_the_app_wants_it() -> None:
    _, (call,) = sent(Text(text="hi"), app=APP_CONFIG)
    assert call.url == f"{URL}?appsecret_proof={appsecret_proof(TOKEN, APP_SECRET)}"


def test_an_address_in_a_text_gets_a_preview() -> None:
    assert messages(Text(text="see https://example.com/a")) == [text("see https://example.com/a", preview=True)]


def test_a_long_text_goes_out_in_parts_one_after_another() -> None:
    result, calls = sent(Text(text="word " * 2000))
    assert [len(json.loads(call.body)["text"]["body"]) for call in calls] == [4094, 4094, 1810]
    assert result.parts == (("wamid.out0",), ("wamid.out1",), ("wamid.out2",))


def test_only_the_first_part_quotes() -> None:
    _, calls = sent(Text(text="a" * 5000, reply_to="wamid.theirs"))
    assert [json.loads(call.body).get("context") for call in calls] == [{"message_id": "wamid.theirs"}, None]
    _, (call,) = sent(Text(text="a", reply_to="not one of WhatsApp's"))
    assert "context" not in json.loads(call.body)


# Files


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", mime_type="image/png", caption="A mug"),
            {"type": "image", "image": {"link": "https://files.example.com/a.png", "caption": "A mug"}},
        ),
        (
            File(kind=FileKind.IMAGE, url="https://files.example.com/a"),
            {"type": "image", "image": {"link": "https://files.example.com/a"}},
        ),
        (
            File(kind=FileKind.IMAGE, url="https://files.example.com/a.gif", mime_type="image/gif", name="wave.gif", caption="Hi"),
            {"type": "document", "document": {"link": "https://files.example.com/a.gif", "caption": "Hi", "filename": "wave.gif"}},
        ),
        (
            File(kind=FileKind.IMAGE, url="https://files.example.com/x/a.webp?size=1"),
            {"type": "document", "document": {"link": "https://files.example.com/x/a.webp?size=1", "filename": "a.webp"}},
        ),
        (
            File(kind=FileKind.DOCUMENT, url="https://files.example.com/12ab", mime_type="application/pdf", name="terms.pdf"),
            {"type": "document", "document": {"link": "https://files.example.com/12ab", "filename": "terms.pdf"}},
        ),
        (
            File(kind=FileKind.VIDEO, url="https://files.example.com/a.mp4", mime_type="video/mp4", caption="c"),
            {"type": "video", "video": {"link": "https://files.example.com/a.mp4", "caption": "c"}},
        ),
        (
            File(kind=FileKind.VIDEO, url="https://files.example.com/a.mov", mime_type="video/quicktime"),
            {"type": "document", "document": {"link": "https://files.example.com/a.mov", "filename": "a.mov"}},
        ),
        (
            File(kind=FileKind.AUDIO, url="https://files.example.com/a.ogg", mime_type="audio/ogg; codecs=opus"),
            {"type": "audio", "audio": {"link": "https://files.example.com/a.ogg"}},
        ),
    ],
)
def test_a_file_goes_out_as_what_whatsapp_takes_it_for(file: File, expected: dict[str, Any]) -> None:
    assert messages(file) == [expected]


MB = 1024 * 1024


@pytest.mark.parametrize(
    ("kind", "mime_type", "most"),
    [(FileKind.IMAGE, "image/jpeg", 5 * MB), (FileKind.VIDEO, "video/mp4", 16 * MB), (FileKind.AUDIO, "audio/mpeg", 16 * MB)],
)
def test_what_is_too_large_for_its_kind_goes_out_as_a_document(kind: FileKind, mime_type: str, most: int) -> None:
    types = [
        messages(File(kind=kind, url="https://files.example.com/a", name="a", mime_type=mime_type, size_bytes=size))[0]["type"]
        for size in (most, most + 1)
    ]
    assert types == [kind.value, "document"]


def test_what_is_too_large_for_a_document_does_not_go() -> None:
    terms = File(kind=FileKind.DOCUMENT, url="https://files.example.com/a.pdf", size_bytes=100 * MB)
    assert messages(terms)
    with pytest.raises(UnsupportedContent, match="100 MB"):
        messages(replace(terms, size_bytes=100 * MB + 1))


def test_a_caption_without_a_place_follows_and_is_reported() -> None:
    audio = File(kind=FileKind.AUDIO, url="https://files.example.com/a.mp3", caption="listen")
    assert messages(audio)[1:] == [text("listen")]
    long = File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", caption="c" * 1025)
    assert [one["type"] for one in messages(long)] == ["image", "text"]
    assert [loss.path for loss in sent(long)[0].losses] == ["/caption"]
    assert messages(replace(long, caption="c" * 1024))[0]["image"]["caption"] == "c" * 1024


def test_places_and_contacts_are_native() -> None:
    assert messages(Location(latitude=0.0, longitude=9.4532, title="Port", address="Bord de Mer")) == [
        {"type": "location", "location": {"latitude": 0.0, "longitude": 9.4532, "name": "Port", "address": "Bord de Mer"}}
    ]
    assert messages(Location(latitude=1, longitude=2)) == [{"type": "location", "location": {"latitude": 1, "longitude": 2}}]
    assert messages(Contact(name="Ana", phone="+15550100", email="ana@example.com")) == [
        {
            "type": "contacts",
            "contacts": [
                {
                    "name": {"formatted_name": "Ana", "first_name": "Ana"},
                    "phones": [{"phone": "+15550100"}],
                    "emails": [{"email": "ana@example.com"}],
                }
            ],
        }
    ]


@pytest.mark.parametrize("content", [Text(text=" \n"), File(kind=FileKind.IMAGE, url="ftp://x"), Selection(payload="p"), Contact()])
def test_what_has_no_form_is_refused_before_any_call(content: Content) -> None:
    with pytest.raises(UnsupportedContent):
        sent(content)


# Marks


def test_typing_and_reading_name_the_newest_message() -> None:
    for content, more in (
        (ChatState(state=ChatStateKind.COMPOSING), {"typing_indicator": {"type": "text"}}),
        (Receipt(kind=ReceiptKind.READ, sequences=(1,)), {}),
    ):
        result, (call,) = sent(content)
        assert result == Sent()
        assert (call.url, call.effect) == (URL, False)
        assert json.loads(call.body) == {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.latest", **more}


@pytest.mark.parametrize(
    "content",
    [
        ChatState(state=ChatStateKind.PAUSED),
        Receipt(kind=ReceiptKind.DELIVERED, sequences=(1,)),
        Close(),
        ConversationChange(state="CLOSE", stage="CLOSE", changed_at_ms=1),
    ],
)
def test_what_whatsapp_cannot_show_makes_no_call(content: Content) -> None:
    assert sent(content) == (Sent(), [])


def test_marks_need_a_message_and_the_operators_leave() -> None:
    typing, read = ChatState(state=ChatStateKind.COMPOSING), Receipt(kind=ReceiptKind.READ, sequences=(1,))
    assert sent(typing, recent_source_ids=("reaction:wamid.1", "preference:x")) == (Sent(), [])
    quiet = CONFIG.model_copy(update={"show_typing": False, "show_read": False})
    assert sent(typing, config=quiet) == (Sent(), [])
    assert sent(read, config=quiet) == (Sent(), [])


# The window


def test_the_window_closes_after_a_day_and_names_the_templates() -> None:
    edge = NOW - timedelta(hours=24)
    assert sent(Text(text="hi"), last_inbound_at=edge)[1]
    assert sent(Text(text="hi"), last_inbound_at=None)[1], "where nobody knows, Meta decides"
    with pytest.raises(WindowClosed) as caught:
        sent(Text(text="hi"), last_inbound_at=edge - timedelta(seconds=1))
    assert "more than 24 hours ago" in caught.value.message
    assert "“#template reopen”" in caught.value.message
    assert "“#template order_update:en_US order | day” (news of an order)" in caught.value.message
    assert len(caught.value.message) <= 500, "what the operator sees is cut there"


def test_where_meta_closes_the_window_the_templates_are_named_too() -> None:
    refused = error_response("131047", status=400)
    with pytest.raises(WindowClosed) as caught:
        drive(CASE.provider, CASE.provider.send(Text(text="hi"), CONFIG, CASE.context()), lambda *_: refused)
    assert caught.value.provider_code == "131047"
    assert "more than 24 hours have passed" in caught.value.message
    assert "“#template reopen”" in caught.value.message


def test_without_templates_the_window_says_so() -> None:
    with pytest.raises(WindowClosed, match="has no templates"):
        sent(Text(text="hi"), config=CONFIG.model_copy(update={"templates": []}), last_inbound_at=NOW - timedelta(days=2))


def test_marks_are_made_outside_the_window_too() -> None:
    assert len(sent(ChatState(state=ChatStateKind.COMPOSING), last_inbound_at=NOW - timedelta(days=2))[1]) == 1


# Answers


@pytest.mark.parametrize("body", [{}, {"messages": []}, {"messages": [None]}, {"messages": [{"id": 7}]}, {"messages": {}}, []])
def test_an_answer_without_an_id_is_unknown(body: Any) -> None:
    with pytest.raises(OutcomeUnknown):
        drive(CASE.provider, CASE.provider.send(Text(text="hi"), CONFIG, CASE.context()), lambda *_: json_response(body))


def test_a_second_part_that_fails_stops_the_third() -> None:
    calls: list[HttpCall] = []

    def answer(call: HttpCall, number: int) -> HttpResponse:
        calls.append(call)
        return CASE.answer(call, number) if number == 0 else HttpResponse(status=500)

    with pytest.raises(DeliveryError):
        drive(CASE.provider, CASE.provider.send(Text(text="a" * 10_000), CONFIG, CASE.context()), answer)
    assert len(calls) == 2
