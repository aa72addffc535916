"""The Domain API (CSDS): which host serves which of LivePerson's services for an account. Here: this process, for all of them.

Source: https://developers.liveperson.com/domain-api.html
"""

from __future__ import annotations

from aiohttp import web

from sandbox.liveperson.state import LivePersonState

# Case-sensitive, as at LivePerson.
SERVICES = (
    "asyncMessagingEnt",
    "sentinel",
    "idp",
    "swift",
    "smt",
    "agentVep",
    "facadeMsg",
    "accountConfigReadOnly",
    "accountConfigReadWrite",
    "msgHist",
)


def base_uri(state: LivePersonState, service: str, account_id: str) -> dict[str, str]:
    """One entry of the Domain API; ``baseURI`` is a bare host: no scheme, no path."""
    return {"service": service, "account": account_id, "baseURI": state.service_host}


def base_uris(state: LivePersonState, account_id: str) -> list[dict[str, str]]:
    """The whole list, as the Domain API and a login answer it."""
    return [base_uri(state, service, account_id) for service in SERVICES]


class DomainRoutes:
    def __init__(self, state: LivePersonState) -> None:
        self.state = state

    async def one(self, request: web.Request) -> web.Response:
        """``{"service", "account", "baseURI"}``; 401 unknown account, 400 unknown service or version."""
        refused = self._refused(request)
        if refused:
            return refused
        service = request.match_info["service"]
        if service not in SERVICES:
            return self._refuse(request, 400, f"unknown service {service!r}; known, case-sensitively, are {', '.join(SERVICES)}")
        return web.json_response(base_uri(self.state, service, request.match_info["account_id"]))

    async def all(self, request: web.Request) -> web.Response:
        """``{"baseURIs": [...]}`` of every service; 401 unknown account, 400 unknown version."""
        refused = self._refused(request)
        if refused:
            return refused
        return web.json_response({"baseURIs": base_uris(self.state, request.match_info["account_id"])})

    def _refused(self, request: web.Request) -> web.Response | None:
        if request.query.get("version") != "1.0":
            return self._refuse(request, 400, "query parameter version must be 1.0")
        account_id = request.match_info["account_id"]
        if self.state.accounts.get(account_id) is None:
            return self._refuse(request, 401, f"unknown account {account_id!r}")
        return None

    def _refuse(self, request: web.Request, status: int, reason: str) -> web.Response:
        account_id = request.match_info["account_id"]
        self.state.kernel.ledger.record("liveperson.refused", call="domains", accountId=account_id, status=status, reason=reason)
        return web.json_response({"statusCode": status, "error": reason}, status=status)
