"""The demo brand: what `make run` sets up through the platform's own REST API, and what it tells the sandbox about it.

Idempotent: what is there is brought up to date. The sandbox forgets everything when it ends, so it is told again whenever it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from stack.channels import demo_channels
from stack.errors import StackError
from stack.keys import Keys
from stack.parts import session

Json = dict[str, Any]

BRAND = "Demo Brand"
BRAND_SLUG = "demo"
ACCOUNT_ID = "12345678"
CLIENT_ID = "demo-connector"
CAMPAIGN_ID, ENGAGEMENT_ID = "1001", "2001"
SKILLS = {"101": "Sales", "102": "Service"}


@dataclass(frozen=True)
class Demo:
    """What was set up: rows as the platform's API answers them. ``rows`` holds each channel under its key, and each app under ``<key>_app``;
    they are attributes, too: ``demo.messenger``, ``demo.messenger_app``.
    """

    brand: Json
    liveperson_app: Json
    rows: Mapping[str, Json]

    def __getattr__(self, name: str) -> Json:
        try:
            return self.rows[name]
        except KeyError:
            raise AttributeError(name) from None


class PlatformApi:
    """The platform's REST API with a platform key."""

    def __init__(self, base_url: str, key: str) -> None:
        self._base_url = base_url
        self._session = session()
        self._session.headers["Authorization"] = f"Bearer {key}"

    def request(self, method: str, path: str, **arguments: Any) -> Json:
        """One call; the JSON that it answers, or ``{}`` for an empty answer.

        Raises:
            StackError: nobody answers, or the answer is a refusal.
        """
        row: Json = _call(self._session, method, f"{self._base_url}/api/v1/{path}", **arguments)
        return row

    def find(self, path: str, **natural_key: str) -> Json | None:
        """The one row of ``path`` that has all of ``natural_key``, or None."""
        page = self.request("GET", path, params=natural_key)
        while True:
            for row in page["results"]:
                if all(row.get(name) == value for name, value in natural_key.items()):
                    found: Json = row
                    return found
            if not page.get("next"):
                return None
            page = _call(self._session, "GET", page["next"])

    def ensure(self, path: str, natural_key: Mapping[str, str], body: Json) -> Json:
        """The row with ``natural_key``, made or brought up to date, so that it says what ``body`` says."""
        wanted = {**natural_key, **body}
        row = self.find(path, **natural_key)
        if row is None:
            return self.request("POST", path, json=wanted)
        return self.request("PATCH", f"{path}{row['id']}/", json=body)


class SandboxControl:
    """The sandbox's control API."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._session = session()

    def request(self, method: str, path: str, **arguments: Any) -> Any:
        """One call under ``/control/``; the JSON that it answers.

        Raises:
            StackError: nobody answers, or the answer is a refusal.
        """
        return _call(self._session, method, f"{self.base_url}/control/{path}", **arguments)


def provision(api: PlatformApi, keys: Keys, sandbox_url: str) -> Demo:
    """Make the demo brand with its LivePerson app and its channels.

    Raises:
        StackError: the platform refused something.
    """
    brand = api.ensure("brands/", {"slug": BRAND_SLUG}, {"name": BRAND})
    liveperson_app = api.ensure(
        "liveperson-apps/",
        {"brand": brand["id"], "name": "Demo connector"},
        {
            "account_id": ACCOUNT_ID,
            "client_id": CLIENT_ID,
            "client_secret": keys.derive("liveperson client_secret"),
            "domain_api": sandbox_url,
            "skill_id": "101",
            "campaign_id": CAMPAIGN_ID,
            "engagement_id": ENGAGEMENT_ID,
        },
    )
    rows: dict[str, Json] = {}
    for channel in demo_channels(keys, sandbox_url):
        body: Json = {"liveperson_app": liveperson_app["id"], "config": channel.config}
        if channel.app is not None:
            app = api.ensure("provider-apps/", {"provider": channel.provider, "name": channel.app.name}, {"config": channel.app.config})
            rows[f"{channel.key}_app"] = app
            body["provider_app"] = app["id"]
        natural_key = {"brand": brand["id"], "name": f"{BRAND} {channel.name}", "provider": channel.provider}
        rows[channel.key] = api.ensure("channels/", natural_key, body)
    return Demo(brand, liveperson_app, rows)


def register(demo: Demo, keys: Keys, sandbox: SandboxControl) -> None:
    """Tell the sandbox about the demo brand: the connector at LivePerson, and each channel's line at its platform.

    Raises:
        StackError: the sandbox refused something.
    """
    sandbox.request(
        "PUT",
        f"accounts/{ACCOUNT_ID}/apps/{CLIENT_ID}",
        json={
            "client_secret": keys.derive("liveperson client_secret"),
            "client_name": "Demo connector",
            "endpoints": demo.liveperson_app["webhook_url"],
            "skills": SKILLS,
        },
    )
    for channel in demo_channels(keys, sandbox.base_url):
        body = channel.line(demo.rows[channel.key], demo.rows.get(f"{channel.key}_app", {}))
        sandbox.request("PUT", f"lines/{channel.provider}/{channel.address}", json=body)


def _call(local: requests.Session, method: str, url: str, **arguments: Any) -> Any:
    try:
        answer = local.request(method, url, timeout=30, **arguments)
    except requests.RequestException as error:
        raise StackError(f"{method} {url} got no answer ({type(error).__name__}): see the logs.") from error
    if not answer.ok:
        says = answer.text[:500] if "json" in answer.headers.get("Content-Type", "") else "see the logs"
        raise StackError(f"{method} {url} answered {answer.status_code}: {says}")
    try:
        return answer.json() if answer.content else {}
    except ValueError as error:
        raise StackError(f"{method} {url} answered {answer.status_code}, but not with JSON: see the logs.") from error
