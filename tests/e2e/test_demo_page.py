"""What a newcomer sees in a browser after the first start: the front page, the operators' pages and the demo page, with two people on two
channels and no reload. Screenshots go where SCREENSHOTS says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import SHORT
from tests.support.browser import picture, watched_page
from tests.support.stack import LiveStack

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def live() -> Iterator[LiveStack]:
    """Not from a copy: here the tables, the operator and the API key are made beside the parts that are being started."""
    with LiveStack(settings=SHORT, sandbox_options=("--time-scale", "0.05"), from_nothing=True) as stack:
        yield stack


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with watched_page(browser, width=1280, height=800) as page:
        yield page


def test_the_front_page_leads_everywhere(live: LiveStack, page: Page) -> None:
    page.goto(live.web_url + "/")
    picture(page, "front-page")
    for link, heading in (
        ("link-demo", "Connector Platform"),
        ("link-api", "Connector Platform API"),
        ("link-admin", "Connector Platform"),
    ):
        page.goto(live.web_url + "/")
        page.get_by_test_id(link).click()
        expect(page.get_by_text(heading).first).to_be_visible()
        picture(page, link)


def test_the_operator_logs_in_with_the_password_that_was_made(live: LiveStack, page: Page) -> None:
    username, password = live.operator
    page.goto(live.web_url + "/admin/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(live.web_url + "/admin/")
    expect(page.get_by_role("link", name="Channels").first).to_be_visible()


@pytest.mark.parametrize(
    ("channel", "consumer", "has_read_receipts"),
    [("messenger", "24500000000003001", True), ("sms_gateway", "+31612343001", False)],
)
def test_a_newcomer_sees_words_cross_both_ways(live: LiveStack, page: Page, channel: str, consumer: str, has_read_receipts: bool) -> None:
    # given the demo page with a channel and a person chosen
    page.goto(live.sandbox_url + "/demo")
    option = page.get_by_test_id("phone-channel").locator(f"option[value^='{channel}/']")
    page.get_by_test_id("phone-channel").select_option(value=option.first.get_attribute("value"))
    page.get_by_test_id("phone-consumer").fill(consumer)
    page.get_by_test_id("phone-consumer").press("Enter")

    # when the consumer writes
    page.get_by_test_id("phone-input").fill(f"Where is my order? ({channel})")
    page.get_by_test_id("phone-send").click()

    # then the agent sees it, with who it is
    queue = page.get_by_test_id("agent-queue")
    queue.locator("[data-conversation-id]").filter(has_text=f"({channel})").first.click()
    expect(page.get_by_test_id("agent-messages")).to_contain_text(f"Where is my order? ({channel})")
    expect(page.get_by_test_id("agent-info")).to_contain_text(consumer)

    # when the agent types
    join = page.get_by_test_id("agent-join")
    if join.is_visible():
        join.click()
    page.get_by_test_id("agent-input").press_sequentially("It is on its way", delay=30)

    # then the phone shows it where the channel can
    if has_read_receipts:
        expect(page.get_by_test_id("phone-typing")).to_be_visible()

    # when the agent sends
    page.get_by_test_id("agent-send").click()

    # then it is on the phone, and the agent sees what became of it
    arrived = page.get_by_test_id("phone-messages").locator(".msg[data-direction='in']").filter(has_text="It is on its way")
    expect(arrived).to_be_visible()
    answer = page.get_by_test_id("agent-messages").locator(".msg").filter(has_text="It is on its way")
    expect(answer).to_contain_text("Read" if has_read_receipts else "Delivered", ignore_case=True)
    picture(page, f"demo-{channel}")
