"""Making and revoking API keys."""

from __future__ import annotations

from channels_app.models import ApiKey, Brand
from channels_app.models.api_key import new_key
from channels_app.services.rows import save_row
from connector_platform.core.clock import now


def create_api_key(*, name: str, brand: Brand | None) -> tuple[ApiKey, str]:
    """A new key's row and the key itself, which is told this once and stored nowhere.

    Raises:
        ValidationError: what is wrong with the values.
    """
    key = new_key()
    row = ApiKey(name=name, brand=brand)
    row.set_key(key)
    save_row(row)
    return row, key


def revoke_api_key(row: ApiKey) -> None:
    """Refuse the key from now on; the row stays, so that one can see who had access."""
    if row.revoked_at is None:
        row.revoked_at = now()
        save_row(row, changed=["revoked_at"])
