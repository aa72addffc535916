"""Sending to an obliging vendor and to one that refuses: every content has an outcome, no secret leaves where it should not."""

from __future__ import annotations

import json
import math
from urllib.parse import unquote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.providers.base import Sent, TextUnit
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import CredentialsRejected, DeliveryError, UnsupportedContent, WindowClosed
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
    OptIn,
    OptOut,
    Rating,
    Receipt,
    ReceiptKind,
    RichContent,
    Selection,
    Text,
    Unsupported,
)
from connector_platform.core.redaction import redact
from connector_platform.core.text import utf16_units
from tests.providers.contract.cases import NOW, ProviderCase, drive, send

API_BASE = "http://127.0.0.1:9/vendor"


def _button(title: str, words: str) -> dict[str, object]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": words}]}}


CARD = RichContent(
    content={
        "type": "vertical",
        "elements": [
            {"type": "image", "url": "https://cdn.example.com/mug.png", "tooltip": "mug"},
            {"type": "text", "text": "Blue mug"},
            {"type": "text", "text": "Holds a lot"},
            _button("Buy", "I buy the mug"),
            {"type": "button", "title": "Look", "click": {"actions": [{"type": "link", "uri": "https://shop.example.com/mug"}]}},
        ],
    }
)
QUESTION = RichContent(
    text="Which colour?", quick_replies={"type": "quickReplies", "replies": [_button("Red", "red"), _button("Blue", "blue")]}
)
TWINS = RichContent(
    content={
        "type": "carousel",
        "elements": [
            {"type": "vertical", "elements": [{"type": "text", "text": name}, _button("Buy", "I buy it")]} for name in ("Mug", "Cup")
        ],
    }
)
ODD = RichContent(
    content={
        "type": "vertical",
        "elements": [
            {"type": "futureElement", "text": "Words in an unknown element", "elements": [{"type": "text", "text": "Words within"}]},
            {"type": "map", "la": 52.3791, "lo": 4.9003},
            *[_button(f"Choice {number}", f"choice {number}") for number in range(1, 8)],
        ],
    }
)

CONTENTS: dict[str, Content] = {
    "text": Text(text="hello"),
    "reply": Text(text="hello", reply_to="some-message"),
    "empty_text": Text(text=""),
    "image": File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", mime_type="image/png", name="a.png", size_bytes=10),
    "captioned": File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", mime_type="image/png", name="a.png", caption="A caption"),
    "document": File(kind=FileKind.DOCUMENT, url="https://files.example.com/a.pdf", mime_type="application/pdf", name="a.pdf"),
    "video": File(kind=FileKind.VIDEO, url="https://files.example.com/a.mp4", mime_type="video/mp4", name="a.mp4"),
    "audio": File(kind=FileKind.AUDIO, url="https://files.example.com/a.mp3", mime_type="audio/mpeg", name="a.mp3"),
    "file_without_address": File(kind=FileKind.DOCUMENT),
    "location": Location(latitude=52.3791, longitude=4.9003, title="Station", address="Stationsplein 1"),
    "selection": Selection(payload="p", title="t"),
    "composing": ChatState(state=ChatStateKind.COMPOSING),
    "paused": ChatState(state=ChatStateKind.PAUSED),
    "read": Receipt(kind=ReceiptKind.READ, sequences=(1,)),
    "accepted": Receipt(kind=ReceiptKind.DELIVERED, sequences=(1,)),
    "close": Close(),
    "rating": Rating(csat=5, resolved=True),
    "opt_out": OptOut(),
    "opt_in": OptIn(),
    "contact": Contact(name="Ana Example", phone="+15550100", email="ana@example.com"),
    "unsupported": Unsupported(kind="poll", description="sent a poll"),
    "card": CARD,
    "question": QUESTION,
    "odd": ODD,
    "empty_rich": RichContent(),
    "change": ConversationChange(state="CLOSE", stage="CLOSE", changed_at_ms=1793001600000),
}


def outcome(case: ProviderCase, content: Content) -> tuple[Sent | None, list[HttpCall]]:
    """What became of ``content``: None and no calls where the channel has no form for it."""
    calls: list[HttpCall] = []

    def answer(call: HttpCall, number: int) -> HttpResponse:
        calls.append(call)
        return case.answer(call, number)

    try:
        return drive(case.provider, case.provider.send(content, case.config, case.context()), answer)
    except (UnsupportedContent, WindowClosed) as error:
        assert not calls, "what cannot be sent must be known before the first call"
        assert not any(secret in str(error) for secret in case.secrets)
        return None, calls


def readable(call: HttpCall) -> str:
    """Everything that a call carries, escapes undone."""
    body = call.body.decode("utf-8", "replace")
    try:
        body = json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        body = unquote_plus(body)
    return f"{unquote_plus(call.url)} {body}"


