"""Making and changing LivePerson apps."""

from __future__ import annotations

from typing import Any

from channels_app.models import LivePersonApp
from channels_app.services.errors import Invalid
from channels_app.services.rows import save_row
from channels_app.services.secrets import is_mask, mask

SECRETS = ("client_secret", "previous_client_secret")


def save_liveperson_app(row: LivePersonApp, values: dict[str, Any]) -> LivePersonApp:
    """``row``, new or stored, with ``values`` in it. A secret that comes back as it was shown keeps its stored value.

    Raises:
        Invalid, ValidationError: what is wrong with the values. Conflict: the install is another app's.
    """
    for name, value in values.items():
        if name in SECRETS:
            stored = getattr(row, name) or ""
            if is_mask(value):
                if not stored or value != mask(stored):
                    raise Invalid.at(name, "This is how a stored secret is shown, not the secret itself.", code="masked_secret")
                continue
            value = value or (None if name == "previous_client_secret" else "")
        setattr(row, name, value)
    save_row(row, changed=None if row._state.adding else list(values))
    return row
