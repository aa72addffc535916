"""Sentinel, which turns an app's id and secret into an AppJWT, and the IDP, which gives a consumer a ConsumerJWS.

Source: https://developers.liveperson.com/connector-api-send-api-authorization-and-authentication.html. The error bodies are not published.
"""

from __future__ import annotations

import hmac
import json
from typing import Any

from aiohttp import web

from sandbox.liveperson.accounts import AppInstall
from sandbox.liveperson.faulty import EXPIRE_TOKENS
from sandbox.liveperson.state import LivePersonState
from sandbox.liveperson.tokens import TokenRefused

FORM = "application/x-www-form-urlencoded"


def authorised_app(state: LivePersonState, request: web.Request) -> AppInstall:
    """The app whose AppJWT the request carries.

    Raises:
        TokenRefused: as ``Tokens.read_app_jwt``, and 40102 with the token revoked when a fault wants tokens to expire.
    """
    token = request.headers.get("Authorization")
    account = state.accounts.get(request.match_info["account_id"])
    rules: Any = {"missing_code": state.options.missing_app_jwt_code, "accept_bearer": state.options.accept_bearer}
    app = state.tokens.read_app_jwt(token, account, **rules)
    if request[EXPIRE_TOKENS]:
        state.tokens.revoke(app)
        state.tokens.read_app_jwt(token, account, **rules)
    return app


class IdentityRoutes:
    def __init__(self, state: LivePersonState) -> None:
        self.state = state

    async def app_token(self, request: web.Request) -> web.Response:
        """200 ``{"access_token", "token_type"}``, without ``expires_in``; every parameter may come in the query, a form or JSON."""
        given = {**await _given(request), **request.query}
        account_id = request.match_info["account_id"]
        if "v" not in given:
            return self._no_token(request, 400, "invalid_request", "parameter v is missing")
        if given.get("grant_type") != "client_credentials":
            return self._no_token(request, 400, "unsupported_grant_type", "grant_type must be client_credentials")
        for name in ("client_id", "client_secret"):
            if not isinstance(given.get(name), str):
                return self._no_token(request, 400, "invalid_request", f"{name} is missing")
        app = self.state.accounts.app(account_id, str(given["client_id"]))
        if app is None or not hmac.compare_digest(app.client_secret.encode(), str(given["client_secret"]).encode()):
            return self._no_token(request, 401, "invalid_client", "unknown account or client_id, or wrong client_secret")
        if not app.enabled:
            return self._no_token(request, 401, "invalid_client", "the app is disabled")
        # LivePerson writes the charset into the content type of this answer.
        answer = json.dumps({"access_token": self.state.tokens.app_jwt(app), "token_type": "Bearer"})
        return web.Response(text=answer, content_type="application/json", charset="utf-8")

    async def consumer_token(self, request: web.Request) -> web.Response:
        """201 ``{"token"}``: the ConsumerJWS of the external id."""
        account_id = request.match_info["account_id"]
        try:
            authorised_app(self.state, request)
        except TokenRefused as refusal:
            self._record("idp", account_id, refusal.status, str(refusal))
            return web.json_response(refusal.body(), status=refusal.status)
        try:
            data = json.loads(await request.read())
        except ValueError:
            return self._no_jws(account_id, "the body is not JSON")
        external_id = data.get("ext_consumer_id") if isinstance(data, dict) else None
        if not isinstance(external_id, str) or not external_id:
            return self._no_jws(account_id, "ext_consumer_id must be a non-empty string")
        return web.json_response({"token": self.state.tokens.consumer_jws(account_id, external_id)}, status=201)

    def _no_token(self, request: web.Request, status: int, error: str, reason: str) -> web.Response:
        self._record("sentinel", request.match_info["account_id"], status, reason)
        return web.json_response({"error": error, "error_description": reason}, status=status)

    def _no_jws(self, account_id: str, reason: str) -> web.Response:
        self._record("idp", account_id, 400, reason)
        return web.json_response({"error": "invalid_request", "error_description": reason}, status=400)

    def _record(self, call: str, account_id: str, status: int, reason: str) -> None:
        self.state.kernel.ledger.record("liveperson.refused", call=call, accountId=account_id, status=status, reason=reason)


async def _given(request: web.Request) -> dict[str, Any]:
    """The parameters in the body: LivePerson's samples post a form, one of its tables says JSON."""
    if request.content_type == FORM:
        return dict(await request.post())
    try:
        data = json.loads(await request.read() or b"{}")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
