"""Agents' files: by address where Telegram can fetch them, uploaded where it cannot, at last as a link."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers.base import Sent
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected, DeliveryError, RecipientGone, ServerFault, UnsupportedContent
from connector_platform.core.events import File, FileKind
from tests.core.test_calls import read
from tests.providers.contract.cases import drive
from tests.providers.telegram.case import CASE, CONFIG, CONSUMERS, TOKEN, answer, refusal

API = f"https://api.telegram.org/bot{TOKEN}"
PUBLIC = "https://connect.example.com/files/signed/plan.png"
LOCAL = "http://localhost:8000/files/signed/plan.png"
DATA = b"\x89PNG\r\n\x1a\nbytes"
CANNOT_FETCH = refusal(400, "Bad Request: failed to get HTTP URL content")


def sent(file: File, *refusals: HttpResponse | None, at: str = "https://connect.example.com") -> tuple[Sent, list[HttpCall]]:
    """``file`` sent by an installation whose address is ``at``, at a Telegram that answers the first calls with ``refusals``."""
    answers = list(refusals)

    def far_side(call: HttpCall, number: int) -> HttpResponse:
        if call.method == "GET":
            assert call.url == file.url
            return HttpResponse(status=200, body=DATA)
        return (answers.pop(0) if answers else None) or answer(call, number)

    context = CASE.context(callback_url=f"{at}/callbacks/telegram/1")
    return drive(CASE.provider, CASE.provider.send(file, CONFIG, context), far_side)


def said(call: HttpCall) -> Any:
    """What a call says: the fields of JSON; name, file name, type and bytes of each part of a form; the address of a download."""
    if call.method == "GET":
        assert not call.effect
        return call.url
    assert call.url.startswith(f"{API}/send")
    assert call.effect
    method = call.url.removeprefix(f"{API}/")
    if call.headers["Content-Type"] == "application/json":
        return method, json.loads(call.body)
    return method, [part for part in read(call) if part[0] != "chat_id"]


def picture(url: str, **fields: Any) -> File:
    return File(kind=FileKind.IMAGE, url=url, mime_type="image/png", name="plan.png", **fields)


CHAT = {"chat_id": int(CONSUMERS[0])}
PHOTO = ("sendPhoto", [("photo", "plan.png", "image/png", DATA)])
DOCUMENT = ("sendDocument", [("document", "plan.png", "image/png", DATA)])


def link(url: str, caption: str = "") -> Any:
    return "sendMessage", {**CHAT, "text": "\n".join(part for part in (caption, f"plan.png: {url}") if part)}


def test_a_picture_goes_by_its_address_with_its_caption() -> None:
    result, calls = sent(picture(PUBLIC, caption="look"))
    assert [said(call) for call in calls] == [("sendPhoto", {**CHAT, "photo": PUBLIC, "caption": "look"})]
    assert result == Sent(parts=((f"{CONSUMERS[0]}:1000",),))


@pytest.mark.parametrize(
    ("url", "at", "refusals", "expected"),
    [
        (LOCAL, "http://localhost:8000", (), [LOCAL, PHOTO]),
        (PUBLIC, "https://connect.example.com", (CANNOT_FETCH,), [PUBLIC, PHOTO]),
        (PUBLIC, "https://connect.example.com", (CANNOT_FETCH, CANNOT_FETCH), [PUBLIC, PHOTO, DOCUMENT]),
        (PUBLIC, "https://connect.example.com", (CANNOT_FETCH,) * 3, [PUBLIC, PHOTO, DOCUMENT, link(PUBLIC)]),
        (PUBLIC, "https://elsewhere.example.com", (CANNOT_FETCH,), [link(PUBLIC)]),
        (LOCAL, "https://connect.example.com", (), [link(LOCAL)]),
    ],
    ids=["not_reachable", "not_fetched", "no_photo", "refused", "not_ours", "not_ours_not_reachable"],
)
def test_a_picture_that_telegram_cannot_fetch_is_uploaded_where_it_is_ours(
    url: str, at: str, refusals: tuple[HttpResponse, ...], expected: list[Any]
) -> None:
    result, calls = sent(picture(url), *refusals, at=at)
    by_address = [("sendPhoto", {**CHAT, "photo": url})] if url == PUBLIC else []
    assert [said(call) for call in calls] == [*by_address, *expected]
    assert [loss.reason for loss in result.losses] == (
        ["Telegram does not take the file; it is shown as a link"] if expected[-1] == link(url) else []
    )
    assert len(result.parts) == 1


@pytest.mark.parametrize(
    ("kind", "mime_type", "method", "field"),
    [
        (FileKind.DOCUMENT, "application/pdf", "sendDocument", "document"),
        (FileKind.DOCUMENT, "", "sendDocument", "document"),
        (FileKind.VIDEO, "video/mp4", "sendVideo", "video"),
        (FileKind.VIDEO, "video/quicktime", "sendDocument", "document"),
        (FileKind.AUDIO, "audio/mpeg", "sendAudio", "audio"),
        (FileKind.AUDIO, "audio/ogg", "sendDocument", "document"),
        (FileKind.IMAGE, "image/gif", "sendAnimation", "animation"),
    ],
)
def test_other_files_are_uploaded_in_the_form_of_their_type(kind: FileKind, mime_type: str, method: str, field: str) -> None:
    _, (fetch, upload) = sent(File(kind=kind, url=PUBLIC, mime_type=mime_type, caption="look"))
    assert said(fetch) == PUBLIC
    shown_type = mime_type or "application/octet-stream"
    assert said(upload) == (method, [("caption", None, "text/plain", b"look"), (field, "plan.png", shown_type, DATA)])


@pytest.mark.parametrize("url", [PUBLIC, LOCAL])
def test_a_caption_that_is_too_long_follows_as_text(url: str) -> None:
    caption = "🙂" * 513
    result, calls = sent(picture(url, caption=caption), at="http://localhost:8000")
    *_, photo, text = (said(call) for call in calls)
    assert photo in (PHOTO, ("sendPhoto", {**CHAT, "photo": PUBLIC}))
    assert text == ("sendMessage", {**CHAT, "text": caption})
    assert [(loss.path, loss.kind) for loss in result.losses] == [("/caption", "moved")]
    assert len(result.parts) == 2


def test_a_link_keeps_its_caption() -> None:
    _, calls = sent(picture(LOCAL, caption="look"))
    assert [said(call) for call in calls] == [link(LOCAL, "look")]


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, ContentRejected), (403, ContentRejected), (400, ContentRejected), (500, ServerFault), (302, ContentRejected)],
)
def test_a_file_that_is_gone_from_our_address_breaks_no_channel(status: int, error: type[DeliveryError]) -> None:
    def far_side(call: HttpCall, number: int) -> HttpResponse:
        return HttpResponse(status=status)

    with pytest.raises(error):
        drive(CASE.provider, CASE.provider.send(picture(LOCAL), CONFIG, CASE.context(callback_url="http://localhost:8000/c")), far_side)


def test_who_blocked_the_bot_is_sent_no_other_form() -> None:
    with pytest.raises(RecipientGone):
        sent(picture(PUBLIC), refusal(403, "Forbidden: bot was blocked by the user"))


@pytest.mark.parametrize("url", ["", "ftp://files.example.com/a.png"])
def test_a_file_without_an_address_is_unsupported(url: str) -> None:
    with pytest.raises(UnsupportedContent):
        sent(picture(url))
