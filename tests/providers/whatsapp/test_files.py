"""A person's file: where it lies, its bytes, and where the token must not go."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected, CredentialsRejected, DeliveryError, ServerFault, Throttled, UnsupportedContent
from connector_platform.core.events import File, FileKind
from tests.providers._meta.case import json_response
from tests.providers.contract.cases import drive
from tests.providers.whatsapp.case import CASE, CONFIG, PHONE_NUMBER_ID, TOKEN, error_response
from tests.providers.whatsapp.test_outbound import PLAIN_APP

PICTURE = File(kind=FileKind.IMAGE, media_id="1890000000000001", mime_type="image/jpeg")
BYTES = b"\xff\xd8\xff\xe0 not JSON"


def fetched(*answers: HttpResponse, file: File = PICTURE, **context: Any) -> tuple[bytes, list[HttpCall]]:
    steps = CASE.provider.fetch_file(file, CONFIG, CASE.context(**{"app": PLAIN_APP, **context}))
    return drive(CASE.provider, steps, lambda call, number: answers[number])


def lies_at(url: Any, sha256: Any = "x") -> HttpResponse:
    return json_response({"url": url, "mime_type": "image/jpeg", "sha256": sha256, "file_size": 12, "id": "1890000000000001"})


def test_two_calls_with_the_token_bring_the_bytes() -> None:
    url = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1890000000000001&ext=1793002100&hash=ATv"
    data, calls = fetched(lies_at(url), HttpResponse(status=200, body=BYTES))
    assert data == BYTES
    assert [(call.method, call.url) for call in calls] == [
        ("GET", f"https://graph.facebook.com/v25.0/1890000000000001?phone_number_id={PHONE_NUMBER_ID}"),
        ("GET", url),
    ]
    assert all(call.headers == {"Authorization": f"Bearer {TOKEN}"} and not call.effect for call in calls)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/lookaside.fbsbx.com/",
        "https://lookaside.fbsbx.com.evil.example/",
        "https://evilfbsbx.com/",
        "https://lookaside.fbsbx.com@evil.example/",
        "http://lookaside.fbsbx.com/",
        "file:///etc/passwd",
        "https://[",
        "",
        None,
        7,
    ],
)
def test_the_token_goes_to_nobody_but_meta(url: Any) -> None:
    asked: list[HttpCall] = []

    def answer(call: HttpCall, number: int) -> HttpResponse:
        asked.append(call)
        return lies_at(url)

    with pytest.raises(ContentRejected, match="not Meta's"):
        drive(CASE.provider, CASE.provider.fetch_file(PICTURE, CONFIG, CASE.context()), answer)
    assert len(asked) == 1


def test_the_stand_in_for_meta_serves_its_own_files_only() -> None:
    base = "http://127.0.0.1:8800/whatsapp"
    data, _ = fetched(lies_at("http://127.0.0.1:8800/whatsapp/files/1"), HttpResponse(status=200, body=BYTES), api_base=base)
    assert data == BYTES
    with pytest.raises(ContentRejected):
        fetched(lies_at("http://127.0.0.1:8801/whatsapp/files/1"), api_base=base)


def test_a_file_without_an_id_cannot_be_fetched() -> None:
    with pytest.raises(UnsupportedContent):
        fetched(file=File(kind=FileKind.IMAGE))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([error_response("100/33")], ContentRejected),
        ([HttpResponse(status=404)], ContentRejected),
        ([error_response("190", status=401)], CredentialsRejected),
        ([error_response("130429", status=403)], Throttled),
        ([lies_at("https://lookaside.fbsbx.com/1"), HttpResponse(status=404, body=b"<html>")], ContentRejected),
        ([lies_at("https://lookaside.fbsbx.com/1"), HttpResponse(status=401)], CredentialsRejected),
        ([lies_at("https://lookaside.fbsbx.com/1"), HttpResponse(status=503)], ServerFault),
    ],
)
def test_what_refusals_mean(answers: list[HttpResponse], expected: type[DeliveryError]) -> None:
    with pytest.raises(DeliveryError) as caught:
        fetched(*answers)
    assert type(caught.value) is expected


META = "https://lookaside.fbsbx.com/1"
DIGEST = hashlib.sha256(BYTES)
OTHER = hashlib.sha256(b"other bytes")


@pytest.mark.parametrize("sha256", [DIGEST.hexdigest(), base64.b64encode(DIGEST.digest()).decode(), "", "short", None])
def test_bytes_with_the_digest_that_meta_names_are_the_file(sha256: Any) -> None:
    assert fetched(lies_at(META, sha256), HttpResponse(status=200, body=BYTES))[0] == BYTES


@pytest.mark.parametrize("sha256", [OTHER.hexdigest(), base64.b64encode(OTHER.digest()).decode()])
def test_bytes_with_another_digest_are_not(sha256: str) -> None:
    with pytest.raises(ContentRejected, match="not the file"):
        fetched(lies_at(META, sha256), HttpResponse(status=200, body=BYTES))


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "application/json"])
def test_a_page_of_metas_is_not_the_file_either(content_type: str) -> None:
    page = HttpResponse(status=200, body=b"<html>not now</html>", headers={"content-type": content_type})
    with pytest.raises(ContentRejected, match="not the file"):
        fetched(lies_at(META), page)
    sent_so = File(kind=FileKind.DOCUMENT, media_id="1890000000000001", mime_type=content_type.partition(";")[0])
    assert fetched(lies_at(META), page, file=sent_so)[0] == page.body
