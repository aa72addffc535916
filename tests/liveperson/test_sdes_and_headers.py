from __future__ import annotations

import dataclasses
import json

import pytest

from connector_platform.core.events import Profile
from connector_platform.liveperson.headers import client_properties
from connector_platform.liveperson.sdes import (
    ATTRIBUTES,
    DEFAULT_ATTRIBUTES,
    Consumer,
    attribute_problem,
    language_tag,
    lp_sdes,
    profile_body,
)
from tests.liveperson.support import APP, CLIENT_PROPERTIES

FULL = Consumer(
    profile=Profile(
        name="Ada Byron",
        first_name="Ada",
        last_name="Byron",
        phone="+15550100",
        email="ada@mail.example",
        locale="en_GB",
        avatar_url="https://cdn.example/ada.png",
        username="adab",
    ),
    external_id="4711",
    channel="Shop bot",
    provider="Telegram",
    brand="Shop",
    attributes={
        **DEFAULT_ATTRIBUTES,
        "ctmrinfo.ctype": "{provider}",
        "ctmrinfo.customerId": "crm-{id}",
        "ctmrinfo.accountName": "{brand}",
        "ctmrinfo.role": "buyer",
    },
)


def test_everything_known_is_told_in_liveperson_spelling() -> None:
    assert profile_body(FULL) == {
        "firstName": "Ada",
        "lastName": "Byron",
        "avatarUrl": "https://cdn.example/ada.png",
        "privateData": {"mobileNum": "+15550100", "mail": "ada@mail.example"},
        "authenticatedData": {
            "lp_sdes": [
                {
                    "type": "ctmrinfo",
                    "info": {
                        "socialId": "4711",
                        "userName": "adab",
                        "companyBranch": "Shop bot",
                        "ctype": "Telegram",
                        "customerId": "crm-4711",
                        "accountName": "Shop",
                        "role": "buyer",
                    },
                },
                {
                    "type": "personal",
                    "personal": {
                        "firstname": "Ada",
                        "lastname": "Byron",
                        "language": "en-GB",
                        "contacts": [{"email": "ada@mail.example", "phone": "+15550100", "phoneType": "MOBILE"}],
                    },
                },
            ]
        },
    }


def test_nothing_known_is_an_empty_body() -> None:
    assert profile_body(Consumer()) == {}


def test_only_present_fields_are_sent() -> None:
    assert lp_sdes(Consumer(external_id="4711")) == [{"type": "ctmrinfo", "info": {"socialId": "4711"}}]
    assert lp_sdes(Consumer(profile=Profile(email="a@mail.example"))) == [
        {"type": "personal", "personal": {"contacts": [{"email": "a@mail.example"}]}}
    ]


def told(template: str, name: str, **profile: str) -> object:
    """What the attribute ``name`` becomes."""
    sdes = lp_sdes(Consumer(profile=Profile(**profile), external_id="4711", attributes={name: template}))
    values = sdes[0].get("info", sdes[0].get("personal")) if sdes else {}
    for step in name.split(".")[1:]:
        values = values[0] if isinstance(values, list) else values
        values = values.get(step)
    return values


@pytest.mark.parametrize(
    ("name", "template", "profile", "value"),
    [
        ("ctmrinfo.customerId", "crm-{id}", {}, "crm-4711"),
        ("ctmrinfo.ctype", "vip", {}, "vip"),
        ("ctmrinfo.imei", "{reference}", {"reference": "ad 7"}, "ad 7"),
        ("ctmrinfo.balance", "12.50", {}, 12.5),
        ("ctmrinfo.companySize", "{username}", {"username": "250"}, 250),
        ("ctmrinfo.registrationDate", "2026-11-22", {}, {"day": 22, "month": 11, "year": 2026}),
        ("personal.gender", "female", {}, "FEMALE"),
        ("personal.age.year", "1981", {}, 1981),
        ("personal.contacts.phoneType", "work", {}, "WORK"),
    ],
)
def test_an_attribute_is_filled_as_the_operator_says(name: str, template: str, profile: dict[str, str], value: object) -> None:
    assert attribute_problem(name, template) == ""
    assert told(template, name, **profile) == value


def test_an_attribute_whose_facts_are_unknown_is_left_out() -> None:
    assert lp_sdes(Consumer(attributes={"ctmrinfo.role": "from {reference}"})) == []
    assert lp_sdes(Consumer(attributes={"ctmrinfo.companySize": "{name}"}, profile=Profile(name="many"))) == []


@pytest.mark.parametrize(
    ("name", "template", "problem"),
    [
        ("cart.total", "1", "no attribute"),
        ("ctmrinfo.role", "{shoe_size}", "nothing is known"),
        ("ctmrinfo.role", "x" * 201, "at most 200"),
        ("ctmrinfo.balance", "a lot", "no value"),
        ("personal.gender", "w", "no value"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_in_words(name: str, template: str, problem: str) -> None:
    assert problem in attribute_problem(name, template)


def test_every_attribute_of_the_schema_is_there() -> None:
    assert {"ctmrinfo.cstatus", "ctmrinfo.lastPaymentDate", "personal.contacts.region", "personal.age.day"} <= set(ATTRIBUTES)


def test_a_whole_name_is_not_cut() -> None:
    assert profile_body(Consumer(profile=Profile(name="María José Carreño")))["firstName"] == "María José Carreño"


def test_the_apps_language_stands_in_for_an_unknown_locale() -> None:
    assert lp_sdes(Consumer(), language="de-DE") == [{"type": "personal", "personal": {"language": "de-DE"}}]


@pytest.mark.parametrize(("locale", "tag"), [("en_US", "en-US"), ("pt-BR.UTF-8", "pt-BR"), ("de@euro", "de"), ("", "")])
def test_language_tag(locale: str, tag: str) -> None:
    assert language_tag(locale) == tag


def test_client_properties_are_ascii_json_with_the_features() -> None:
    assert client_properties(APP) == CLIENT_PROPERTIES


def test_client_properties_carry_extras_that_cannot_replace_the_type() -> None:
    extras = {"appVersion": "1.2", "deviceFamily": "MOBILE", "os": "ANDROID", "appId": "Läden\r\n", "type": "other"}
    header = client_properties(dataclasses.replace(APP, features=("RICH_CONTENT",), client_properties=extras))
    assert header.isascii() and "\n" not in header and "\r" not in header
    assert json.loads(header) == {
        "type": ".ClientProperties",
        "features": ["RICH_CONTENT"],
        "appVersion": "1.2",
        "deviceFamily": "MOBILE",
        "os": "ANDROID",
        "appId": "Läden\r\n",
    }
