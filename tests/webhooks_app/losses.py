"""An agent's card as a channel without cards showed it: what was lost, and what there was to choose."""

from __future__ import annotations

from typing import Any

from connector_platform.core.rich import Choice, ChoiceKind, Loss, LossKind

LOSSES = (
    Loss(path="/content", kind=LossKind.REDUCED, reason="the channel has no cards"),
    Loss(
        path="/content/elements/0/title",
        kind=LossKind.SHORTENED,
        reason="at most 20 characters fit",
        before="A <b>very</b> warm coat",
        after="A <b>very</b> w…",
    ),
    Loss(path="/content/elements/1", kind=LossKind.DROPPED, reason="the channel has no maps"),
)
SHOWN = (
    Choice(
        number=1,
        title="Blue",
        kind=ChoiceKind.PUBLISH_TEXT,
        publish_text="I take blue",
        is_numbered=True,
        metadata=({"id": "b", "type": "ExternalId"},),
    ),
    Choice(number=2, title="Red", kind=ChoiceKind.PUBLISH_TEXT, publish_text="Red", is_numbered=True, payload="pick:x:2"),
    Choice(number=0, title="Shop", kind=ChoiceKind.LINK),
)


def with_losses() -> dict[str, Any]:
    """The fields of such an event."""
    content = {"type": "rich_content", "text": "Choose a coat", "content": {}, "quick_replies": None, "metadata": None}
    return {
        "kind": "rich_content",
        "content": content,
        "state": "done",
        "outcome": "sent",
        "losses": [loss.to_json() for loss in LOSSES],
        "shown": [choice.to_json() for choice in SHOWN],
    }
