"""What nobody is woken for: one leader in the installation looks every second for what fell between two chairs, and cleans up.

The leader holds a PostgreSQL advisory lock; when it dies the lock is free at once and another sweeper takes over. Run as many as you like.
"""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable

import psycopg
import structlog
from django.conf import settings
from psycopg_pool import PoolTimeout

from connector_platform.core.clock import monotonic_s
from connector_platform.database import DatabaseUnavailable, hot_pool, run
from webhooks_app.delivery import survey, typing
from webhooks_app.heartbeat import beat
from webhooks_app.renewals import Renewals

log = structlog.get_logger(__name__)

LEADER_LOCK = 0x636F6E6E
"""Key of the advisory lock, any constant that nobody else uses."""
ORPHAN_S = 120
"""LivePerson's word of a conversation that never became ours is dropped after this long."""
HELD_DAYS = 3
"""A receipt whose message never gets its answer is given up after this long."""
BATCH = 5000
"""Rows deleted at a time: short transactions keep claiming fast."""
DELETE_S = 20.0
"""How long the deleting of one kind may go on before the other duties have their turn."""


def match_held_receipts() -> int:
    """Receipts that were held while, in the same moment, their message was recorded."""
    rows = run(
        """WITH freed AS (
               UPDATE webhooks_app_event e SET state = 'waiting', awaits = '' FROM webhooks_app_deliveredmessage m
               WHERE e.state = 'held' AND m.channel_id = e.channel_id AND m.provider_message_id = e.awaits RETURNING e.lane_id)
           UPDATE webhooks_app_lane SET tail = tail + 1, state = CASE state WHEN 'idle' THEN 'ready' ELSE state END,
               due_at = CASE state WHEN 'idle' THEN now() ELSE due_at END WHERE id IN (SELECT lane_id FROM freed) RETURNING id"""
    )
    return len(rows)


def bind_orphans() -> int:
    """Conversations that were recorded in the very moment in which LivePerson first spoke of them."""
    rows = run(
        """UPDATE webhooks_app_lane lane SET state = 'ready', due_at = now(), channel_id = c.channel_id
           FROM channels_app_conversation c
           WHERE lane.state = 'orphan' AND c.liveperson_id <> '' AND lane.key = 'o:' || c.liveperson_app_id || ':' || c.liveperson_id
           RETURNING lane.id"""
    )
    return len(rows)


def drop_orphans() -> int:
    """What LivePerson said of conversations that never became ours: another connector's, on the same account."""
    rows = run(
        """WITH old AS (SELECT id FROM webhooks_app_lane WHERE state = 'orphan' AND due_at < now() - make_interval(secs => %s) LIMIT %s),
                gone AS (DELETE FROM webhooks_app_event WHERE lane_id IN (SELECT id FROM old) AND state IN ('waiting', 'sending'))
           UPDATE webhooks_app_lane SET state = 'idle' WHERE id IN (SELECT id FROM old) RETURNING id""",
        [ORPHAN_S, BATCH],
    )
    return len(rows)


def unpark() -> int:
    """Lanes whose channel works again, or was repaired while the lane was being parked."""
    rows = run(
        """UPDATE webhooks_app_lane lane SET state = 'ready', due_at = now()
           FROM channels_app_channel c JOIN channels_app_brand b ON b.id = c.brand_id
           WHERE lane.state = 'parked' AND c.id = lane.channel_id AND b.is_active
           AND (c.state = 'active' OR (c.state = 'broken' AND lane.direction = 'i')) RETURNING lane.id"""
    )
    return len(rows)


def revive_lanes() -> int:
    """Lanes that hold unfinished events though they are idle; there should never be one."""
    rows = run(
        """UPDATE webhooks_app_lane lane SET state = 'ready', due_at = now() WHERE state = 'idle' AND EXISTS (
               SELECT 1 FROM webhooks_app_event e WHERE e.lane_id = lane.id AND e.state IN ('waiting', 'sending')
               AND e.received_at < now() - interval '10 seconds') RETURNING id"""
    )
    return len(rows)


def end_typing() -> int:
    """Typing that nobody ended, and indicators that fade."""
    return typing.sweep()


def expire_surveys() -> int:
    """Surveys that were left; a rating that was given is not lost with them."""
    return survey.expire()


def give_up_held() -> int:
    """Receipts that nothing was ever found for."""
    rows = run(
        """UPDATE webhooks_app_event SET state = 'skipped', outcome = 'no_such_message', finished_at = now(), awaits = ''
           WHERE state = 'held' AND received_at < now() - make_interval(days => %s) RETURNING id""",
        [HELD_DAYS],
    )
    return len(rows)


