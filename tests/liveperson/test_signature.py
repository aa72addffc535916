from __future__ import annotations

import base64
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_platform.core.errors import SignatureInvalid
from connector_platform.liveperson.signature import verify_signature

# LivePerson's own test vector, from the tests of its demo connector (LivePersonInc/lp-demo-app-connector-api, MIT).
SECRET = "rl9hacst6kqilbofup64n11ga3"
CONSUMER = "2969e404f3be1c8cdda63f0b72d205ab5afb3fe3e3d7d72ab58245f564fdfd91"
DIALOG = "b8b83fe9-75f0-46f2-baaa-2930f7192cfb"
PAUSE = '{"type":"ChatStateEvent","chatState":"PAUSE"}'
CAFE = '{"type":"ContentEvent","message":"café 😀","contentType":"text/plain"}'


def body_with(event: str) -> bytes:
    return (
        f'{{"kind":"notification","body":{{"changes":[{{"originatorId":"{CONSUMER}","originatorMetadata":{{"id":"{CONSUMER}",'
        f'"role":"CONSUMER"}},"event":{event},"conversationId":"{DIALOG}","dialogId":"{DIALOG}"}}]}},'
        '"type":"ms.MessagingEventNotification"}'
    ).encode()


BODY = body_with(PAUSE)
FORMS = {
    "sha1-base64": "sha1=e/TfS0wv1HbvEsMqcBMmFLcMslI=",
    "sha1-hex": "sha1=7bf4df4b4c2fd476ef12c32a70132614b70cb252",
    "sha1-hex-upper": "SHA1=7BF4DF4B4C2FD476EF12C32A70132614B70CB252",
    "sha256-base64": "sha256=PH84lxXVcKluSQQ3Fy8oaaZe1vDHZ3JZMNEQoQjUjsU=",
    "sha256-hex": "sha256=" + base64.b64decode("PH84lxXVcKluSQQ3Fy8oaaZe1vDHZ3JZMNEQoQjUjsU=").hex(),
}


def test_the_vectors_bodies_are_the_published_ones() -> None:
    assert len(BODY) == 440
    assert len(body_with(CAFE)) == 468


@pytest.mark.parametrize("header", FORMS.values(), ids=FORMS)
def test_the_published_vector_verifies_in_every_form(header: str) -> None:
    verify_signature(BODY, header, [SECRET])


def test_raw_utf8_is_signed_as_it_is() -> None:
    verify_signature(body_with(CAFE), "sha1=ioY3yRGJRS+S37lPvCG2x4ezApI=", [SECRET])


def test_any_of_the_secrets_will_do() -> None:
    verify_signature(BODY, FORMS["sha1-base64"], ["new-secret", SECRET])
    verify_signature(BODY, FORMS["sha1-base64"], [SECRET, "old-secret"])


@pytest.mark.parametrize("header", FORMS.values(), ids=FORMS)
def test_one_changed_byte_is_refused(header: str) -> None:
    with pytest.raises(SignatureInvalid):
        verify_signature(BODY + b" ", header, [SECRET])


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha1",
        "sha1=",
        "=",
        "md5=" + hmac.digest(SECRET.encode(), BODY, "md5").hex(),
        "e/TfS0wv1HbvEsMqcBMmFLcMslI=",
        "sha1=e/TfS0wv1HbvEsMqcBMmFLcMslI",
        "sha256=e/TfS0wv1HbvEsMqcBMmFLcMslI=",
        "sha1=é\udcff\x00",
    ],
)
def test_other_headers_are_refused(header: str | None) -> None:
    with pytest.raises(SignatureInvalid):
        verify_signature(BODY, header, [SECRET])


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_an_empty_secret_verifies_nothing(secrets: list[str]) -> None:
    header = "sha1=" + base64.b64encode(hmac.digest(b"", BODY, "sha1")).decode()
    with pytest.raises(SignatureInvalid):
        verify_signature(BODY, header, secrets)


@given(body=st.binary(), header=st.one_of(st.none(), st.text(st.characters()), st.text().map(lambda text: f"sha1={text}")))
def test_any_header_is_invalid_and_never_a_traceback(body: bytes, header: str | None) -> None:
    with pytest.raises(SignatureInvalid):
        verify_signature(body, header, [SECRET])
