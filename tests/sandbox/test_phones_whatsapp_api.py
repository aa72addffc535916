"""WhatsApp's Cloud API: what lands on the phone, every refusal in Meta's form, what fails later, templates."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.kernel import now_ms
from sandbox.phones import whatsapp_graph
from tests.sandbox.phones_world import World, run
from tests.sandbox.test_phones_whatsapp import (
    APP_SECRET,
    HIDDEN,
    NINA,
    NUMBER_ID,
    TOKEN,
    api,
    does,
    line,
    refusal,
    sends,
    shown,
    talking,
    values,
)

# What the API takes


def test_a_text_lands_on_the_phone_and_in_the_ledger() -> None:
    async def body(it: World) -> None:
        await talking(it)
        status, answer = await sends(it, "text", {"body": "x" * 4096, "preview_url": False}, recipient_type="individual")
        assert (status, answer["messaging_product"], answer["contacts"]) == (200, "whatsapp", [{"input": NINA, "user_id": NINA}])
        (entry,) = it.ledger("phone.message")
        assert (entry["id"], entry["text"], entry["consumer"]) == (answer["messages"][0]["id"], "x" * 4096, NINA)

    run(body)


def button(title: str = "Yes", id_: str = "y") -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": id_, "title": title}}


def interactive(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "body": {"text": "Really?"}, **fields}


def buttons(*of: Any, **fields: Any) -> dict[str, Any]:
    return interactive("button", action={"buttons": list(of)}, **fields)


def rows(*of: Any, title: str = "") -> dict[str, Any]:
    section = {"rows": list(of), **({"title": title} if title else {})}
    return interactive("list", action={"button": "Options", "sections": [section]})


def row(title: str = "Yes", id_: str = "y", **more: Any) -> dict[str, Any]:
    return {"id": id_, "title": title, **more}


def card(index: int, *of: Any, **fields: Any) -> dict[str, Any]:
    header = {"type": "image", "image": {"link": "https://cdn.example.com/a.jpg"}}
    replies = [{"type": "quick_reply", "quick_reply": one["reply"]} for one in of]
    return {"card_index": index, "header": header, "body": {"text": f"Card {index}"}, "action": {"buttons": replies}, **fields}


def carousel(*cards: Any) -> dict[str, Any]:
    return interactive("carousel", action={"cards": list(cards)})


LINK = {"name": "cta_url", "parameters": {"display_text": "Look", "url": "https://shop.example.com"}}


def test_a_tapped_button_comes_back_with_its_id_and_message() -> None:
    async def body(it: World) -> None:
        await talking(it)
        _, answer = await sends(it, "interactive", buttons(button("Yes", "lp|yes"), button("No", "lp|no")))
        await does(it, "select", {"title": "Yes"})
        message = values(it)[-1]["messages"][0]
        assert message["interactive"] == {"type": "button_reply", "button_reply": {"id": "lp|yes", "title": "Yes"}}
        assert message["context"] == {"from": "31201234567", "id": answer["messages"][0]["id"]}

    run(body)


def test_a_tapped_row_comes_back_with_its_second_line() -> None:
    async def body(it: World) -> None:
        await talking(it)
        await sends(it, "interactive", rows(row("Tuesday", "slot-2", description="in the shop"), row("Wednesday", "slot-3")))
        (listed,) = (await shown(it))[-1]["cards"]
        assert (listed["menu"], [one["section"] for one in listed["buttons"]]) == ("Options", ["", ""])
        await does(it, "select", {"payload": "slot-2"})
        reply = {"id": "slot-2", "title": "Tuesday", "description": "in the shop"}
        assert values(it)[-1]["messages"][0]["interactive"] == {"type": "list_reply", "list_reply": reply}

    run(body)


def test_links_and_carousels_are_shown_as_cards() -> None:
    async def body(it: World) -> None:
        await talking(it)
        assert (await sends(it, "interactive", interactive("cta_url", action=LINK)))[0] == 200
        assert (await sends(it, "interactive", carousel(card(0, button("Buy", "a")), card(1, button("Buy", "b")))))[0] == 200
        linked, cards = (await shown(it))[-2:]
        assert linked["cards"][0]["buttons"] == [{"kind": "link", "title": "Look", "payload": "", "url": "https://shop.example.com"}]
        assert cards["above"] == "Really?"
        assert [(one["title"], one["image_url"]) for one in cards["cards"]] == [
            ("Card 0", "https://cdn.example.com/a.jpg"), ("Card 1", "https://cdn.example.com/a.jpg"),
        ]  # fmt: skip
        status, answer = await it.call("POST", f"/control/phones/whatsapp/{NINA}/select", {"title": "Look"})
        assert (status, "https://shop.example.com" in answer["error"]) == (409, True)

    run(body)


@pytest.mark.parametrize(
    ("kind", "content", "code", "details"),
    [
        ("text", {"body": "x" * 4097}, 131009, "Max length: 4096"),
        ("text", {"body": " "}, 131009, "length invalid"),
        ("text", {}, 131008, "text['body']"),
        ("text", {"body": "x", "colour": "red"}, 100, 'Unexpected key "colour"'),
        ("image", {"link": "ftp://x"}, 131009, "valid URL"),
        ("image", {"id": "1"}, 131009, "nothing was uploaded"),
        ("image", {"link": "https://example.com/a.png", "caption": "x" * 1025}, 131009, "Max length: 1024"),
        ("audio", {"link": "https://example.com/a.mp3", "caption": "no"}, 100, 'Unexpected key "caption"'),
        ("location", {"latitude": 91, "longitude": 0}, 131009, "degrees"),
        ("contacts", [{"name": {"formatted_name": "Ana"}}], 131008, "formatted_name"),
        ("interactive", buttons(button("x" * 21)), 131009, "Button title length invalid. Min length: 1, Max length: 20"),
        ("interactive", buttons(button("two\nlines")), 131009, "no line breaks"),
        ("interactive", buttons(*(button(f"{number}", f"{number}") for number in range(4))), 131009, "count invalid. Min: 1, Max: 3"),
        ("interactive", buttons(button("Yes", "a"), button("Yes", "b")), 131009, "Duplicated title"),
        ("interactive", buttons(button("Yes", "a"), button("No", "a")), 131009, "Duplicated id"),
        ("interactive", {**buttons(button()), "body": {"text": "x" * 1025}}, 131009, "Body text length invalid"),
        ("interactive", buttons(button(), header={"type": "text", "text": "x" * 61}), 131009, "Header text length invalid"),
        ("interactive", buttons({"type": "url", "url": "https://x"}), 100, "Unexpected key"),
        ("interactive", rows(row("x" * 25)), 131009, "Row title length invalid"),
        ("interactive", rows(row(description="x" * 73)), 131009, "Row description length invalid"),
        ("interactive", rows(*(row(f"{number}", f"{number}") for number in range(11))), 131009, "count invalid"),
        ("interactive", rows(row("A", "a"), row("B", "a")), 131009, "Duplicated id"),
        ("interactive", {**rows(row()), "header": {"type": "image", "image": {"link": "https://x.example/a"}}}, 131009, "text only"),
        ("interactive", interactive("cta_url", action={**LINK, "name": "open"}), 131009, "cta_url"),
        ("interactive", carousel(card(0, button())), 131009, "Min: 2"),
        ("interactive", carousel(card(0, button()), card(1, button(), button("No", "n"))), 131009, "same number and type"),
        ("interactive", carousel(card(0, button()), card(1, type="cta_url", action=LINK)), 131009, "same number and type"),
        ("interactive", carousel(card(0, button()), card(1, button(), body={"text": "a\nb\nc\nd"})), 131009, "2 line breaks"),
        ("interactive", carousel(card(0, button()), card(2, button())), 131009, "card_index must be 1"),
        ("interactive", interactive("flow"), 131009, "the sandbox knows"),
        ("poll", {}, 100, "Param type"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_metas_details(kind: str, content: Any, code: int, details: str) -> None:
    async def body(it: World) -> None:
        await talking(it)
        status, answer = await sends(it, kind, content)
        assert status == 400, answer
        assert (refusal(answer)[0], details in refusal(answer)[1]) == (code, True), answer
        assert (len(await shown(it)), len(it.ledger("phone.refused"))) == (1, 1)

    run(body)


def test_the_frame_is_read_as_strictly() -> None:
    async def body(it: World) -> None:
        await talking(it)
        for more, code in (
            ({"messaging_product": "messenger"}, 100),
            ({"who": {}}, 131008),
            ({"who": {"to": "nobody"}}, 131009),
            ({"who": {"recipient": "15550100031"}}, 100),
            ({"tag": "HUMAN_AGENT"}, 100),
            ({"context": {"message_id": "wamid.unknown"}}, 131009),
        ):
            status, answer = await sends(it, "text", {"body": "hello"}, **more)
            assert (status, refusal(answer)[0]) == (400, code), more

    run(body)


def test_another_brands_token_or_number_is_refused() -> None:
    async def body(it: World) -> None:
        await talking(it)
        await line(it, "106500000000077", waba_id="102200000000044", access_token="EAAother")
        message = {"messaging_product": "whatsapp", "recipient": NINA, "type": "text", "text": {"body": "x"}}
        for token, code, wanted in (("", 104, 401), ("EAAwrong", 190, 401), ("EAAother", 100, 400)):
            status, answer = await api(it, "POST", f"{NUMBER_ID}/messages", message, token=token)
            assert (status, answer["error"]["code"]) == (wanted, code)

    run(body)


# What fails later


@pytest.mark.parametrize(
    ("spoil", "kind", "content", "code"),
    [
        ("age", "text", {"body": "late"}, 131047),
        ("block", "text", {"body": "blocked"}, 131026),
        ("", "image", {"link": "https://cdn.example.com/a.gif"}, 131053),
    ],
)
def test_a_failure_is_told_after_the_answer(spoil: str, kind: str, content: Any, code: int) -> None:
    async def body(it: World) -> None:
        await talking(it)
        if spoil == "age":
            await does(it, "age", {"hours": 24.1})
        if spoil == "block":
            await it.call("PUT", f"/control/phones/whatsapp/{NINA}/profile", {"blocked": True})
        status, answer = await sends(it, kind, content)
        assert status == 200
        await it.platform.until(2)
        (failed,) = values(it)[-1]["statuses"]
        assert (failed["id"], failed["status"], failed["errors"][0]["code"]) == (answer["messages"][0]["id"], "failed", code)
        assert len(await shown(it)) == 1

    run(body)


def test_a_stranger_can_only_be_sent_a_template() -> None:
    async def body(it: World) -> None:
        await line(it)
        await sends(it, "text", {"body": "cold call"}, who={"to": "+1 555 010 0077"})
        await it.platform.until(1)
        assert values(it)[-1]["statuses"][0]["errors"][0]["code"] == 131047
        status, _ = await sends(it, "template", {"name": "plain", "language": {"code": "nl"}}, who={"to": "15550100077"})
        assert status == 200
        assert [message["text"] for message in await shown(it, "15550100077")] == ["Bent u er nog?"]

    run(body)


# Templates


def values_of(*texts: str, names: tuple[str, ...] = ()) -> list[Any]:
    parameters = [{"type": "text", "text": text} for text in texts]
    for parameter, name in zip(parameters, names, strict=False):
        parameter["parameter_name"] = name
    return [{"type": "body", "parameters": parameters}]


def test_a_template_is_filled_in_and_its_button_comes_back() -> None:
    async def body(it: World) -> None:
        await talking(it)
        await does(it, "age", {"hours": 48})
        content = {"name": "order_update", "language": {"code": "nl"}, "components": values_of("7781", "morgen")}
        assert (await sends(it, "template", content))[0] == 200
        named = {"name": "greeting", "language": {"code": "en_US"}, "components": values_of("Nina", names=("first_name",))}
        assert (await sends(it, "template", named))[0] == 200
        assert [message["text"] for message in await shown(it)][1:] == ["Uw bestelling 7781 komt morgen.", "Hello Nina"]
        await does(it, "select", {"title": "Bedankt"})
        assert values(it)[-1]["messages"][0]["button"] == {"payload": "Bedankt", "text": "Bedankt"}

    run(body)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ({"name": "unknown", "language": {"code": "nl"}}, 404, 132001),
        ({"name": "plain", "language": {"code": "de"}}, 404, 132001),
        ({"name": "tired", "language": {"code": "nl"}}, 400, 132015),
        ({"name": "order_update", "language": {"code": "nl"}}, 400, 132000),
        ({"name": "order_update", "language": {"code": "nl"}, "components": values_of("7781")}, 400, 132000),
        ({"name": "greeting", "language": {"code": "en_US"}, "components": values_of("Nina")}, 400, 132000),
        ({"name": "order_update", "language": {"code": "nl"}, "components": values_of("7781", "two\nlines")}, 400, 131009),
        ({"name": "plain"}, 400, 131008),
    ],
)
def test_a_template_that_does_not_fit_is_refused(content: Any, status: int, code: int) -> None:
    async def body(it: World) -> None:
        await talking(it)
        got, answer = await sends(it, "template", content)
        assert (got, refusal(answer)[0]) == (status, code), answer

    run(body)


@pytest.mark.parametrize(("status", "code"), [(429, 130429), (500, 131000), (401, 190), (400, 100)])
def test_faults_speak_metas_language(status: int, code: int) -> None:
    async def body(it: World) -> None:
        await talking(it)
        it.fault("whatsapp.send", status=status)
        got, answer = await sends(it, "text", {"body": "hello"})
        assert (got, answer["error"]["code"]) == (status, code)

    run(body)


# The pair's limit


def test_a_burst_to_one_person_is_borrowed_and_then_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(it: World) -> None:
        await talking(it)
        await does(it, "text", {"text": "hi"}, who=HIDDEN)
        at_ms = now_ms()
        monkeypatch.setattr(whatsapp_graph, "now_ms", lambda: at_ms)
        for _ in range(45):
            assert (await sends(it, "text", {"body": "again"}))[0] == 200
        status, answer = await sends(it, "text", {"body": "too much"})
        assert (status, refusal(answer)[0]) == (403, 131056)
        assert (await sends(it, "text", {"body": "hello"}, who={"recipient": HIDDEN}))[0] == 200, "nobody else is concerned"
        at_ms += 6000
        assert (await sends(it, "text", {"body": "one more"}))[0] == 200
        assert (await sends(it, "text", {"body": "too much"}))[0] == 403

    run(body)


# The token

APP_TOKEN = f"7001|{APP_SECRET}"


def test_the_app_and_the_token_itself_learn_how_long_it_lives() -> None:
    async def body(it: World) -> None:
        await line(it)
        for caller in (APP_TOKEN, TOKEN):
            status, answer = await api(it, "GET", f"debug_token?input_token={TOKEN}", token=caller)
            facts = answer["data"]
            assert (status, facts["app_id"], facts["type"], facts["is_valid"], facts["expires_at"]) == (200, "7001", "SYSTEM_USER", True, 0)
            assert facts["scopes"] == ["whatsapp_business_management", "whatsapp_business_messaging"]
        await line(it, token_expires_at=4102444800, token_scopes=["whatsapp_business_messaging"])
        _, answer = await api(it, "GET", f"debug_token?input_token={TOKEN}", token=APP_TOKEN)
        facts = answer["data"]
        assert (facts["type"], facts["is_valid"], facts["expires_at"]) == ("USER", True, 4102444800)
        assert facts["scopes"] == ["whatsapp_business_messaging"]

    run(body)


def test_a_token_that_has_ended_sends_nothing_and_is_called_invalid() -> None:
    async def body(it: World) -> None:
        await line(it, token_expires_at=1793001600)
        status, answer = await sends(it, "text", {"body": "hello"})
        assert (status, answer["error"]["code"], answer["error"]["error_subcode"]) == (400, 190, 463)
        _, answer = await api(it, "GET", f"debug_token?input_token={TOKEN}", token=APP_TOKEN)
        facts = answer["data"]
        assert (facts["is_valid"], facts["error"]["code"], facts["error"]["subcode"]) == (False, 190, 463)
        assert "Session has expired on Monday, 26-Oct-26 " in facts["error"]["message"]

    run(body)


@pytest.mark.parametrize(
    ("caller", "path", "code", "words"),
    [
        ("", f"debug_token?input_token={TOKEN}", 104, "access token is required"),
        ("7001|guess", f"debug_token?input_token={TOKEN}", 190, "Invalid OAuth access token"),
        (APP_TOKEN, "debug_token", 100, "input_token is required"),
        ("7002|another-secret", f"debug_token?input_token={TOKEN}", 100, "did not match the Viewing App"),
        ("EAAcolleague", f"debug_token?input_token={TOKEN}", 100, "You must provide an app access token"),
    ],
)
def test_nobody_else_learns_anything_of_a_token(caller: str, path: str, code: int, words: str) -> None:
    async def body(it: World) -> None:
        await line(it)
        await line(it, "106500000000077", access_token="EAAcolleague")
        await line(it, "106500000000088", app_id="7002", app_secret="another-secret", access_token="EAAstranger")
        status, answer = await api(it, "GET", path, token=caller)
        assert (status, answer["error"]["code"]) == (400, code)
        assert words in answer["error"]["message"]

    run(body)


def test_of_a_token_that_is_nobodys_there_is_nothing_to_tell() -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await api(it, "GET", "debug_token?input_token=wrong", token=APP_TOKEN)
        assert (status, answer["data"]["is_valid"], answer["data"]["scopes"], answer["data"]["error"]["code"]) == (200, False, [], 190)

    run(body)
