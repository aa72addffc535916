"""Signatures against worked examples, and the set-up challenge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from channels_app.providers._meta.verify import SIGNATURE_HEADER, appsecret_proof, signature
from channels_app.providers.base import CallbackRequest
from channels_app.providers.messenger import Messenger, MessengerAppConfig
from connector_platform.core.errors import SignatureInvalid
from tests.providers._meta.case import challenge
from tests.providers.contract.cases import NOW
from tests.providers.messenger.case import APP_CONFIG

FIXTURES = Path(__file__).parent / "fixtures"
DOCS_SECRET = "meta-docs-app-secret"
PLAIN_BODY = b'{"object":"page","entry":[]}'
ESCAPED_BODY = rb'{"object":"page","entry":[{"id":"1","time":1,"messaging":[{"message":{"text":"\u00e9\ud83d\ude42 a\/b"}}]}]}'


def request(body: bytes, header: str, *, name: str = SIGNATURE_HEADER) -> CallbackRequest:
    return CallbackRequest(method="POST", headers={name: header}, body=body)


def config(app_secret: str = DOCS_SECRET) -> MessengerAppConfig:
    return MessengerAppConfig(app_id="1", app_secret=SecretStr(app_secret), verify_token=SecretStr("phrase"))


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (PLAIN_BODY, "sha256=9d06367b84b87df258403437848779d5b9a830fb5d0bcfbbefed676d961f9c75"),
        (ESCAPED_BODY, "sha256=2093377caaf3e36034aefb434b879b14bb3bff9f77f9f3e28fff572f25c17ab9"),
    ],
)
def test_the_worked_vectors_pass(body: bytes, header: str) -> None:
    assert signature(body, DOCS_SECRET) == header
    Messenger().verify(request(body, header), config(), now=NOW)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("message__text", "8dc7f10fddf9099f60c16314f67545bdf1040e547a1efbe20f469c553a72c8cc"),
        ("message__text_as_on_the_wire", "47c79c1deb210875fc3cbc0a2dbcb2ae595e5f67c31e39db3a2a2c30da22092f"),
        ("message__quick_reply", "7c8a927a4a74c7b70b4b883af11f7b2bc8f4c58bb14f1b99bb941e260b614c66"),
        ("postback__with_referral", "714fbd168d02973a1c0b1d6b5a32f5533eb87f1999cb9231c7f201e838c82ac7"),
        ("message__image_and_file", "e618f99e861e338602a9c492ec4f53270589dc65a8c84e0857bcf9828564e6d3"),
        ("message__location", "237974d6d00f09b3032f69b4596f850054ee3f37ab944b9bda3ac84457854fd7"),
        ("message__sticker_thumbs_up", "a8b2671a2a86381373327c905bfd34133fc2cc3bbc96307b5c5f9214db097bfc"),
        ("message__reply_and_reaction", "e0fbb6be367a4c8a9666a96e3e4ab5ef18feb6f207d6f9869ce37e1196616fc1"),
        ("reaction__removed", "91bf6c0bdaf7e751b269b7e0b3a47c1b089ededa46fde2a11e5b30d3ccd0407f"),
        ("delivery__and_read", "695761ee5e1944acd5b21c62d0f6507354db1a6ef2e01fe008e7779fc81971be"),
        ("message__echo", "399de00797fdccddb12e6a50a6bd986418ea3b096d59df564f1b02ea573246b7"),
        ("batch__two_pages", "c56756bd236b018308cd9b2f29ba8ad8202f879db3adb3c986bc47286f7c8c63"),
    ],
)
def test_the_recorded_signatures_pass(name: str, digest: str) -> None:
    body = (FIXTURES / f"{name}.json").read_bytes()
    Messenger().verify(request(body, f"sha256={digest}"), APP_CONFIG, now=NOW)


@pytest.mark.parametrize("dump", [{"ensure_ascii": False, "separators": (",", ":")}, {}])
def test_a_body_that_was_parsed_and_dumped_again_fails(dump: dict[str, object]) -> None:
    body = json.dumps(json.loads(ESCAPED_BODY), **dump).encode()  # type: ignore[arg-type]
    with pytest.raises(SignatureInvalid):
        Messenger().verify(request(body, signature(ESCAPED_BODY, DOCS_SECRET)), config(), now=NOW)


def test_the_old_sha1_header_alone_is_refused() -> None:
    with pytest.raises(SignatureInvalid, match="no X-Hub-Signature-256"):
        Messenger().verify(request(PLAIN_BODY, "sha1=" + "0" * 40, name="x-hub-signature"), config(), now=NOW)


def test_another_apps_secret_is_refused() -> None:
    with pytest.raises(SignatureInvalid, match="app secret"):
        Messenger().verify(request(PLAIN_BODY, signature(PLAIN_BODY, "another-app-secret")), config(), now=NOW)


def test_the_appsecret_proof_matches_the_worked_example() -> None:
    assert appsecret_proof("EAAdocsToken", DOCS_SECRET) == "06a02ef7e27f449850ba103e4a36f10f16e9b238d550797cb30d06654579f9ca"


def test_the_challenge_is_echoed_as_plain_text() -> None:
    answer = Messenger().handshake(challenge("phrase"), config())
    assert answer is not None
    assert (answer.status, answer.body, answer.content_type) == (200, b"1158201444", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1",
        "hub.mode=subscribe&hub.verify_token=phras%C3%A9&hub.challenge=1",
        "hub.mode=unsubscribe&hub.verify_token=phrase&hub.challenge=1",
        "hub.verify_token=phrase&hub.challenge=1",
        "hub.mode=subscribe&hub.verify_token=phrase",
    ],
)
def test_an_incomplete_or_wrong_challenge_is_forbidden(query: str) -> None:
    with pytest.raises(SignatureInvalid) as caught:
        Messenger().handshake(CallbackRequest(method="GET", query_string=query, headers={}), config())
    assert caught.value.status == 403
