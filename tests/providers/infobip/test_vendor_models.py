"""Our requests and our fixtures beside Infobip's own models: those of its SDK where it has them, of its OpenAPI where not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from infobip_api_client.models import (
    HmacAlgorithm,
    MessageGeneralStatus,
    SmsDeliveryResult,
    SmsInboundMessageResult,
    SmsRequest,
    SmsResponse,
)
from jsonschema import Draft202012Validator

from channels_app.providers.infobip import Infobip, InfobipConfig
from channels_app.providers.infobip.errors import ERRORS, group_of
from connector_platform.core.events import Content, File, FileKind, Text
from tests.providers.contract.cases import drive
from tests.providers.contract.test_sending import CARD
from tests.providers.infobip.case import BASIC, CASE, HMAC, URL_TOKEN, make_config, sent_response
from tests.providers.infobip.test_subscriptions import Account, run
from tests.providers.infobip.vendor_schemas import MMS_INBOUND, MMS_REQUEST, SUBSCRIPTION_CALLS

FIXTURES = Path(__file__).parent / "fixtures"
# What is made to be odd is no model's.
ODD = {"message__batch", "no_results__probe", "report_unknown__group", "unknown__new_kind", "unreadable__no_sender"}
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json") if not path.stem.endswith(".expected") and path.stem not in ODD)
PICTURE = File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", mime_type="image/png", caption="a mug")


def lost(given: Any, kept: Any, path: str = "") -> Iterator[str]:
    """The places of ``given`` that the model has no field for."""
    if isinstance(given, dict):
        for key, value in given.items():
            if not isinstance(kept, dict) or key not in kept:
                yield f"{path}/{key}"
            else:
                yield from lost(value, kept[key], f"{path}/{key}")
    elif isinstance(given, list):
        for number, value in enumerate(given):
            yield from lost(value, kept[number], f"{path}/{number}")


def fits(model: Any, body: Any) -> bool:
    return list(lost(body, model.from_dict(body).to_dict())) == []


def bodies(content: Content, config: InfobipConfig) -> list[tuple[str, Any]]:
    _, calls = drive(Infobip(), Infobip().send(content, config, CASE.context()), CASE.answer)
    return [(call.purpose, json.loads(call.body)) for call in calls]


@pytest.mark.parametrize("proof", [BASIC, HMAC, URL_TOKEN], ids=lambda proof: proof["kind"])
@pytest.mark.parametrize("content", [Text(text="hi 📦"), Text(text="word " * 500), PICTURE, CARD], ids=lambda content: content.type)
def test_every_message_fits(content: Content, proof: dict[str, str]) -> None:
    for config in (make_config(proof=proof), make_config(proof=proof, mms_enabled=True)):
        for purpose, body in bodies(content, config):
            if purpose == "send_mms":
                Draft202012Validator(MMS_REQUEST).validate(body)
            else:
                assert SmsRequest.from_dict(body).to_dict() == body


def test_the_answer_of_the_case_fits() -> None:
    assert fits(SmsResponse, sent_response("ib-1").json())


@pytest.mark.parametrize("name", NAMES)
def test_every_fixture_fits(name: str) -> None:
    body = json.loads((FIXTURES / f"{name}.json").read_text())
    if any("message" in result for result in body["results"]):
        Draft202012Validator(MMS_INBOUND).validate(body)
    else:
        assert fits(SmsDeliveryResult if name.startswith("report") else SmsInboundMessageResult, body)


def test_the_groups_are_infobips() -> None:
    assert {group.value for group in MessageGeneralStatus} == {group_of({"groupId": number}) for number in range(6)}
    assert all(ERRORS.find(group) for group in ("UNDELIVERABLE", "EXPIRED", "REJECTED"))


@pytest.mark.parametrize("proof", [BASIC, URL_TOKEN, *({**HMAC, "algorithm": name} for name in ("sha1", "sha256", "sha512"))])
def test_every_subscription_fits(proof: dict[str, str]) -> None:
    account, config = Account(), make_config(proof=proof, mms_enabled=True)
    for _ in range(2):
        run("register_webhook", account, config)
    written = [(method, path, body) for method, path, body in account.bodies if method in ("POST", "PUT")]
    assert {method for method, _, _ in written} == {"POST", "PUT"}
    for method, path, body in written:
        path = path.removeprefix("subscriptions/1/")
        named = path if method == "POST" else f"{path.rpartition('/')[0]}/*"
        Draft202012Validator(SUBSCRIPTION_CALLS[method, named]).validate(body)
        if body.get("type") == "HMAC":
            assert HmacAlgorithm(body["credentials"]["algorithm"])
