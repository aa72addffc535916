"""Consumers' pictures: fetched from the channel through the hardened client, and looked at before LivePerson is given them."""

from __future__ import annotations

from dataclasses import dataclass

import filetype

from channels_app.selectors.configs import ChannelConfig
from connector_platform.core.errors import ContentRejected
from connector_platform.core.events import File
from connector_platform.liveperson.files import MAX_UPLOAD_BYTES
from connector_platform.liveperson.hosted_files import UPLOAD_TYPES
from webhooks_app.delivery.context import send_context
from webhooks_app.delivery.people import Person
from webhooks_app.delivery.steps import Runner


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that LivePerson takes. ``mime_type`` is what the bytes are, whatever the channel called them."""

    data: bytes
    mime_type: str
    caption: str


def fetch_picture(channel: ChannelConfig, person: Person, file: File, runner: Runner, message_id: str) -> Picture:
    """The picture that ``file`` names.

    Raises:
        ContentRejected: too large, or not of a type that LivePerson takes. DeliveryError: it could not be fetched.
    """
    steps = channel.provider.fetch_file(file, channel.config, send_context(channel, person, message_id))
    data = runner.run(steps, interpret=channel.provider.interpret)
    if len(data) > MAX_UPLOAD_BYTES:
        raise ContentRejected(f"it is larger than {MAX_UPLOAD_BYTES // 1024 // 1024} MB, LivePerson's limit")
    kind = filetype.guess(data)
    mime_type = kind.mime if kind is not None else "unknown"
    if mime_type not in UPLOAD_TYPES:
        raise ContentRejected(f"its type is {mime_type}; LivePerson takes JPEG, PNG and GIF")
    return Picture(data=data, mime_type=mime_type, caption=file.caption or file.name or "picture")
