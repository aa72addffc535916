"""The Send API, as Messenger and Instagram share it: by what right, one part after another, what a file becomes that Meta refuses.

Source: https://developers.facebook.com/docs/messenger-platform/reference/send-api (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from channels_app.providers._meta.graph import Graph, fields_of
from channels_app.providers.base import SendContext, Sent
from connector_platform.core.calls import Steps
from connector_platform.core.errors import ContentRejected, OutcomeUnknown, WindowClosed
from connector_platform.core.events import Location
from connector_platform.core.rich import Loss, LossKind, Shown, maps_link

# "You have 24 hours to respond": https://developers.facebook.com/docs/messenger-platform/policy/policy-overview
STANDARD_WINDOW = timedelta(hours=24)
HUMAN_AGENT_WINDOW = timedelta(days=7)

Message = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """``message`` objects in order, what they lack, what they offer to choose from.

    ``instead`` is what goes out in place of the first where Meta refuses it for one of ``refusals``: a link to a file.
    """

    messages: Sequence[Message]
    losses: tuple[Loss, ...] = ()
    shown: Shown = ()
    instead: Sequence[Message] = ()
    refusals: frozenset[str] = frozenset()


def send_messages(rendered: Rendered, graph: Graph, node: str, *, window: Mapping[str, str], to: str) -> Steps[Sent]:
    """Send one message strictly after another; several at once would arrive out of order."""
    waiting, losses = list(rendered.messages), rendered.losses
    parts: list[tuple[str, ...]] = []
    while waiting:
        message = waiting.pop(0)
        payload = {"recipient": {"id": to}, **window, "message": message}
        try:
            response = yield graph.post(f"{node}/messages", payload, purpose=_purpose(message), effect=True)
        except ContentRejected as error:
            if message is not rendered.messages[0] or error.provider_code not in rendered.refusals:
                raise
            waiting = [*rendered.instead, *waiting]
            losses = (
                *losses,
                Loss(path="", kind=LossKind.REDUCED, reason=f"Meta refused the file ({error.provider_code}): a link instead"),
            )
            continue
        message_id = fields_of(response).get("message_id")
        if not isinstance(message_id, str):
            raise OutcomeUnknown("Meta answered without a message id; the person may have the message", provider_code=str(response.status))
        parts.append((message_id,))
    return Sent(parts=tuple(parts), losses=losses, shown=rendered.shown)


def act(action: str, graph: Graph, node: str, *, to: str) -> Steps[Sent]:
    """Show typing or seen."""
    yield graph.post(f"{node}/messages", {"recipient": {"id": to}, "sender_action": action}, purpose=action, effect=False)
    return Sent()


def messaging_type(context: SendContext, *, human_agent: bool) -> dict[str, str]:
    """The fields that say by what right we write.

    Message tags other than HUMAN_AGENT were removed on 2026-04-27; using one is answered 100/1893061.

    Raises:
        WindowClosed: by none.
    """
    age = context.now - context.last_inbound_at if context.last_inbound_at else timedelta(0)
    if age <= STANDARD_WINDOW:
        return {"messaging_type": "RESPONSE"}
    if not human_agent:
        raise WindowClosed("the person's last message is more than 24 hours ago, and Human agent is not enabled for this channel")
    if age <= HUMAN_AGENT_WINDOW:
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    raise WindowClosed("the person's last message is more than 7 days ago; only a new one from them opens the conversation again")


def place_in_words(place: Location) -> tuple[str, Loss]:
    """A place as lines with a link to a map, and what is lost by that."""
    link = maps_link(place.latitude, place.longitude)
    lines = [line for line in (place.title, place.address, link) if line]
    return "\n".join(lines), Loss(path="", kind=LossKind.REDUCED, reason="the place is shown as a link to a map", after=link)


def attachment(kind: str, url: str) -> Message:
    """A file that Meta fetches from ``url``."""
    return {"attachment": {"type": kind, "payload": {"url": url, "is_reusable": False}}}


def _purpose(message: Mapping[str, Any]) -> str:
    found = message.get("attachment")
    if found is None:
        return "send_text"
    return "send_template" if found["type"] == "template" else "send_file"
