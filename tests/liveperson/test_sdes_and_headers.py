from __future__ import annotations

import dataclasses
import json

import pytest

from connector_platform.core.events import Profile
from connector_platform.liveperson.headers import client_properties
from connector_platform.liveperson.sdes import Consumer, language_tag, lp_sdes, profile_body
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
    social_id="4711",
    customer_type="Telegram",
    customer_id="crm-9",
    company_branch="Shop bot",
    account_name="Shop",
    role="buyer",
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
                        "ctype": "Telegram",
                        "customerId": "crm-9",
                        "companyBranch": "Shop bot",
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
    assert lp_sdes(Consumer(social_id="4711")) == [{"type": "ctmrinfo", "info": {"socialId": "4711"}}]
    assert lp_sdes(Consumer(profile=Profile(email="a@mail.example"))) == [
        {"type": "personal", "personal": {"contacts": [{"email": "a@mail.example"}]}}
    ]


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
