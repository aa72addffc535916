"""When a failed event is tried again. Waits are rows in PostgreSQL (``due_at``), never timers or Celery ETAs."""

from __future__ import annotations

import random

from django.conf import settings

LIVEPERSON_WAITS_S = (5, 10, 15, 120, 240, 480)
"""LivePerson's advice for 5xx: three retries after 5, 10 and 15 s, then a slower loop of 2, 4, 8 minutes ... (its Retry Policy page)."""

CHANNEL_WAITS_S = (1, 2, 4, 8, 15, 30, 60, 120, 240, 480)
"""Vendors publish no schedule for their callers: short at first, since most faults are, then doubling."""

AGAIN_WAITS_S = (10, 60, 300)
"""Before what a vendor had taken, and then reported as failed for a reason that passes, is sent anew. Vendors publish no schedule for it."""

MAX_WAIT_S = 900
JITTER = 0.1
"""Spreads the retries of many lanes that failed together by up to a tenth."""


def wait_s(schedule: tuple[int, ...], tries: int, retry_after_s: float | None = None) -> float:
    """Seconds until the next try after ``tries`` failed ones (1 or more); at least the vendor's ``retry_after_s``."""
    index = max(0, tries - 1)
    base = schedule[index] if index < len(schedule) else MAX_WAIT_S
    spread = base * (1 + random.random() * JITTER) * settings.RETRY_SCALE
    return max(spread, retry_after_s or 0.0)
