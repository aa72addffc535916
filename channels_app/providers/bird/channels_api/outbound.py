"""From an agent's message to the Channels API's calls.

Source: https://docs.bird.com/api/channels-api/api-reference/messaging, .../supported-channels/programmable-sms/sending-messages and
.../message-types/files (read 2026-11). The pages name no longest text: the nine joined SMS are the limit of the REST API, behind which is the
same SMS platform.
"""

from __future__ import annotations

import mimetypes
from typing import Any

from channels_app.providers._sms.numbers import canonical_number, vendor_number
from channels_app.providers._sms.outbound import Message, part_id, render, send_messages
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.bird.channels_api.errors import SEND
from channels_app.providers.bird.config import BirdConfig
from channels_app.providers.bird.errors import message_id
from channels_app.providers.bird.media import authorization
from channels_app.providers.bird.outbound import MMS_LIMITS, SMS_LIMITS
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.events import Content, File, FileKind

API = "https://api.bird.com"


def workspace_url(config: BirdConfig, context: SendContext) -> str:
    """Where everything of the workspace is."""
    return f"{context.api_base or API}/workspaces/{config.workspace_id}"


def send(content: Content, config: BirdConfig, context: SendContext) -> Steps[Sent]:
    """One call for each message that ``content`` takes.

    Raises:
        UnsupportedContent: it cannot be said in text.
        RecipientGone: the recipient is a name, not a number.
    """
    rendered = render(content, MMS_LIMITS if config.mms_enabled else SMS_LIMITS)
    to = canonical_number(vendor_number(context.to))
    steps = send_messages(
        rendered, lambda message, number: _call(message, to, number, config, context), lambda response: [message_id(response)]
    )
    return (yield from steps)


def _call(message: Message, to: str, number: int, config: BirdConfig, context: SendContext) -> HttpCall:
    fields = {
        "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": to}]},
        "reference": part_id(context.message_id, number),
        "body": _body(message),
    }
    url = f"{workspace_url(config, context)}/channels/{config.channel_id}/messages"
    return HttpCall.json("POST", url, fields, headers=authorization(config), purpose=SEND)


def _body(message: Message) -> dict[str, Any]:
    words = {"text": message.text} if message.text else {}
    if message.file is None:
        return {"type": "text", "text": words}
    if message.file.kind is FileKind.IMAGE:
        return {"type": "image", "image": {**words, "images": [{"mediaUrl": message.file.url}]}}
    return {"type": "file", "file": {**words, "files": [_file(message.file)]}}


def _file(file: File) -> dict[str, str]:
    mime_type = file.mime_type or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return {"contentType": mime_type, "mediaUrl": file.url, **({"filename": file.name} if file.name else {})}
