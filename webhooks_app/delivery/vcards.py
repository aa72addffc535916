"""Contact cards that consumers share as files: what an agent can use of them.

Source: https://www.rfc-editor.org/rfc/rfc6350 (4.0); older phones write 2.1, with quoted-printable names (checked 2026-11).
"""

from __future__ import annotations

import quopri
import re

from connector_platform.core.events import Contact
from webhooks_app.journal import storable

MAX_CARDS = 10
MAX_CHARS = 200
"""Of each value: a card is a stranger's."""

_BEGIN = b"BEGIN:VCARD"
_FOLD = re.compile(r"\r?\n[ \t]")
_SOFT_BREAK = re.compile(r"=\r?\n")
_ESCAPED = re.compile(r"\\([\\,;nN])")


def read_vcards(data: bytes) -> tuple[Contact, ...]:
    """The people whose cards ``data`` holds, those with a name, a number or an address; empty where it holds no cards."""
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[: len(_BEGIN)].upper() != _BEGIN:
        return ()
    text = _FOLD.sub("", _SOFT_BREAK.sub("", start.decode("utf-8", "replace")))
    cards = re.split(r"(?im)^BEGIN:VCARD\s*$", text)[1 : MAX_CARDS + 1]
    return tuple(contact for card in cards if (contact := _read(card)) != Contact())


def _read(card: str) -> Contact:
    found: dict[str, str] = {}
    for line in card.splitlines():
        head, separator, value = line.partition(":")
        name, *parameters = head.split(";")
        key = name.rpartition(".")[2].strip().upper()
        if separator and key in ("FN", "N", "TEL", "EMAIL") and (said := _value(value, parameters, structured=key == "N")):
            found.setdefault(key, said)
    return Contact(
        name=found.get("FN") or found.get("N", ""), phone=found.get("TEL", "").removeprefix("tel:"), email=found.get("EMAIL", "")
    )


def _value(value: str, parameters: list[str], *, structured: bool) -> str:
    if any(parameter.strip().upper().endswith("QUOTED-PRINTABLE") for parameter in parameters):
        value = quopri.decodestring(value.encode("utf-8", "replace")).decode("utf-8", "replace")
    if structured:
        # Family name; given name; others. People say it the other way round.
        family, _, rest = value.partition(";")
        value = f"{rest.partition(';')[0]} {family}"
    plain = _ESCAPED.sub(lambda match: " " if match[1] in "nN" else match[1], value)
    return storable(" ".join(plain.split()))[:MAX_CHARS]
