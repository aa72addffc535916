"""What a preset fills in, and that explicit values win."""

from __future__ import annotations

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from channels_app.providers.sms_gateway import SmsGateway
from channels_app.providers.sms_gateway.config import InboundConfig, SmsGatewayConfig
from channels_app.providers.sms_gateway.presets import PRESETS, apply_preset
from connector_platform.core.calls import HttpResponse
from connector_platform.core.events import Text
from tests.providers.contract.cases import drive
from tests.providers.sms_gateway.case import BASIC, CASE, TEMPLATE, preset_config

ID = "0192f1c2-0000-7000-8000-000000000001"
TOKEN = "0123456789abcdef-token"


def test_kannel_is_sent_one_url_with_the_report_url_inside() -> None:
    config = preset_config("kannel", outbound={"url": "http://kannel.example.net:13013/cgi-bin/sendsms"})
    provider = SmsGateway()
    result, (call,) = drive(
        provider,
        provider.send(Text(text="Hi & bye"), config, CASE.context()),
        lambda call, number: HttpResponse(status=202, body=b"0: Accepted for delivery"),
    )
    assert (call.method, call.headers, call.body) == ("GET", {}, b"")
    assert call.url == (
        "http://kannel.example.net:13013/cgi-bin/sendsms?username=account&password=canary-account-password&from=3020&to=31612345678"
        "&text=Hi%20%26%20bye&coding=0&charset=UTF-8&dlr-mask=27"
        f"&dlr-url=https%3A%2F%2Fconnect.example.com%2Fwebhooks%2Fcallback%2Fstatus%3Fuuid%3D{ID}%26status%3D%25d"
    )
    # What Kannel decodes is a URL in which it replaces %d.
    assert parse_qs(urlsplit(call.url).query)["dlr-url"] == [f"https://connect.example.com/webhooks/callback/status?uuid={ID}&status=%d"]
    assert result.parts == ((ID,),)


def test_kannel_is_told_unicode_by_coding_2() -> None:
    call = SmsGateway().preview(preset_config("kannel"), "Hé 漢", "+31612345678")
    fields = dict(parse_qsl(urlsplit(call.url).query))
    assert (fields["coding"], fields["charset"], fields["text"]) == ("2", "UTF-8", "Hé 漢")


def test_kannels_reports_carry_the_callback_token() -> None:
    config = preset_config("kannel", inbound={"auth": {"kind": "query", "value": TOKEN}})
    call = SmsGateway().preview(config, "a", "+31612345678")
    report_url = parse_qs(urlsplit(call.url).query)["dlr-url"][0]
    assert parse_qs(urlsplit(report_url).query)["token"] == [TOKEN]


def test_jasmin_is_sent_hex_in_the_announced_coding() -> None:
    config = preset_config("jasmin", outbound={"url": "https://jasmin.example.net/send"})
    provider = SmsGateway()
    answer = HttpResponse(status=200, body=b'Success "07033084-5cfd-4812-90a4-e4d24ffb6e3d"')
    result, (call,) = drive(provider, provider.send(Text(text="é@ €"), config, CASE.context()), lambda call, number: answer)
    assert dict(parse_qsl(call.body.decode())) == {
        "username": "account",
        "password": "canary-account-password",
        "to": "31612345678",
        "from": "3020",
        "coding": "0",
        "hex-content": "0500201b65",
        "dlr": "yes",
        "dlr-url": "https://connect.example.com/webhooks/callback/status",
        "dlr-level": "3",
        "dlr-method": "POST",
    }
    assert result.parts == (("07033084-5cfd-4812-90a4-e4d24ffb6e3d", ID),)
    smile = dict(parse_qsl(provider.preview(config, "☺", "+31612345678").body.decode()))
    assert (smile["coding"], smile["hex-content"]) == ("8", "263a")


def test_explicit_values_win_over_the_preset() -> None:
    config = preset_config(
        "jasmin",
        inbound={"ack_body": "OK", "fields": {"text": ["body"]}},
        outbound={"message_id": {"json_path": "id"}, "success": {"status": [202]}, "split": "us"},
        status={"values": {"delivered": ["DONE"]}},
    )
    assert config.inbound.ack_body == "OK"
    assert (config.inbound.fields.text, config.inbound.fields.hex_text) == (["body"], ["binary"])
    assert (config.outbound.message_id.json_path, config.outbound.message_id.regex) == ("id", "")
    assert (config.outbound.success.status, config.outbound.success.body_regex) == ([202], "^Success")
    assert config.outbound.split == "us"
    assert (config.status.values.delivered, config.status.values.sent) == (["DONE"], ["ACCEPTD", "ENROUTE", "ESME_ROK"])


def test_a_section_that_is_already_a_model_is_merged_too() -> None:
    inbound = InboundConfig.model_validate({"auth": BASIC, "ack_body": "OK"})
    config = SmsGatewayConfig.model_validate({"preset": "jasmin", "sender": "3020", "inbound": inbound, "outbound": {"auth": TEMPLATE}})
    assert (config.inbound.ack_body, config.inbound.fields.text) == ("OK", ["content"])


def test_a_complete_url_is_left_alone() -> None:
    url = "http://kannel.example.net/send?to={{to}}&text={{text}}"
    assert preset_config("kannel", outbound={"url": url}).outbound.url == url


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_applying_a_preset_changes_neither_the_data_nor_the_preset(preset: str) -> None:
    data = {"preset": preset, "inbound": {"fields": {"text": ["a"]}}, "outbound": {"url": "http://x.example"}}
    before = repr((data, PRESETS[preset]))
    apply_preset(data)
    assert repr((data, PRESETS[preset])) == before
