"""Which host serves what for an account (the Domain API, also called CSDS)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ConfigurationError, ServerFault
from connector_platform.liveperson.app import LivePersonAppConfig
from connector_platform.liveperson.errors import Purpose, interpret


class Service(StrEnum):
    """Service names as the Domain API spells them; it is case sensitive."""

    ASYNC_MESSAGING = "asyncMessagingEnt"
    SENTINEL = "sentinel"
    IDP = "idp"
    SWIFT = "swift"
    MONITORING = "smt"


REQUIRED_SERVICES = (Service.ASYNC_MESSAGING, Service.SENTINEL, Service.IDP)
"""Without these no message can be sent. File storage and monitoring are asked for only where they are used."""

# A baseURI is a bare host, without scheme and path; a sandbox adds a port. Anything else could lead our credentials elsewhere.
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")


def fetch_domains(app: LivePersonAppConfig) -> Steps[dict[str, str]]:
    """The account's services: service name -> base URL without a trailing slash, in the scheme of ``app.domain_api``.

    The hosts may change: keep the answer for minutes to an hour, and drop it when a host cannot be reached.

    Raises:
        ConfigurationError: LivePerson does not know the account, or the account lacks a service of ``REQUIRED_SERVICES``.
        ServerFault, Throttled: try later.

    Source: https://developers.liveperson.com/before-you-get-started-let-s-get-started.html (archived copy, checked 2026-11).
    """
    call = HttpCall(
        method="GET",
        url=f"{app.domain_api.rstrip('/')}/api/account/{app.account_id}/service/baseURI.json?version=1.0",
        headers={"Accept": "application/json"},
        purpose=Purpose.DOMAINS,
        effect=False,
    )
    response = yield call
    interpret(call, response)
    payload = response.json()
    entries = payload.get("baseURIs") if isinstance(payload, dict) else None
    if not isinstance(entries, list):
        raise ServerFault("LivePerson's Domain API gave an answer that cannot be read", provider_code=str(response.status))
    domains = {
        entry["service"]: f"{app.scheme}://{entry['baseURI']}"
        for entry in entries
        if isinstance(entry, dict)
        and isinstance(entry.get("service"), str)
        and isinstance(entry.get("baseURI"), str)
        and _HOST.fullmatch(entry["baseURI"])
    }
    missing = [service.value for service in REQUIRED_SERVICES if service not in domains]
    if missing:
        raise ConfigurationError(f"account {app.account_id} has no {', '.join(missing)}: is messaging enabled on it?")
    return domains


def service_url(domains: Mapping[str, str], service: Service) -> str:
    """The base URL of ``service``.

    Raises:
        ConfigurationError: the account does not have it.
    """
    try:
        return domains[service]
    except KeyError:
        raise ConfigurationError(f"LivePerson's Domain API names no {service.value} for this account") from None
