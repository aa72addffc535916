"""Logging in as an agent or an administrator (service ``agentVep``): bearer tokens, the CSRF token and the cookie that renew them.

Source: https://developers.liveperson.com/login-service-api-overview.html. The error bodies are not published.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.liveperson.domains import base_uris
from sandbox.liveperson.state import LivePersonState
from sandbox.liveperson.users import User

COOKIE = "session"
SESSION_TTL_S = 3600
OAUTH_FIELDS = ("username", "appKey", "secret", "accessToken", "accessTokenSecret")
_NAME_ID = re.compile(r"<(?:\w+:)?NameID[^>]*>\s*([^<]+?)\s*</")


class LoginRefused(Exception):
    """A login that LivePerson would not take."""

    def __init__(self, status: int, internal_code: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.internal_code = internal_code


@dataclass(frozen=True)
class Session:
    """One login; it lasts until the process ends or control revokes it."""

    user: User
    bearer: str
    csrf: str
    cookie: str


class Sessions:
    """Every login in force."""

    def __init__(self) -> None:
        self._by_bearer: dict[str, Session] = {}

    def begin(self, user: User) -> Session:
        session = Session(user, secrets.token_hex(32), secrets.token_hex(16), secrets.token_hex(24))
        self._by_bearer[session.bearer] = session
        return session

    def of_bearer(self, account_id: str, bearer: str) -> Session | None:
        session = self._by_bearer.get(bearer)
        return session if session and session.user.account_id == account_id else None

    def of_cookie(self, account_id: str, cookie: str | None, csrf: Any) -> Session | None:
        return next(
            (s for s in self._by_bearer.values() if s.user.account_id == account_id and s.cookie == cookie and s.csrf == csrf),
            None,
        )

    def revoke(self, user: User) -> None:
        """End every login of the agent."""
        self._by_bearer = {bearer: session for bearer, session in self._by_bearer.items() if session.user.pid != user.pid}


class LoginRoutes:
    def __init__(self, state: LivePersonState, sessions: Sessions) -> None:
        self.state = state
        self.sessions = sessions

    async def login(self, request: web.Request) -> web.Response:
        """200 with the bearer, 400 a field is missing, 401 no such agent or a wrong password.

        Three forms are taken: username and password; OAuth 1 keys with the username; a SAML assertion, whose NameID is the username. Keys
        and assertions must be there, their signatures are not verified.
        """
        account_id = request.match_info["account_id"]
        try:
            session = self.sessions.begin(self._user(account_id, await _given(request)))
        except LoginRefused as refusal:
            return self._refuse(request, "login", refusal)
        user = session.user
        self.state.kernel.ledger.record("liveperson.login", accountId=account_id, username=user.username)
        answer = {
            "csrf": session.csrf,
            "wsuk": secrets.randbelow(10**9),
            "accountId": account_id,
            "bearer": session.bearer,
            "sessionId": secrets.token_hex(8),
            "sessionTTl": str(SESSION_TTL_S),
            "config": {
                "loginName": user.username,
                "userId": user.user_id,
                "userPid": user.pid,
                "userNickname": user.username,
                "isAdmin": user.is_admin,
                "isLPA": False,
                "agentSkills": user.skills,
            },
            "accountData": {},
            "csdsCollectionResponse": {"baseURIs": base_uris(self.state, account_id)},
        }
        response = web.json_response(answer)
        response.set_cookie(COOKIE, session.cookie, path="/", httponly=True)
        return response

    async def refresh(self, request: web.Request) -> web.Response:
        """200 for the cookie and the CSRF token of a login, else 401."""
        account_id = request.match_info["account_id"]
        try:
            csrf = (await _given(request)).get("csrf")
        except LoginRefused as refusal:
            return self._refuse(request, "refresh", refusal)
        session = self.sessions.of_cookie(account_id, request.cookies.get(COOKIE), csrf)
        if session is None:
            return self._refuse(request, "refresh", LoginRefused(401, 10, "session unauthorized"))
        response = web.json_response({"csrf": session.csrf, "sessionTTl": str(SESSION_TTL_S)})
        response.set_cookie(COOKIE, session.cookie, path="/", httponly=True)
        return response

    def _user(self, account_id: str, data: dict[str, Any]) -> User:
        account = self.state.accounts.get(account_id)
        if account is None:
            raise LoginRefused(401, 11, f"unknown account {account_id!r}")
        if "assertion" in data or "jwt" in data:
            name, password = _subject(data), None
        elif "password" in data:
            name, password = _text(data, "username"), _text(data, "password")
        else:
            name, password = {field: _text(data, field) for field in OAUTH_FIELDS}["username"], None
        user = account.users.get(name)
        if user is None or user.password is None or (password is not None and not user.has_password(password)):
            raise LoginRefused(401, 12, "unknown username or wrong password")
        return user

    def _refuse(self, request: web.Request, call: str, refusal: LoginRefused) -> web.Response:
        account_id = request.match_info["account_id"]
        self.state.kernel.ledger.record("liveperson.refused", call=call, accountId=account_id, status=refusal.status, reason=str(refusal))
        body = {"error": {"message": str(refusal), "internalCode": refusal.internal_code}}
        return web.json_response(body, status=refusal.status)


async def _given(request: web.Request) -> dict[str, Any]:
    """The fields of a JSON or form body."""
    if request.content_type == "application/x-www-form-urlencoded":
        return dict(await request.post())
    try:
        data = json.loads(await request.read())
    except ValueError as err:
        raise LoginRefused(400, 1, "the body is neither JSON nor a form") from err
    if not isinstance(data, dict):
        raise LoginRefused(400, 1, "the body must be a JSON object")
    return data


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise LoginRefused(400, 2, f"{name} is missing")
    return value


def _subject(data: dict[str, Any]) -> str:
    """The username that a SAML assertion names."""
    assertion = _text(data, "assertion")
    try:
        xml = base64.b64decode(assertion, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        xml = assertion
    found = _NAME_ID.search(xml)
    if found is None:
        raise LoginRefused(400, 3, "the assertion names no subject (NameID)")
    return found[1]
