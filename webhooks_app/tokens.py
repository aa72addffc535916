"""LivePerson's addresses and access tokens: fetched once, kept, renewed by one worker at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from channels_app.models.base import secret_box
from channels_app.selectors.configs import LivePersonConfig
from connector_platform.core.clock import monotonic_s, now
from connector_platform.core.errors import DeliveryError, Unreachable
from connector_platform.database import run
from connector_platform.liveperson.domains import fetch_domains
from connector_platform.liveperson.tokens import AppJwt, fetch_app_jwt
from webhooks_app.delivery.steps import Runner

DOMAINS_TTL_S = 600
"""LivePerson asks for minutes to an hour; a connection failure drops the entry at once."""
REFRESH_LEASE_S = 25
"""A worker that died while renewing keeps others waiting at most this long."""


class TokenPending(DeliveryError):
    """Another worker is fetching the token right now."""

    code = "token_pending"
    retryable = True


class LivePersonAccess:
    """Domains and AppJWTs of all apps, for one worker process."""

    def __init__(self) -> None:
        self._domains: dict[Any, tuple[float, Mapping[str, str]]] = {}
        self._jwts: dict[Any, tuple[str, datetime, datetime]] = {}
        self._lock = threading.Lock()

    def domains(self, app: LivePersonConfig, runner: Runner) -> Mapping[str, str]:
        """Where the account's services are.

        Raises:
            DeliveryError: the Domain API's answer, or none.
        """
        key = (app.id, app.config.account_id, app.config.domain_api)
        kept = self._domains.get(key)
        if kept is not None and kept[0] > monotonic_s():
            return kept[1]
        found = runner.run(fetch_domains(app.config))
        with self._lock:
            self._domains[key] = (monotonic_s() + DOMAINS_TTL_S, found)
        return found

    def forget_domains(self, app: LivePersonConfig) -> None:
        """Ask anew at the next use: the account may have moved."""
        with self._lock:
            self._domains.pop((app.id, app.config.account_id, app.config.domain_api), None)

    def app_jwt(self, app: LivePersonConfig, runner: Runner) -> str:
        """A valid AppJWT. Renewed five minutes before it expires, by one worker of the installation; others use the old one meanwhile.

        Raises:
            TokenPending: there is none yet and another worker is fetching it. DeliveryError: Sentinel's refusal.
        """
        key = self._key(app)
        instant = now()
        kept = self._jwts.get(key)
        if kept is not None and kept[1] > instant:
            return kept[0]
        row = run("SELECT value, renew_at, expires_at FROM webhooks_app_token WHERE key = %s AND value IS NOT NULL", [key])
        if row and row[0][1] > instant:
            return self._remember(key, secret_box().open(row[0][0]), row[0][1], row[0][2])
        usable = secret_box().open(row[0][0]) if row and row[0][2] > instant else None
        if not self._may_refresh(key):
            if usable is None:
                raise TokenPending(f"the access token of LivePerson account {app.config.account_id} is being fetched")
            return str(usable)
        try:
            token = runner.run(fetch_app_jwt(app.config, self.domains(app, runner)))
        except DeliveryError as error:
            run("UPDATE webhooks_app_token SET refreshing_until = NULL WHERE key = %s", [key])
            if isinstance(error, Unreachable):
                self.forget_domains(app)
            if usable is not None and error.retryable:
                return str(usable)
            raise
        return self._store(key, token)

    def drop_app_jwt(self, app: LivePersonConfig, rejected: str) -> None:
        """The Send API refused ``rejected``: fetch another, unless one came in the meantime."""
        key = self._key(app)
        with self._lock:
            kept = self._jwts.get(key)
            if kept is not None and kept[0] == rejected:
                del self._jwts[key]
        row = run("SELECT value FROM webhooks_app_token WHERE key = %s AND value IS NOT NULL", [key])
        if row and secret_box().open(row[0][0]) == rejected:
            run("UPDATE webhooks_app_token SET value = NULL WHERE key = %s AND value = %s", [key, bytes(row[0][0])])

    @staticmethod
    def _key(app: LivePersonConfig) -> str:
        return f"appjwt:{app.id}:{app.config.account_id}:{app.config.client_id}"

    def _may_refresh(self, key: str) -> bool:
        # Not where somebody has just renewed it, between our look and now.
        return bool(
            run(
                """INSERT INTO webhooks_app_token AS token (key, refreshing_until) VALUES (%s, now() + make_interval(secs => %s))
                   ON CONFLICT (key) DO UPDATE SET refreshing_until = EXCLUDED.refreshing_until
                   WHERE (token.refreshing_until IS NULL OR token.refreshing_until < now())
                   AND (token.value IS NULL OR token.renew_at <= now()) RETURNING id""",
                [key, REFRESH_LEASE_S],
            )
        )

    def _store(self, key: str, token: AppJwt) -> str:
        received_at = now()
        renew_at, ends_at = token.renew_at(received_at), token.ends_at(received_at)
        run(
            "UPDATE webhooks_app_token SET value = %s, renew_at = %s, expires_at = %s, refreshing_until = NULL WHERE key = %s",
            [secret_box().seal(token.token), renew_at, ends_at, key],
        )
        return self._remember(key, token.token, renew_at, ends_at)

    def _remember(self, key: str, token: str, renew_at: datetime, expires_at: datetime) -> str:
        with self._lock:
            self._jwts[key] = (token, renew_at, expires_at)
        return token
