"""The agents' workspace in a browser: what is shown of a conversation, and doing everything by keyboard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.sandbox.liveperson_world import ACCOUNT, Connector
from tests.sandbox.pages_world import Stage, expect, run

FEATURES = {"type": ".ClientProperties", "appId": "messenger", "features": ["RICH_CONTENT", "QUICK_REPLIES", "MULTI_DIALOG"]}
CUSTOMER = {
    "ctype": "vip",
    "cstatus": "active",
    "balance": -400.99,
    "currency": "EUR",
    "customerId": "138766AC",
    "socialId": "1234567890",
    "imei": "3543546543545688",
    "userName": "user000",
    "companySize": 500,
    "companyBranch": "Amsterdam",
    "accountName": "bestcorp",
    "role": "buyer",
    "lastPaymentDate": {"day": 15, "month": 10, "year": 2024},
    "registrationDate": {"day": 23, "month": 5, "year": 2013},
    "loginStatus": 1,
    "storeZipCode": "20505",
    "storeNumber": "123865",
}
PERSONAL = {
    "firstname": "Ana",
    "lastname": "de Vries",
    "age": {"age": 34, "year": 1990, "month": 4, "day": 15},
    "contacts": [
        {
            "email": "ana@example.com",
            "phone": "+31612345678",
            "phoneType": "MOBILE",
            "address": {"country": "NL", "region": "Noord-Holland"},
        },
        {"phone": "+31201234567", "phoneType": "WORK_FAX"},
    ],
    "gender": "FEMALE",
    "company": "ACME",
    "language": "nl-NL",
}
IN_WORDS = {
    "Customer type": "vip",
    "Status": "active",
    "Balance": "-400.99 EUR",
    "Customer id": "138766AC",
    "Social id": "1234567890",
    "IMEI": "3543546543545688",
    "User name": "user000",
    "Company size": "500",
    "Company branch": "Amsterdam",
    "Account name": "bestcorp",
    "Role": "buyer",
    "Last payment": "15 October 2024",
    "Registered": "23 May 2013",
    "Login status": "1",
    "Store postcode": "20505",
    "Store number": "123865",
    "First name": "Ana",
    "Last name": "de Vries",
    "Age": "34",
    "Born": "15 April 1990",
    "Email 1": "ana@example.com",
    "Phone 1": "+31612345678 (Mobile)",
    "Address 1": "Noord-Holland, Netherlands",
    "Phone 2": "+31201234567 (Work fax)",
    "Gender": "Female",
    "Company": "ACME",
    "Language": "Dutch (Netherlands)",
    "Campaign": "99999",
    "Engagement": "888888",
    "Visitor id": "A3ZTY3Zj",
    "Skill": "Sales (1001)",
}


async def opened(stage: Stage, name: str, skill: str = "1001", **fields: Any) -> tuple[Connector, str]:
    """A connector with an open conversation of which the consumer wrote ``Hello from <name>``."""
    connector = await Connector.of(stage.liveperson, name)
    connector.headers["Client-Properties"] = json.dumps(FEATURES)
    _, answer = await connector.create(fields.pop("profile", {"firstName": name}), skillId=skill, **fields)
    cid = str(answer[1]["body"]["conversationId"])
    await connector.say(cid, f"Hello from {name}")
    return connector, cid


async def skilled(stage: Stage) -> None:
    await stage.liveperson.install(skills={"1001": "Sales", "1002": "Support", "1003": "Billing"})


async def act(stage: Stage, cid: str, action: str, body: Any = None) -> Any:
    status, answer = await stage.liveperson.call("POST", f"/control/conversations/{cid}/agent/{action}", body)
    assert status == 200, answer
    return answer


def item(page: Any, cid: str) -> Any:
    return page.get_by_test_id("agent-queue").locator(f'[data-conversation-id="{cid}"]')


def said(page: Any, sequence: int) -> Any:
    return page.get_by_test_id("agent-messages").locator(f'[data-sequence="{sequence}"]')


def test_everything_that_is_known_of_the_consumer_is_told_in_words() -> None:
    async def body(stage: Stage) -> None:
        await skilled(stage)
        sdes = [{"type": "ctmrinfo", "info": CUSTOMER}, {"type": "personal", "personal": PERSONAL}]
        await opened(
            stage,
            "ana",
            profile={"authenticatedData": {"lp_sdes": sdes}},
            campaignInfo={"campaignId": "99999", "engagementId": "888888"},
            conversationContext={"type": "SharkContext", "visitorId": "A3ZTY3Zj"},
        )
        page = await stage.open("/agent")
        info = page.get_by_test_id("agent-info")
        await expect(info).to_contain_text("Ana de Vries")
        rows = await info.locator("dl > div").evaluate_all(
            "rows => rows.map(row => [row.firstChild.textContent, row.lastChild.textContent])"
        )
        assert IN_WORDS.items() <= dict(rows).items(), sorted(IN_WORDS.items() - dict(rows).items())
        await expect(info).to_contain_text("Rich content, Quick replies, Multi dialog")

    run(body)


def test_structured_content_is_drawn_and_clicks_are_shown_where_they_were_made() -> None:
    async def body(stage: Stage) -> None:
        connector, cid = await opened(stage, "Ana")
        picture = f"{stage.phones.base}/static/sample.jpg"
        buy = [{"type": "ExternalId", "id": "buy-1"}]
        content = {
            "type": "vertical",
            "elements": [
                {"type": "image", "url": picture, "tooltip": "A shoe", "caption": "Our best"},
                {"type": "text", "text": "<img src=x onerror=alert(1)>", "style": {"bold": True, "color": "#aa2200"}},
                {"type": "map", "lo": 4.9, "la": 52.37, "tooltip": "Our shop"},
                {"type": "linkPreview", "url": "https://www.example.com/a", "title": "Look here"},
                {"type": "keyValuePairList", "elements": [{"key": "Size", "value": "42"}]},
                {"type": "button", "title": "Buy", "click": {"metadata": buy, "actions": [{"type": "publishText", "text": "I buy"}]}},
                {"type": "button", "title": "Shop", "click": {"actions": [{"type": "link", "uri": "https://example.com/shop"}]}},
                {"type": "button", "title": "Bad", "click": {"actions": [{"type": "link", "uri": "javascript:alert(1)"}]}},
                {"type": "hologram", "title": "Not known", "elements": [{"type": "text", "text": "inside"}]},
            ],
        }
        yes = {
            "title": "Yes",
            "type": "button",
            "click": {"actions": [{"type": "publishText", "text": "yep"}], "metadata": [{"type": "ExternalId", "id": "y"}]},
        }
        card = (await act(stage, cid, "rich", {"content": content}))["sequence"]
        asked = (await act(stage, cid, "text", {"text": "Is it?", "quickReplies": {"type": "quickReplies", "replies": [yes]}}))["sequence"]
        page = await stage.open("/agent")
        drawn = said(page, card)
        await expect(drawn.get_by_role("img", name="A shoe")).to_have_js_property("complete", True)
        await expect(drawn.locator("p.strong")).to_have_text("<img src=x onerror=alert(1)>")
        await expect(drawn.get_by_role("link", name="Our shop")).to_have_attribute(
            "href", "https://www.openstreetmap.org/?mlat=52.37&mlon=4.9"
        )
        await expect(drawn.get_by_role("link", name="Look here")).to_have_attribute("href", "https://www.example.com/a")
        await expect(drawn.get_by_role("link", name="Shop", exact=True)).to_have_attribute("href", "https://example.com/shop")
        await expect(drawn.locator(".card-button", has_text="Buy")).to_have_attribute("title", "Says “I buy”")
        await expect(drawn.get_by_role("link", name="Bad")).to_have_count(0)
        for words in ("Our best", "Size", "42", "www.example.com", "Not known", "inside"):
            await expect(drawn).to_contain_text(words)
        await expect(said(page, asked).locator(".chip")).to_have_text("Yes")

        # when the consumer clicks
        for sequence, metadata in ((card, buy), (card, [{"type": "ExternalId", "id": "stray"}]), (asked, yes["click"]["metadata"])):
            click = {"type": "AcceptStatusEvent", "status": "ACTION", "sequenceList": [sequence]}
            assert (await connector.publish(cid, click, metadata=metadata))[0] == 200
        _, answer = await connector.say(cid, "yep", metadata=yes["click"]["metadata"])

        # then it stands at the element, or under the message where no element has this metadata
        await expect(drawn.locator(".card-button", has_text="Buy").locator(".clicked")).to_contain_text("Clicked")
        await expect(drawn.locator(":scope > .clicked")).to_contain_text("ExternalId stray")
        await expect(said(page, asked).locator(".chip .clicked")).to_contain_text("Clicked")
        await expect(said(page, answer["body"]["sequence"]).locator(".from-button")).to_have_text("ExternalId y")

    run(body)


def test_carousels_lists_and_forms_are_drawn() -> None:
    async def body(stage: Stage) -> None:
        _, cid = await opened(stage, "Ana")
        page = await stage.open("/agent")
        await page.get_by_test_id("agent-join").click()
        for template, words in (("carousel", "Choose Terra"), ("list", "Damaged"), ("replies", "Afternoon"), ("own", "Hello")):
            await page.get_by_test_id("agent-structured").click()
            await page.get_by_test_id(f"agent-{template}").click()
            await page.get_by_test_id("agent-json-send").click()
            await expect(page.get_by_test_id("agent-messages").locator(".msg").last).to_contain_text(words)
        carousel = page.get_by_role("group", name="Carousel of 3 cards")
        await expect(carousel.locator("img")).to_have_count(3)
        await expect(page.locator(".checks li")).to_have_count(3)
        await act(stage, cid, "form", {"title": "Your card"})
        await expect(page.get_by_test_id("agent-messages").locator(".msg").last).to_contain_text("Your card")
        assert [entry["type"] for entry in stage.liveperson.ledger("agent.message")] == ["rich", "rich", "text", "rich", "form"]

    run(body)


def test_json_of_ones_own_is_checked_and_only_sent_when_it_is_right() -> None:
    async def body(stage: Stage) -> None:
        await opened(stage, "Ana")
        page = await stage.open("/agent")
        await page.get_by_test_id("agent-join").click()
        await page.get_by_test_id("agent-structured").click()
        await page.get_by_test_id("agent-own").click()
        editor, problem = page.get_by_test_id("agent-json"), page.get_by_test_id("agent-json-error")
        await expect(problem).to_be_empty()
        for written, wrong in (
            ('{"type": "text"', "This is not JSON: "),
            ("[]", "This must be an object"),
            ('{"type": "text", "text": "a"}', "content.type must be one of vertical, horizontal, carousel"),
            ('{"type": "vertical", "elements": [{"type": "text"}]}', "content.elements[0].text must be a text"),
            ('{"type": "vertical", "elements": [{"type": "hologram"}]}', "content.elements[0].type must be one of text, image"),
            ('{"type": "carousel", "elements": [{"type": "text", "text": "a"}]}', "content.elements has 1 items, not 2 to 10"),
            (
                '{"type": "vertical", "elements": [{"type": "image", "url": "http://x"}]}',
                "content.elements[0].url must begin with https://",
            ),
            (
                '{"type": "vertical", "elements": [{"type": "button", "title": "a", "click": {"actions": [{"type": "jump"}]}}]}',
                "content.elements[0].click.actions[0].type must be one of publishText",
            ),
            ('{"text": "a", "quickReplies": {"type": "quickReplies", "replies": []}}', "quickReplies.replies has 0 items, not 1 to 24"),
            (
                '{"quickReplies": {"type": "quickReplies", "replies": [{"type": "button", "title": "a"}]}}',
                "Either content or text is needed",
            ),
        ):
            await editor.fill(written)
            await expect(problem).to_contain_text(wrong)
            await expect(editor).to_have_attribute("aria-invalid", "true")
            await page.get_by_test_id("agent-json-send").click()
        assert stage.liveperson.ledger("agent.message") == []
        right = {"type": "vertical", "elements": [{"type": "text", "text": "right"}]}
        await editor.fill(json.dumps({"content": right, "metadata": [{"type": "ExternalId", "id": "m"}]}))
        await expect(problem).to_be_empty()
        await page.get_by_test_id("agent-json-send").click()
        await expect(page.get_by_test_id("agent-messages").locator(".msg").last).to_contain_text("right")
        await expect(page.get_by_test_id("agent-editor")).to_be_hidden()

    run(body)


def test_files_are_shown_and_can_be_kept_and_every_state_of_a_message_is_told(tmp_path: Path) -> None:
    async def body(stage: Stage) -> None:
        connector, cid = await opened(stage, "Ana")
        page = await stage.open("/agent")
        await page.get_by_test_id("agent-join").click()
        terms = tmp_path / "terms.docx"
        terms.write_bytes(b"words")
        await page.get_by_test_id("agent-file-input").set_input_files(terms)
        sent = page.get_by_test_id("agent-messages").locator(".msg").last
        await expect(sent).to_contain_text("DOCX")
        await expect(sent).to_have_attribute("data-status", "sent")
        async with page.expect_download() as downloading:
            await sent.get_by_role("link", name="Download terms.docx").click()
        download = await downloading.value
        assert (download.suggested_filename, Path(await download.path()).read_bytes()) == ("terms.docx", b"words")

        sequence = int(await sent.get_attribute("data-sequence"))
        for status, shown in (("ACCEPT", "Delivered"), ("READ", "Read"), ("ACCESS", "Opened")):
            await connector.publish(cid, {"type": "AcceptStatusEvent", "status": status, "sequenceList": [sequence]})
            await expect(said(page, sequence).locator(".under")).to_contain_text(shown)
        lost = (await act(stage, cid, "text", {"text": "into the void"}))["sequence"]
        await connector.publish(cid, {"type": "AcceptStatusEvent", "status": "NACK", "sequenceList": [lost]})
        await expect(said(page, lost)).to_have_attribute("data-status", "failed")
        await expect(said(page, lost)).to_contain_text("Not delivered")

        # a consumer's picture
        _, link = await connector.send("ms.GenerateURLForUploadFile", {"fileSize": "3", "fileType": "JPG"})
        picture = (Path(__file__).parents[2] / "sandbox/pages/static/sample.jpg").read_bytes()
        url = f"{stage.phones.base}{link['body']['relativePath']}"
        await stage.liveperson.http.put(url, params=link["body"]["queryParams"], data=picture, headers={"Content-Type": "image/jpeg"})
        message = {"caption": "mine.jpg", "relativePath": link["body"]["relativePath"], "fileType": "JPG"}
        await connector.publish(cid, {"type": "ContentEvent", "contentType": "hosted/file", "message": message})
        theirs = page.get_by_test_id("agent-messages").locator(".msg.consumer").last
        await page.wait_for_function("() => document.querySelector('.msg.consumer:last-child img')?.naturalHeight > 0")
        await expect(theirs.get_by_role("link", name="Download mine.jpg")).to_have_count(1)

        big = tmp_path / "big.bin"
        big.write_bytes(b"x" * (3 * 1024 * 1024 + 1))
        await page.get_by_test_id("agent-file-input").set_input_files(big)
        await expect(page.get_by_role("alert")).to_contain_text("big.bin has more than 3 MB.")

    run(body)


def test_the_survey_stands_apart_and_its_outcome_is_told() -> None:
    async def body(stage: Stage) -> None:
        await skilled(stage)
        questions = [{"text": "How was it?", "kind": "csat"}, {"text": "Solved?", "kind": "fcr"}]
        await stage.liveperson.control("PUT", f"/accounts/{ACCOUNT}/surveys/1001", {"questions": questions})
        connector, cid = await opened(stage, "Ana")
        page = await stage.open("/agent")
        await page.get_by_test_id("agent-join").click()
        await page.get_by_test_id("agent-close-menu").click()
        await page.get_by_test_id("agent-close").click()
        survey, messages = page.get_by_test_id("agent-survey"), page.get_by_test_id("agent-messages")
        await expect(survey).to_contain_text("Post-conversation survey · under way")
        await expect(survey).to_contain_text("How was it?")
        await expect(messages).not_to_contain_text("How was it?")
        await expect(item(page, cid)).to_contain_text("Survey")
        await expect(page.get_by_test_id("agent-end-survey")).to_be_visible()
        dialog_id = stage.liveperson.state.conversations[cid].dialogs[1].dialog_id
        for answer, then in (("4", "Solved?"), ("Yes", "completed")):
            event = {"type": "ContentEvent", "contentType": "text/plain", "message": answer}
            await connector.send("ms.PublishEvent", {"dialogId": dialog_id, "conversationId": cid, "event": event})
            await expect(survey).to_contain_text(then)
        outcome = page.get_by_test_id("agent-outcome")
        for words in ("Closed by agent", "4 of 5", "Solved?", "Yes"):
            await expect(outcome).to_contain_text(words)

        # without a survey, CSAT and FCR come from the consumer's client
        other, second = await opened(stage, "Bo")
        await expect(page.get_by_test_id("agent-messages")).to_contain_text("Hello from Bo")
        await page.get_by_test_id("agent-close-menu").click()
        await page.get_by_test_id("agent-close-all").click()
        await expect(page.get_by_test_id("agent-outcome")).to_have_text("Closed by agent")
        await other.update(second, {"field": "CSATRate", "csatRate": 2, "csatResolutionConfirmation": False, "status": "FILLED"})
        await item(page, second).locator("button").click()
        for words in ("CSAT", "2 of 5", "Solved (FCR)", "No", "Filled"):
            await expect(page.get_by_test_id("agent-outcome")).to_contain_text(words)
        await expect(survey).to_be_hidden()

    run(body)


def test_the_queue_is_by_skill_and_the_agent_moves_conversations_in_it() -> None:
    async def body(stage: Stage) -> None:
        await skilled(stage)
        bot = await stage.liveperson.control("PUT", f"/accounts/{ACCOUNT}/agents/bot", {"password": "pw", "kind": "bot"})
        _, sales = await opened(stage, "Ana")
        connector, support = await opened(stage, "Bo", "1002")
        await opened(stage, "Cy", "-1")
        await act(stage, support, "join", {"agentId": bot["pid"]})
        page = await stage.open("/agent")
        headings = page.get_by_test_id("agent-queue").locator("h3")
        await expect(headings).to_have_text(["Sales (1001)", "Support (1002)", "No skill"])

        # what another agent has is looked at, not answered, and not reported as read
        await item(page, support).locator("button").click()
        await expect(page.locator(".talk-who")).to_contain_text("with bot")
        await expect(page.get_by_test_id("agent-input")).to_be_hidden()
        await connector.say(support, "anybody?")
        await expect(page.get_by_test_id("agent-messages")).to_contain_text("anybody?")
        assert [m["status"]["accept"] for m in (await stage.liveperson.control("GET", f"/conversations/{support}"))["messages"]] == [
            None,
            None,
        ]
        await page.get_by_role("button", name="Take over").click()
        await expect(page.get_by_test_id("agent-input")).to_be_visible()
        await expect(item(page, support).locator(".count")).to_have_count(0)
        view = await stage.liveperson.control("GET", f"/conversations/{support}")
        assert all(m["status"]["accept"] <= m["status"]["read"] for m in view["messages"])

        await page.get_by_test_id("agent-requeue").click()
        await expect(item(page, support)).to_contain_text("Waiting")
        await item(page, sales).locator("button").click()
        await page.get_by_test_id("agent-transfer").select_option("1003")
        await expect(headings.first).to_have_text("Billing (1003)")
        await page.get_by_test_id("agent-transfer").select_option(label="bot (bot)")
        await expect(item(page, sales)).to_contain_text("Offered")
        assert stage.liveperson.state.conversations[sales].suggested_id == bot["pid"]

    run(body)


FOCUS_IS_SEEN = """() => {
  const seen = getComputedStyle(document.activeElement), form = document.activeElement.closest("form");
  return seen.outlineStyle !== "none" || (form !== null && getComputedStyle(form).boxShadow !== "none");
}"""


async def tab_to(page: Any, test_id: str, *, back: bool = False) -> None:
    """Press Tab until the element has the focus, which must be seen at every stop."""
    for _ in range(40):
        await page.keyboard.press("Shift+Tab" if back else "Tab")
        assert await page.evaluate(FOCUS_IS_SEEN), await page.evaluate("document.activeElement.outerHTML")
        if await page.evaluate("document.activeElement.dataset.testid") == test_id:
            return
    raise AssertionError(f"Tab does not lead to {test_id}")


def test_a_whole_conversation_by_keyboard_alone() -> None:
    async def body(stage: Stage) -> None:
        await skilled(stage)
        _, first = await opened(stage, "Ana")
        connector, second = await opened(stage, "Bo", "1002")
        page = await stage.open("/agent")
        focused = "() => document.activeElement.closest('[data-conversation-id]')?.dataset.conversationId"

        # the queue is one stop; arrows move in it
        queue = page.get_by_test_id("agent-queue")
        await expect(queue.locator("button")).to_have_count(2)
        for _ in range(12):
            await page.keyboard.press("Tab")
            if await page.evaluate(focused):
                break
        await page.keyboard.press("Home")
        assert await page.evaluate(focused) == first
        await page.keyboard.press("ArrowDown")
        assert await page.evaluate(focused) == second
        await page.keyboard.press("Enter")
        await expect(item(page, second).locator("button")).to_have_attribute("aria-current", "true")
        assert await page.evaluate(focused) == second  # it was drawn again, and kept the focus

        # join, answer, write a note
        await tab_to(page, "agent-join")
        await page.keyboard.press("Enter")
        await expect(page.get_by_test_id("agent-join")).to_be_hidden()
        await tab_to(page, "agent-input")
        await page.keyboard.type("Good day")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("How can I help?")
        await page.keyboard.press("Enter")
        messages = page.get_by_test_id("agent-messages").locator(".msg")
        await expect(messages.last.locator(".bubble")).to_have_text("Good day\nHow can I help?")
        await tab_to(page, "agent-note")
        await page.keyboard.press("Space")
        await expect(page.get_by_test_id("agent-note")).to_have_attribute("aria-pressed", "true")
        await page.keyboard.press("Escape")
        await expect(page.get_by_test_id("agent-note")).to_have_attribute("aria-pressed", "false")

        # the menu: arrows, Escape, and a template sent by keys
        await tab_to(page, "agent-structured")
        await page.keyboard.press("ArrowDown")
        menu = page.get_by_role("menu", name="Structured")
        await expect(menu.get_by_role("menuitem").first).to_be_focused()
        await page.keyboard.press("End")
        await expect(page.get_by_test_id("agent-own")).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Escape")
        await expect(menu).to_be_hidden()
        button = page.get_by_test_id("agent-structured")
        await expect(button).to_be_focused()
        await expect(button).to_have_attribute("aria-expanded", "false")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Home")
        await page.keyboard.press("Enter")
        await expect(page.get_by_test_id("agent-json")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.get_by_test_id("agent-editor")).to_be_hidden()
        await expect(button).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Home")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Control+Enter")
        await expect(messages.last).to_contain_text("Reserve it")
        await expect(page.get_by_test_id("agent-input")).to_be_focused()

        # what comes is said to those who do not see it
        await connector.say(second, "Thank you!")
        await expect(page.get_by_test_id("agent-news")).to_have_text("Bo: Thank you!")
        assert await page.get_by_test_id("agent-news").get_attribute("aria-live") == "polite"

        # close and resume
        await tab_to(page, "agent-close-menu", back=True)
        await page.keyboard.press("Enter")
        await expect(page.get_by_test_id("agent-close")).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await stage.liveperson.until(lambda: stage.liveperson.state.conversations[second].stage == "CLOSE")
        await expect(queue.locator("h3").last).to_have_text("Closed")
        assert stage.liveperson.ledger("agent.message")[0]["text"] == "Good day\nHow can I help?"

    run(body)


def test_a_reset_empties_the_pages() -> None:
    async def body(stage: Stage) -> None:
        it = stage.phones
        await it.page(auto_delivered=True)
        page = await stage.open("/demo")
        await expect(page.get_by_test_id("phone-channel")).not_to_have_value("")
        await page.get_by_test_id("phone-input").fill("Hello")
        await page.get_by_test_id("phone-input").press("Enter")
        await expect(page.get_by_test_id("phone-messages").locator(".msg")).to_have_count(1)
        await opened(stage, "Ana")
        await expect(page.get_by_test_id("agent-queue").locator("[data-conversation-id]")).to_have_count(1)
        await page.get_by_test_id("agent-input").fill("half an ans")
        await stage.liveperson.control("POST", "/reset")
        await expect(page.get_by_test_id("agent-queue").locator("li")).to_have_count(0)
        await expect(page.get_by_text("The queue is empty")).to_be_visible()
        await expect(page.get_by_text("No conversation selected")).to_be_visible()
        await expect(page.get_by_test_id("phone-messages").locator(".msg")).to_have_count(0)
        await expect(page.get_by_test_id("phone-channel")).not_to_have_value("")
        await opened(stage, "Bo")
        await expect(page.get_by_test_id("agent-messages")).to_contain_text("Hello from Bo")
        await expect(page.get_by_test_id("agent-input")).to_have_value("")

    run(body)


def test_at_400_pixels_the_editor_and_the_consumer_fit() -> None:
    async def body(stage: Stage) -> None:
        await opened(stage, "Ana")
        page = await stage.open("/agent", width=400)
        await page.get_by_test_id("agent-join").click()
        await page.get_by_test_id("agent-structured").click()
        await page.get_by_test_id("agent-carousel").click()
        for test_id in ("agent-json", "agent-json-send"):
            box = await page.get_by_test_id(test_id).bounding_box()
            assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 400 and box["y"] + box["height"] <= 800
        await page.get_by_test_id("agent-json-send").click()
        await expect(page.get_by_role("group", name="Carousel of 3 cards")).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= 400
        await page.get_by_role("button", name="About the consumer").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_test_id("agent-info")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(page.get_by_test_id("agent-info")).to_be_hidden()
        await expect(page.get_by_role("button", name="About the consumer")).to_be_focused()

    run(body)
