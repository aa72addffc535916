"""Credentials that end by themselves are renewed long before, without anybody's doing; where only a person can get others, the channel says so.

In a thread beside the sweeper's duties: vendors are called, and a slow one must not keep messages waiting.
"""

from __future__ import annotations

import threading
import uuid

import structlog
from django.db import connections

from channels_app.providers.registry import PROVIDERS
from channels_app.services.channels import note_credentials
from connector_platform.core.clock import monotonic_s
from connector_platform.database import run
from webhooks_app.services.checks import renew_credentials

log = structlog.get_logger(__name__)

EVERY_DAYS = 7
"""Each channel's vendor is asked so often; the credentials that can be exchanged live for weeks."""
AGAIN_DAYS = 1
"""After a refusal it is asked daily: it may have been for the moment, and somebody may have done what was needed at the vendor."""
LOOK_S = 600.0
"""How often it is looked which channels are due."""
AT_ONCE = 100
"""Channels in one go; the others in the next."""

_DUE = """
SELECT id FROM channels_app_channel
WHERE provider = ANY(%s) AND state <> 'broken' AND COALESCE(credentials_asked_at, created_at)
      < now() - make_interval(days => CASE WHEN credentials_problem = '' THEN %s ELSE %s END)
ORDER BY COALESCE(credentials_asked_at, created_at) LIMIT %s
"""


def due() -> list[uuid.UUID]:
    """The channels whose vendor is to be asked, longest due first.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    slugs = [slug for slug, provider in PROVIDERS.items() if provider.renews_credentials]
    return [row[0] for row in run(_DUE, [slugs, EVERY_DAYS, AGAIN_DAYS, AT_ONCE])]


class Renewals:
    """Asks the vendors of channels that are due, one after another. ``look`` may be called as often as one likes."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._looked_at_s = float("-inf")

    def look(self) -> None:
        """Begin, unless it was done within ``LOOK_S`` or is under way; returns at once."""
        if monotonic_s() - self._looked_at_s < LOOK_S or (self._thread is not None and self._thread.is_alive()):
            return
        self._looked_at_s = monotonic_s()
        self._thread = threading.Thread(target=self._renew_due, name="renewals", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask no further vendor; returns when the call under way has ended."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _renew_due(self) -> None:
        try:
            for channel_id in due():
                if self._stopping.is_set():
                    return
                self._renew(channel_id)
        except Exception:
            # Looked for again after LOOK_S: whatever it is, the next channel or the next time may not meet it.
            log.exception("renewals_failed")
        finally:
            connections.close_all()

    @staticmethod
    def _renew(channel_id: uuid.UUID) -> None:
        try:
            renew_credentials(channel_id)
        except Exception as error:
            log.exception("renewal_failed", channel_id=str(channel_id))
            # Noted like a refusal, or it would be the longest due for ever, and its vendor be called every few minutes.
            note_credentials(channel_id, f"The platform failed while it asked the vendor ({type(error).__name__}); see the log.")
