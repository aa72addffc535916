"""The two tokens of a Send API call: the AppJWT (Sentinel) and the ConsumerJWS (IDP), signed with a key made at start.

Source: https://developers.liveperson.com/connector-api-send-api-authorization-and-authentication.html
"""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.liveperson.accounts import Account, AppInstall

ISSUER = "Sentinel"
SCOPE = "msg.consumer"
APP_JWT_CLAIMS = ("aud", "azp", "scope", "iss", "exp", "iat")
_CACHE_SIZE = 50_000

# Only the signature: the Send API names each failing claim differently, so the claims are judged here.
_SIGNATURE_ONLY: Any = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


class TokenRefused(Exception):
    """A token that LivePerson would not take; the first three digits of ``error_code`` are the HTTP status."""

    def __init__(self, error_code: int, title: str, details: str) -> None:
        super().__init__(f"{error_code} {title}: {details}")
        self.error_code = error_code
        self.title = title
        self.details = details

    @property
    def status(self) -> int:
        return self.error_code // 100

    def body(self) -> dict[str, Any]:
        """The error body of the Send API."""
        inner = {"title": self.title, "details": self.details, "errorCode": self.error_code}
        return {"kind": "resp", "code": self.status, "type": ".ReqBody$ErrorResp", "body": inner}


@dataclass(frozen=True)
class ConsumerIdentity:
    """Who a ConsumerJWS stands for."""

    account_id: str
    ext_consumer_id: str
    lp_consumer_id: str


def lp_consumer_id(account_id: str, ext_consumer_id: str) -> str:
    """LivePerson's id of a consumer, 64 hex characters, the same for one account and external id at all times.

    How LivePerson derives it is not published; this derivation also survives a restart of the sandbox.
    """
    return hashlib.sha256(f"sandbox-consumer\0{account_id}\0{ext_consumer_id}".encode()).hexdigest()


class Tokens:
    """Issues and reads both tokens."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._kid = time.strftime("appjwt-%d-%m-%y", time.gmtime())
        self._verified: dict[str, dict[str, Any]] = {}  # a signature is checked once per token, not once per call

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._kid, "typ": "JWT"})

    def app_jwt(self, app: AppInstall) -> str:
        """A new AppJWT of ``app``, issued now, or one second after the newest revoked one if that is later."""
        issued_at = max(int(time.time()), app.tokens_valid_from_s)
        return self.sign(
            {
                "aud": app.account_id,
                "azp": app.client_id,
                "scope": SCOPE,
                "iss": ISSUER,
                "exp": issued_at + app.token_lifetime_s,
                "iat": issued_at,
            }
        )

    def revoke(self, app: AppInstall) -> None:
        """Make every AppJWT that ``app`` holds invalid; the next one requested is valid.

        The claims hold seconds and no token id, so tokens of one second are told apart by issuing the next one in a later second.
        """
        app.tokens_valid_from_s = max(int(time.time()), app.tokens_valid_from_s) + 1

    def consumer_jws(self, account_id: str, ext_consumer_id: str) -> str:
        """The ConsumerJWS of one consumer: no ``iat``, no ``exp``, so always the same bytes while the process lives."""
        consumer_id = lp_consumer_id(account_id, ext_consumer_id)
        return self.sign({"account_id": account_id, "ext_consumer_id": ext_consumer_id, "lp_consumer_id": consumer_id})

    def read_app_jwt(
        self, token: str | None, account: Account | None, *, missing_code: int = 40105, accept_bearer: bool = False
    ) -> AppInstall:
        """The app that ``token`` belongs to, if it may act for ``account``; ``accept_bearer``: it may come behind ``Bearer``.

        Raises:
            TokenRefused: 40105 absent, 40001 a mandatory claim is absent or the issuer is not Sentinel, 40102 anything else.
        """
        if not token:
            raise TokenRefused(missing_code, "AppJWT is missing", "AUTHORIZATION header is not present")
        if accept_bearer:
            token = re.sub(r"(?i)^bearer +", "", token)
        if token.lower().startswith("bearer "):
            raise _app_refused("the header must hold the raw token, without 'Bearer '")
        try:
            claims = self._claims(token)
        except jwt.InvalidTokenError as err:
            raise _app_refused(f"{err}") from err
        absent = [name for name in APP_JWT_CLAIMS if name not in claims]
        if absent or claims["iss"] != ISSUER:
            why = f"AppJWT lacks {absent}" if absent else f"AppJWT was issued by {claims['iss']!r}, not {ISSUER!r}"
            raise TokenRefused(40001, "Missing parameter", f"Brand Id is missing: {why}")
        if claims["exp"] <= time.time():
            raise _app_refused("it has expired")
        if account is None or claims["aud"] != account.account_id:
            raise _app_refused(f"it was issued for account {claims['aud']}, not for the one in the path")
        app = account.apps.get(claims["azp"])
        if app is None or not app.enabled:
            raise _app_refused(f"app {claims['azp']} is not installed or disabled")
        if claims["iat"] < app.tokens_valid_from_s:
            raise _app_refused("it was revoked")
        return app

    def read_consumer_jws(self, token: str | None, account_id: str) -> ConsumerIdentity:
        """The consumer that ``token`` stands for at the account.

        Raises:
            TokenRefused: 40104 absent, 40103 anything else.
        """
        if not token:
            raise TokenRefused(40104, "ConsumerJWS is missing", "X_ON_BEHALF_HEADER is not present")
        try:
            claims = self._claims(token)
        except jwt.InvalidTokenError as err:
            raise consumer_refused(f"{err}") from err
        if not {"account_id", "ext_consumer_id", "lp_consumer_id"} <= set(claims):
            raise consumer_refused("it is not a ConsumerJWS")
        if claims["account_id"] != account_id:
            raise consumer_refused(f"it was issued for account {claims['account_id']}, not for the one in the path")
        return ConsumerIdentity(account_id, claims["ext_consumer_id"], claims["lp_consumer_id"])

    def _claims(self, token: str) -> dict[str, Any]:
        known = self._verified.get(token)
        if known is not None:
            return known
        claims: dict[str, Any] = jwt.decode(token, self._key.public_key(), algorithms=["RS256"], options=_SIGNATURE_ONLY)
        if len(self._verified) >= _CACHE_SIZE:
            self._verified.clear()
        self._verified[token] = claims
        return claims


def consumer_refused(why: str) -> TokenRefused:
    """A ConsumerJWS that is invalid, or that does not belong to the conversation it is used on."""
    return TokenRefused(40103, "Invalid ConsumerJWS", f"ConsumerJWS is invalid: {why}")


def _app_refused(why: str) -> TokenRefused:
    return TokenRefused(40102, "Invalid AppJWT", f"AppJWT is expired or invalid: {why}")
