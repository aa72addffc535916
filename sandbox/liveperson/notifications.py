"""The notifications that LivePerson sends: one change each, in the form of its webhooks.

Source: https://developers.liveperson.com/connector-api-webhooks-notifications.html
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from typing import Any

from sandbox.liveperson.accounts import CONVERSATION_CHANGE, MESSAGING, AppInstall, Signature
from sandbox.liveperson.conversations import Conversation


@dataclass(frozen=True)
class Notification:
    """One change of a conversation, not yet addressed to anyone."""

    account_id: str
    conversation_id: str
    event_type: str  # one of accounts.EVENT_TYPES
    change: dict[str, Any]

    @property
    def sequence(self) -> int | None:
        return self.change.get("sequence")

    @property
    def envelope_type(self) -> str:
        return CONVERSATION_CHANGE if self.event_type == CONVERSATION_CHANGE else MESSAGING


def body_of(notifications: list[Notification], app: AppInstall, *, subscription_id: bool = True) -> dict[str, Any]:
    """One notification for ``app`` that holds the changes of all ``notifications``, which are of one envelope type.

    A conversation change also names the subscription, as some real ones do.
    """
    body: dict[str, Any] = {"changes": [notification.change for notification in notifications]}
    envelope_type = notifications[0].envelope_type
    if envelope_type == CONVERSATION_CHANGE and subscription_id:
        subscription = uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:{app.account_id}:{app.client_id}")
        body = {"subscriptionId": str(subscription), **body}
    return {"kind": "notification", "body": body, "type": envelope_type}


def conversation_change(conversation: Conversation, dialog_order: str = "created") -> Notification:
    """The complete state of ``conversation`` as it is now."""
    result = {
        "convId": conversation.conversation_id,
        "effectiveTTR": conversation.effective_ttr_ms,
        "conversationDetails": conversation.details(dialog_order),
    }
    change = {"type": "UPSERT", "result": result}
    return Notification(conversation.account_id, conversation.conversation_id, CONVERSATION_CHANGE, change)


def messaging_event(
    conversation: Conversation,
    dialog_id: str,
    originator_id: str,
    role: str,
    event: dict[str, Any],
    *,
    sequence: int | None = None,
    at_ms: int | None = None,
    audience: str | None = None,
    metadata: list[Any] | None = None,
) -> Notification:
    """A published event. A chat state has neither ``sequence`` nor ``at_ms``; only content has an ``audience``."""
    change: dict[str, Any] = {} if sequence is None else {"sequence": sequence}
    change |= {"originatorId": originator_id, "originatorMetadata": {"id": originator_id, "role": role}}
    if at_ms is not None:
        change["serverTimestamp"] = at_ms
    change |= {"event": event, "conversationId": conversation.conversation_id, "dialogId": dialog_id}
    if audience is not None:
        change["messageAudience"] = audience
    if metadata is not None:
        change["metadata"] = metadata
    return Notification(conversation.account_id, conversation.conversation_id, f"{MESSAGING}.{event['type']}", change)


def encode(body: dict[str, Any], *, escape_unicode: bool) -> bytes:
    """``body`` as the bytes that are signed and sent: raw UTF-8, or everything beyond ASCII as ``\\u`` escapes."""
    # Half a surrogate pair has no UTF-8 form; Java, in which LivePerson is written, sends "?" for it.
    return json.dumps(body, ensure_ascii=escape_unicode, separators=(",", ":")).encode(errors="replace")


def sign(body: bytes, secret: str, signature: Signature) -> str:
    """The value of ``X-Liveperson-Signature``: the algorithm, ``=``, and the HMAC of the exact bytes with the client secret.

    Source: https://developers.liveperson.com/connector-api-webhooks-security.html
    """
    digest = hmac.new(secret.encode(), body, getattr(hashlib, signature.algorithm)).digest()
    text = digest.hex() if signature.encoding == "hex" else base64.b64encode(digest).decode()
    return f"{signature.algorithm}={text}"
