"""Accounts, faults, ledger, reset and the process itself."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from typing import Any

import pytest
from aiohttp import ClientError, ClientSession, web

from sandbox import __main__ as process
from sandbox.kernel import Kernel
from tests.sandbox.liveperson_world import ACCOUNT, APP, SECRET, Connector, World, run


def test_an_install_is_stored_with_its_defaults_and_removed() -> None:
    async def body(world: World) -> None:
        path = "/accounts/77/apps/x"
        stored = await world.control("PUT", path, {"client_secret": SECRET, "endpoints": "http://127.0.0.1/lp", "skills": {"1": "Sales"}})
        assert set(stored.pop("endpoints").values()) == {"http://127.0.0.1/lp"}
        assert stored == {
            "account_id": "77",
            "client_id": "x",
            "client_secret": SECRET,
            "client_name": "",
            "enabled": True,
            "headers": [],
            "retention_time": 86400,
            "max_retries": None,
            "signature": {"algorithm": "sha1", "encoding": "base64"},
            "token_lifetime_s": 3600,
            "skills": {"1": "Sales"},
        }
        assert [app["client_id"] for app in (await world.control("GET", "/accounts"))["apps"]] == [APP, "x"]
        assert await world.control("DELETE", path) == {"removed": "x"}
        assert (await world.call("DELETE", "/control" + path))[0] == 404
        assert (await world.call("POST", "/control" + path + "/revoke-tokens"))[0] == 404
        assert world.state.accounts.get("77") is None

    run(body)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"client_secret": ""}, "client_secret must be a non-empty string"),
        (
            {"endpoints": "ftp://x"},
            "the endpoint of ms.MessagingEventNotification.ContentEvent must be an http or https URL, not 'ftp://x'",
        ),
        ({"endpoints": {"ms.MessagingEventNotification.AccpetStatusEvent": "http://x"}}, "unknown event types"),
        ({"retention_time": 1}, "retention_time must be a whole number from 2 to 259200"),
        ({"max_retries": 6}, "max_retries must be a whole number from 0 to 5"),
        ({"signature": {"algorithm": "md5"}}, "signature.algorithm must be one of"),
        ({"headers": [{"name": "x"}]}, "each header must be"),
        ({"enabled": "yes"}, "enabled must be true or false"),
        ({"secret": "x"}, "unknown fields ['secret']"),
    ],
)
def test_a_wrong_install_is_refused_with_a_sentence(settings: dict[str, Any], error: str) -> None:
    async def body(world: World) -> None:
        data = {"client_secret": SECRET, "endpoints": "http://127.0.0.1/lp", **settings}
        status, answer = await world.call("PUT", "/control/accounts/77/apps/x", data)
        assert status == 400
        assert answer["error"].startswith(error)
        assert world.state.accounts.get("77") is None

    run(body)


def test_faults_are_replaced_read_and_deleted() -> None:
    async def body(world: World) -> None:
        answer = await world.control("PUT", "/faults", {"rules": [{"target": "liveperson.send", "status": 503, "times": 2}]})
        assert [(rule["target"], rule["status"], rule["times"]) for rule in answer["rules"]] == [("liveperson.send", 503, 2)]
        for wrong in ({"rules": [{"target": "x", "colour": 1}]}, {"rules": [{}]}, {"rules": 1}, {"rules": [{"target": "x", "rate": "1"}]}):
            assert (await world.call("PUT", "/control/faults", wrong))[0] == 400
        assert await world.control("GET", "/faults") == answer
        assert await world.control("DELETE", "/faults") == {"rules": []}

    run(body)


def test_the_ledger_is_selected_and_cleared() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        await connector.say(await connector.opened(), "hi")
        await world.endpoint.until(2)
        effects = (await world.control("GET", "/ledger?kind=liveperson"))["effects"]
        assert [effect["kind"] for effect in effects] == ["liveperson.conversation", "liveperson.message"]
        assert (await world.control("GET", f"/ledger?kind=liveperson&since={effects[0]['n']}"))["effects"] == effects[1:]
        assert (await world.call("GET", "/control/ledger?since=-1"))[0] == 400
        assert await world.control("DELETE", "/ledger") == {"effects": []}

    run(body)


def test_reset_forgets_what_happened_and_keeps_accounts_and_tokens() -> None:
    async def body(world: World) -> None:
        world.endpoint.answers = [500]
        connector = await Connector.of(world)
        await connector.opened()
        await world.endpoint.until(1)
        await world.control("PUT", "/faults", {"rules": [{"target": "idp"}]})
        await world.control("POST", "/reset")
        assert await world.control("GET", "/conversations") == {"conversations": []}
        assert await world.control("GET", "/ledger") == {"effects": []}
        assert await world.control("GET", "/faults") == {"rules": []}
        (app,) = (await world.control("GET", "/webhooks"))["apps"]
        assert (app["state"], app["pending"]) == ("UP", 0)
        assert (await connector.create())[0] == 200

    run(body, time_scale=1000)


def test_time_scale_must_be_over_0() -> None:
    async def body(world: World) -> None:
        assert await world.control("PUT", "/time-scale", {"scale": 0.5}) == {"scale": 0.5}
        for wrong in (0, -1, "1", True, None):
            assert (await world.call("PUT", "/control/time-scale", {"scale": wrong}))[0] == 400
        assert world.kernel.time_scale == 0.5
        assert await world.call("GET", "/health") == (200, {"status": "ok"})

    run(body)


def test_a_taken_port_is_said_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert process.main(["--port", str(port)]) == 2
    assert capsys.readouterr().err == f"The sandbox cannot listen on 127.0.0.1:{port}: Address already in use.\n"


def test_the_port_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_PORT", "9123")
    assert process.parse([]).port == 9123
    assert process.parse(["--port", "1"]).port == 1


def test_a_signal_stops_the_process_even_while_a_page_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        await asyncio.Event().wait()
        return response

    def small_app(kernel: Kernel) -> web.Application:
        app = web.Application()
        app.router.add_get("/events", endless)
        return app

    monkeypatch.setattr(process, "make_app", small_app)

    async def body() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        serving = asyncio.create_task(process.serve(listener, Kernel(base_url=url)))
        async with ClientSession() as http, http.get(url + "/events") as response:
            await response.content.readline()
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(serving, 20)
            with pytest.raises(ClientError):
                await response.content.readexactly(1000)

    asyncio.run(body())


def test_secrets_of_accounts_do_not_reach_the_ledger() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        await connector.opened()
        token = f"/sentinel/api/account/{ACCOUNT}/app/token?v=1.0&grant_type=client_credentials"
        async with world.http.post(world.base + token, data={"client_id": APP, "client_secret": SECRET + "x"}) as response:
            assert response.status == 401
        assert SECRET not in str(world.kernel.ledger.entries)
        assert connector.headers["Authorization"] not in str(world.kernel.ledger.entries)

    run(body)


def test_the_calls_that_connectors_make_are_kept_without_their_secrets() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        await connector.create()
        query = "v=1.0&grant_type=client_credentials"
        form = {"client_id": APP, "client_secret": SECRET}
        async with world.http.post(f"{world.base}/sentinel/api/account/{ACCOUNT}/app/token?{query}", data=form) as answered:
            assert answered.status == 200
        found = (await world.control("GET", "/calls"))["calls"]
        token = next(call for call in found if call["target"] == "sentinel")
        assert SECRET not in str(found)
        assert token["status"] == 200 and token["answer"] is None
        (created,) = [call for call in found if call["target"] == "conversation"]
        assert [item["type"] for item in created["body"]] == ["userprofile.SetUserProfile", "cm.ConsumerRequestConversation"]
        assert created["tokens"] == ["Authorization", "X-LP-ON-BEHALF"]
        assert created["answer"][1]["code"] == "OK"
        assert created["query"] == {"v": "3"}
        # and may be selected and forgotten
        only = (await world.control("GET", f"/calls?target=conversation&since={created['n'] - 1}"))["calls"]
        assert only == [created]
        assert (await world.control("GET", f"/calls?since={found[-1]['n']}"))["calls"] == []
        assert (await world.call("GET", "/control/calls?since=x"))[0] == 400
        await world.control("DELETE", "/calls")
        assert (await world.control("GET", "/calls"))["calls"] == []

    run(body)
