"""File storage: signed URLs that live one minute, for uploads and downloads."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.sandbox.liveperson_world import ACCOUNT, Connector, World, run


def url_of(world: World, answer: dict[str, Any]) -> str:
    query = "&".join(f"{name}={value}" for name, value in answer["queryParams"].items())
    return f"{world.base}{answer['relativePath']}?{query}"


async def upload_url(connector: Connector) -> dict[str, Any]:
    status, answer = await connector.send("ms.GenerateURLForUploadFile", {"fileSize": "3", "fileType": "PNG"})
    assert status == 200
    return answer["body"]


def test_a_file_goes_up_is_published_and_comes_down() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        up = await upload_url(connector)
        path = up["relativePath"]
        assert path.startswith(f"/v1/AUTH_async-images/{ACCOUNT}/{connector.consumer_id}_uuid_")
        assert path.endswith(".PNG")
        assert set(up["queryParams"]) == {"temp_url_sig", "temp_url_expires"}
        async with world.http.put(url_of(world, up), data=b"png", headers={"Content-Type": "image/png"}) as response:
            assert response.status == 201
            assert response.headers["Access-Control-Allow-Origin"] == "*"

        message = {"caption": "logo", "relativePath": path, "fileType": "JPEG"}  # another type than announced is taken
        status, answer = await connector.publish(cid, {"type": "ContentEvent", "contentType": "hosted/file", "message": message})
        assert (status, answer["body"]) == (200, {"sequence": 0})
        (effect,) = world.ledger("liveperson.message")
        assert (effect["type"], effect["text"]) == ("file", "logo")

        _, answer = await connector.send("ms.GenerateURLForDownloadFile", {"relativePath": path})
        async with world.http.get(url_of(world, answer["body"])) as response:
            assert (response.status, response.content_type, await response.read()) == (200, "image/png", b"png")
        async with world.http.get(f"{world.base}/control/files{path}") as response:
            assert await response.read() == b"png"

    run(body)


def test_a_url_serves_one_method_one_path_and_one_minute() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        up = await upload_url(connector)
        async with world.http.get(url_of(world, up)) as response:
            assert response.status == 401
        async with world.http.put(url_of(world, {**up, "relativePath": up["relativePath"] + "x"}), data=b"png") as response:
            assert response.status == 401
        async with world.http.put(world.base + up["relativePath"], data=b"png") as response:
            assert response.status == 401
        assert world.state.files.url_lifetime_s == 60
        world.state.files.url_lifetime_s = 0
        async with world.http.put(url_of(world, await upload_url(connector)), data=b"png") as response:
            assert (response.status, await response.text()) == (401, "401 Unauthorized: the URL has expired")
        assert world.state.files.get(up["relativePath"]) is None
        assert len(world.ledger("liveperson.refused")) == 4

    run(body)


def test_a_file_over_3_mb_is_not_stored() -> None:
    async def body(world: World) -> None:
        up = await upload_url(await Connector.of(world))
        async with world.http.put(url_of(world, up), data=b"x" * (3 * 1024 * 1024 + 1)) as response:
            assert response.status == 413
        assert world.state.files.get(up["relativePath"]) is None

    run(body)


@pytest.mark.parametrize(
    ("body_", "reason"),
    [
        ({"fileSize": "1 kB", "fileType": "PNG"}, "fileSize must be a number of bytes, or a string of digits"),
        ({"fileSize": 0, "fileType": "PNG"}, "fileSize must be from 1 to 3145728 bytes"),
        ({"fileSize": "3145729", "fileType": "PNG"}, "fileSize must be from 1 to 3145728 bytes"),
        ({"fileSize": "1000", "fileType": "PDF"}, "fileType must be one of JPG, JPEG, PNG, GIF"),
    ],
)
def test_upload_urls_are_given_for_what_is_allowed(body_: dict[str, Any], reason: str) -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        status, answer = await connector.send("ms.GenerateURLForUploadFile", body_)
        assert (status, answer["body"]["msg"]) == (400, f"Bad Request: {reason}")

    run(body)


def test_an_account_may_allow_more_types() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        path = f"/accounts/{ACCOUNT}/file-types"
        pictures = ["JPG", "JPEG", "PNG", "GIF"]
        assert await world.control("GET", path) == {"fileTypes": [], "allowed": pictures}
        assert await world.control("PUT", path, {"fileTypes": ["PDF", "PNG", "MP4"]}) == {
            "fileTypes": ["PDF", "MP4"],
            "allowed": [*pictures, "PDF", "MP4"],
        }
        status, answer = await connector.send("ms.GenerateURLForUploadFile", {"fileSize": 4, "fileType": "PDF"})
        async with world.http.put(url_of(world, answer["body"]), data=b"%PDF", headers={"Content-Type": "application/pdf"}) as response:
            assert (status, response.status) == (200, 201)
        message = {"caption": "terms.pdf", "relativePath": answer["body"]["relativePath"], "fileType": "PDF"}
        event = {"type": "ContentEvent", "contentType": "hosted/file", "message": message}
        assert (await connector.publish(cid, event))[0] == 200
        assert (await connector.send("ms.GenerateURLForUploadFile", {"fileSize": "4", "fileType": "DOCX"}))[0] == 400

        await world.control("PUT", path, {"fileTypes": []})
        assert await connector.publish(cid, event) == (
            400,
            {
                "code": "BAD_REQUEST",
                "body": {"msg": "Bad Request: event.message.fileType must be one of IMG, JPG, JPEG, PNG, GIF"},
                "reqId": "7",
            },
        )
        assert await world.call("PUT", "/control" + path, {"fileTypes": [".pdf"]}) == (
            400,
            {"error": "a file type must be an upper-case word such as PDF, not '.pdf'"},
        )
        assert (await world.call("GET", "/control/accounts/none/file-types"))[0] == 404
        assert len(world.ledger("liveperson.message")) == 1

    run(body)


@pytest.mark.parametrize(
    ("file_type", "content_type"), [("DOCX", "wordprocessingml.document"), ("MP4", "video/mp4"), ("XYZ", "octet-stream")]
)
def test_agents_send_files_of_any_type(file_type: str, content_type: str) -> None:
    async def body(world: World) -> None:
        cid = await (await Connector.of(world)).opened()
        data = {"data_base64": "AAAA", "fileType": file_type, "caption": "a"}
        status, answer = await world.call("POST", f"/control/conversations/{cid}/agent/file", data)
        (message,) = answer["conversation"]["messages"]
        assert (status, message["event"]["message"]["fileType"]) == (200, file_type)
        async with world.http.get(f"{world.base}/control/files{message['event']['message']['relativePath']}") as response:
            assert response.content_type.endswith(content_type)

    run(body)


def test_files_of_agents_have_the_same_limit_and_run_nothing_in_a_browser() -> None:
    async def body(world: World) -> None:
        cid = await (await Connector.of(world)).opened()
        path = f"/control/conversations/{cid}/agent/file"
        for size, status in ((3 * 1024 * 1024 + 1, 400), (0, 400), (3 * 1024 * 1024, 200)):
            data = base64.b64encode(b"x" * size).decode()
            assert (await world.call("POST", path, {"data_base64": data, "fileType": "BIN"}))[0] == status
        (message,) = world.state.conversations[cid].main.messages.values()
        async with world.http.get(f"{world.base}/control/files{message.event['message']['relativePath']}") as response:
            assert response.headers["Content-Security-Policy"].startswith("sandbox;")
            assert response.headers["X-Content-Type-Options"] == "nosniff"

    run(body)


def test_a_browser_may_ask_first() -> None:
    async def body(world: World) -> None:
        async with world.http.options(world.base + "/v1/AUTH_async-images/1/x.PNG") as response:
            assert (response.status, response.headers["Access-Control-Allow-Methods"]) == (200, "GET, PUT, HEAD, OPTIONS")

    run(body)
