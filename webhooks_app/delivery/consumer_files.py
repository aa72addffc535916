"""Consumers' files: fetched from the channel through the hardened client, and looked at before LivePerson is given them."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import filetype
import structlog
from PIL import Image, ImageOps

from channels_app.selectors.configs import ChannelConfig, LivePersonConfig
from connector_platform.core.errors import ContentRejected
from connector_platform.core.events import File, FileKind
from connector_platform.liveperson.files import MAX_PREVIEW_CHARS, MAX_UPLOAD_BYTES
from connector_platform.liveperson.hosted_files import UPLOAD_TYPES
from webhooks_app.delivery.agent_lines import agent_text
from webhooks_app.delivery.context import send_context
from webhooks_app.delivery.people import Person
from webhooks_app.delivery.steps import Runner
from webhooks_app.delivery.vcards import read_vcards

log = structlog.get_logger(__name__)

PREVIEW_SIDE = 400
"""Pixels of a preview's longer side."""
MAX_PIXELS = 40_000_000
"""A picture of more is not opened for a preview: its bytes may unfold to a hundred times their size."""

_ALIASES = {"audio/x-wav": "audio/wav", "image/x-ms-bmp": "image/bmp", "audio/x-m4a": "audio/mp4", "audio/m4a": "audio/mp4"}
_TEXT_TYPES = ("text/plain", "text/csv")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that LivePerson takes. ``mime_type`` is what the bytes are, whatever the channel called them; ``preview`` a data URL or empty."""

    data: bytes
    mime_type: str
    caption: str
    preview: str


def fetch_upload(
    channel: ChannelConfig, app: LivePersonConfig, person: Person, file: File, runner: Runner, message_id: str
) -> Upload | str:
    """The file that ``file`` names, as the account takes it; contact cards, which no account takes, in words.

    Raises:
        ContentRejected: too large, or not of a type that the account takes. DeliveryError: it could not be fetched.
    """
    declared = file.mime_type.partition(";")[0].strip().lower()
    if file.kind is not FileKind.IMAGE and declared in UPLOAD_TYPES and UPLOAD_TYPES[declared] not in app.file_types:
        raise _other_type(declared, app)  # known without fetching megabytes for it
    if file.size_bytes is not None and file.size_bytes > MAX_UPLOAD_BYTES:
        raise _too_large()
    steps = channel.provider.fetch_file(file, channel.config, send_context(channel, person, message_id))
    data = runner.run(steps, interpret=channel.provider.interpret)
    if len(data) > MAX_UPLOAD_BYTES:
        raise _too_large()
    if contacts := read_vcards(data):
        return "\n".join(line for contact in contacts if (line := agent_text(contact)))
    mime_type = sniff(data, declared)
    if UPLOAD_TYPES.get(mime_type) not in app.file_types:
        raise _other_type(mime_type, app)
    caption = file.caption or file.name or file.kind.value
    return Upload(data=data, mime_type=mime_type, caption=caption, preview=preview_of(data) if mime_type.startswith("image/") else "")


def sniff(data: bytes, declared: str = "") -> str:
    """The MIME type by the bytes. Text has no mark of its own: it is what was ``declared`` if it is text indeed; empty where unknown."""
    kind = filetype.guess(data)
    if kind is not None:
        return _ALIASES.get(kind.mime, str(kind.mime))
    if declared in _TEXT_TYPES and b"\0" not in data:
        try:
            data.decode()
        except UnicodeDecodeError:
            return ""
        return declared
    return ""


def preview_of(data: bytes) -> str:
    """A small JPEG of a picture as a data URL within LivePerson's limit; empty where the bytes are no picture that can be opened."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return ""
            small = ImageOps.exif_transpose(picture)
            small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
            flat = Image.new("RGB", small.size, "white")
            flat.paste(small, mask=small.convert("RGBA").getchannel("A"))
    except Exception as error:  # a stranger's bytes: the decoders raise whatever they like
        log.info("no_preview", reason=type(error).__name__)
        return ""
    for quality in (75, 50, 25):
        out = io.BytesIO()
        flat.save(out, "JPEG", quality=quality)
        url = "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode()
        if len(url) <= MAX_PREVIEW_CHARS:
            return url
    return ""


def _too_large() -> ContentRejected:
    return ContentRejected(f"it is larger than {MAX_UPLOAD_BYTES // 1024 // 1024} MB, LivePerson's limit", provider_code="file_size")


def _other_type(mime_type: str, app: LivePersonConfig) -> ContentRejected:
    return ContentRejected(
        f"its type is {mime_type or 'unknown'}; this LivePerson account takes {', '.join(app.file_types)}", provider_code="file_type"
    )
