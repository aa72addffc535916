"""The two tokens of the Send API: the app install's AppJWT and the consumer's ConsumerJWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ServerFault
from connector_platform.liveperson.app import LivePersonAppConfig
from connector_platform.liveperson.domains import Service, service_url
from connector_platform.liveperson.errors import Purpose, interpret

# LivePerson's how-to: renew the AppJWT five minutes before it expires, so that no call meets an expired one.
RENEWAL_MARGIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppJwt:
    """The app install's token, good for one hour: one for each app install, renewed by one caller at a time."""

    token: str = field(repr=False)
    expires_at: datetime
    lifetime: timedelta | None = None

    def ends_at(self, received_at: datetime) -> datetime:
        """When it expires by the clock that says ``received_at``, which may be minutes off LivePerson's: its lifetime counts, if it tells one."""
        return received_at + self.lifetime if self.lifetime is not None else self.expires_at

    def renew_at(self, received_at: datetime) -> datetime:
        """When to fetch the next one, by the same clock: five minutes before this one expires."""
        return self.ends_at(received_at) - RENEWAL_MARGIN


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerJws:
    """One consumer's token, which never expires: keep it until the Send API rejects it.

    ``lp_consumer_id`` is the consumer's id in webhooks: ``originatorId``, and the participant with the role CONSUMER.
    """

    token: str = field(repr=False)
    lp_consumer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What authorises one call on behalf of one consumer."""

    app_jwt: str = field(repr=False)
    consumer_jws: str = field(repr=False)


def fetch_app_jwt(app: LivePersonAppConfig, domains: Mapping[str, str]) -> Steps[AppJwt]:
    """A new AppJWT. There is no ``expires_in``: the expiry is the token's own ``exp``.

    The client id and secret go in the body, which of LivePerson's three published variants keeps the secret out of URLs.

    Raises:
        CredentialsRejected: wrong id or secret, or the app install is disabled; the message tells the operator what to check.
        ConfigurationError: Sentinel is not where the Domain API says.
        ServerFault, Throttled: try later.

    Source: https://developers.liveperson.com/connector-api-send-api-authorization-and-authentication.html (archived copy, checked 2026-11).
    """
    call = HttpCall.form(
        "POST",
        f"{service_url(domains, Service.SENTINEL)}/sentinel/api/account/{app.account_id}/app/token?v=1.0&grant_type=client_credentials",
        {"client_id": app.client_id, "client_secret": app.client_secret},
        headers={"Accept": "application/json"},
        purpose=Purpose.APP_JWT,
        effect=False,
    )
    response = yield call
    interpret(call, response)
    token = _member(response.json(), "access_token")
    try:
        claims = _claims(token)
        expires_at = datetime.fromtimestamp(int(claims["exp"]), UTC)
        lifetime = timedelta(seconds=int(claims["exp"]) - int(claims["iat"])) if "iat" in claims else None
        if expires_at <= datetime.fromtimestamp(0, UTC) + RENEWAL_MARGIN:
            raise ValueError("expired at the epoch")
    except (KeyError, TypeError, ValueError, OverflowError, OSError) as err:
        raise ServerFault("LivePerson's Sentinel gave an AppJWT without a readable expiry", provider_code=str(response.status)) from err
    return AppJwt(token=token, expires_at=expires_at, lifetime=lifetime if lifetime else None)


def fetch_consumer_jws(app: LivePersonAppConfig, domains: Mapping[str, str], app_jwt: str, ext_consumer_id: str) -> Steps[ConsumerJws]:
    """The ConsumerJWS of the person whom we call ``ext_consumer_id``, with the id that LivePerson gives the person.

    ``ext_consumer_id`` has to be unguessable, to differ between channels, and never to be given to another person.

    Raises:
        AppTokenRejected: fetch a new AppJWT and try once more; rejected again, the operator must act.
        ContentRejected: IDP refuses this ``ext_consumer_id``.
        ConfigurationError: IDP is not where the Domain API says.
        ServerFault, Throttled: try later.

    Source: https://developers.liveperson.com/connector-api-send-api-authorization-and-authentication.html (archived copy, checked 2026-11).
    """
    call = HttpCall.json(
        "POST",
        f"{service_url(domains, Service.IDP)}/api/account/{app.account_id}/consumer?v=1.0",
        {"ext_consumer_id": ext_consumer_id},
        headers={"Accept": "application/json", "Authorization": app_jwt},
        purpose=Purpose.CONSUMER_JWS,
        effect=False,
    )
    response = yield call
    interpret(call, response)
    token = _member(response.json(), "token")
    lp_consumer_id = _claims(token).get("lp_consumer_id")
    if not isinstance(lp_consumer_id, str) or not lp_consumer_id:
        raise ServerFault("LivePerson's IDP gave a ConsumerJWS without lp_consumer_id", provider_code=str(response.status))
    return ConsumerJws(token=token, lp_consumer_id=lp_consumer_id)


def _member(payload: Any, name: str) -> str:
    token = payload.get(name) if isinstance(payload, dict) else None
    # A token becomes a header value: a line break or a blank inside would make another header of it.
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token or " " in token:
        raise ServerFault(f"LivePerson answered without a usable {name}")
    return token


def _claims(token: str) -> dict[str, Any]:
    """The claims of ``token``, unverified: it came from LivePerson over TLS and only LivePerson has to believe it."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as err:
        raise ServerFault("LivePerson gave a token that cannot be decoded") from err
    return claims
