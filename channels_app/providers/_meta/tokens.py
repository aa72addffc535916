"""Tokens of pages, which nothing exchanges: somebody has to log in at Meta again, and wants to know it in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from channels_app.providers._meta import wire
from channels_app.providers._meta.graph import Graph, fields_of
from connector_platform.core.calls import Steps
from connector_platform.core.errors import CredentialsRejected

NOTICE = timedelta(days=14)
"""Two runs of a weekly job."""


def require_weeks(app: Graph, token: str, *, now: datetime) -> Steps[None]:
    """Return if ``token`` lives longer than ``NOTICE``. ``app`` has the app's own token.

    Raises:
        CredentialsRejected: it ends sooner, Meta's permission to read people's data with it does (90 days after a log-in), or it is invalid.

    Source: https://developers.facebook.com/docs/graph-api/reference/debug_token (checked 2026-07).
    """
    response = yield app.get("debug_token", {"input_token": token}, purpose="renew_credentials")
    data = wire.obj(fields_of(response), "data")
    if data.get("is_valid") is False:
        raise CredentialsRejected("Meta calls the access token invalid; generate a new one and store it here", provider_code="190")
    ends = [at for at in (wire.instant(data, "expires_at"), wire.instant(data, "data_access_expires_at")) if at is not None]
    if ends and min(ends) - now.astimezone(UTC) < NOTICE:
        raise CredentialsRejected(
            f"the access token ends on {min(ends):%Y-%m-%d} and cannot be exchanged; generate a new one and store it here",
            provider_code="190",
        )
