"""The pages in a browser: both people at work, without a reload."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from tests.sandbox.pages_world import Stage, expect, run
from tests.sandbox.phones_world import NUMBER, PAGE, PHONE_NUMBER, PSID


def test_the_consumer_writes_and_taps_and_sees_what_the_brand_does() -> None:
    async def body(stage: Stage) -> None:
        it = stage.phones
        page = await stage.open("/demo")
        await expect(page.get_by_text("No channel is connected")).to_be_visible()
        await it.page(auto_delivered=True)  # the page learns of the line by itself
        await expect(page.get_by_test_id("phone-channel")).to_have_value(f"messenger/{PAGE}")
        await expect(page.get_by_test_id("phone-consumer")).to_have_value(PSID)

        await page.get_by_test_id("phone-input").fill("Hi <b>there</b> https://example.com/a.")
        await page.get_by_test_id("phone-input").press("Enter")
        mine = page.get_by_test_id("phone-messages").locator('.msg[data-direction="out"]')
        await expect(mine).to_have_attribute("data-status", "delivered")
        await expect(mine.locator(".bubble")).to_have_text("Hi <b>there</b> https://example.com/a.")
        await expect(mine.locator("a")).to_have_attribute("href", "https://example.com/a")
        assert it.platform.received[0].text == "Hi <b>there</b> https://example.com/a."
        assert (await it.transcript())["profile"]["first_name"] == "Ana"

        await it.graph({"recipient": {"id": PSID}, "sender_action": "typing_on"})
        await expect(page.get_by_test_id("phone-typing")).to_be_visible()
        reply = {"content_type": "text", "title": "<img src=x onerror=alert(1)>"[:20], "payload": "p"}
        await it.sends({"text": "Choose:", "quick_replies": [reply]})
        await it.graph({"recipient": {"id": PSID}, "sender_action": "mark_seen"})
        theirs = page.get_by_test_id("phone-messages").locator('.msg[data-direction="in"]')
        await expect(theirs).to_have_attribute("data-status", "read")  # the page is visible: it reported so
        await expect(page.get_by_test_id("phone-typing")).to_be_hidden()
        await expect(mine).to_have_attribute("data-status", "read")
        await it.until(lambda: any("read" in call.events[0] for call in it.platform.received))

        await page.get_by_role("button", name=reply["title"]).click()
        await expect(mine).to_have_count(2)
        assert it.platform.received[-1].events[0]["message"]["quick_reply"] == {"payload": "p"}
        await expect(page.locator(".chip")).to_have_count(0)
        await page.get_by_role("button", name="Share location").click()
        await page.get_by_role("button", name="Send a picture").click()
        await expect(mine).to_have_count(4)
        await expect(mine.last.locator("img")).to_have_attribute("src", f"{it.base}/static/sample.jpg")

        await page.get_by_test_id("phone-new-consumer").click()
        await expect(mine).to_have_count(0)
        await expect(page.get_by_test_id("phone-consumer")).not_to_have_value(PSID)

    run(body)


def test_reading_is_reported_only_when_it_is_switched_on() -> None:
    async def body(stage: Stage) -> None:
        it = stage.phones
        await it.page()
        await it.does("text", {"text": "hi", "wait": True})
        page = await stage.open("/phone/messenger")
        await page.get_by_label("Mark as read while this page is visible").uncheck(force=True)
        await it.sends({"text": "hello"})
        theirs = page.get_by_test_id("phone-messages").locator('.msg[data-direction="in"]')
        await expect(theirs).to_have_attribute("data-status", "sent")
        assert (await it.transcript())["receipts"]["read_up_to_ms"] == 0
        await page.get_by_label("Mark as read while this page is visible").check(force=True)
        await expect(theirs).to_have_attribute("data-status", "read")

    run(body)


def test_cards_have_buttons_that_send_and_links_that_do_not() -> None:
    async def body(stage: Stage) -> None:
        it = stage.phones
        await it.page()
        await it.does("text", {"text": "hi", "wait": True})
        page = await stage.open(f"/phone/messenger?to=messenger/{PAGE}&consumer={PSID}")
        buttons = [
            {"type": "postback", "title": "Reserve", "payload": "r"},
            {"type": "web_url", "title": "Shop", "url": "https://example.com/"},
        ]
        element = {"title": "Shoe", "subtitle": "Blue", "buttons": buttons}
        await it.sends({"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": [element]}}})
        await expect(page.get_by_role("link", name="Shop")).to_have_attribute("href", "https://example.com/")
        await page.get_by_role("button", name="Reserve").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator('.msg[data-direction="out"]')).to_have_count(2)
        assert it.platform.received[-1].events[0]["postback"]["payload"] == "r"

    run(body)


def test_sms_shows_its_segments_and_hides_what_it_cannot_do() -> None:
    async def body(stage: Stage) -> None:
        it = stage.phones
        await it.number()
        page = await stage.open("/phone/sms_gateway")
        await expect(page.get_by_test_id("phone-consumer")).to_have_value(PHONE_NUMBER)
        await expect(page.get_by_role("button", name="Send a picture")).to_be_visible()
        await expect(page.get_by_role("button", name="Share location")).to_be_hidden()
        await page.get_by_test_id("phone-input").fill("Tot morgen 👍")
        await page.get_by_test_id("phone-send").click()
        mine = page.get_by_test_id("phone-messages").locator('.msg[data-direction="out"]')
        await expect(mine).to_have_attribute("data-status", "delivered")
        await expect(mine.locator(".segments")).to_have_text("1 SMS · 13 UCS-2")
        assert it.platform.received[0].raw.decode().startswith(f"from=%2B31612345678&to={NUMBER}&text=Tot+morgen+%F0%9F%91%8D&id=")

    run(body)


def test_the_agent_answers_a_conversation_from_beginning_to_end() -> None:
    async def body(stage: Stage) -> None:
        page = await stage.open("/demo")
        await expect(page.get_by_text("The queue is empty")).to_be_visible()
        sdes = [{"type": "ctmrinfo", "info": {"customerId": "C-99120", "storeNumber": "Amsterdam"}}]
        connector, conversation = await stage.conversation(
            "Where is <i>my</i> order?", firstName="Ana", lastName="de Vries", authenticatedData={"lp_sdes": sdes}
        )
        item = page.get_by_test_id("agent-queue").locator(f'[data-conversation-id="{conversation}"]')
        await expect(item).to_contain_text("Ana de Vries")
        await expect(item.locator(".count")).to_have_text("1")
        messages = page.get_by_test_id("agent-messages").locator(".msg")
        await expect(messages.first).to_contain_text("Where is <i>my</i> order?")
        for fact in ("C-99120", "Amsterdam", "67890", "Sales (1001)"):
            await expect(page.get_by_test_id("agent-info")).to_contain_text(fact)

        await page.get_by_test_id("agent-join").click()
        await expect(page.get_by_test_id("agent-join")).to_be_hidden()
        await expect(item.locator(".count")).to_have_count(0)  # selected, visible and joined: it is read
        await page.get_by_test_id("agent-input").press_sequentially("On its way")
        await stage.phones.until(lambda: stage.chat_states(conversation)[:1] == ["COMPOSING"])
        await page.get_by_test_id("agent-send").click()
        await stage.phones.until(lambda: stage.chat_states(conversation) == ["COMPOSING", "ACTIVE"])
        answer = messages.nth(1)
        await expect(answer).to_have_attribute("data-status", "sent")
        sequence = int(await answer.get_attribute("data-sequence"))
        for status, shown in (("ACCEPT", "delivered"), ("READ", "read")):
            await connector.publish(conversation, {"type": "AcceptStatusEvent", "status": status, "sequenceList": [sequence]})
            await expect(answer).to_have_attribute("data-status", shown)
        await connector.publish(conversation, {"type": "ChatStateEvent", "chatState": "COMPOSING"})
        await expect(page.get_by_test_id("agent-typing")).to_contain_text("Ana de Vries is typing")

        await page.get_by_test_id("agent-note").click()
        await page.get_by_test_id("agent-input").fill("Loyal customer")
        await page.get_by_test_id("agent-send").click()
        await expect(page.locator(".msg.private")).to_contain_text("Loyal customer")
        await page.get_by_test_id("agent-structured").click()
        await page.get_by_test_id("agent-card").click()
        await page.get_by_test_id("agent-json-send").click()
        await expect(messages.last).to_contain_text("Reserve it")
        await page.get_by_test_id("agent-picture").click()
        await expect(messages.last.locator("img")).to_have_js_property("complete", True)

        await page.get_by_test_id("agent-transfer").select_option("1002")
        await expect(page.get_by_test_id("agent-queue").locator("h3")).to_have_text("Support (1002)")
        await expect(page.get_by_test_id("agent-join")).to_be_visible()
        await page.get_by_test_id("agent-close-menu").click()
        await page.get_by_test_id("agent-close").click()
        await expect(item).to_contain_text("Closed")
        await expect(page.get_by_test_id("agent-input")).to_be_hidden()
        await page.get_by_test_id("agent-resume").click()
        await expect(page.get_by_test_id("agent-queue").locator("[data-conversation-id]")).to_have_count(2)
        await expect(page.get_by_test_id("agent-input")).to_be_visible()
        earlier = page.get_by_test_id("agent-earlier")
        for words in ("Earlier conversation", "Where is <i>my</i> order?", "On its way", "Resumed"):
            await expect(earlier).to_contain_text(words)
        await expect(messages).to_have_count(0)
        await expect(page.get_by_test_id("agent-queue").locator(".selected")).to_contain_text("Resumed")
        await item.locator("button").click()  # the closed one itself stands alone
        await expect(earlier).to_be_hidden()
        await expect(messages.nth(1)).to_contain_text("On its way")

    run(body)


async def gap(scroller: Any) -> int:
    """How far the end of what scrolls is below the fold."""
    return int(await scroller.evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight"))


async def comes_to_its_end(page: Any, scroller: Any) -> None:
    await page.wait_for_function("box => box.scrollHeight - box.scrollTop - box.clientHeight < 2", arg=await scroller.element_handle())


async def reader_scrolls(page: Any, scroller: Any, by: int) -> int:
    """The reader turns the wheel; where that ends."""
    await scroller.hover()
    before = await scroller.evaluate("box => box.scrollTop")
    await page.mouse.wheel(0, by)
    await page.wait_for_function("([box, before]) => box.scrollTop !== before", arg=[await scroller.element_handle(), before])
    await page.wait_for_timeout(300)  # the wheel turns smoothly
    return int(await scroller.evaluate("box => box.scrollTop"))


def test_the_phone_follows_what_arrives_unless_the_reader_scrolled_up() -> None:
    async def body(stage: Stage) -> None:
        it = stage.phones
        await it.page()
        await it.does("text", {"text": "hi", "wait": True})
        page = await stage.open("/phone/messenger")
        scroller = page.locator(".device .scroller")
        theirs = page.get_by_test_id("phone-messages").locator('.msg[data-direction="in"]')
        for number in range(14):
            await it.sends({"text": f"Message {number}, which is as long as two lines of the phone"})
            await asyncio.sleep(0.012)  # less than a frame: the page grows between scrolling and hearing that it scrolled
        await expect(theirs).to_have_count(14)
        await comes_to_its_end(page, scroller)

        top = await reader_scrolls(page, scroller, -400)
        await it.sends({"text": "One more"})
        await expect(theirs).to_have_count(15)
        await expect(theirs.last).to_have_attribute("data-status", "read")
        assert abs(await scroller.evaluate("box => box.scrollTop") - top) <= 1 and await gap(scroller) > 300

        await reader_scrolls(page, scroller, 2000)
        for number in range(3):
            await it.sends({"text": f"And {number}"})
        await expect(theirs).to_have_count(18)
        await comes_to_its_end(page, scroller)

    run(body)


def test_the_agent_sees_what_comes_after_a_picture_that_loads_late() -> None:
    async def body(stage: Stage) -> None:
        connector, conversation = await stage.conversation("Hello", firstName="Ana")
        page = await stage.open("/agent")
        loads = asyncio.Event()

        async def late(route: Any) -> None:
            await loads.wait()
            await route.continue_()

        await page.route("**/control/files/**", late)
        messages, scroller = page.get_by_test_id("agent-messages").locator(".msg"), page.locator(".talk-part .scroller")
        await page.get_by_test_id("agent-join").click()
        await page.get_by_test_id("agent-picture").click()
        await expect(messages).to_have_count(2)
        for number in range(12):
            await connector.say(conversation, f"Line {number}")
        await expect(messages).to_have_count(14)
        await comes_to_its_end(page, scroller)
        loads.set()
        await page.wait_for_function("() => document.querySelector('.talk .picture img')?.naturalHeight > 0")
        await page.wait_for_timeout(100)
        await comes_to_its_end(page, scroller)
        sequence = int(await messages.nth(1).get_attribute("data-sequence"))
        await connector.publish(conversation, {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [sequence]})
        await expect(messages.nth(1)).to_have_attribute("data-status", "read")  # it is drawn again, and its picture with it
        for number in range(12):
            await connector.say(conversation, f"Later {number}")
        await expect(messages).to_have_count(26)
        await comes_to_its_end(page, scroller)

        top = await reader_scrolls(page, scroller, -300)
        await connector.say(conversation, "Are you there?")
        await expect(messages).to_have_count(27)
        assert abs(await scroller.evaluate("box => box.scrollTop") - top) <= 1

    run(body)


def test_the_front_page_offers_every_phone_of_the_sandbox() -> None:
    async def body(stage: Stage) -> None:
        page = await stage.open("/")
        _, answer = await stage.phones.call("GET", "/control/providers")
        assert {kind["provider"] for kind in answer["providers"]} >= {"messenger", "sms_gateway", "telegram"}
        for kind in answer["providers"]:
            await expect(page.get_by_role("link", name=re.compile(f"^{re.escape(kind['title'])} phone"))).to_have_attribute(
                "href", f"/phone/{kind['provider']}"
            )

    run(body)


def test_the_demo_tells_when_a_message_is_not_at_the_agents() -> None:
    async def body(stage: Stage) -> None:
        it = stage.phones
        await it.page()
        page = await stage.open("/demo")
        await expect(page.get_by_test_id("phone-channel")).to_have_value(f"messenger/{PAGE}")
        await page.clock.install()
        await page.get_by_test_id("phone-input").fill("Is anybody there?")
        await page.get_by_test_id("phone-input").press("Enter")
        mine = page.get_by_test_id("phone-messages").locator('.msg[data-direction="out"]')
        await expect(mine).to_have_attribute("data-status", "delivered")
        missing = page.get_by_test_id("phone-missing")
        await expect(missing).to_be_hidden()
        await page.clock.fast_forward(11_000)
        await expect(missing).to_have_text("Not at the agents yet — see Admin → Events")
        await expect(missing.get_by_role("link")).to_have_attribute("href", "http://localhost:8000/admin/webhooks_app/event/")
        await stage.conversation("Is anybody there?", firstName="Ana")
        await expect(missing).to_be_hidden()

    run(body)


def test_a_refusal_is_shown_as_a_sentence_and_what_was_written_is_kept() -> None:
    async def body(stage: Stage) -> None:
        it = stage.phones
        await it.page()
        page = await stage.open("/phone/messenger")
        await page.route("**/text", lambda route: route.fulfill(status=409, json={"error": "The line is busy."}))
        await page.get_by_test_id("phone-input").fill("hello")
        await page.get_by_test_id("phone-send").click()
        await expect(page.get_by_role("alert")).to_contain_text("The line is busy.")
        await expect(page.get_by_test_id("phone-input")).to_have_value("hello")
        stage.complaints.clear()  # the browser logs the 409 itself

    run(body)


@pytest.mark.parametrize("path", ["/", "/demo", "/agent", "/phone/messenger"])
def test_narrow_screens_scroll_one_way_only(path: str) -> None:
    async def body(stage: Stage) -> None:
        await stage.phones.page()
        await stage.conversation("Hello", firstName="Ana")
        page = await stage.open(path, width=390)
        if path in ("/demo", "/agent"):
            await expect(page.get_by_test_id("agent-messages")).to_contain_text("Hello")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        for name in ("Demo", "Agent workspace", "Admin", "API docs"):
            link = page.get_by_role("navigation", name="Pages").get_by_role("link", name=name)
            box = await link.bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390

    run(body)
