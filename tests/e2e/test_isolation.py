"""Two brands with the same consumers, under one vendor app: nothing crosses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import requests

from stack.channels.messenger import APP_ID, PAGE_ID
from tests.e2e.people import Agent, Consumer
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

PERSON = "24500000000002001"
OTHER_PAGE = "100000000000009"
OTHER_ACCOUNT = "87654321"


@dataclass
class Other:
    """The second brand's rows, and its API key."""

    brand: dict[str, Any]
    app: dict[str, Any]
    channel: dict[str, Any]
    key: str


@pytest.fixture(scope="module")
def other(live: LiveStack) -> Iterator[Other]:
    api, control = live.api, live.control
    brand = api.request("POST", "brands/", json={"name": "Other Brand", "slug": "other"})
    secret = "other-brands-own-secret"
    app = api.request(
        "POST",
        "liveperson-apps/",
        json={
            "brand": brand["id"],
            "name": "Other connector",
            "account_id": OTHER_ACCOUNT,
            "client_id": "other-connector",
            "client_secret": secret,
            "domain_api": live.sandbox_url,
        },
    )
    channel = api.request(
        "POST",
        "channels/",
        json={
            "brand": brand["id"],
            "name": "Other page",
            "provider": "messenger",
            "provider_app": live.demo.messenger_app["id"],
            "liveperson_app": app["id"],
            "config": {"page_id": OTHER_PAGE, "page_access_token": "other-pages-own-token"},
        },
    )
    control.request(
        "PUT",
        f"accounts/{OTHER_ACCOUNT}/apps/other-connector",
        json={"client_secret": secret, "client_name": "Other connector", "endpoints": app["webhook_url"]},
    )
    control.request(
        "PUT",
        f"lines/messenger/{OTHER_PAGE}",
        json={
            "name": "Other page",
            "callback_url": channel["callback_url"],
            "app_id": APP_ID,
            "app_secret": live.keys.derive("messenger app_secret"),
            "verify_token": live.keys.derive("messenger verify_token"),
            "access_token": "other-pages-own-token",
        },
    )
    key = api.request("POST", "api-keys/", json={"brand": brand["id"], "name": "other's key"})["key"]
    yield Other(brand, app, channel, key)


def test_one_callback_with_two_brands_events_reaches_each_brand_with_its_own(live: LiveStack, other: Other) -> None:
    # given one person with the same id on both brands' pages
    mine, theirs = Consumer(live, "messenger", PERSON, PAGE_ID), Consumer(live, "messenger", PERSON, OTHER_PAGE)

    # when Meta sends both brands' messages in one body, one of them twice
    live.control.request(
        "POST",
        "phones/messenger/batch",
        json={
            "messages": [
                {"consumer_id": PERSON, "text": "for the demo brand", "to": PAGE_ID},
                {"consumer_id": PERSON, "text": "for the other brand", "to": OTHER_PAGE},
                {"consumer_id": PERSON, "text": "and again for demo", "to": PAGE_ID},
            ]
        },
    )

    # then each brand's agents hear their own
    def conversations(account: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = live.control.request("GET", "conversations", params={"account": account})["conversations"]
        return found

    def texts(account: str) -> list[str]:
        return [message["text"] for conversation in conversations(account) for message in conversation["messages"]]

    wait_until(lambda: len(texts(OTHER_ACCOUNT)) == 1 and len(texts("12345678")) == 2, 30, "both brands should hear their own consumers")
    assert texts("12345678") == ["for the demo brand", "and again for demo"]
    assert texts(OTHER_ACCOUNT) == ["for the other brand"]

    # and each brand's answer reaches its own page's thread
    Agent(live, conversations("12345678")[0]["conversationId"]).does("text", text="from demo")
    Agent(live, conversations(OTHER_ACCOUNT)[0]["conversationId"]).does("text", text="from other")
    mine.sees("from demo")
    theirs.sees("from other")

    # and what is stored of one brand's event holds nothing of the other's
    with psycopg.connect(live.backing.database_url) as connection:
        rows = connection.execute("SELECT brand_id::text, convert_from(raw, 'UTF8'), content::text FROM webhooks_app_event").fetchall()
    for brand_id, raw, content in rows:
        foreign = "demo" if brand_id == other.brand["id"] else "other"
        assert f"for the {foreign} brand" not in raw + content
        assert f"from {foreign}" not in raw + content


def test_every_address_of_the_api_answers_404_to_the_other_brands_key(live: LiveStack, other: Other) -> None:
    # given things of the demo brand
    conversation = live.api.request("GET", "conversations/", params={"channel": live.demo.messenger["id"]})["results"][0]
    event = live.api.request("GET", "events/", params={"channel": live.demo.messenger["id"]})["results"][0]
    paths = [
        f"brands/{live.demo.brand['id']}/",
        f"liveperson-apps/{live.demo.liveperson_app['id']}/",
        f"provider-apps/{live.demo.messenger_app['id']}/",
        f"channels/{live.demo.messenger['id']}/",
        f"conversations/{conversation['id']}/",
        f"conversations/{conversation['id']}/events/",
        f"events/{event['id']}/",
    ]
    with requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {other.key}"
        base = f"{live.web_url}/api/v1/"

        # when the other brand's key asks for them, or wants to change them
        for path in paths:
            assert session.get(base + path, timeout=10).status_code == 404, path
        for path in paths[:4]:
            assert session.patch(base + path, json={"name": "taken"}, timeout=10).status_code == 404, path
            assert session.delete(base + path, timeout=10).status_code == 404, path
        assert session.post(f"{base}events/{event['id']}/replay/", json={}, timeout=10).status_code == 404
        assert session.post(f"{base}channels/{live.demo.messenger['id']}/test/", json={}, timeout=10).status_code == 404

        # then lists hold only its own
        for path in ("brands/", "liveperson-apps/", "channels/", "conversations/", "events/"):
            shown = session.get(base + path, timeout=10).json()["results"]
            assert live.demo.brand["id"] not in str(shown), path
            assert shown, path

    assert live.api.request("GET", f"brands/{live.demo.brand['id']}/")["name"] == "Demo Brand"
