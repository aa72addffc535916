"""Pictures and files: where callbacks name them, and how their bytes are fetched."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from channels_app.providers.sms_gateway import SmsGateway
from channels_app.providers.sms_gateway.media import UNREACHABLE
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected, CredentialsRejected, UnsupportedContent
from connector_platform.core.events import Content, File, FileKind, Text
from tests.providers.contract.cases import drive
from tests.providers.sms_gateway.case import BASIC, CASE, FORM, get, make_config, post

HOST = "https://mms.example.net"


def contents(body: object, **fields: list[str]) -> list[Content]:
    """What a JSON callback (or, of pairs, a form) becomes where media stand at ``fields``."""
    is_form = isinstance(body, list)
    octets = urlencode(body).encode() if isinstance(body, list) else json.dumps(body).encode()
    request = post(octets, FORM if is_form else "application/json")
    return [event.content for event in SmsGateway().parse(request, make_config(inbound={"auth": BASIC, "fields": fields})).events]


def form(*pairs: tuple[str, str]) -> list[tuple[str, str]]:
    return [("from", "31612345678"), ("id", "m1"), *pairs]


def test_media_follow_the_text_as_events_of_their_own() -> None:
    config = make_config(inbound={"auth": BASIC, "fields": {"media": ["media"]}})
    query = urlencode(form(("text", "see"), ("media", f"{HOST}/x.PNG?s=1"), ("media", f"{HOST}/y.vcf")))
    events = SmsGateway().parse(get(query), config).events
    assert [(event.source_id, event.content) for event in events] == [
        ("m1", Text(text="see")),
        ("m1:1", File(kind=FileKind.IMAGE, url=f"{HOST}/x.PNG?s=1")),
        ("m1:2", File(kind=FileKind.DOCUMENT, url=f"{HOST}/y.vcf")),
    ]


PICTURE, SOUND = File(kind=FileKind.IMAGE, url=f"{HOST}/0"), File(kind=FileKind.AUDIO, url=f"{HOST}/1.amr")


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (form(("MediaUrl0", f"{HOST}/0"), ("MediaUrl1", f"{HOST}/1.amr")), ["MediaUrl#"]),
        (form(("mediaurl1", f"{HOST}/0"), ("mediaurl2", f"{HOST}/1.amr")), ["MediaUrl#"]),
        (form(("media", f"{HOST}/0, {HOST}/1.amr")), ["media"]),
        (form(("media", f"{HOST}/0 {HOST}/1.amr")), ["attachment", "media"]),
        ({"from": 31612345678, "id": 1, "media": [f"{HOST}/0", f"{HOST}/1.amr"]}, ["media.*"]),
        ({"from": 31612345678, "id": 1, "parts": [{"url": f"{HOST}/0"}, {"name": "x"}, {"url": f"{HOST}/1.amr"}]}, ["parts[*].url"]),
        ({"from": 31612345678, "id": 1, "part0": {"url": f"{HOST}/0"}, "part1": {"url": f"{HOST}/1.amr"}}, ["part#.url"]),
    ],
)
def test_media_stand_in_lists_and_in_numbered_fields(body: object, paths: list[str]) -> None:
    assert contents(body, media=paths) == [PICTURE, SOUND]


def test_numbered_elements_of_xml() -> None:
    config = make_config(inbound={"auth": BASIC, "fields": {"media": ["//file#/@href"], "message_id": ["//id"], "sender": ["//from"]}})
    body = f"<m><id>1</id><from>31612345678</from><file1 href='{HOST}/0'/><file2 href='{HOST}/1.amr'/></m>".encode()
    assert [event.content for event in SmsGateway().parse(post(body, "text/xml"), config).events] == [PICTURE, SOUND]


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        (["image/png", "Video/3gpp; codecs=s263"], [(FileKind.IMAGE, "image/png"), (FileKind.VIDEO, "video/3gpp")]),
        (["application/smil", "text/x-vcard"], [(FileKind.DOCUMENT, "text/x-vcard")]),
        # One is missing: nobody can say whose the other is, so the addresses' ends decide.
        (["video/3gpp"], [(FileKind.IMAGE, ""), (FileKind.AUDIO, "")]),
        ([], [(FileKind.IMAGE, ""), (FileKind.AUDIO, "")]),
    ],
)
def test_mime_types_say_what_a_file_is_and_layout_is_left_out(types: list[str], expected: list[tuple[FileKind, str]]) -> None:
    body = {"from": 31612345678, "id": 1, "urls": [f"{HOST}/0", f"{HOST}/1.amr"], "types": types}
    files = [content for content in contents(body, media=["urls.*"], media_type=["types.*"]) if isinstance(content, File)]
    assert [(file.kind, file.mime_type) for file in files] == expected


@pytest.mark.parametrize("url", ["file:///etc/passwd", "javascript:alert(1)", "https://", "http://[", "gopher://x/", "cid:part1"])
def test_of_media_that_cannot_be_called_the_agent_reads(url: str) -> None:
    body = {"from": "31612345678", "id": 1, "text": "a", "files": [url]}
    assert contents(body, media=["files.*"]) == [Text(text="a"), UNREACHABLE]


def test_a_stop_word_under_a_picture_is_a_caption() -> None:
    assert contents(form(("text", "STOP"), ("media", f"{HOST}/0")), media=["media"]) == [Text(text="STOP"), PICTURE]


# Fetching


def fetch(url: str, *answers: HttpResponse, **outbound: Any) -> tuple[bytes, list[HttpCall]]:
    provider, config = SmsGateway(), make_config(outbound=outbound)
    steps = provider.fetch_file(File(kind=FileKind.IMAGE, url=url), config, CASE.context())
    return drive(provider, steps, lambda call, number: answers[number])


def moved(url: str, status: int = 302) -> HttpResponse:
    return HttpResponse(status=status, headers={"location": url})


def test_only_the_gateways_own_origin_is_shown_the_credentials() -> None:
    data, (call,) = fetch("https://gw.example.net/media/1", HttpResponse(status=200, body=b"PNG"))
    assert (data, call.effect) == (b"PNG", False)
    assert call.headers["Authorization"].startswith("Basic ")
    for url in (
        "http://gw.example.net/media/1",
        "https://gw.example.net:8443/media/1",
        f"{HOST}/1",
        "https://gw.example.net.evil.example/1",
    ):
        _, (call,) = fetch(url, HttpResponse(status=200, body=b"PNG"))
        assert (call.url, call.headers) == (url, {})


def test_a_key_that_goes_in_the_url_goes_to_the_gateway_only() -> None:
    auth = {"kind": "query", "name": "key", "value": "canary-key-123"}
    _, (own,) = fetch("https://gw.example.net/media?id=1", HttpResponse(status=200), auth=auth)
    _, (other,) = fetch(f"{HOST}/1", HttpResponse(status=200), auth=auth)
    assert (own.url, other.url) == ("https://gw.example.net/media?id=1&key=canary-key-123", f"{HOST}/1")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_the_gateways_storage_is_called_without_credentials(status: int) -> None:
    data, calls = fetch("https://gw.example.net/m/1", moved(f"{HOST}/1", status), HttpResponse(status=200, body=b"PNG"))
    assert (data, calls[1].url, calls[1].headers) == (b"PNG", f"{HOST}/1", {})


@pytest.mark.parametrize("location", ["", "file:///etc/passwd", "https://gw.example.net/m/1", "//["])
def test_a_redirect_to_nowhere_is_refused(location: str) -> None:
    with pytest.raises(ContentRejected, match="no address of the file"):
        fetch("https://gw.example.net/m/1", moved(location))


def test_one_redirect_is_enough() -> None:
    with pytest.raises(ContentRejected):
        fetch("https://gw.example.net/m/1", moved(f"{HOST}/1"), moved(f"{HOST}/2"))


def test_a_refusal_and_a_missing_address_are_told() -> None:
    with pytest.raises(CredentialsRejected):
        fetch("https://gw.example.net/m/1", HttpResponse(status=401))
    with pytest.raises(UnsupportedContent):
        fetch("cid:part1")
