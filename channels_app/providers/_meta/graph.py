"""Calls to the Graph API: as whom, where to, and the few that every one of Meta's messaging channels makes.

Source: https://developers.facebook.com/docs/graph-api/overview and .../reference/page/subscribed_apps (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from channels_app.providers._meta import wire
from channels_app.providers._meta.verify import appsecret_proof
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.errors import ConfigurationError, CredentialsRejected, ServerFault

GRAPH_VERSION = "v25.0"
"""A version lives about two years; after that Meta serves the oldest living one without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Calls with one token. ``host`` is without a trailing slash; ``proof_secret``: the app's secret where Meta wants a proof of it."""

    host: str
    token: str
    proof_secret: str = ""

    def get(self, path: str, query: Mapping[str, str] | None = None, *, purpose: str = "check") -> HttpCall:
        """A reading call, which nobody notices."""
        return HttpCall(method="GET", url=self._url(path, query), headers=self.headers, purpose=purpose, effect=False)

    def post(self, path: str, payload: Any, *, purpose: str, effect: bool) -> HttpCall:
        """A call with a JSON body."""
        return HttpCall.json("POST", self._url(path), payload, headers=self.headers, purpose=purpose, effect=effect)

    def delete(self, path: str, *, purpose: str) -> HttpCall:
        """A call that takes away what may be taken away twice."""
        return HttpCall(method="DELETE", url=self._url(path), headers=self.headers, purpose=purpose, effect=False)

    @property
    def headers(self) -> dict[str, str]:
        """The credentials. Meta takes the token as a query parameter too, but addresses end up in logs."""
        return {"Authorization": f"Bearer {self.token}"}

    def _url(self, path: str, query: Mapping[str, str] | None = None) -> str:
        fields = dict(query or {})
        if self.proof_secret:
            fields["appsecret_proof"] = appsecret_proof(self.token, self.proof_secret)
        suffix = "?" + urlencode(fields, safe=",{}") if fields else ""
        return f"{self.host}/{GRAPH_VERSION}/{path}{suffix}"


def fields_of(response: HttpResponse) -> dict[str, Any]:
    """The object in an answer; empty where it is none."""
    body = response.json()
    return body if isinstance(body, dict) else {}


def subscribe(graph: Graph, node: str, app_ids: Collection[str], wanted: Iterable[str]) -> Steps[None]:
    """Have the app told of the account ``node``. Asked again, it changes nothing; what another channel of the app had asked for stays.

    Raises:
        ServerFault: Meta did not say that it is done.
    """
    told = yield from _told(graph, node, app_ids)
    fields = ",".join(dict.fromkeys([*told, *wanted]))
    response = yield graph.post(f"{node}/subscribed_apps", {"subscribed_fields": fields}, purpose="register_webhook", effect=False)
    require_success(response)


def unsubscribe(graph: Graph, node: str) -> Steps[None]:
    """Have the app told of the account ``node`` no more.

    Raises:
        ServerFault: Meta did not say that it is done.
    """
    response = yield graph.delete(f"{node}/subscribed_apps", purpose="remove_webhook")
    require_success(response)


def require_success(response: HttpResponse) -> None:
    """Return if Meta says that it is done.

    Raises:
        ServerFault: it does not.
    """
    if fields_of(response).get("success") is not True:
        raise ServerFault("Meta did not say that it is done", provider_code=str(response.status))


def missing_fields(graph: Graph, node: str, app_ids: Collection[str], wanted: Iterable[str]) -> Steps[tuple[str, ...]]:
    """What of ``wanted`` the app is not told of the account ``node``. No ``app_ids``: whichever app Meta shows to this token.

    Raises:
        ConfigurationError: it is told nothing at all, or of no messages.
    """
    told = yield from _told(graph, node, app_ids)
    if "messages" not in told:
        raise ConfigurationError("Meta does not tell this app of the account's messages; register the webhook of this channel")
    return tuple(name for name in wanted if name not in told)


