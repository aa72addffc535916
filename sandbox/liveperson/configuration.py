"""Account configuration (service ``accountConfigReadWrite``): an administrator lists, makes, changes and removes app installs.

Every answer names the account's revision in ``ac-revision``; a change must name it in ``If-Match`` and is refused if another came between.
Source: https://github.com/LivePersonInc/lp-demo-app-connector-api (server/services/AppInstallationService.js). Error bodies are not published.
"""

from __future__ import annotations

import json
import secrets
import uuid
from typing import Any

from aiohttp import web

from sandbox.liveperson.accounts import Account, AppInstall
from sandbox.liveperson.manifests import from_manifest, to_manifest
from sandbox.liveperson.sessions import Sessions
from sandbox.liveperson.state import LivePersonState

FEATURES = (
    "Common.Async_Messaging",
    "Common.Messaging_Rich_Content",
    "Common.Messaging_Automatic_Messages",
    "messaging.file.sharing.enabled",
)


class Refused(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class ConfigurationRoutes:
    def __init__(self, state: LivePersonState, sessions: Sessions) -> None:
        self.state = state
        self.sessions = sessions

    async def installs(self, request: web.Request) -> web.Response:
        """The array of all installs."""
        try:
            account = self._account(request)
        except Refused as refusal:
            return self._refuse(request, refusal)
        return self._answer(account, [to_manifest(app) for app in account.apps.values()])

    async def create(self, request: web.Request) -> web.Response:
        """201 with the new install, its id and secret made here."""
        try:
            account = self._account(request)
            app = self._described(account, str(uuid.uuid4()), secrets.token_hex(16), await _body(request))
        except Refused as refusal:
            return self._refuse(request, refusal)
        self.state.accounts.put(app)
        return self._answer(account, to_manifest(app), status=201)

    async def one(self, request: web.Request) -> web.Response:
        """One install by its id."""
        try:
            account = self._account(request)
            return self._answer(account, to_manifest(self._app(request, account)))
        except Refused as refusal:
            return self._refuse(request, refusal)

    async def change(self, request: web.Request) -> web.Response:
        """Replace an install's manifest; 412 where ``If-Match`` is not the present revision.

        A POST means what ``X-HTTP-Method-Override`` says.
        """
        method = request.headers.get("X-HTTP-Method-Override", request.method).upper()
        if method == "DELETE":
            return await self.remove(request)
        try:
            if method != "PUT":
                raise Refused(405, f"an install takes GET, PUT and DELETE, not {method}")
            account = self._account(request)
            before = self._app(request, account)
            self._match(request, account)
            app = self._described(account, before.client_id, before.client_secret, await _body(request), before)
        except Refused as refusal:
            return self._refuse(request, refusal)
        self.state.accounts.put(app)
        self.state.webhooks.wake(app.key)
        return self._answer(account, to_manifest(app))

    async def remove(self, request: web.Request) -> web.Response:
        """204; the account goes with the last that is registered at it."""
        try:
            account = self._account(request)
            app = self._app(request, account)
            self._match(request, account, is_demanded=False)
        except Refused as refusal:
            return self._refuse(request, refusal)
        self.state.accounts.remove(*app.key)
        self.state.webhooks.wake(app.key)
        return web.Response(status=204, headers={"ac-revision": str(account.revision)})

    async def feature_grants(self, request: web.Request) -> web.Response:
        """Which of LivePerson's features the account has."""
        try:
            account = self._account(request)
        except Refused as refusal:
            return self._refuse(request, refusal)
        grants = [{"compoundFeatureID": name, "value": {"type": "java.lang.Boolean", "value": "true"}} for name in FEATURES]
        items = {"accountId": account.account_id, "itemsCollection": {"data": grants}}
        return self._answer(account, {"appDataList": [{"accountList": {"accountList": [items]}}]})

    def _account(self, request: web.Request) -> Account:
        """The account of the path, if the bearer is an administrator's.

        Raises:
            Refused: 401 no or an unknown bearer, 403 the bearer of another.
        """
        account_id = request.match_info["account_id"]
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        session = self.sessions.of_bearer(account_id, bearer) if scheme.lower() == "bearer" else None
        account = self.state.accounts.get(account_id)
        if session is None or account is None:
            raise Refused(401, "the Authorization header must hold Bearer and the bearer of a login")
        if not session.user.is_admin:
            raise Refused(403, f"{session.user.username} is not an administrator")
        return account

    @staticmethod
    def _app(request: web.Request, account: Account) -> AppInstall:
        app = account.apps.get(request.match_info["app_id"])
        if app is None:
            raise Refused(404, f"there is no install {request.match_info['app_id']!r}")
        return app

    @staticmethod
    def _match(request: web.Request, account: Account, *, is_demanded: bool = True) -> None:
        revision = request.headers.get("If-Match")
        if revision is None and is_demanded:
            raise Refused(428, "the If-Match header is missing")
        if revision not in (None, "*", str(account.revision)):
            raise Refused(412, f"If-Match is {revision}, the revision is {account.revision}")

    @staticmethod
    def _described(account: Account, client_id: str, secret: str, data: Any, before: AppInstall | None = None) -> AppInstall:
        try:
            return from_manifest(account.account_id, client_id, secret, data, before)
        except ValueError as err:
            raise Refused(400, str(err)) from err

    @staticmethod
    def _answer(account: Account, data: Any, status: int = 200) -> web.Response:
        return web.json_response(data, status=status, headers={"ac-revision": str(account.revision)})

    def _refuse(self, request: web.Request, refusal: Refused) -> web.Response:
        account_id, reason = request.match_info["account_id"], str(refusal)
        self.state.kernel.ledger.record("liveperson.refused", call="config", accountId=account_id, status=refusal.status, reason=reason)
        return web.json_response({"error": {"message": reason, "internalCode": refusal.status}}, status=refusal.status)


async def _body(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except ValueError as err:
        raise Refused(400, "the body is not JSON") from err
