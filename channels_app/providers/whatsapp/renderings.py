"""What people send that LivePerson has no form for, in a line of words for the agent.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples (checked 2026-07).
"""

from __future__ import annotations

import json
import re
from typing import Any

from channels_app.providers._meta import wire
from connector_platform.core.events import Contact

MAX_LINE = 1500

_UNSUPPORTED = {"poll_creation": "a poll", "poll": "a poll", "poll_update": "an answer to a poll", "event": "an event", "edit": "an edit"}
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f]{1,200}")


def file_name(media: dict[str, Any]) -> str:
    """The name of a document where it is harmless; else ``""``."""
    found = wire.text(media, "filename").strip()
    return found if _FILE_NAME.fullmatch(found) else ""


def contact(data: Any) -> Contact:
    """Contact details; empty where a card holds none that we have a field for."""
    phones = [wire.text(phone, "phone") or wire.identifier(phone, "wa_id") for phone in wire.items(data, "phones")]
    emails = [wire.text(email, "email") for email in wire.items(data, "emails")]
    name = wire.obj(data, "name")
    written = wire.text(name, "formatted_name") or f"{wire.text(name, 'first_name')} {wire.text(name, 'last_name')}"
    return Contact(name=written.strip()[:200], phone=", ".join(filter(None, phones))[:300], email=", ".join(filter(None, emails))[:300])


def form(reply: dict[str, Any]) -> str:
    """What was filled in; ``response_json`` is JSON inside of a text. The token that a flow brings back is nobody's answer."""
    try:
        answers = json.loads(wire.text(reply, "response_json"))
    except (ValueError, RecursionError):
        answers = None
    told = "; ".join(_answers(answers)) or wire.text(reply, "body")
    return f"filled in a form: {told}"[:MAX_LINE] if told else "filled in a form"


def _answers(answers: Any) -> list[str]:
    found = []
    for key, value in answers.items() if isinstance(answers, dict) else ():
        if key == "flow_token":
            continue
        try:
            shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        except RecursionError:
            continue
        found.append(wire.storable(f"{key}: {shown}"))
    return found


def changed_number(system: dict[str, Any]) -> str:
    """Where the person went, as far as Meta says. Old versions of the API call the new number ``new_wa_id``."""
    number = wire.identifier(system, "wa_id") or wire.identifier(system, "new_wa_id")
    where = f" to +{number}" if number.isascii() and number.isdigit() else ""
    return f"changed the telephone number{where}; what comes from there is a conversation of its own"


def unsupported(kind: str) -> str:
    """What Meta tells that it does not pass on."""
    return f"sent {_UNSUPPORTED.get(kind, 'something')} that WhatsApp does not pass on"