def _told(graph: Graph, node: str, app_ids: Collection[str]) -> Steps[list[str]]:
    response = yield graph.get(f"{node}/subscribed_apps", {"fields": "id,subscribed_fields"})
    rows = wire.items(fields_of(response), "data")
    mine = [row for row in rows if not app_ids or wire.identifier(row, "id") in app_ids]
    return [name for row in mine for name in wire.items(row, "subscribed_fields") if isinstance(name, str)]


def webhook_fields(app: Graph, app_id: str, kind: str, callback_url: str) -> Steps[tuple[str, ...]]:
    """What the app's webhook for ``kind`` of objects (``page``, ``instagram``) is told. ``app`` has the app's own token.

    Raises:
        ConfigurationError: it is another address than ``callback_url``, or there is none.
    """
    told = yield from webhook_fields_if_any(app, app_id, kind, callback_url)
    if told is None:
        raise ConfigurationError(f"the Meta app has no active webhook for {kind}; enter {callback_url} under Webhooks at Meta")
    return told


def webhook_fields_if_any(app: Graph, app_id: str, kind: str, callback_url: str) -> Steps[tuple[str, ...] | None]:
    """The same; None where the app has no active webhook for ``kind``.

    Raises:
        ConfigurationError: it is another address than ``callback_url``.

    Source: https://developers.facebook.com/docs/graph-api/reference/app/subscriptions (checked 2026-07).
    """
    response = yield app.get(f"{app_id}/subscriptions")
    rows = [row for row in wire.items(fields_of(response), "data") if wire.text(row, "object") == kind and row.get("active") is not False]
    if not rows:
        return None
    row = next((row for row in rows if wire.text(row, "callback_url").rstrip("/") == callback_url), None)
    if row is None:
        address = wire.text(rows[0], "callback_url")[:200]
        raise ConfigurationError(f"Meta calls {address}, not {callback_url}; change it under Webhooks at Meta")
    # Newer versions name each field with its version, older ones by its name alone.
    return tuple(field if isinstance(field, str) else wire.text(field, "name") for field in wire.items(row, "fields"))


def token_facts(app: Graph, token: str, *, scopes: Iterable[str], now: datetime, endless: str = "") -> Steps[str]:
    """A sentence on how long ``token`` lives. ``app`` has the app's own token; ``endless`` tells where a token without an end is to be had.

    Meta documents this call with the token in the address only; the platform logs no addresses' queries.

    Raises:
        CredentialsRejected: Meta calls it invalid, or it lacks one of ``scopes``.
        ConfigurationError: it is another app's, or Meta does not take the app's own credentials.

    Source: https://developers.facebook.com/docs/graph-api/reference/debug_token (checked 2026-07).
    """
    try:
        response = yield app.get("debug_token", {"input_token": token})
    except CredentialsRejected as error:
        raise ConfigurationError(
            "Meta does not take the app's ID and secret; compare them with App settings → Basic", provider_code=error.provider_code
        ) from None
    data = wire.obj(fields_of(response), "data")
    if data.get("is_valid") is False:
        code = wire.digits(wire.obj(data, "error"), "code") or "190"
        raise CredentialsRejected("Meta calls the access token invalid; generate a new one and store it here", provider_code=code)
    granted = wire.items(data, "scopes")
    if granted and (lacking := [scope for scope in scopes if scope not in granted]):
        raise CredentialsRejected(f"the access token lacks {', '.join(lacking)}; generate it again with these permissions")
    ends = [at for at in (wire.instant(data, "expires_at"), wire.instant(data, "data_access_expires_at")) if at is not None]
    if not ends:
        return "The token has no end."
    last = min(ends)
    days = (last - now.astimezone(UTC)).days
    return f"The token ends on {last:%Y-%m-%d}, in {days} {'day' if days == 1 else 'days'}." + (f" {endless}" if endless else "")
