"""What an operator may enter, and the words that refuse the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, ValidationError

from channels_app.providers.sms_gateway import SmsGateway
from channels_app.providers.sms_gateway.config import SmsGatewayConfig
from channels_app.providers.sms_gateway.config_outbound import OutboundConfig
from connector_platform.core.redaction import secret_values
from tests.providers.sms_gateway.case import config_data, make_config

REFERENCE: dict[str, Any] = {
    "preset": "generic",
    "sender": "3020",
    "default_region": "NL",
    "inbound": {
        "auth": {
            "kind": "hmac",
            "header": "X-Gateway-Signature",
            "algorithm": "sha256",
            "encoding": "hex",
            "prefix": "sha256=",
            "secret": "hmac-secret-1",
        },
        "allowed_ips": ["203.0.113.0/24"],
        "methods": ["GET", "POST"],
        "body_format": "auto",
        "fields": {
            "sender": ["from", "sender"],
            "text": ["text", "message"],
            "recipient": ["to"],
            "message_id": ["id"],
            "timestamp": ["date", "time"],
            "media": [],
            "coding": [],
            "hex_text": [],
        },
        "timestamp_format": "iso8601",
        "ack_status": 200,
        "ack_body": "Accepted",
        "ack_content_type": "text/plain",
    },
    "status": {
        "fields": {"message_id": ["id", "uuid"], "status": ["status"], "error": ["err"]},
        "values": {
            "delivered": ["DELIVRD", "delivered", "1"],
            "failed": ["UNDELIV", "REJECTD", "EXPIRED", "failed"],
            "sent": ["ACCEPTD", "sent"],
        },
    },
    "outbound": {
        "url": "https://gw.example.net/send",
        "method": "POST",
        "content_type": "application/json",
        "headers": {"X-Api-Version": "2"},
        "auth": {"kind": "basic", "username": "u", "password": "basic-password-1"},
        "body": '{"to":{{to}},"from":{{from}},"text":{{text}},"ref":{{id}},"dlr":{{status_url}}}',
        "number_format": "e164",
        "encoding": "auto",
        "max_length": 160,
        "split": "gateway",
        "success": {"status": [200, 201, 202], "body_regex": "", "json_path": "", "equals": ""},
        "message_id": {"json_path": "messages[0].id"},
        "errors": [
            {"status": [429], "class": "rate_limited"},
            {"body_regex": "(?i)credit", "class": "auth"},
            {"json_path": "code", "in": ["12", "13"], "class": "permanent"},
        ],
        "retry_after": {"header": "Retry-After"},
        "media": "link",
        "timeout_s": 15,
    },
}


def test_the_documented_configuration_is_valid_and_its_values_are_the_defaults() -> None:
    full = SmsGatewayConfig.model_validate(REFERENCE)
    short = SmsGatewayConfig.model_validate(
        {
            "sender": "3020",
            "inbound": {"auth": REFERENCE["inbound"]["auth"]},
            "outbound": {"url": "https://gw.example.net/send"},
        }
    )
    assert full.status == short.status
    assert full.inbound.model_copy(update={"allowed_ips": []}) == short.inbound
    kept = {"headers", "auth", "message_id", "errors"}
    assert full.outbound.model_dump(exclude=kept) == short.outbound.model_dump(exclude=kept)


@pytest.mark.parametrize("by_alias", [True, False])
def test_a_dumped_configuration_can_be_read_again(by_alias: bool) -> None:
    config = SmsGatewayConfig.model_validate(REFERENCE)
    assert SmsGatewayConfig.model_validate(config.model_dump(by_alias=by_alias)) == config


def test_every_secret_is_known_to_the_redaction() -> None:
    assert {"hmac-secret-1", "basic-password-1"} <= set(secret_values(SmsGatewayConfig.model_validate(REFERENCE)))
    assert "hmac-secret-1" not in repr(SmsGatewayConfig.model_validate(REFERENCE))


def test_the_address_is_the_sender() -> None:
    assert SmsGateway().address(make_config()) == "3020"


INBOUND_REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"auth": {"kind": "none"}}, "needs allowed_ips"),
    ({"auth": {"kind": "none"}, "allowed_ips": []}, "needs allowed_ips"),
    ({"auth": {"kind": "magic"}}, "magic"),
    ({"auth": {"kind": "bearer", "token": "short"}}, "at least 8 characters"),
    ({"auth": {"kind": "query", "value": "with blanks and &"}}, "16 to 200 letters"),
    ({"auth": {"kind": "header", "header": "X Key", "value": "long-enough"}}, "not a header name"),
    ({"auth": {"kind": "basic", "username": "a:b", "password": "long-enough"}}, "colon"),
    ({"methods": ["GET"]}, "must include POST"),
    ({"allowed_ips": ["203.0.113.0/99"]}, "not an address or a network"),
    ({"allowed_ips": ["gw.example.net"]}, "not an address or a network"),
    ({"fields": {"sender": ["a..b"]}}, "empty step"),
    ({"fields": {"sender": ["a[x]"]}}, "not a path"),
    ({"fields": {"sender": ["//a//b"]}}, "not a path"),
    ({"fields": {"sender": [""]}}, "empty"),
    ({"fields": {"sender": []}}, "at least 1"),
    ({"fields": {"senders": ["a"]}}, "Extra inputs"),
    ({"timestamp_format": "tomorrow"}, "iso8601, unix"),
    ({"timestamp_format": "%Q"}, "iso8601, unix"),
    ({"timezone": "Mars/Olympus"}, "not a time zone"),
    ({"timezone": "../etc"}, "not a time zone"),
    ({"ack_status": 500}, "less than or equal to 299"),
    ({"ack_content_type": "text/plain\r\nX-Evil: 1"}, "match pattern"),
]


@pytest.mark.parametrize(("inbound", "words"), INBOUND_REFUSALS)
def test_receiving_settings_that_are_refused(inbound: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make_config(inbound=inbound)


FORM = "application/x-www-form-urlencoded"
OUTBOUND_REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"url": "ftp://gw.example.net"}, "https:// or http://"),
    ({"url": "gw.example.net/send"}, "https:// or http://"),
    ({"url": "https:///send"}, "https:// or http://"),
    ({"url": "https://{{to}}.example.net/"}, "host must be fixed"),
    ({"url": "https://user:pass@gw.example.net/"}, "use auth"),
    ({"url": "https://gw.example.net:99999/"}, "not a URL"),
    ({"url": "https://gw.example.net/a b"}, "no blanks"),
    ({"url": "https://gw.example.net/é"}, "no blanks"),
    ({"url": "https://gw.example.net/#x"}, "no #"),
    ({"body": '{"to":{{to}},"text":{{words}}}'}, "unknown variable {{words}}"),
    ({"body": '{"to":{{to}},"text":{{text}}, {{}'}, "without a name"),
    ({"body": '{"to":"{{to}}","text":{{text}}}'}, "bring their own quotes"),
    ({"body": '{"to":{{to}}}'}, "neither url nor body has {{text}}"),
    ({"body": '{"text":{{text}}}'}, "neither url nor body has {{to}}"),
    ({"body": '{"to":{{to}},"text":{{text}},"p":{{password}}}'}, "auth of kind template"),
    ({"check_url": "https://gw.example.net/?p={{password}}"}, "auth of kind template"),
    ({"check_url": "https://gw.example.net/?p={{text}}"}, "unknown variable {{text}}"),
    ({"content_type": "text/xml"}, "body is needed"),
    ({"content_type": "text/xml", "body": "<m>{{to}}{{text}}"}, "not XML"),
    ({"content_type": "none", "body": "to={{to}}"}, "body must be empty"),
    ({"method": "GET"}, "GET has no body"),
    ({"media": "variable"}, "needs {{media_url}}"),
    ({"body": '{"to":{{to}},"text":{{text}},"m":{{media_url}}}'}, "with media “variable” only"),
    ({"media": "variable", "mms_body": '{"to":{{to}},"m":{{media_url}}}'}, "neither url nor body has {{text}}"),
    ({"media": "variable", "mms_body": '{"text":{{text}},"m":{{media_url}}}'}, "neither url nor body has {{to}}"),
    ({"media": "variable", "mms_body": '{"to":{{to}},"text":{{text}},"m":"{{media_url}}"}'}, "mms_body is not JSON"),
    ({"media": "variable", "mms_url": "ftp://gw.example.net/{{media_url}}"}, "https:// or http://"),
    ({"content_type": "none", "mms_body": "m={{media_url}}"}, "body must be empty"),
    (
        {"media": "variable", "dedupes_on_id": True, "mms_body": '{"to":{{to}},"text":{{text}},"m":{{media_url}}}'},
        "dedupes_on_id needs {{id}}",
    ),
    ({"dedupes_on_id": True, "body": '{"to":{{to}},"text":{{text}}}'}, "dedupes_on_id needs {{id}}"),
    ({"headers": {"X-Text": "{{text}}"}}, "unknown variable {{text}}"),
    ({"headers": {"X-A": "1\r\nX-Evil: 2"}}, "HTTP does not allow"),
    ({"headers": {"X A": "1"}}, "not a header name"),
    ({"auth": {"kind": "bearer", "token": "a\nb"}}, "printable ASCII"),
    ({"success": {"body_regex": "(unclosed"}}, "not a regular expression"),
    ({"success": {"body_regex": "(a+)+b"}}, "inside a repeated group"),
    ({"success": {"body_regex": "((a+))*b"}}, "inside a repeated group"),
    ({"success": {"body_regex": "(a|a)*b"}}, "inside a repeated group"),
    ({"success": {"body_regex": "(a{2,}){3,}"}}, "inside a repeated group"),
    ({"success": {"body_regex": "a" * 301}}, "300 characters"),
    ({"success": {"equals": "ok"}}, "needs a json_path"),
    ({"success": {"status": [20]}}, "100 to 599"),
    ({"message_id": {"regex": "id=.*"}}, "needs a group"),
    ({"message_id": {"regex": "(a)", "header": "X-Id"}}, "only one of"),
    ({"message_id": {"json_path": "a..b"}}, "empty step"),
    ({"errors": [{"class": "auth"}]}, "needs a condition"),
    ({"errors": [{"status": [400], "class": "fatal"}]}, "Input should be"),
    ({"errors": [{"status": [400], "in": ["1"], "class": "auth"}]}, "needs a json_path"),
    ({"timeout_s": 0.5}, "greater than or equal to 1"),
    ({"timeout_s": 61}, "less than or equal to 60"),
    ({"max_length": 10}, "greater than or equal to 40"),
]


@pytest.mark.parametrize(("outbound", "words"), OUTBOUND_REFUSALS)
def test_sending_settings_that_are_refused(outbound: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        make_config(outbound=outbound)


@pytest.mark.parametrize("regex", [r"id=(\S+)", r'"id":\s*"([^"]+)"', r"^(?:0|3):", r"[(+]+", r"\(a+\)+", r"(ab)+c*", "(?i)credit|balance"])
def test_harmless_expressions_are_taken(regex: str) -> None:
    assert make_config(outbound={"success": {"body_regex": regex}}).outbound.success.body_regex == regex


def test_forms_get_a_usual_body() -> None:
    config = make_config(outbound={"content_type": FORM})
    assert config.outbound.body == "to={{to}}&from={{from}}&text={{text}}&ref={{id}}&dlr={{status_url}}"


def test_a_region_is_normalised_and_known() -> None:
    assert make_config(default_region="nl").default_region == "NL"
    with pytest.raises(ValidationError, match="two-letter"):
        make_config(default_region="Narnia")


@pytest.mark.parametrize("data", [None, [], "x", 3, {"preset": 7}, {"preset": ["kannel"]}, {"preset": "kannel", "outbound": 5}])
def test_anything_else_is_refused_without_a_traceback(data: Any) -> None:
    with pytest.raises(ValidationError):
        SmsGatewayConfig.model_validate(data)


def models_in(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The sections of ``model``, itself first."""
    yield model
    for section in vars(__import__(model.__module__, fromlist=["*"])).values():
        if isinstance(section, type) and issubclass(section, BaseModel) and section.__module__ == model.__module__ and section is not model:
            yield section


def test_every_field_tells_an_operator_what_to_enter() -> None:
    for model in (*models_in(SmsGatewayConfig), *models_in(OutboundConfig)):
        for name, field in model.model_fields.items():
            assert name == "kind" or (field.title and field.description), f"{model.__name__}.{name}"


def test_a_refused_secret_is_not_quoted_back() -> None:
    for secret in ("short", "with blanks in it"):
        with pytest.raises(ValidationError) as caught:
            make_config(inbound={"auth": {"kind": "query", "value": secret}})
        assert secret not in str(caught.value)


def test_every_credential_is_a_secret() -> None:
    config = make_config(inbound={"auth": {"kind": "basic", "username": "u", "password": "long-enough"}})
    assert isinstance(config.inbound.auth.model_dump()["password"], SecretStr)
    assert config_data()["outbound"]["auth"]["password"] in secret_values(config)
