"""An account's subscriptions at Infobip: which address hears of what, and with which proof.

Source: https://infobip.com/docs/api/platform/subscriptions-api (create and update of subscription, profile and security settings), read 2026-11.
It does not name the header of an HMAC signature: ``SIGNATURE_HEADER`` is the sandbox's choice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox.phones.sms_inbound import InboundAuth

Json = dict[str, Any]

EVENTS = {"INBOUND_MESSAGE", "DELIVERY", "CLICK"}
SIGNATURE_HEADER = "X-Infobip-Signature"
ALGORITHMS = {"HMAC_SHA_1": "sha1", "HMAC_SHA_256": "sha256", "HMAC_SHA_512": "sha512"}
ID = re.compile(r"[A-Za-z0-9_-]{1,255}")


class ApiError(Exception):
    """A refusal of a whole request."""

    def __init__(self, code: str, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.code = code
        self.status = status

    def body(self) -> Json:
        return {"requestError": {"serviceException": {"messageId": self.code, "text": str(self)}}}


def refusal_body(status: int) -> str:
    """Infobip's words for a status that a fault gives."""
    code = {401: "UNAUTHORIZED", 403: "FORBIDDEN", 404: "NOT_FOUND", 429: "TOO_MANY_REQUESTS"}.get(status)
    return json.dumps(ApiError(code or ("GENERAL_ERROR" if status >= 500 else "BAD_REQUEST"), "a fault of the sandbox").body())


class Account:
    """What was made with one API key."""

    def __init__(self) -> None:
        self._profiles: dict[str, Json] = {}
        self._security: dict[str, Json] = {}
        self._subscriptions: dict[tuple[str, str], Json] = {}  # by channel and id

    def subscribed(self, channel: str, event: str, number: str) -> tuple[str, InboundAuth] | None:
        """The address that hears of ``event`` and its proof, or None."""
        for (kind, _), subscription in self._subscriptions.items():
            if kind == channel and event in subscription["events"] and number in (subscription.get("resources") or [number]):
                profile = self._profiles[subscription["profile"]["profileId"]]
                return profile["webhook"]["notifyUrl"], self._proof(profile.get("security", {}).get("authId", ""))
        return None

    def _proof(self, auth_id: str) -> InboundAuth:
        """What stands beside a call under these security settings."""
        security = self._security.get(auth_id, {})
        credentials = security.get("credentials", {})
        match security.get("type"):
            case "BASIC":
                return InboundAuth("basic", username=credentials["username"], secret=credentials["password"])
            case "HMAC":
                algorithm = ALGORITHMS[credentials["algorithm"]]
                return InboundAuth("hmac", name=SIGNATURE_HEADER, secret=credentials["secretKey"], algorithm=algorithm)
        return InboundAuth()

    def call(self, method: str, path: str, body: Json) -> Json | None:
        """What a call under ``/subscriptions/1/`` answers; None for an empty answer.

        Raises:
            ApiError: it is refused.
        """
        match path.split("/"):
            case ["security"] if method == "POST":
                return self._make_security(body)
            case ["security", own_id]:
                return self._change(self._security, own_id, method, body, _check_security)
            case ["profiles"] if method == "POST":
                return self._make_profile(body)
            case ["profiles", own_id]:
                return self._change(self._profiles, own_id, method, body, self._check_profile)
            case ["subscription", channel] if method == "POST":
                return self._make_subscription(channel, body)
            case ["subscription", channel, own_id]:
                return self._change(self._subscriptions, (channel, own_id), method, body, self._check_subscription)
        raise ApiError("NOT_FOUND", "no such address", status=404)

    def _make_security(self, body: Json) -> Json:
        own_id = self._new_id(body, "authId", self._security)
        _check_security(body)
        self._security[own_id] = body
        return {"authId": own_id}

    def _make_profile(self, body: Json) -> Json:
        own_id = self._new_id(body, "profileId", self._profiles)
        security = body.get("security", {})
        if "credentials" in security:  # a full definition, which is made on the way
            self._make_security(security)
        self._check_profile(body)
        self._profiles[own_id] = {**body, "security": {"authId": security["authId"]}} if security else body
        return {"profileId": own_id}

    def _check_profile(self, body: Json) -> None:
        url = body.get("webhook", {}).get("notifyUrl", "")
        if urlsplit(url).scheme not in ("http", "https") or len(url) > 512:
            raise ApiError("BAD_REQUEST", "webhook.notifyUrl must be an address of at most 512 characters")
        if "security" in body and body["security"].get("authId") not in self._security:
            raise ApiError("BAD_REQUEST", "there are no such security settings")

    def _make_subscription(self, channel: str, body: Json) -> Json:
        own_id = body.get("subscriptionId", "")
        if channel not in ("SMS", "MMS") or not ID.fullmatch(own_id):
            raise ApiError("BAD_REQUEST", "the channel or the subscriptionId is wrong")
        self._check_subscription(body)
        taken = {number for (kind, _), other in self._subscriptions.items() if kind == channel for number in other.get("resources", [])}
        if taken & set(body.get("resources", [])):
            raise ApiError("CONFLICT", "another subscription has this resource", status=409)
        self._subscriptions[channel, own_id] = body
        return {"subscriptionId": own_id}

    def _check_subscription(self, body: Json) -> None:
        if not body.get("events") or not set(body["events"]) <= EVENTS:
            raise ApiError("BAD_REQUEST", "events are missing, or one is unknown")
        if body.get("profile", {}).get("profileId") not in self._profiles:
            raise ApiError("BAD_REQUEST", "there is no such profile")

    @staticmethod
    def _new_id(body: Json, name: str, known: dict[str, Json]) -> str:
        own_id = body.get(name, "")
        if not isinstance(own_id, str) or not ID.fullmatch(own_id):
            raise ApiError("BAD_REQUEST", f"{name} is missing or needs URL encoding")
        if own_id in known:
            raise ApiError("CONFLICT", f"{name} is taken", status=409)
        return own_id

    @staticmethod
    def _change(rows: dict[Any, Json], own_id: Any, method: str, body: Json, check: Callable[[Json], None]) -> Json | None:
        if own_id not in rows:
            raise ApiError("NOT_FOUND", "Requested resource was not found", status=404)
        match method:
            case "PUT":
                check(body)
                rows[own_id] = {**rows[own_id], **body}
            case "DELETE":
                del rows[own_id]
                return None
            case "GET":
                pass
            case _:
                raise ApiError("BAD_REQUEST", f"{method} is not known here", status=405)
        return rows[own_id]


def _check_security(body: Json) -> None:
    credentials = body.get("credentials", {})
    match body.get("type"):
        case "BASIC" if credentials.get("username") and credentials.get("password"):
            return
        case "HMAC" if credentials.get("secretKey") and credentials.get("algorithm") in ALGORITHMS:
            return
    raise ApiError("BAD_REQUEST", "this sandbox knows security settings of the types BASIC and HMAC, with all their credentials")