def delete_history() -> int:
    """Finished events over ``HISTORY_DAYS`` old, with their attempts and raw bodies."""
    age_s = settings.HISTORY_DAYS * 86400
    gone = _in_batches(lambda: _delete_events(age_s))
    run("DELETE FROM webhooks_app_unreadablebody WHERE received_at < now() - make_interval(secs => %s)", [age_s])
    _in_batches(_delete_lanes)
    run("DELETE FROM webhooks_app_hostedfile WHERE created_at < now() - make_interval(secs => %s)", [settings.FILE_DAYS * 86400])
    run("DELETE FROM webhooks_app_heartbeat WHERE beat_at < now() - interval '1 hour'")
    return gone


def _in_batches(delete: Callable[[], int]) -> int:
    """How many rows ``delete`` deleted, called until it finds no full batch or ``DELETE_S`` are over; the rest is for the next time."""
    gone, until_s = 0, monotonic_s() + DELETE_S
    while True:
        count = delete()
        gone += count
        if count < BATCH or monotonic_s() > until_s:
            return gone


def _delete_events(age_s: float) -> int:
    with hot_pool().connection() as connection, connection.transaction():
        connection.execute(
            """CREATE TEMP TABLE old_event ON COMMIT DROP AS
               SELECT id FROM webhooks_app_event WHERE finished_at < now() - make_interval(secs => %s) LIMIT %s""",
            [age_s, BATCH],
        )
        for table in ("attempt", "deliveredmessage", "consumermessage", "hostedfile"):
            connection.execute(f"DELETE FROM webhooks_app_{table} WHERE event_id IN (SELECT id FROM old_event)")
        return int(connection.execute("DELETE FROM webhooks_app_event WHERE id IN (SELECT id FROM old_event)").rowcount)


def _delete_lanes() -> int:
    rows = run(
        """DELETE FROM webhooks_app_lane WHERE id IN (SELECT id FROM webhooks_app_lane l WHERE state = 'idle' AND created_at < now() - interval '1 day'
               AND NOT EXISTS (SELECT 1 FROM webhooks_app_event e WHERE e.lane_id = l.id) LIMIT %s) RETURNING id""",
        [BATCH],
    )
    return len(rows)


EVERY: tuple[tuple[float, Callable[[], int]], ...] = (
    (1, match_held_receipts),
    (1, bind_orphans),
    (0.5, end_typing),
    (5, expire_surveys),
    (2, unpark),
    (10, drop_orphans),
    (15, revive_lanes),
    (300, give_up_held),
    (60, delete_history),
)
"""Each duty with its period in seconds."""


class Sweeper:
    """Runs the duties while it leads."""

    def __init__(self) -> None:
        self.name = f"sweeper:{platform.node()[:30]}:{os.getpid()}"
        self._stopping = threading.Event()
        self._last: dict[str, float] = {}
        self._renewals = Renewals()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Lead or wait to lead, until stopped; through every outage of PostgreSQL."""
        log.info("sweeper_started", name=self.name)
        try:
            self._lead_or_wait()
        finally:
            self._renewals.stop()

    def _lead_or_wait(self) -> None:
        while not self._stopping.is_set():
            try:
                with hot_pool().connection() as leadership:
                    row = leadership.execute("SELECT pg_try_advisory_lock(%s)", [LEADER_LOCK]).fetchone()
                    beat(self.name, "sweeper")
                    if row is not None and row[0]:
                        log.info("sweeper_leads", name=self.name)
                        try:
                            self._lead(leadership)
                        finally:
                            if not leadership.broken:
                                leadership.execute("SELECT pg_advisory_unlock(%s)", [LEADER_LOCK])
                        continue
                self._stopping.wait(2)
            except (DatabaseUnavailable, psycopg.Error, PoolTimeout) as error:
                log.error("sweeper_interrupted", reason=type(error).__name__)
                self._stopping.wait(1)

    def _lead(self, leadership: psycopg.Connection[object]) -> None:
        while not self._stopping.is_set():
            leadership.execute("SELECT 1")  # a lost connection is lost leadership
            beat(self.name, "sweeper")
            self.sweep()
            self._renewals.look()
            self._stopping.wait(0.5)

    def sweep(self, *, everything: bool = False) -> dict[str, int]:
        """Do the duties that are due (or all of them); what each found. One that fails is logged.

        Raises:
            DatabaseUnavailable, psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout: PostgreSQL cannot be reached.
        """
        found: dict[str, int] = {}
        for period_s, duty in EVERY:
            name = duty.__name__
            if everything or monotonic_s() - self._last.get(name, -1e9) >= period_s:
                self._last[name] = monotonic_s()
                try:
                    found[name] = duty()
                except (DatabaseUnavailable, psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout):
                    raise
                except Exception:
                    # One duty that fails must not keep the others from being done.
                    log.exception("duty_failed", duty=name)
                    continue
                if found[name]:
                    log.info("swept", duty=name, rows=found[name])
        return found
