"""Signatures against worked examples and another library, and the set-up challenge."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr
from pywa.utils import webhook_updates_validator

from channels_app.providers._meta.verify import SIGNATURE_HEADER, appsecret_proof, signature
from channels_app.providers.base import CallbackRequest
from channels_app.providers.whatsapp import WhatsApp, WhatsAppAppConfig
from connector_platform.core.errors import SignatureInvalid
from tests.providers._meta.case import challenge
from tests.providers.contract.cases import NOW
from tests.providers.whatsapp.case import APP_CONFIG, APP_SECRET, CASE

FIXTURES = Path(__file__).parent / "fixtures"


def request(body: bytes, header: str, *, name: str = SIGNATURE_HEADER) -> CallbackRequest:
    return CallbackRequest(method="POST", headers={name: header}, body=body)


def test_the_worked_vector_passes() -> None:
    body = b'{"object":"whatsapp_business_account","entry":[]}'
    header = "sha256=5359b712581d0e9c61cac8e238aa2d4d2dd0b6dae2e6a7a5029a0f4dd6c077b6"
    assert signature(body, APP_SECRET) == header
    WhatsApp().verify(request(body, header), APP_CONFIG, now=NOW)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("message__text", "0a0c4e141f47ba42e8963c7030f756f0f68b17df4594e62fad426fd90f8301a6"),
        ("message__image_with_caption", "d197cc80ca44c229ad22eec701a5d17d527744daae01c5ad89e5c162b4712397"),
        ("message__document", "f547f90b615281d74caa51a3ec2b99b89c403f5d3a2a4b7f7a0dd660c083efd0"),
        ("message__location_zero", "4562d671212532d228f685cbeb8e5b9227d3700a90cfc0442be96469096246e9"),
        ("interactive__button_reply", "202e008b7683ee01783c17ab3d7d0109d4d70d44330b7fd226397d62284e9a6a"),
        ("interactive__list_reply", "6e1b58ccac910458e20cf766e4fd8bd9eb9f39202658078fc5780f4d4fde12c1"),
        ("message__template_button", "3841319a98a3956b87c6b0b56cfdd33b827c40e8dc4d301c61bb4aa4671fd324"),
        ("message__reaction_and_removal", "4cfbfc61f60c67ec4f0187c13e439157abc445c7355f66f316dd7ad743746c36"),
        ("message__unsupported_poll", "277884d8b01cb7543361dfc179248ad8f0aae2cb208f1bebc04339ac5f5760ed"),
        ("message__business_scoped_id_only", "d2353a092333617dcebe007943f746dcc48de0aaf9868d3243770a85231a477b"),
        ("statuses__out_of_order", "bc68ae1a34f5651f2d2a68e41f1fc657db87b3719cbfa4ab5130896e553d1a77"),
        ("statuses__failed_window", "30ddd2df71410bf81c8b38c41d449c07701bdceb9efd4cfb072cda3ecbe3d1d8"),
    ],
)
def test_the_recorded_signatures_pass(name: str, digest: str) -> None:
    body = (FIXTURES / f"{name}.json").read_bytes()
    WhatsApp().verify(request(body, f"sha256={digest}"), APP_CONFIG, now=NOW)


def test_another_library_takes_the_same_signatures() -> None:
    for fixture in CASE.fixtures():
        body = fixture.read_bytes()
        assert webhook_updates_validator(APP_SECRET, body, signature(body, APP_SECRET))
        assert not webhook_updates_validator(APP_SECRET, body, signature(body, "another secret"))


def test_the_old_sha1_header_alone_is_refused() -> None:
    with pytest.raises(SignatureInvalid, match="no X-Hub-Signature-256"):
        WhatsApp().verify(request(b"{}", "sha1=" + "0" * 40, name="x-hub-signature"), APP_CONFIG, now=NOW)


def test_the_secret_of_another_app_is_refused() -> None:
    other = WhatsAppAppConfig(app_id="1", app_secret=SecretStr("another-apps-secret"), verify_token=SecretStr("phrase"))
    with pytest.raises(SignatureInvalid, match="app secret"):
        WhatsApp().verify(request(b"{}", signature(b"{}", APP_SECRET)), other, now=NOW)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=unsubscribe&hub.verify_token=canary+verify+token&hub.challenge=1",
        "hub.mode=subscribe&hub.verify_token=canary+verify+token",
        "hub.mode=subscribe&hub.verify_token=%FF%FE&hub.challenge=1",
    ],
)
def test_an_incomplete_challenge_is_refused_with_403(query: str) -> None:
    with pytest.raises(SignatureInvalid) as caught:
        WhatsApp().handshake(CallbackRequest(method="GET", query_string=query, headers={}), APP_CONFIG)
    assert caught.value.status == 403


def test_the_challenge_is_echoed_as_text() -> None:
    answer = WhatsApp().handshake(challenge("canary+verify+token"), APP_CONFIG)
    assert answer is not None
    assert (answer.status, answer.body, answer.content_type) == (200, b"1158201444", "text/plain; charset=utf-8")


def test_the_proof_is_the_tokens_digest_under_the_secret() -> None:
    assert appsecret_proof("token", "secret") == "e941110e3d2bfe82621f0e3e1434730d7305d106c5f68c87165d0b27a4611a4a"
