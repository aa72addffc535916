"""Who a webhook speaks of. WhatsApp names a person by telephone number, by a business-scoped user id, or by both.

Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids (checked 2026-07).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector_platform.core import wire
from connector_platform.core.events import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """``id`` is the business-scoped user id where Meta gives one, else the number.

    The number vanishes from webhooks when a person hides it and comes back when it is shared; the user id stays all the while, so that it is
    one and the same conversation.
    """

    id: str
    profile: Profile


def person_of(data: Any, contacts: list[Any]) -> Person | None:
    """The person that a message or preference names, with what ``contacts`` tells; None where it names nobody.

    Contacts are matched by their ids: their order says nothing.
    """
    number = wire.identifier(data, "from") or wire.identifier(data, "wa_id")
    user_id = wire.identifier(data, "from_user_id") or wire.identifier(data, "user_id")
    contact: Any = next((contact for contact in contacts if _is_about(contact, number, user_id)), None)
    user_id = user_id or wire.identifier(contact, "user_id")
    number = number or wire.identifier(contact, "wa_id")
    if not number and not user_id:
        return None
    shown = wire.obj(contact, "profile")
    phone = f"+{number}" if is_number(number) and len(number) <= 20 else ""
    profile = Profile(name=wire.text(shown, "name")[:200], username=wire.text(shown, "username")[:100], phone=phone)
    return Person(id=user_id or number, profile=profile)


def is_number(person_id: str) -> bool:
    """Whether ``person_id`` is a telephone number as WhatsApp writes it: digits only, without ``+``."""
    return person_id.isascii() and person_id.isdigit()


def recipient(person_id: str) -> dict[str, str]:
    """The fields that address a message: ``to`` for a number, ``recipient`` for a business-scoped user id."""
    return {"recipient_type": "individual", ("to" if is_number(person_id) else "recipient"): person_id}


def _is_about(contact: Any, number: str, user_id: str) -> bool:
    same_number = bool(number) and wire.identifier(contact, "wa_id") == number
    return same_number or (bool(user_id) and wire.identifier(contact, "user_id") == user_id)
