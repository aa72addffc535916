"""Changing a channel's state."""

from __future__ import annotations

import uuid

import structlog

from channels_app.selectors import configs
from connector_platform.database import run

log = structlog.get_logger(__name__)


def break_channel(channel_id: uuid.UUID, reason: str) -> None:
    """The vendor refuses the channel's credentials: nothing more goes out until an operator has mended them. The queue is kept."""
    rows = run(
        """UPDATE channels_app_channel SET state = 'broken', state_reason = %s, updated_at = now() WHERE id = %s AND state = 'active'
           RETURNING name""",
        [reason[:500], channel_id],
    )
    configs.forget()
    if rows:
        log.error("channel_broken", channel_id=str(channel_id), channel=rows[0][0], reason=reason)
