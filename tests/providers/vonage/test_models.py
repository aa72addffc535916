"""Every body that leaves for the Messages API passes the models of the vendor's own SDK, and comes out of them as it went in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from vonage_messages import models

from connector_platform.core.events import ChatState, ChatStateKind, Contact, Content, File, FileKind, Location, Text
from tests.core.rich.matrix import load, templates
from tests.providers.vonage.case import RCS, WHATSAPP
from tests.providers.vonage.test_kinds import KINDS, sent

MODELS: dict[tuple[str, str], type[BaseModel]] = {
    ("sms", "text"): models.Sms,
    **{("mms", kind): getattr(models, f"Mms{kind.title()}") for kind in ("image", "video", "audio", "file")},
    **{("whatsapp", kind): getattr(models, f"Whatsapp{kind.title()}") for kind in ("text", "image", "video", "audio", "file", "custom")},
    **{("rcs", kind): getattr(models, f"Rcs{kind.title()}") for kind in ("text", "image", "video", "file")},
    ("rcs", "card"): models.RcsCardMessage,
    ("rcs", "carousel"): models.RcsCarouselMessage,
    **{("viber_service", kind): getattr(models, f"Viber{kind.title()}") for kind in ("text", "image", "file")},
    **{("messenger", kind): getattr(models, f"Messenger{kind.title()}") for kind in ("text", "image", "video", "audio", "file")},
}


def through_the_model(body: dict[str, Any]) -> Any:
    """What the vendor's SDK would send for ``body``. Its models say ``from_`` and ``type_`` where the wire says ``from`` and ``type``."""
    model = MODELS[body["channel"], body["message_type"]]
    read = model.model_validate(_as_arguments(body) if body["message_type"] != "custom" else {**body, "from_": body["from"]})
    return read.model_dump(mode="json", by_alias=True, exclude_none=True)


def _as_arguments(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_suggestion(item) if isinstance(item, dict) and "postback_data" in item else _as_arguments(item) for item in value]
    if isinstance(value, dict):
        return {"from_" if key == "from" else key: _as_arguments(item) for key, item in value.items()}
    return value


def _as_suggestion(item: dict[str, Any]) -> BaseModel:
    kinds = {"reply": models.RcsSuggestionReply, "open_url": models.RcsSuggestionActionOpenUrl}
    return kinds[item["type"]].model_validate({key: field for key, field in item.items() if key != "type"})


CONTENTS: dict[str, Content] = {
    **{path.stem: load(path) for path in templates()},
    "text": Text(text="Hello"),
    "long": Text(text="word " * 2000),
    "place": Location(latitude=52.3731, longitude=4.8926, title="Dam"),
    "contact": Contact(name="Ann", phone="+31612345678"),
    **{
        f"{kind.value}_{ending}": File(kind=kind, url=f"https://files.example.com/{'long-name-' * 5}a.{ending}", caption="Look")
        for kind, ending in (
            (FileKind.IMAGE, "png"),
            (FileKind.IMAGE, "gif"),
            (FileKind.VIDEO, "mp4"),
            (FileKind.AUDIO, "mp3"),
            (FileKind.DOCUMENT, "pdf"),
        )
    },
    "docx": File(kind=FileKind.DOCUMENT, url="https://files.example.com/a.docx", name="a.docx"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sorted(CONTENTS))
def test_every_body_is_what_the_vendors_sdk_would_send(name: str, kind: str) -> None:
    _, calls = sent(CONTENTS[name], KINDS[kind])
    assert calls
    for call in calls:
        body = json.loads(call.body)
        assert through_the_model(body) == body


def test_the_models_do_refuse() -> None:
    (call,) = sent(Text(text="Hello"), RCS)[1]
    with pytest.raises(ValidationError):
        through_the_model({**json.loads(call.body), "text": "a" * 3073})


def test_the_mark_is_what_the_vendors_sdk_would_send() -> None:
    (call,) = sent(ChatState(state=ChatStateKind.COMPOSING), WHATSAPP)[1]
    indicator = json.loads(call.body)["replying_indicator"]
    assert models.ReplyingIndicatorText(show=indicator["show"]).model_dump(mode="json", by_alias=True) == indicator
