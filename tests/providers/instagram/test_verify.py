"""Signatures against worked examples, by either of the app's two secrets, and the set-up challenge."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from channels_app.providers._meta.verify import SIGNATURE_HEADER, signature
from channels_app.providers.base import CallbackRequest
from channels_app.providers.instagram import Instagram, InstagramAppConfig
from connector_platform.core.errors import SignatureInvalid
from tests.providers._meta.case import challenge
from tests.providers.contract.cases import NOW
from tests.providers.instagram.case import APP_CONFIG, APP_SECRET, INSTAGRAM_SECRET

FIXTURES = Path(__file__).parent / "fixtures"
EMPTY_BODY = b'{"object":"instagram","entry":[]}'
EMPTY_SIGNATURE = "sha256=d5c208cbf0dffd7cc1c24e6b9eb12db596ff3111b4fa63349de3c47883b71133"

ONE_SECRET = APP_CONFIG.model_copy(update={"instagram_app_secret": SecretStr("")})


def verify(body: bytes, header: str, config: InstagramAppConfig = ONE_SECRET, *, name: str = SIGNATURE_HEADER) -> None:
    Instagram().verify(CallbackRequest(method="POST", headers={name: header}, body=body), config, now=NOW)


def test_the_worked_vector_passes() -> None:
    assert signature(EMPTY_BODY, APP_SECRET) == EMPTY_SIGNATURE
    verify(EMPTY_BODY, EMPTY_SIGNATURE)


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("message__text", "18e627cc75d134c347c8aff6cb2a3755f22420c6c7cadae0be4016fb25f86001"),
        ("message__image", "51655539222e5c5621c051f2ab863b960c50e19be412c9caa6f70dae3bb04ae4"),
        ("message__story_reply", "0b47dc8e44804ee949d9b596cbbe65615c6dcae40406c575973986852ab39721"),
        ("message__story_mention", "5918738f66c61070ae3acd97c4ec49f7a4f67cece0d3ad57b7063a95eba40709"),
        ("message__shared_post", "402e7fb59bfc0926797e210fb3cf1c55a17f3d712dd3d14f50abeaee42a73b23"),
        ("message__like_heart", "27d76bd829dfe97b8f1cbd610739096b341fd2c64cebb7fe05d28ef49820de9b"),
        ("postback__icebreaker", "3ef22ddf054c06d66c2ad09f5178374d79efdfbf279af62b88fbec0d2d3e335f"),
        ("message__unsent", "f207fa64431d7cb8adf15cba8852dbbb1ff12c84ac36fb425a56b6d0c5dcbe53"),
        ("reaction__love", "9fc632be0b2d203550f2eeb644965e6cdbea53688ac1ba0312c4bd5901df777b"),
        ("read__seen", "667a3f5d41cac8301e445ebf1afbcb7c12fac696b7e2de9a669546cedbad045b"),
        ("message__unsupported", "ffa68acdfb01ed406784748b13114757cb1f751cf50ca46bf8ee658283f3d898"),
        ("message__echo", "5d1a9e94e175a3828edf3416c29b4de77a6b447b31381d2edfdbc5318998ce3e"),
    ],
)
def test_the_recorded_signatures_pass(name: str, digest: str) -> None:
    verify((FIXTURES / f"{name}.json").read_bytes(), f"sha256={digest}", APP_CONFIG)


@pytest.mark.parametrize("secret", [APP_SECRET, INSTAGRAM_SECRET])
def test_either_secret_of_the_app_will_do(secret: str) -> None:
    verify(EMPTY_BODY, signature(EMPTY_BODY, secret), APP_CONFIG)


@pytest.mark.parametrize("secret", ["", "another-app-secret", INSTAGRAM_SECRET])
def test_a_secret_that_is_not_the_apps_is_refused(secret: str) -> None:
    with pytest.raises(SignatureInvalid, match="app secret"):
        verify(EMPTY_BODY, signature(EMPTY_BODY, secret))


def test_the_old_sha1_header_alone_is_refused() -> None:
    with pytest.raises(SignatureInvalid, match="no X-Hub-Signature-256"):
        verify(EMPTY_BODY, "sha1=" + "0" * 40, name="x-hub-signature")


def test_the_challenge_is_echoed_as_plain_text() -> None:
    answer = Instagram().handshake(challenge("canary+verify+token"), APP_CONFIG)
    assert answer is not None
    assert (answer.status, answer.body, answer.content_type) == (200, b"1158201444", "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe&hub.challenge=1",
        "hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1",
        "hub.mode=unsubscribe&hub.verify_token=canary+verify+token&hub.challenge=1",
        "hub.mode=subscribe&hub.verify_token=canary+verify+token",
    ],
)
def test_an_incomplete_or_wrong_challenge_is_forbidden(query: str) -> None:
    with pytest.raises(SignatureInvalid) as caught:
        Instagram().handshake(CallbackRequest(method="GET", query_string=query, headers={}), APP_CONFIG)
    assert caught.value.status == 403