@pytest.mark.parametrize("name", sorted(CONTENTS))
def test_every_content_has_an_outcome(case: ProviderCase, name: str) -> None:
    sent, calls = outcome(case, CONTENTS[name])
    assert isinstance(sent, Sent) or not calls
    for call in calls:
        assert call.method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        assert call.url.startswith(("https://", "http://"))
        assert call.purpose
    if sent is not None and any(call.effect for call in calls) and case.gives_ids:
        ids = [part_id for part in sent.parts for part_id in part]
        assert ids
        assert len(set(ids)) == len(ids)
        assert all(isinstance(part_id, str) and part_id for part_id in ids)


@pytest.mark.parametrize("name", sorted(CONTENTS))
def test_no_secret_is_in_an_address(case: ProviderCase, name: str) -> None:
    _, calls = outcome(case, CONTENTS[name])
    _, checks = drive(case.provider, case.provider.check(case.config, case.context()), case.answer)
    for call in (*calls, *checks):
        if not case.secrets_in_url:
            assert not any(secret in call.url for secret in case.secrets)
        for text in (call.url, *call.headers.values(), call.body.decode("utf-8", "replace")):
            assert not any(secret in redact(text, case.secrets) for secret in case.secrets)
        assert all(f"{header}{value}".isprintable() for header, value in call.headers.items())


@pytest.mark.parametrize("name", sorted(CONTENTS))
def test_the_same_content_makes_the_same_calls(case: ProviderCase, name: str) -> None:
    """On a retry the platform feeds the recorded answers, which only works when the calls do not change."""
    assert outcome(case, CONTENTS[name]) == outcome(case, CONTENTS[name])


def test_the_address_of_the_vendor_can_be_another(case: ProviderCase) -> None:
    if case.honours_api_base:
        _, calls = send(case, Text(text="hello"), context=case.context(api_base=API_BASE))
        _, checks = drive(case.provider, case.provider.check(case.config, case.context(api_base=API_BASE)), case.answer)
        assert calls
        assert all(call.url.startswith(API_BASE + "/") for call in (*calls, *checks))


def test_words_of_rich_content_are_never_dropped(case: ProviderCase) -> None:
    for content, words in (
        (CARD, ("Blue mug", "Holds a lot", "Buy", "Look", "https://shop.example.com/mug", "https://cdn.example.com/mug.png")),
        (QUESTION, ("Which colour?", "Red", "Blue")),
        (ODD, ("Words in an unknown element", "Words within", "52.3791", *(f"Choice {number}" for number in range(1, 8)))),
    ):
        sent, calls = outcome(case, content)
        assert sent is not None
        shown = " ".join(readable(call) for call in calls)
        for word in words:
            assert word in shown, word


# Text


@pytest.mark.parametrize("content", [QUESTION, TWINS], ids=["quick_replies", "twins"])
def test_a_button_names_exactly_its_choice(case: ProviderCase, content: RichContent) -> None:
    """Two buttons may say the same words and report different things: what stands behind each tells which was tapped."""
    sent, calls = send(case, content)
    payloads = [choice.payload for choice in sent.shown if choice.payload]
    assert payloads == [case.context().payload_for(choice) for choice in sent.shown if choice.payload]
    assert len(set(payloads)) == len(payloads)
    bodies = "".join(unquote_plus(call.body.decode()) + unquote_plus(call.url) for call in calls)
    assert [payload for payload in payloads if payload not in bodies] == []
    if case.provider.capabilities.buttons or case.provider.capabilities.quick_replies:
        assert payloads or not case.payload_comes_back, "nothing tells which choice was tapped"


def _pieces(case: ProviderCase, text: str) -> list[str]:
    _, calls = send(case, Text(text=text))
    return [piece for call in calls if (piece := case.sent_text(call))]


def _limit(case: ProviderCase) -> int:
    return case.text_limit or case.provider.capabilities.max_text


def test_a_text_of_exactly_the_limit_is_one_part(case: ProviderCase) -> None:
    text = "a" * _limit(case)
    assert _pieces(case, text) == [text]


def test_a_text_one_longer_than_the_limit_is_two_parts(case: ProviderCase) -> None:
    text = "a" * (_limit(case) + 1)
    pieces = _pieces(case, text)
    assert "".join(pieces) == text
    assert len(pieces) == (2 if case.splits_text else 1)
    if case.gives_ids:
        sent, _ = send(case, Text(text=text))
        assert len(sent.parts) == len(pieces)


