"""What LivePerson configures per account or leaves unsaid: switches of the control API, with LivePerson's values as defaults."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

DIALOG_ORDERS = ("created", "newest_first", "random")


@dataclass
class Options:
    """One set for the whole sandbox. Times here are real seconds; the kernel's ``time_scale`` does not touch them."""

    missing_app_jwt_code: int = 40105  # LivePerson's table of authorization errors; its sample body says 40104
    accept_bearer: bool = False  # "Bearer " before an AppJWT; LivePerson documents the raw token
    escape_unicode: bool = False  # webhook bodies in ASCII
    subscription_id: bool = True  # conversation notifications on webhooks name their subscription
    multi_change: bool = False  # webhook events that wait together travel in one notification
    dialog_order: str = "created"  # of conversationDetails.dialogs
    webhook_timeout_s: float = 5.0  # to connect, and again to read; it was 10 for years
    slow_app_answer_s: float | None = None  # an endpoint slower than this (LivePerson: 2.5) ...
    slow_app_window_s: float = 120.0  # ... for this long disables its app; without slow_app_answer_s nothing does
    requests_per_s: float | None = None  # CONVERSATION and SEND together, per account; more are answered 429
    ring_expiration_s: float = 72.0  # an agent's time to accept a conversation
    auto_message_window_s: float = 10.0  # the consumer's first message must follow the create within it
    auto_close_s: float | None = None  # a conversation without a message for this long is closed by the system

    def changed(self, data: dict[str, Any]) -> Options:
        """These options with those of ``data`` in their place.

        Raises:
            ValueError: an option is unknown or of the wrong form.
        """
        known = [item.name for item in fields(self)]
        unknown = sorted(set(data) - set(known))
        if unknown:
            raise ValueError(f"unknown options {unknown}; known are {', '.join(known)}")
        for name, value in data.items():
            if name in _SWITCHES and not isinstance(value, bool):
                raise ValueError(f"{name} must be true or false")
            if name in _NUMBERS and not (value is None and name in _OPTIONAL) and not _is_positive(value):
                raise ValueError(f"{name} must be a number over 0{' or null' if name in _OPTIONAL else ''}")
        if data.get("missing_app_jwt_code", 40105) not in (40104, 40105):
            raise ValueError("missing_app_jwt_code must be 40104 or 40105")
        if data.get("dialog_order", DIALOG_ORDERS[0]) not in DIALOG_ORDERS:
            raise ValueError(f"dialog_order must be one of {', '.join(DIALOG_ORDERS)}")
        return Options(**{**asdict(self), **data})


_SWITCHES = ("accept_bearer", "escape_unicode", "subscription_id", "multi_change")
_OPTIONAL = ("slow_app_answer_s", "requests_per_s", "auto_close_s")
_NUMBERS = (*_OPTIONAL, "webhook_timeout_s", "slow_app_window_s", "ring_expiration_s", "auto_message_window_s")


def _is_positive(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1_000_000
