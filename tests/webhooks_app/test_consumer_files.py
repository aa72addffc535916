"""Consumers' files of every kind: as LivePerson takes them, else in words that say what came and why it is not shown."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from connector_platform.core.calls import HttpResponse
from tests.webhooks_app.far_side import refused
from tests.webhooks_app.world import World, element
from webhooks_app.delivery.consumer_files import preview_of, sniff

pytestmark = pytest.mark.django_db(transaction=True)


def picture(size: tuple[int, int] = (1200, 800), kind: str = "PNG", mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 80).convert(mode).save(out, kind)
    return out.getvalue()


def document() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")
    return out.getvalue()


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(40)


def arrives(world: World, kind: str, data: bytes, *, status: int = 200) -> None:
    """The consumer sends a file of this kind by Messenger, whose address gives ``data``."""
    world.far.script("fetch_file", *[HttpResponse(status=status, body=data)] * 4)
    world._mids += 1
    url = "https://cdn.fbsbx.example/f?x=1"
    world.consumer_does(element(message={"mid": f"file-{world._mids}", "attachments": [{"type": kind, "payload": {"url": url}}]}))
    world.work_on(times=5)


def shown(world: World) -> dict[str, Any]:
    """The message that shows the file to the agent."""
    (call,) = world.far.of("send_file")
    found: dict[str, Any] = json.loads(call.body)["body"]["event"]["message"]
    return found


def test_a_picture_comes_with_a_preview_within_the_limit(world: World) -> None:
    data = picture()
    arrives(world, "image", data)
    (uploaded,) = world.far.of("upload")
    assert (uploaded.body, uploaded.headers["Content-Type"]) == (data, "image/png")
    message = shown(world)
    assert message["fileType"] == "PNG"
    kind, _, encoded = message["preview"].partition(",")
    assert kind == "data:image/jpeg;base64"
    assert len(message["preview"]) <= 30_000
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as preview:
        assert max(preview.size) == 400


def test_a_preview_that_liveperson_refuses_does_not_cost_the_picture(world: World) -> None:
    world.far.script("send_file", refused("Bad Request"))
    arrives(world, "image", picture())
    previews = ["preview" in json.loads(call.body)["body"]["event"]["message"] for call in world.far.of("send_file")]
    assert previews == [True, False]
    assert world.event(kind="file").state == "done"


@pytest.mark.parametrize(
    ("data", "allowed", "file_type"),
    [(PDF, "PDF", "PDF"), (MP4, "MP4", "MP4"), (document(), "ZIP", "ZIP"), (picture(kind="GIF"), "GIF", "GIF")],
)
def test_what_the_account_takes_is_shown_as_a_file(world: World, data: bytes, allowed: str, file_type: str) -> None:
    world.app.file_types = ["JPG", "PNG", allowed]
    world.app.save()
    arrives(world, "file", data)
    assert shown(world)["fileType"] == file_type


@pytest.mark.parametrize(
    ("kind", "data", "status", "reason"),
    [
        ("file", PDF, 200, "its type is application/pdf; this LivePerson account takes JPG, PNG, GIF"),
        ("image", b"<html>not a picture</html>", 200, "its type is unknown"),
        ("video", b"\x89PNG\r\n\x1a\n" + bytes(3 * 1024 * 1024), 200, "it is larger than 3 MB, LivePerson's limit"),
        ("image", b"gone", 404, "cannot be shown"),
    ],
)
def test_what_cannot_be_shown_is_said_in_words_with_the_reason(world: World, kind: str, data: bytes, status: int, reason: str) -> None:
    arrives(world, kind, data, status=status)
    assert world.far.of("send_file") == []
    (line,) = world.far.texts()
    assert reason in line
    assert line.startswith(f"[{'document' if kind == 'file' else kind}]")


def test_a_file_that_cannot_be_fetched_holds_the_words_behind_it_up_for_three_tries_only(world: World) -> None:
    world.far.script("fetch_file", *[HttpResponse(status=503)] * 9)
    arrives(world, "image", b"")
    world.consumer_says("did you get it?")
    world.work_on(times=2)
    assert world.far.texts()[-1] == "did you get it?"
    assert "cannot be shown" in world.far.texts()[0]


@pytest.mark.parametrize(
    ("data", "declared", "found"),
    [
        (b"a,b\n1,2\n", "text/csv", "text/csv"),
        (b"hello", "", ""),
        (b"\xff\xfe\x00", "text/plain", ""),
        (PDF, "image/png", "application/pdf"),
    ],
)
def test_the_bytes_tell_what_a_file_is(data: bytes, declared: str, found: str) -> None:
    assert sniff(data, declared) == found


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "CMYK"])
def test_pictures_of_every_mode_have_a_preview(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    assert preview_of(picture((300, 200), kind, mode)).startswith("data:image/jpeg;base64,")


def test_a_picture_of_too_many_pixels_has_no_preview() -> None:
    out = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(out, "PNG")
    assert preview_of(out.getvalue()) == ""


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0", b"BM"]))
def test_no_bytes_break_the_preview(junk: bytes, head: bytes) -> None:
    assert isinstance(preview_of(head + junk), str)
