"""Domain API, Sentinel and IDP: who gets a token, and what is in it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from tests.sandbox.liveperson_world import ACCOUNT, APP, SECRET, Connector, World, run

TOKEN = f"/sentinel/api/account/{ACCOUNT}/app/token"
CREDENTIALS = {"client_id": APP, "client_secret": SECRET}


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def test_domain_api_names_this_host_for_every_service() -> None:
    async def body(world: World) -> None:
        host = urlsplit(world.base).netloc
        one = await world.call("GET", f"/api/account/{ACCOUNT}/service/asyncMessagingEnt/baseURI.json?version=1.0")
        assert one == (200, {"service": "asyncMessagingEnt", "account": ACCOUNT, "baseURI": host})
        status, everything = await world.call("GET", f"/api/account/{ACCOUNT}/service/baseURI.json?version=1.0")
        assert status == 200
        assert {"service": "swift", "account": ACCOUNT, "baseURI": host} in everything["baseURIs"]

    run(body)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/account/other/service/idp/baseURI.json?version=1.0", 401),
        ("/api/account/other/service/baseURI.json?version=1.0", 401),
        (f"/api/account/{ACCOUNT}/service/IDP/baseURI.json?version=1.0", 400),
        (f"/api/account/{ACCOUNT}/service/idp/baseURI.json", 400),
    ],
)
def test_domain_api_refuses(path: str, status: int) -> None:
    async def body(world: World) -> None:
        assert (await world.call("GET", path))[0] == status
        assert [entry["call"] for entry in world.ledger("liveperson.refused")] == ["domains"]

    run(body)


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ({"v": "1.0", "grant_type": "client_credentials"}, CREDENTIALS),
        ({"v": "1.0"}, {"grant_type": "client_credentials", **CREDENTIALS}),
        ({"v": "1.0", "grant_type": "client_credentials", **CREDENTIALS}, {}),
    ],
)
def test_sentinel_takes_the_three_published_request_forms(query: dict[str, str], form: dict[str, str]) -> None:
    async def body(world: World) -> None:
        async with world.http.post(world.base + TOKEN, params=query, data=form) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "application/json; charset=utf-8"
            answer = await response.json()
        assert set(answer) == {"access_token", "token_type"}
        assert answer["token_type"] == "Bearer"
        header, claims = read(answer["access_token"])
        assert header["alg"] == "RS256"
        assert re.fullmatch(r"appjwt-\d\d-\d\d-\d\d", header["kid"])
        assert claims["exp"] - claims["iat"] == 600
        del claims["exp"], claims["iat"]
        assert claims == {"aud": ACCOUNT, "azp": APP, "scope": "msg.consumer", "iss": "Sentinel"}

    async def with_lifetime(world: World) -> None:
        await world.install(token_lifetime_s=600)
        await body(world)

    run(with_lifetime)


@pytest.mark.parametrize(
    ("query", "form", "status", "error"),
    [
        ({"v": "1.0", "grant_type": "client_credentials"}, {"client_id": APP, "client_secret": "wrong"}, 401, "invalid_client"),
        ({"v": "1.0", "grant_type": "client_credentials"}, {"client_id": "nobody", "client_secret": SECRET}, 401, "invalid_client"),
        ({"v": "1.0", "grant_type": "password"}, CREDENTIALS, 400, "unsupported_grant_type"),
        ({"v": "1.0", "grant_type": "client_credentials"}, {"client_id": APP}, 400, "invalid_request"),
        ({"grant_type": "client_credentials"}, CREDENTIALS, 400, "invalid_request"),
    ],
)
def test_sentinel_refuses(query: dict[str, str], form: dict[str, str], status: int, error: str) -> None:
    async def body(world: World) -> None:
        async with world.http.post(world.base + TOKEN, params=query, data=form) as response:
            assert response.status == status
            assert (await response.json())["error"] == error
        assert len(world.ledger("liveperson.refused")) == 1

    run(body)


def test_sentinel_refuses_a_disabled_app_and_its_tokens_stop_working() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        await world.install(enabled=False)
        async with world.http.post(world.base + TOKEN + "?v=1.0&grant_type=client_credentials", data=CREDENTIALS) as response:
            assert response.status == 401
        status, answer = await connector.create()
        assert (status, answer["body"]["errorCode"]) == (401, 40102)

    run(body)


def test_idp_gives_a_consumer_the_same_unending_token_each_time() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        headers = {"Authorization": connector.headers["Authorization"]}
        asked = [
            await world.call("POST", f"/api/account/{ACCOUNT}/consumer?v=1.0", {"ext_consumer_id": name}, headers=headers)
            for name in ("John_Doe_facebook12345", "John_Doe_facebook12345", "Jane")
        ]
        assert [status for status, _ in asked] == [201, 201, 201]
        header, claims = read(asked[0][1]["token"])
        assert header["alg"] == "RS256"
        assert set(claims) == {"account_id", "ext_consumer_id", "lp_consumer_id"}
        assert (claims["account_id"], claims["ext_consumer_id"]) == (ACCOUNT, "John_Doe_facebook12345")
        assert re.fullmatch(r"[0-9a-f]{64}", claims["lp_consumer_id"])
        assert asked[0] == asked[1]
        assert read(asked[2][1]["token"])[1]["lp_consumer_id"] != claims["lp_consumer_id"]

    run(body)


def test_idp_refuses_a_bad_app_jwt_and_an_empty_id() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        path = f"/api/account/{ACCOUNT}/consumer?v=1.0"
        assert (await world.call("POST", path, {"ext_consumer_id": "x"}, headers={"Authorization": "junk"}))[0] == 401
        assert (await world.call("POST", path, {"ext_consumer_id": ""}, headers=connector.headers))[0] == 400
        assert [entry["status"] for entry in world.ledger("liveperson.refused")] == [401, 400]

    run(body)


def test_revoked_tokens_are_refused_and_a_new_one_is_taken() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        await world.control("POST", f"/accounts/{ACCOUNT}/apps/{APP}/revoke-tokens")
        status, answer = await connector.create()
        assert (status, answer["body"]["errorCode"]) == (401, 40102)
        renewed = await Connector.of(world)
        assert renewed.headers["Authorization"] != connector.headers["Authorization"]
        assert (await renewed.create())[0] == 200

    run(body)
