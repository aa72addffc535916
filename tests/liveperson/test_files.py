from __future__ import annotations

import json
from typing import Any

import pytest

from connector_platform.core.errors import ConfigurationError, ContentRejected, ServerFault
from connector_platform.core.events import FileKind
from connector_platform.liveperson.files import MAX_PREVIEW_CHARS, MAX_UPLOAD_BYTES, fetch_download_url, publish_file
from connector_platform.liveperson.hosted_files import file_kind, mime_type, suffix
from connector_platform.liveperson.publish import Published
from tests.liveperson.support import APP, CONVERSATION, DOMAINS, SEND_API_HEADERS, SEND_URL, TOKENS, answer, ok, play

PATH = "/v1/AUTH_async-images/70012345/abc_uuid_1.PNG"
ADDRESS = ok(relativePath=PATH, queryParams={"temp_url_sig": "dd9e+/ca6e", "temp_url_expires": "1793451660"})
URL = f"https://swift.example{PATH}?temp_url_sig=dd9e%2B%2Fca6e&temp_url_expires=1793451660"


def file_steps(**options: Any) -> Any:
    options = {
        "conversation_id": CONVERSATION,
        "dialog_id": CONVERSATION,
        "request_id": "r-1",
        "data": b"\x89PNG..",
        "mime_type": "image/png",
        "caption": "lamp.png",
        **options,
    }
    return publish_file(APP, DOMAINS, TOKENS, **options)


def test_a_file_takes_an_address_an_upload_and_a_message() -> None:
    published, [asked, uploaded, shown] = play(file_steps(), ADDRESS, answer(201, body=b""), ok(sequence=6))
    assert (asked.method, asked.url, dict(asked.headers)) == ("POST", SEND_URL, SEND_API_HEADERS)
    assert json.loads(asked.body) == {
        "kind": "req",
        "id": "r-1-url",
        "type": "ms.GenerateURLForUploadFile",
        "body": {"fileSize": "6", "fileType": "PNG"},
    }
    assert (uploaded.method, uploaded.url, uploaded.body) == ("PUT", URL, b"\x89PNG..")
    assert dict(uploaded.headers) == {"Content-Type": "image/png"}
    message = {"caption": "lamp.png", "relativePath": PATH, "fileType": "PNG"}
    assert json.loads(shown.body) == {
        "kind": "req",
        "id": "r-1",
        "type": "ms.PublishEvent",
        "body": {
            "dialogId": CONVERSATION,
            "conversationId": CONVERSATION,
            "event": {"type": "ContentEvent", "contentType": "hosted/file", "message": message},
        },
    }
    assert [call.effect for call in (asked, uploaded, shown)] == [False, False, True]
    assert published == Published(sequence=6)


def test_the_tokens_do_not_go_to_the_file_storage() -> None:
    _, [_, uploaded, _] = play(file_steps(), ADDRESS, answer(201), ok(sequence=6))
    assert "Authorization" not in uploaded.headers and "X-LP-ON-BEHALF" not in uploaded.headers


def test_other_types_go_where_the_account_takes_them() -> None:
    steps = file_steps(mime_type="application/pdf", file_types=("PNG", "PDF"))
    _, [asked, _, shown] = play(steps, ADDRESS, answer(201), ok(sequence=6))
    assert json.loads(asked.body)["body"]["fileType"] == "PDF"
    assert json.loads(shown.body)["body"]["event"]["message"]["fileType"] == "PDF"


def test_a_preview_that_liveperson_refuses_is_left_away() -> None:
    refusal = answer(400, {"code": "BAD_REQUEST", "body": {"msg": "Bad Request"}, "reqId": "r-1"})
    published, calls = play(file_steps(preview="data:image/jpeg;base64,AAAA"), ADDRESS, answer(201), refusal, ok(sequence=7))
    messages = [json.loads(call.body)["body"]["event"]["message"] for call in calls[2:]]
    assert [message.get("preview") for message in messages] == ["data:image/jpeg;base64,AAAA", None]
    assert published == Published(sequence=7)


def test_a_preview_over_the_limit_is_not_sent() -> None:
    _, [_, _, shown] = play(file_steps(preview="data:" + "A" * MAX_PREVIEW_CHARS), ADDRESS, answer(201), ok(sequence=6))
    assert "preview" not in json.loads(shown.body)["body"]["event"]["message"]


@pytest.mark.parametrize("wrong", [{"mime_type": "application/pdf"}, {"mime_type": ""}, {"data": b"x" * (MAX_UPLOAD_BYTES + 1)}])
def test_what_liveperson_does_not_take_is_refused_before_any_call(wrong: dict[str, Any]) -> None:
    with pytest.raises(ContentRejected):
        play(file_steps(**wrong))


@pytest.mark.parametrize("mime", ["image/jpeg", "IMAGE/JPEG; charset=binary"])
def test_jpeg_is_published_as_jpg(mime: str) -> None:
    _, [asked, _, _] = play(file_steps(mime_type=mime), ADDRESS, answer(201), ok(sequence=6))
    assert json.loads(asked.body)["body"]["fileType"] == "JPG"


def test_an_expired_address_starts_over_and_a_refused_file_does_not() -> None:
    with pytest.raises(ServerFault):
        play(file_steps(), ADDRESS, answer(401))
    with pytest.raises(ContentRejected):
        play(file_steps(), ADDRESS, answer(413))


def test_an_agents_file_has_a_download_address() -> None:
    url, [call] = play(fetch_download_url(APP, DOMAINS, TOKENS, request_id="r-1", relative_path=PATH), ADDRESS)
    assert json.loads(call.body) == {
        "kind": "req",
        "id": "r-1",
        "type": "ms.GenerateURLForDownloadFile",
        "body": {"relativePath": PATH},
    }
    assert (url, call.effect) == (URL, False)


@pytest.mark.parametrize("path", ["@evil.example/x", ".evil.example/x", "", "/a b", "/a?b", "/a\\b", None, 5])
def test_an_address_outside_the_storage_is_never_used(path: Any) -> None:
    with pytest.raises(ServerFault):
        play(file_steps(), ok(relativePath=path, queryParams={}))


def test_an_account_without_storage_is_the_operators_matter() -> None:
    domains = {service: url for service, url in DOMAINS.items() if service != "swift"}
    with pytest.raises(ConfigurationError, match="swift"):
        play(fetch_download_url(APP, domains, TOKENS, request_id="r-1", relative_path=PATH), ADDRESS)


@pytest.mark.parametrize(
    ("file_type", "kind", "mime", "ending"),
    [
        ("JPG", FileKind.IMAGE, "image/jpeg", ".jpg"),
        ("JPEG", FileKind.IMAGE, "image/jpeg", ".jpeg"),
        ("IMG", FileKind.IMAGE, "", ".img"),
        ("mp4", FileKind.VIDEO, "video/mp4", ".mp4"),
        ("OGG", FileKind.AUDIO, "audio/ogg", ".ogg"),
        ("DOCX", FileKind.DOCUMENT, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"),
        ("NEWTYPE", FileKind.DOCUMENT, "", ".newtype"),
        ("../x", FileKind.DOCUMENT, "", ""),
        ("", FileKind.DOCUMENT, "", ""),
    ],
)
def test_file_types(file_type: str, kind: FileKind, mime: str, ending: str) -> None:
    assert (file_kind(file_type), mime_type(file_type), suffix(file_type)) == (kind, mime, ending)
