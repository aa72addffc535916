"""Registering connectors (app installs) at accounts."""

from __future__ import annotations

from aiohttp import web

from sandbox.control.errors import NotFound, body_of
from sandbox.liveperson import LivePersonState
from sandbox.liveperson.accounts import AppInstall


class AccountRoutes:
    def __init__(self, state: LivePersonState) -> None:
        self.state = state

    async def list(self, request: web.Request) -> web.Response:
        """``{"apps": [...]}``, every install of every account."""
        return web.json_response({"apps": [app.to_json() for account in self.state.accounts for app in account.apps.values()]})

    async def put(self, request: web.Request) -> web.Response:
        """Register or replace an install; events that wait for it are sent to its new endpoints at once."""
        names = request.match_info
        app = AppInstall.from_json(names["account_id"], names["client_id"], await body_of(request))
        self.state.accounts.put(app)
        self.state.webhooks.wake(app.key)
        return web.json_response(app.to_json())

    async def delete(self, request: web.Request) -> web.Response:
        app = self._app(request)
        self.state.accounts.remove(*app.key)
        self.state.webhooks.wake(app.key)
        return web.json_response({"removed": app.client_id})

    async def revoke_tokens(self, request: web.Request) -> web.Response:
        """Make every AppJWT of the install invalid; the next one it asks for is valid."""
        app = self._app(request)
        self.state.tokens.revoke(app)
        return web.json_response({"revoked": app.client_id})

    def _app(self, request: web.Request) -> AppInstall:
        account_id, client_id = request.match_info["account_id"], request.match_info["client_id"]
        app = self.state.accounts.app(account_id, client_id)
        if app is None:
            raise NotFound(f"account {account_id!r} has no app {client_id!r}")
        return app
