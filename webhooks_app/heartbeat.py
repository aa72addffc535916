"""Saying that a process lives; `/health/ready` listens."""

from __future__ import annotations

from connector_platform.database import run

EVERY_S = 3.0
"""Well under the silence after which a process counts as gone."""


def beat(name: str, kind: str) -> None:
    """Say that this process lives.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    run(
        """INSERT INTO webhooks_app_heartbeat (name, kind, beat_at) VALUES (%s, %s, now())
           ON CONFLICT (name) DO UPDATE SET beat_at = now()""",
        [name, kind],
    )
