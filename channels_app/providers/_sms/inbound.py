"""What the callbacks of SMS vendors have in common: the words that stop and start, pieces of long texts, addresses of files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from connector_platform.core.events import Content, FileKind, InboundEvent, OptIn, OptOut, Piece, Unsupported

EMPTY = Unsupported(kind="empty", description="sent an empty message")
"""Legal in SMS, but LivePerson has no empty message."""

MAX_URL_CHARS = 2000

MAX_PIECES = 20
MAX_REFERENCE_CHARS = 100
_COUNT = re.compile(r"[0-9]{1,3}")

_SUFFIXES = {
    FileKind.IMAGE: "jpg jpeg png gif webp bmp heic",
    FileKind.VIDEO: "mp4 3gp 3gpp mov webm mpeg mpg",
    FileKind.AUDIO: "mp3 m4a aac amr ogg oga wav",
    FileKind.DOCUMENT: "pdf vcf csv txt rtf ics doc docx xls xlsx zip",
}
_KIND_BY_SUFFIX = {f".{suffix}": kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}


def consent(text: str, *, stop: Iterable[str], start: Iterable[str]) -> OptOut | OptIn | None:
    """What a message of just one of these words means, whatever its letter case; None where it is not."""
    words = text.strip()
    if is_one_of(words, stop):
        return OptOut(reason=words)
    return OptIn() if is_one_of(words, start) else None


def in_parts(first: InboundEvent, contents: Iterable[Content]) -> tuple[InboundEvent, ...]:
    """One event for each of ``contents``, in all else like ``first``, whose ``source_id`` the first keeps; the others have ``id#1``, ``id#2`` …"""
    return tuple(
        replace(first, content=content, source_id=f"{first.source_id}#{number}" if number else first.source_id)
        for number, content in enumerate(contents)
    )


def opted_out(receipt: InboundEvent, *, at: str, wire_type: str, source_id: str = "") -> Iterator[InboundEvent]:
    """The opt-out that a ``receipt`` tells of where its reason is that the person sent STOP to the vendor or the operator (``at``) itself.
    It is known by ``source_id``, else by the receipt's with a suffix.
    """
    if receipt.consumer_id:
        content = OptOut(reason=f"opted out at {at}")
        source_id = source_id or f"{receipt.source_id}:opted_out"
        yield replace(receipt, source_id=source_id, content=content, wire_type=wire_type)


def is_one_of(words: str, keywords: Iterable[str]) -> bool:
    """Whether ``words`` is one of ``keywords``, whatever the letter case."""
    return words.casefold() in {keyword.strip().casefold() for keyword in keywords}


def piece(reference: str, number: str, total: str) -> Piece | None:
    """The piece of a long text that a vendor's fields name; None where they name none, or one that cannot be (of one, of more than twenty)."""
    if not (_COUNT.fullmatch(number) and _COUNT.fullmatch(total) and 1 <= int(number) <= int(total) <= MAX_PIECES and int(total) > 1):
        return None
    return Piece(reference=reference[:MAX_REFERENCE_CHARS], number=int(number), total=int(total))


def piece_of_header(header: bytes) -> Piece | None:
    """The piece that a user data header names: information element 0 (one octet of reference) or 8 (two); None where there is none.
    The header may come with or without the octet of its own length.

    Source: 3GPP TS 23.040 §9.2.3.24.1 and .8, known, not re-read.
    """
    at = 1 if header[:1] == bytes([(len(header) - 1) % 256]) else 0
    # Each element is its kind, its length and so many octets.
    while at + 2 <= len(header):
        kind, value = header[at], header[at + 2 : at + 2 + header[at + 1]]
        if (kind, len(value)) in ((0, 3), (8, 4)):
            return piece(value[:-2].hex(), str(value[-1]), str(value[-2]))
        at += 2 + header[at + 1]
    return None


def is_web(url: str) -> bool:
    """Whether ``url`` is an address that can be called."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and len(url) <= MAX_URL_CHARS
    except ValueError:
        return False


def is_at(url: str, domains: Iterable[str], api_base: str) -> bool:
    """Whether ``url`` is on one of the vendor's ``domains``, or at its stand-in ``api_base``: only they may see a secret."""
    parts = urlsplit(url)
    if api_base:
        base = urlsplit(api_base)
        return (parts.scheme, parts.netloc) == (base.scheme, base.netloc)
    host = parts.hostname or ""
    return parts.scheme == "https" and any(host == domain or host.endswith(f".{domain}") for domain in domains)


def kind_by_type(mime_type: str) -> FileKind:
    """The kind of file that a MIME type tells."""
    family = mime_type.partition("/")[0]
    return FileKind(family) if family in (FileKind.IMAGE, FileKind.VIDEO, FileKind.AUDIO) else FileKind.DOCUMENT


def kind_by_suffix(url: str, *, default: FileKind) -> FileKind:
    """The kind of file that the end of ``url`` tells; ``default`` where it tells none."""
    return _KIND_BY_SUFFIX.get(PurePosixPath(urlsplit(url).path).suffix.lower(), default)