def test_a_cut_leaves_every_character_whole(case: ProviderCase) -> None:
    measure = {TextUnit.UTF16: utf16_units, TextUnit.BYTES: lambda text: len(text.encode()), TextUnit.CHARACTERS: len}
    for offset in (0, 1, 2):
        text = "a" * offset + "🙂" * _limit(case)
        pieces = _pieces(case, text)
        assert "".join(pieces) == text
        unit = case.provider.capabilities.text_unit
        if unit in measure:
            assert all(measure[unit](piece) <= _limit(case) for piece in pieces)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(
        st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF, exclude_categories=("C", "Z", "M")), min_size=1), min_size=1
    )
)
def test_a_long_text_arrives_complete_and_in_order(case: ProviderCase, words: list[str]) -> None:
    text = " ".join(words * (1 + _limit(case) // 40))
    assert "".join("".join(_pieces(case, text)).split()) == "".join(text.split())


# Capabilities


def test_typing_is_shown_where_the_channel_says_so(case: ProviderCase) -> None:
    _, calls = outcome(case, ChatState(state=ChatStateKind.COMPOSING))
    assert bool(calls) == case.provider.capabilities.typing_out
    assert not any(call.effect for call in calls), "typing may be repeated"


def test_read_marks_are_shown_where_the_channel_says_so(case: ProviderCase) -> None:
    content = Receipt(kind=ReceiptKind.READ, sequences=(1,))
    context = case.context()
    try:
        _, calls = send(case, content, context=context)
    except UnsupportedContent:
        calls = []
    assert bool(calls) == case.provider.capabilities.mark_read_out
    assert not any(call.effect for call in calls)


def test_files_are_sent_where_the_channel_says_so(case: ProviderCase) -> None:
    able = case.provider.capabilities
    for name, is_able in (("image", able.images_out), ("document", able.files_out)):
        _, calls = outcome(case, CONTENTS[name])
        if is_able:
            assert calls, name


def test_a_text_is_an_effect(case: ProviderCase) -> None:
    _, calls = send(case, Text(text="hello"))
    assert sum(call.effect for call in calls) == 1


# Errors


def test_every_row_of_the_error_table_is_raised(case: ProviderCase, error_code: str) -> None:
    row = next(row for row in case.provider.errors if row.code == error_code)
    sample = case.error_samples[error_code]
    with pytest.raises(DeliveryError) as caught:
        drive(case.provider, case.provider.send(sample.content, sample.config or case.config, case.context()), lambda *_: sample.response)
    assert type(caught.value) is row.error
    assert caught.value.provider_code
    assert not any(secret in str(caught.value) for secret in case.secrets)


HOSTILE_BODIES = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b'"text"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"error":null}',
    b'{"error":[]}',
    b'{"error":"x"}',
    b'{"error":[1]}',
    b'{"error":{"code":[]}}',
)


@pytest.mark.parametrize("status", [200, 201, 204, 301, 400, 401, 403, 404, 409, 413, 422, 429, 500, 502, 503, 504])
def test_any_answer_is_a_success_or_one_of_our_errors(case: ProviderCase, status: int) -> None:
    headers: tuple[dict[str, str], ...] = (
        {},
        {"retry-after": "30"},
        {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"},
        {"retry-after": "-1"},
        {"retry-after": "inf"},
        {"retry-after": "nan"},
    )
    for body in HOSTILE_BODIES:
        for extra in headers:
            response = HttpResponse(status=status, headers=extra, body=body)
            for steps in (
                case.provider.send(Text(text="hello"), case.config, case.context()),
                case.provider.check(case.config, case.context()),
                case.provider.look_up_profile(case.config, case.context()),
            ):
                try:
                    _, calls = drive(case.provider, steps, lambda *_, response=response: response)
                except DeliveryError as error:
                    assert error.retry_after_s is None or (math.isfinite(error.retry_after_s) and error.retry_after_s >= 0)
                else:
                    assert status < 300 or not calls, "only a 2xx is a success"


def test_an_answer_that_repeats_our_secrets_does_not_reach_the_operator(case: ProviderCase) -> None:
    for secret in case.secrets:
        for body in (f"Malformed access token {secret}", json.dumps({"error": {"message": secret, "code": secret}, "message": secret})):
            for status in (400, 401, 403, 500):
                response = HttpResponse(status=status, body=body.encode())
                with pytest.raises(DeliveryError) as caught:
                    drive(
                        case.provider,
                        case.provider.send(Text(text="hello"), case.config, case.context()),
                        lambda *_, response=response: response,
                    )
                assert secret not in f"{caught.value} {caught.value.provider_code}"


def test_http_statuses_without_a_known_code_mean_what_they_say(case: ProviderCase) -> None:
    (first, *_) = send(case, Text(text="hello"))[1]
    for status, is_retryable in ((429, True), (500, True), (503, True), (404, False)):
        with pytest.raises(DeliveryError) as caught:
            case.provider.interpret(first, HttpResponse(status=status))
        assert caught.value.retryable is is_retryable, status


# The credential check


def test_the_check_ends_in_a_sentence(case: ProviderCase) -> None:
    sentence, calls = drive(case.provider, case.provider.check(case.config, case.context()), case.answer)
    assert sentence.endswith(".")
    assert not any(secret in sentence for secret in case.secrets)
    assert not any(call.effect for call in calls), "a check must not be seen by anybody"


def test_the_check_reports_refused_credentials(case: ProviderCase) -> None:
    refusal = HttpResponse(status=401)
    steps = case.provider.check(case.config, case.context())
    if drive(case.provider, case.provider.check(case.config, case.context()), case.answer)[1]:
        with pytest.raises(CredentialsRejected):
            drive(case.provider, steps, lambda *_: refusal)


def test_the_clock_of_the_suite_is_the_contexts(case: ProviderCase) -> None:
    assert case.context().now == NOW
