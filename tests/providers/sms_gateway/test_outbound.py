"""The exact requests that leave."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers.base import Sent
from channels_app.providers.sms_gateway import SmsGateway
from channels_app.providers.sms_gateway.config import SmsGatewayConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import CredentialsRejected, RecipientGone, UnsupportedContent
from connector_platform.core.events import Content, File, FileKind, RichContent, Text
from connector_platform.core.redaction import redact, secret_values
from tests.providers.contract.cases import NOW, drive
from tests.providers.sms_gateway.case import CASE, make_config, preset_config

ID = "0192f1c2-0000-7000-8000-000000000001"
CONTEXT = CASE.context()
FORM = "application/x-www-form-urlencoded"
ALL_VARIABLES = [
    *("id", "text", "to", "to_no_plus", "to_national", "from", "from_no_plus", "channel", "status_url", "status_url_with_id"),
    *("part", "parts", "now_iso", "now_unix", "coding", "text_hex", "coded_hex"),
]
ALL_IN_FORM = "&".join(f"{name}={{{{{name}}}}}" for name in ALL_VARIABLES)


def sent(content: Content, config: SmsGatewayConfig, *, to: str = "+31612345678", **context: Any) -> tuple[Sent, list[HttpCall]]:
    provider = SmsGateway()
    return drive(provider, provider.send(content, config, CASE.context(to=to, **context)), CASE.answer)


def only_call(content: Content, config: SmsGatewayConfig, **context: Any) -> HttpCall:
    _, (call,) = sent(content, config, **context)
    return call


def texts(calls: list[HttpCall]) -> list[str]:
    return [CASE.sent_text(call) for call in calls]


def test_the_default_json_request() -> None:
    config = make_config(outbound={"headers": {"X-Api-Version": "2", "Idempotency-Key": "{{id}}"}, "timeout_s": 7})
    call = only_call(Text(text='Say "hi"\n🙂'), config)
    assert (call.method, call.url, call.purpose, call.effect, call.timeout_s) == (
        "POST",
        "https://gw.example.net/send",
        "send_text",
        True,
        7,
    )
    assert call.headers == {
        "Content-Type": "application/json",
        "X-Api-Version": "2",
        "Idempotency-Key": ID,
        "Authorization": "Basic " + base64.b64encode(b"account:canary-account-password").decode(),
    }
    assert (
        call.body
        == (
            '{"to":"+31612345678","from":"3020","text":"Say \\"hi\\"\\n🙂",'
            f'"ref":"{ID}","dlr":"https://connect.example.com/webhooks/callback/status"}}'
        ).encode()
    )


def test_every_variable_in_a_form() -> None:
    config = make_config(sender="+31970001234", outbound={"content_type": FORM, "body": ALL_IN_FORM})
    call = only_call(Text(text="a&b=€ +é"), config)
    assert call.headers["Content-Type"] == FORM
    assert {name: value for name, (value,) in parse_qs(call.body.decode(), strict_parsing=True).items()} == {
        "id": ID,
        "text": "a&b=€ +é",
        "to": "+31612345678",
        "to_no_plus": "31612345678",
        "to_national": "0612345678",
        "from": "+31970001234",
        "from_no_plus": "31970001234",
        "channel": CONTEXT.channel_id,
        "status_url": "https://connect.example.com/webhooks/callback/status",
        "status_url_with_id": f"https://connect.example.com/webhooks/callback/status?uuid={ID}",
        "part": "1",
        "parts": "1",
        "now_iso": "2026-10-26T08:00:00Z",
        "now_unix": str(int(NOW.timestamp())),
        "coding": "0",
        "text_hex": "a&b=€ +é".encode("utf-16-be").hex(),
        "coded_hex": "6126623d1b65202b05",
    }


def test_a_form_holds_only_percent_encoding() -> None:
    call = only_call(Text(text="a b+c/d~é"), make_config(outbound={"content_type": FORM, "body": "t={{to}}&m={{text}}"}))
    assert call.body == b"t=%2B31612345678&m=a%20b%2Bc%2Fd~%C3%A9"


def test_xml_is_escaped_and_keeps_to_what_xml_can_hold() -> None:
    config = make_config(outbound={"content_type": "text/xml", "body": '<m to="{{to}}" t="{{text}}"><t>{{text}}</t></m>'})
    call = only_call(Text(text="<b> & \"q\" 'a' \x01]]>"), config)
    assert call.headers["Content-Type"] == "text/xml; charset=utf-8"
    read = fromstring(call.body.decode())
    assert (read.findtext("t"), read.get("t")) == ("<b> & \"q\" 'a' ]]>",) * 2


@pytest.mark.parametrize(
    ("number_format", "to", "expected"),
    [
        ("e164", "+31612345678", "+31612345678"),
        ("digits", "+31612345678", "31612345678"),
        ("national", "+31612345678", "0612345678"),
        ("national", "+12025550123", "2025550123"),
        ("digits", "3020", "3020"),
        ("national", "0612345678", "0612345678"),
    ],
)
def test_number_formats(number_format: str, to: str, expected: str) -> None:
    call = only_call(Text(text="a"), make_config(outbound={"number_format": number_format}), to=to)
    assert json.loads(call.body)["to"] == expected


def test_a_name_cannot_be_answered() -> None:
    with pytest.raises(RecipientGone, match="alphanumeric"):
        sent(Text(text="a"), make_config(), to="MTN")


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({"kind": "none"}, {}),
        ({"kind": "bearer", "token": "tok-123456"}, {"Authorization": "Bearer tok-123456"}),
        ({"kind": "header", "header": "X-Api-Key", "value": "key-123456"}, {"X-Api-Key": "key-123456"}),
    ],
)
def test_credentials_in_headers(auth: dict[str, str], header: dict[str, str]) -> None:
    call = only_call(Text(text="a"), make_config(outbound={"auth": auth}))
    assert call.headers == {"Content-Type": "application/json", **header}


@pytest.mark.parametrize("url", ["https://gw.example.net/send", "https://gw.example.net/send?v=2"])
def test_a_key_in_the_query_vanishes_under_redaction(url: str) -> None:
    config = make_config(outbound={"url": url, "auth": {"kind": "query", "name": "api_key", "value": "k y/&1234"}})
    call = only_call(Text(text="a"), config)
    assert parse_qs(urlsplit(call.url).query)["api_key"] == ["k y/&1234"]
    assert "1234" not in redact(call.url, secret_values(config))


def test_a_header_of_the_operators_replaces_ours() -> None:
    call = only_call(
        Text(text="a"), make_config(outbound={"headers": {"content-type": "application/vnd.gw+json"}, "auth": {"kind": "none"}})
    )
    assert call.headers == {"content-type": "application/vnd.gw+json"}


def test_ids_of_the_parts_are_theirs_and_ours() -> None:
    result, calls = sent(Text(text="a" * 200), make_config(outbound={"split": "us"}))
    assert result == Sent(parts=(("gw-0", ID), ("gw-1", f"{ID}-2")))
    assert [json.loads(call.body)["ref"] for call in calls] == [ID, f"{ID}-2"]


def test_without_a_rule_for_ids_the_parts_are_ours() -> None:
    result, _ = sent(Text(text="a"), make_config(outbound={"message_id": {}}))
    assert result == Sent(parts=((ID,),))


@pytest.mark.parametrize("dedupes", [True, False])
def test_only_the_operator_can_promise_that_repeats_are_dropped(dedupes: bool) -> None:
    config = make_config(outbound={"dedupes_on_id": dedupes})
    assert SmsGateway().dedupes_sends(config) is dedupes
    assert only_call(Text(text="a"), config).effect is True


@pytest.mark.parametrize(
    ("encoding", "text", "coding", "shown"),
    [("auto", "Zoë’s", "8", "Zoë’s"), ("gsm7", "Zoë’s", "0", "Zoe's"), ("unicode", "Zoe", "8", "Zoe"), ("auto", "Zoé", "0", "Zoé")],
)
def test_alphabets(encoding: str, text: str, coding: str, shown: str) -> None:
    config = make_config(outbound={"encoding": encoding, "body": '{"to":{{to}},"text":{{text}},"dcs":{{coding}}}'})
    data = json.loads(only_call(Text(text=text), config).body)
    assert (data["dcs"], data["text"]) == (coding, shown)


def test_a_token_in_the_callback_url_is_told_to_the_gateway() -> None:
    token = "0123456789abcdef-token"
    config = make_config(
        inbound={"auth": {"kind": "query", "value": token}},
        outbound={"content_type": FORM, "body": "to={{to}}&text={{text}}&a={{status_url}}&b={{status_url_with_id}}"},
    )
    fields = parse_qs(only_call(Text(text="a"), config).body.decode())
    base = f"https://connect.example.com/webhooks/callback/status?token={token}"
    assert (fields["a"], fields["b"]) == ([base], [f"{base}&uuid={ID}"])


# Structured content


def button(title: str, **action: Any) -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [action]}}


CARD = {
    "type": "vertical",
    "elements": [
        {"type": "image", "url": "https://img.example.com/1.png", "caption": "The shoe"},
        {"type": "text", "text": "Running shoe"},
        {"type": "text", "text": "€ 99"},
        {
            "type": "horizontal",
            "elements": [
                button("Buy", type="publishText", text="buy"),
                button("Details", type="link", uri="https://shop.example.com/1"),
                button("Shop", type="navigate", la=52.37, lo=4.9),
            ],
        },
        {"type": "map", "la": 52.37, "lo": 4.9, "tooltip": "Amsterdam"},
        {"type": "sparkle"},
    ],
}
QUICK = {"type": "quickReplies", "replies": [button("Yes", type="publishText", text="y"), button("No", type="publishText", text="n")]}


def test_structured_content_becomes_lines_links_and_numbered_choices() -> None:
    call = only_call(RichContent(content=CARD, text="Our offer", quick_replies=QUICK), make_config())
    assert CASE.sent_text(call).split("\n") == [
        "Our offer",
        "The shoe: https://img.example.com/1.png",
        "Running shoe",
        "€ 99",
        "Details: https://shop.example.com/1",
        "Shop: https://www.google.com/maps/search/?api=1&query=52.37,4.9",
        "Amsterdam: https://www.google.com/maps/search/?api=1&query=52.37,4.9",
        "1) Buy",
        "2) Yes",
        "3) No",
    ]


def test_quick_replies_as_a_variable_are_not_numbered_in_the_text() -> None:
    config = make_config(outbound={"body": '{"to":{{to}},"text":{{text}},"replies":{{quick_replies}}}'})
    data = json.loads(only_call(RichContent(text="Sure?", quick_replies=QUICK), config).body)
    assert (data["text"], data["replies"]) == ("Sure?", ["Yes", "No"])
    alone = json.loads(only_call(RichContent(quick_replies=QUICK), config).body)
    assert (alone["text"], alone["replies"]) == ("1) Yes\n2) No", [])


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda children: (
            st.lists(children, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "elements", "title", "text", "click", "actions", "replies", "quickReplies", "la", "lo"]), children
            )
        ),
        max_leaves=15,
    ).filter(lambda value: isinstance(value, dict))
)
def test_any_structured_content_reduces_to_text_or_is_refused(content: Any) -> None:
    try:
        result, calls = sent(RichContent(content=content, quick_replies=content), make_config())
    except UnsupportedContent as error:
        assert error.message
    else:
        assert len(result.parts) == len(calls) and all(texts(calls))


def test_each_send_tells_what_was_lost_and_what_was_shown() -> None:
    result, _ = sent(RichContent(text="Sure?", quick_replies=QUICK), make_config())
    assert [(loss.path, loss.kind, loss.after) for loss in result.losses] == [
        ("/quick_replies/replies/0", "reduced", "1) Yes"),
        ("/quick_replies/replies/1", "reduced", "2) No"),
    ]
    assert [(choice.number, choice.title, choice.publish_text, choice.is_numbered) for choice in result.shown] == [
        (1, "Yes", "y", True),
        (2, "No", "n", True),
    ]
    spelled, _ = sent(Text(text="naïve 🙂"), make_config(outbound={"encoding": "gsm7"}))
    assert [(loss.kind, loss.after) for loss in spelled.losses] == [("reduced", "naive ?")]
    linked, _ = sent(File(kind=FileKind.IMAGE, url="https://files.example.com/a.png"), make_config())
    assert [(loss.path, loss.kind) for loss in linked.losses] == [("/url", "reduced")]


@settings(deadline=None)
@given(st.text(max_size=300), st.sampled_from(["application/json", FORM, "text/xml"]))
def test_any_text_makes_a_well_formed_request(text: str, content_type: str) -> None:
    body = {"text/xml": "<m><to>{{to}}</to><t>{{text}}</t></m>"}.get(content_type, "")
    config = make_config(outbound={"content_type": content_type, "body": body})
    try:
        _, calls = sent(Text(text=text), config)
    except UnsupportedContent:
        assert not text.replace("\x00", "").strip()
        return
    for call in calls:
        if content_type == FORM:
            assert set(parse_qs(call.body.decode("ascii"), strict_parsing=True)) >= {"to", "text"}
        else:
            assert json.loads(call.body) if content_type == "application/json" else fromstring(call.body.decode()) is not None


# Check and preview


def test_check_calls_the_check_url_with_the_same_credentials() -> None:
    provider, config = SmsGateway(), make_config()
    said, (call,) = drive(provider, provider.check(config, CONTEXT), CASE.answer)
    assert (call.method, call.url, call.body, call.effect, call.purpose) == ("GET", "https://gw.example.net/balance", b"", False, "check")
    assert call.headers == {"Authorization": "Basic " + base64.b64encode(b"account:canary-account-password").decode()}
    assert said == "The gateway answered HTTP 202 at the check URL."
    with pytest.raises(CredentialsRejected):
        drive(provider, provider.check(config, CONTEXT), lambda call, number: HttpResponse(status=401))


def test_check_without_a_check_url_calls_nobody_and_shows_no_secret() -> None:
    provider, config = SmsGateway(), preset_config("kannel")
    said, calls = drive(provider, provider.check(config, CONTEXT), CASE.answer)
    assert calls == []
    assert "not been called" in said and "canary" not in said and "password=***" in said


def test_preview_is_the_first_request() -> None:
    config = make_config(outbound={"split": "us"})
    call = SmsGateway().preview(config, "a" * 200, "+31612345678")
    assert json.loads(call.body)["text"] == "a" * 160
    assert json.loads(call.body)["to"] == "+31612345678"
