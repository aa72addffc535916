"""Which files Instagram takes; any other is sent as a link.

Source: https://developers.facebook.com/docs/messenger-platform/instagram/features/send-message (checked 2026-07; PDF since December 2025).
"""

from __future__ import annotations

from connector_platform.core.events import File, FileKind

MEGABYTE = 1_000_000

_TYPES = {
    FileKind.IMAGE: ("image/png", "image/jpeg", "image/gif"),
    FileKind.VIDEO: ("video/mp4", "video/ogg", "video/x-msvideo", "video/avi", "video/quicktime", "video/webm"),
    FileKind.AUDIO: ("audio/aac", "audio/mp4", "audio/x-m4a", "audio/m4a", "audio/wav", "audio/x-wav", "audio/wave"),
    FileKind.DOCUMENT: ("application/pdf",),
}
_MOST = {FileKind.IMAGE: 8 * MEGABYTE, FileKind.VIDEO: 25 * MEGABYTE, FileKind.AUDIO: 25 * MEGABYTE, FileKind.DOCUMENT: 25 * MEGABYTE}
_NOUNS = {FileKind.IMAGE: "pictures", FileKind.VIDEO: "videos", FileKind.AUDIO: "audio clips", FileKind.DOCUMENT: "files"}


def why_not(file: File) -> str:
    """Why Instagram would refuse ``file``; empty where it takes it. A type or size that is not known is tried, but for documents."""
    mime_type = file.mime_type.partition(";")[0].strip().lower()
    if not mime_type and file.kind is FileKind.DOCUMENT:
        mime_type = "application/pdf" if file.name.lower().endswith(".pdf") else "application/octet-stream"
    if mime_type and mime_type not in _TYPES[file.kind]:
        return f"Instagram takes no {_NOUNS[file.kind]} of type {mime_type}"
    if file.size_bytes is not None and file.size_bytes > _MOST[file.kind]:
        return f"Instagram takes {_NOUNS[file.kind]} up to {_MOST[file.kind] // MEGABYTE} MB"
    return ""
