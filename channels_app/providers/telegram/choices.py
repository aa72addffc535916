"""What stands behind an inline button, and what its tap comes back as. Telegram keeps 64 bytes behind a button, no more.

``text:`` and the words to publish go there as they are while they fit, 59 bytes of UTF-8. Longer words are cut at a whole character and
end in ``…``. Where the cut words begin the button's label, as they do when a reply publishes its own title, the label is in the callback
and gives the words back in full. Nothing is stored, so a button works for as long as its message exists.

Source: https://core.telegram.org/bots/api#inlinekeyboardbutton, #callbackquery (checked 2026-11).
"""

from __future__ import annotations

from typing import Any

from channels_app.providers.telegram import wire

MAX_DATA_BYTES = 64
PREFIX = "text:"
CUT = "…"

# A cut at a whole character leaves at most three bytes unused.
_SHORTEST_CUT = MAX_DATA_BYTES - 3


def callback_data(words: str) -> str:
    """What is put behind a button that publishes ``words``."""
    data = (PREFIX + words).encode("utf-8", "replace")
    if len(data) <= MAX_DATA_BYTES:
        return data.decode()
    return data[: MAX_DATA_BYTES - len(CUT.encode())].decode("utf-8", "ignore") + CUT


def label_of(message: Any, data: str) -> str:
    """The label of the button in ``message`` that carries ``data``; ``""`` where the message is no longer there or has none."""
    rows = wire.items(wire.obj(message, "reply_markup"), "inline_keyboard")
    buttons = [button for row in rows if isinstance(row, list) for button in row]
    return next((wire.text(button, "text") for button in buttons if wire.text(button, "callback_data") == data), "")


def payload(data: str, label: str) -> str:
    """The payload of a tap on the button ``label`` that carries ``data``."""
    was_cut = data.startswith(PREFIX) and data.endswith(CUT) and len(data.encode("utf-8", "replace")) >= _SHORTEST_CUT
    begins = data.removeprefix(PREFIX).removesuffix(CUT)
    return PREFIX + label if was_cut and label.startswith(begins) else data
