"""Files of an agent: as links, or as media of the gateway's."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import Content, File, FileKind, RichContent, Text
from tests.providers.sms_gateway.case import FORM, make_config
from tests.providers.sms_gateway.test_outbound import CARD, ID, only_call, sent

URL = "https://files.example.com/p.jpg"
PHOTO = File(kind=FileKind.IMAGE, url=URL, name="p.jpg", caption="Look")
BODY = '{"to":{{to}},"text":{{text}},"media":{{media_url}},"id":{{id}}}'
MMS = {"media": "variable", "body": BODY}


@pytest.mark.parametrize(("outbound", "text", "media"), [({}, f"Look\n{URL}", None), (MMS, "Look", URL)])
def test_files_as_links_and_as_media(outbound: dict[str, Any], text: str, media: str | None) -> None:
    data = json.loads(only_call(PHOTO, make_config(outbound=outbound)).body)
    assert (data["text"], data.get("media")) == (text, media)


def test_a_file_without_words_can_go_as_media_alone() -> None:
    data = json.loads(only_call(File(kind=FileKind.IMAGE, url=URL), make_config(outbound=MMS)).body)
    assert (data["text"], data["media"]) == ("", URL)


def test_media_go_with_the_first_part_only() -> None:
    config = make_config(outbound={**MMS, "split": "us"})
    result, calls = sent(File(kind=FileKind.IMAGE, url=URL, caption="a" * 161), config)
    assert [json.loads(call.body)["media"] for call in calls] == [URL, ""]
    assert result.parts == (("gw-0", ID), ("gw-1", f"{ID}-2"))


def test_an_mms_can_have_an_address_and_a_body_of_its_own() -> None:
    mms = {
        "media": "variable",
        "mms_url": "https://gw.example.net/mms?trace={{id}}",
        "mms_body": '{"to":{{to}},"subject":{{text}},"media":[{{media_url}}],"type":"mms"}',
    }
    config = make_config(outbound=mms)
    picture = only_call(PHOTO, config)
    assert (picture.url, picture.purpose) == (f"https://gw.example.net/mms?trace={ID}", "send_media")
    assert json.loads(picture.body) == {"to": "+31612345678", "subject": "Look", "media": [URL], "type": "mms"}
    text = only_call(Text(text="Look"), config)
    assert (text.url, text.purpose) == ("https://gw.example.net/send", "send_text")
    assert "media" not in json.loads(text.body)


def test_a_form_and_a_query_carry_the_address_encoded() -> None:
    form = {"content_type": FORM, "media": "variable", "mms_body": "to={{to}}&text={{text}}&MediaUrl0={{media_url}}"}
    assert parse_qs(only_call(PHOTO, make_config(outbound=form)).body.decode())["MediaUrl0"] == [URL]
    get = {
        **{"method": "GET", "content_type": "none", "media": "variable", "url": "https://gw.example.net/sms?to={{to}}&text={{text}}"},
        "mms_url": "https://gw.example.net/mms?to={{to}}&text={{text}}&content-url={{media_url}}",
    }
    call = only_call(PHOTO, make_config(outbound=get))
    assert (call.method, call.body, parse_qs(urlsplit(call.url).query)["content-url"]) == ("GET", b"", [URL])


def test_the_picture_of_a_card_is_sent_as_media_too() -> None:
    _, calls = sent(RichContent(content=CARD), make_config(outbound=MMS))
    picture, words = (json.loads(call.body) for call in calls)
    assert (picture["media"], picture["text"]) == ("https://img.example.com/1.png", "The shoe")
    assert words["media"] == "" and words["text"].startswith("Running shoe")


@pytest.mark.parametrize(
    ("content", "outbound"),
    [(PHOTO, {"media": "none"}), (File(kind=FileKind.IMAGE, relative_path="/1/p.jpg"), {}), (File(kind=FileKind.IMAGE), MMS)],
)
def test_what_cannot_be_sent_is_unsupported(content: Content, outbound: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedContent):
        sent(content, make_config(outbound=outbound))
