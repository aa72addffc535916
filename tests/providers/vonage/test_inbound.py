"""What callbacks say, beyond what the fixtures show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers.vonage import Vonage
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import OptIn, OptOut, Receipt, Text, Unsupported, content_to_json
from tests.providers.vonage.case import FIXTURES, NUMBER, SMS_CONFIG, fixture_request, form, make_config, message, post, sign


def contents(body: Any, **config: Any) -> list[Any]:
    return [event.content for event in Vonage().parse(post(body), make_config(**config)).events]


@pytest.mark.parametrize("word", ["Stop", "stop ", "UNSUBSCRIBE", "\nQuit"])
def test_a_stop_word_alone_opts_out(word: str) -> None:
    assert contents(message(text=word)) == [OptOut(reason=word.strip())]


@pytest.mark.parametrize("text", ["please stop", "stop!", "STOP it"])
def test_a_stop_word_among_others_is_a_text(text: str) -> None:
    assert contents(message(text=text)) == [Text(text=text)]


def test_the_words_are_the_operators() -> None:
    config = {"stop_keywords": ["ARRÊT"], "start_keywords": ["Reprendre"]}
    assert contents(message(text="arrêt"), **config) == [OptOut(reason="arrêt")]
    assert contents(message(text="REPRENDRE"), **config) == [OptIn()]
    assert contents(message(text="STOP"), **config) == [Text(text="STOP")]


def test_a_status_is_known_by_what_it_holds_not_by_where_it_comes() -> None:
    status = fixture_request(FIXTURES / "status_delivered__sms.json")
    other = replace(status, path="/inbound")
    assert Vonage().parse(status, make_config()) == Vonage().parse(other, make_config())


@pytest.mark.parametrize(
    ("number", "title", "again", "is_opt_out"),
    [("2", "1180", 3, False), ("7", "1220", 2, False), ("8", "1230", 2, False), ("3", "1190", 0, False), ("9", "1240", 0, True)],
)
def test_what_a_code_leads_to_in_a_report_of_either_api(number: str, title: str, again: int, is_opt_out: bool) -> None:
    receipt = {"msisdn": "31612345678", "to": NUMBER, "messageId": "1", "status": "failed", "err-code": number}
    status = {"message_uuid": "1", "to": "31612345678", "from": NUMBER, "status": "rejected", "channel": "sms", "error": {"title": title}}
    for request, config in ((form(receipt), SMS_CONFIG), (post(status), make_config())):
        failed, *more = Vonage().parse(request, config).events
        assert isinstance(failed.content, Receipt)
        assert failed.content.again == again
        assert [event.content for event in more] == [OptOut(reason="opted out at Vonage")] * is_opt_out
        assert {event.consumer_id for event in (failed, *more)} == {"31612345678"}


def test_what_is_not_readable_is_answered_200_because_vonage_repeats_for_a_day() -> None:
    for request, config in (
        (post(b"[]"), make_config()),
        (post(b"nonsense"), make_config()),
        (form({str(number): "" for number in range(101)}), SMS_CONFIG),
        (post({"msisdn": {"a": 1}}), SMS_CONFIG),
        (post(b"\xff", "/inbound"), SMS_CONFIG),
    ):
        with pytest.raises(PayloadMalformed) as caught:
            Vonage().parse(request, config)
        assert caught.value.status == 200


def test_the_accounts_key_and_the_signature_are_not_kept() -> None:
    (event,) = Vonage().parse(sign(fixture_request(FIXTURES / "sms_message__text_query.txt")), SMS_CONFIG).events
    assert event.raw.startswith(b'{"msisdn":"31612345678"')
    for name in (b"api-key", b"sig", b"nonce"):
        assert name not in event.raw


def test_numbers_in_json_are_read_as_texts() -> None:
    (event,) = Vonage().parse(post({"msisdn": 31612345678, "to": 3197010200300, "messageId": "1", "text": "hi"}), SMS_CONFIG).events
    assert (event.consumer_id, event.address) == ("31612345678", "3197010200300")


@pytest.mark.parametrize("url", ["http://[", "https://", "ftp://a.example/b", "https://a.example/" + "x" * 2000, ""])
def test_a_file_at_no_address_is_a_line_for_the_agent(url: str) -> None:
    (content,) = contents(message(message_type="image", image={"url": url}))
    assert isinstance(content, Unsupported)


@settings(deadline=None)
@given(body=st.binary(max_size=200))
def test_any_form_is_read_or_malformed(body: bytes) -> None:
    try:
        parsed = Vonage().parse(replace(form({}), body=body), SMS_CONFIG)
    except PayloadMalformed:
        return
    assert not parsed.events


@settings(deadline=None)
@given(
    value=st.text(max_size=30), name=st.sampled_from(["msisdn", "to", "messageId", "text", "type", "status", "scts", "err-code", "concat"])
)
def test_any_value_of_a_parameter_can_be_stored(value: str, name: str) -> None:
    base = {"msisdn": "31612345678", "to": "1", "messageId": "1", "text": "hi"}
    for event in Vonage().parse(form({**base, name: value.encode("utf-8", "replace").decode()}), SMS_CONFIG).events:
        stored = f"{event.consumer_id}{event.source_id}{event.address}{content_to_json(event.content)}"
        stored.encode()
        assert "\x00" not in stored
