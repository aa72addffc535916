"""What a consumer sees of each channel: words, a card, choices, receipts and typing on the phone's page.

``SCREENSHOTS=docs/images pytest tests/e2e/test_phone_pages.py`` takes the pictures of the channels' pages anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from sandbox import pages
from stack.channels.bird import BIRD_CHANNELS_NUMBER
from stack.channels.twilio import TWILIO_NUMBER, TWILIO_WHATSAPP
from stack.channels.vonage import VONAGE_NUMBER, VONAGE_RCS, VONAGE_WHATSAPP
from stack.channels.whatsapp import WHATSAPP_CATALOGUE_ID
from tests.e2e.people import Agent, Consumer
from tests.support.browser import picture, watched_page
from tests.support.stack import LiveStack

pytestmark = pytest.mark.e2e

SHOES = "https://cdn.example.com/shoes.jpg"
SHOP = "https://www.example.com/shoes"


@dataclass(frozen=True)
class Channel:
    """A kind of phone: what its page has to look like, and what its consumer learns of the agent."""

    name: str
    provider: str
    person: str
    look: str
    line: str = ""
    shows_reading: bool = False  # the consumer sees that the agent has read
    shows_typing: bool = False
    tells_reading: bool = False  # the agent sees that the consumer has read
    shows_pictures: bool = True  # a picture comes as such; else as a link


CHANNELS = [
    Channel("messenger", "messenger", "24500000000004001", "messenger", shows_reading=True, shows_typing=True, tells_reading=True),
    Channel("instagram", "instagram", "908800000000004001", "instagram", shows_reading=True, shows_typing=True, tells_reading=True),
    Channel("telegram", "telegram", "7012344001", "telegram", shows_typing=True),
    Channel("whatsapp", "whatsapp", "US.15550140001", "whatsapp", shows_reading=True, shows_typing=True, tells_reading=True),
    Channel("twilio-whatsapp", "twilio", "whatsapp:+31612344001", "whatsapp", TWILIO_WHATSAPP, shows_typing=True, tells_reading=True),
    Channel("twilio", "twilio", "+31612344002", "sms", TWILIO_NUMBER, shows_pictures=False),
    Channel("bird", "bird", "+31612344003", "sms"),
    Channel("bird-channels", "bird", "+31612344008", "sms", BIRD_CHANNELS_NUMBER),
    Channel("infobip", "infobip", "+31612344004", "sms"),
    Channel("plivo", "plivo", "15550144005", "sms"),
    Channel("vonage", "vonage", "31612344006", "sms", VONAGE_NUMBER),
    Channel(
        "vonage-whatsapp",
        "vonage",
        "31612344020",
        "whatsapp",
        f"whatsapp:{VONAGE_WHATSAPP}",
        shows_reading=True,
        shows_typing=True,
        tells_reading=True,
    ),
    Channel("vonage-rcs", "vonage", "31612344030", "rcs", f"rcs:{VONAGE_RCS}", tells_reading=True),
    Channel("sms_gateway", "sms_gateway", "+31612344007", "sms"),
]
BY_NAME = {channel.name: channel for channel in CHANNELS}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with watched_page(browser, width=412, height=1120, scale=1.5) as page:
        sample = Path(pages.__file__).parent / "static" / "sample.jpg"
        page.route("https://cdn.example.com/**", lambda route: route.fulfill(path=sample))
        yield page


def button(title: str, words: str) -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": words}]}}


def card(name: str, *, links: bool = True) -> dict[str, Any]:
    """A picture, two lines of words, a button that speaks and one that leads to the shop."""
    shop = {"type": "button", "title": "See the shop", "click": {"actions": [{"type": "link", "uri": SHOP}]}}
    elements = [
        {"type": "image", "url": SHOES},
        {"type": "text", "text": name, "style": {"bold": True}},
        {"type": "text", "text": "Size 42, in stock"},
        button("Reserve it", f"Reserve {name}, please"),
        *([shop] if links else []),
    ]
    return {"type": "vertical", "elements": elements}


def question(*titles: str) -> dict[str, Any]:
    return {"type": "quickReplies", "itemsPerRow": 8, "replies": [button(title, f"{title}, please") for title in titles]}


@dataclass
class Scene:
    """The phone's page with its consumer, and the agent who answers."""

    page: Page
    consumer: Consumer
    agent: Agent

    @property
    def device(self) -> Locator:
        return self.page.get_by_test_id("phone-device")

    @property
    def arrived(self) -> Locator:
        return self.page.get_by_test_id("phone-messages").locator(".msg[data-direction='in']")

    @property
    def written(self) -> Locator:
        return self.page.get_by_test_id("phone-messages").locator(".msg[data-direction='out']")

    def writes(self, text: str) -> None:
        self.page.get_by_test_id("phone-input").fill(text)
        self.page.get_by_test_id("phone-send").click()

    def picture(self, name: str) -> None:
        """Take the phone as it lies there: nobody points at anything."""
        self.page.mouse.move(0, 0)
        self.page.evaluate("document.activeElement.blur()")
        picture(self.device, name)


def address_of(lines: list[dict[str, Any]], provider: str) -> str:
    return str(next(line["address"] for line in lines if line["provider"] == provider))


def opens(live: LiveStack, page: Page, channel: Channel, person: str, first_words: str) -> Scene:
    """The page of this channel's phone, on which the consumer has written."""
    lines = live.control.request("GET", "lines")["lines"]
    address = channel.line or address_of(lines, channel.provider)
    query = f"to={channel.provider}/{address}&consumer={person}&name=Noor%20Jansen".replace("+", "%2B")
    page.goto(f"{live.sandbox_url}/phone/{channel.provider}?{query}")
    expect(page.get_by_test_id("phone-device")).to_have_attribute("data-look", channel.look)
    expect(page.locator("#live")).to_have_attribute("data-state", "open")
    page.get_by_test_id("phone-input").fill(first_words)
    page.get_by_test_id("phone-send").click()
    consumer = Consumer(live, channel.provider, person, channel.line)
    agent = Agent(live, consumer.conversation()["conversationId"])
    agent.hears(first_words)
    return Scene(page, consumer, agent)


def test_every_line_of_the_demo_is_looked_at(live: LiveStack) -> None:
    lines = live.control.request("GET", "lines")["lines"]
    shown = [(channel.provider, channel.line or address_of(lines, channel.provider)) for channel in CHANNELS]
    assert sorted(shown) == sorted((line["provider"], line["address"]) for line in lines)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_the_phone_shows_the_conversation_as_its_app_does(live: LiveStack, page: Page, channel: Channel) -> None:
    # given a consumer who asks
    scene = opens(live, page, channel, channel.person, "Do you still have the trail shoe?")
    said = ["Do you still have the trail shoe?"]

    # when the agent reads and answers
    scene.agent.does("read")
    scene.agent.does("text", text="Yes, and it is on sale this week.")

    # then the consumer sees the answer, and what became of the question as far as the app tells
    expect(scene.arrived.first).to_contain_text("Yes, and it is on sale this week.")
    expect(scene.written.first).to_have_attribute("data-status", "read" if channel.shows_reading else "delivered")
    receipt = scene.written.first.get_by_text(re.compile("Seen" if channel.shows_reading or channel.look == "telegram" else "Delivered"))
    expect(receipt).to_have_count(1)
    # and the agent what became of the answer
    scene.agent.learns("Yes, and it is on sale this week.", "read" if channel.tells_reading else "accept")

    # when the agent sends a card
    scene.agent.does("rich", content=card("Trail shoe"))

    # then it is there with picture, words and choices, in the form that the channel has
    if channel.shows_pictures:
        photo = scene.arrived.locator("img").first
        expect(photo).to_be_visible()
        page.wait_for_function("image => image.naturalWidth > 0", arg=photo.element_handle())
    else:
        expect(scene.arrived.get_by_role("link", name=SHOES)).to_be_visible()
    expect(page.get_by_test_id("phone-messages")).to_contain_text("Trail shoe")
    expect(page.get_by_test_id("phone-messages")).to_contain_text("Size 42, in stock")
    chooses(scene, "Reserve it", "1")
    expect(scene.arrived.locator(f"a[href='{SHOP}']")).to_be_visible()
    said.append("Reserve Trail shoe, please")
    scene.agent.hears(*said)

    # when the agent asks with quick replies, and goes on typing
    scene.agent.does("text", text="Which colour would you like?", quickReplies=question("Blue", "Red"))
    expect(scene.arrived.last).to_contain_text("Which colour would you like?")
    if channel.look == "sms":
        expect(scene.arrived.last).to_contain_text("2) Red")
        expect(scene.arrived.last.locator(".segments")).to_contain_text("SMS")
    else:
        expect(page.get_by_role("button", name="Red")).to_be_visible()
    if channel.shows_typing:
        scene.agent.does("typing", on=True)
        expect(page.get_by_test_id("phone-typing")).to_be_visible()
        expect(scene.device.locator("header")).to_contain_text("typing…")
    else:
        expect(page.get_by_test_id("phone-typing")).to_be_hidden()
    scene.picture(f"phone-{channel.name}")

    # and the choice reaches the agent
    chooses(scene, "Red", "2")
    scene.agent.hears(*said, "Red, please")


def chooses(scene: Scene, title: str, number: str) -> None:
    """The consumer taps the button called ``title``; where there are no buttons, the menu has a number, which is typed."""
    if scene.device.get_attribute("data-look") == "sms":
        expect(scene.arrived.filter(has_text=f"{number}) {title}")).to_be_visible()
        scene.writes(number)
    else:
        scene.page.get_by_role("button", name=title).click()


@pytest.mark.parametrize(
    "channel", [BY_NAME["whatsapp"], BY_NAME["twilio-whatsapp"], BY_NAME["vonage-whatsapp"]], ids=lambda channel: channel.name
)
def test_a_list_comes_up_over_the_chat_and_its_row_reaches_the_agent(live: LiveStack, page: Page, channel: Channel) -> None:
    # given more choices than WhatsApp has buttons for
    person = channel.person[:-1] + "8"
    scene = opens(live, page, channel, person, "I want a shoe")
    sizes = [f"Size {size}" for size in range(38, 44)]
    scene.agent.does("rich", content=card("Trail shoe", links=False))
    scene.agent.does("text", text="Which size?", quickReplies=question(*sizes))
    expect(scene.arrived.last).to_contain_text("Which size?")
    expect(page.get_by_role("button", name="Size 40")).to_have_count(0)

    # when the consumer opens the list, closes it, and opens it again
    menu = scene.arrived.last.get_by_role("button")
    sheet = page.get_by_test_id("phone-sheet")
    menu.click()
    expect(sheet.get_by_role("button", name=re.compile("Size"))).to_have_text(sizes)
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    menu.click()
    scene.picture(f"phone-{channel.name}-list")

    # then the row that was tapped is what the agent hears
    sheet.get_by_role("button", name="Size 40").click()
    expect(sheet).to_have_count(0)
    expect(scene.written.last).to_contain_text("Size 40")
    scene.agent.hears("I want a shoe", "Size 40, please")


def test_products_on_whatsapp_are_looked_at_and_ordered(live: LiveStack, page: Page) -> None:
    # given a product of the brand's catalogue, and a list of two
    channel = BY_NAME["whatsapp"]
    scene = opens(live, page, channel, channel.person[:-1] + "7", "Which shoes do you have?")
    body = {"type": "text", "text": "Made by hand", "tag": "body"}
    header = {"type": "text", "text": "Our shoes", "tag": "header"}
    root = {"type": "vertical", "tag": "generic"}
    blue = {"type": "WhatsAppSingleProduct", "catalogId": WHATSAPP_CATALOGUE_ID, "productRetailerId": "trail-blue"}
    both = {
        "type": "WhatsAppMultipleProduct",
        "catalogId": WHATSAPP_CATALOGUE_ID,
        "sections": [{"title": "On sale", "productIds": ["trail-blue", "trail-red"]}],
    }
    scene.agent.does("rich", content={**root, "elements": [body]}, metadata=[blue])
    scene.agent.does("rich", content={**root, "elements": [header, body]}, metadata=[both])
    expect(scene.arrived.first).to_contain_text("89.50 EUR")
    expect(scene.arrived.first.locator("img")).to_be_visible()

    # when the consumer opens the list
    page.get_by_role("button", name="View items").click()
    sheet = page.get_by_test_id("phone-sheet")
    expect(sheet).to_contain_text("On sale")
    scene.picture("phone-whatsapp-products")

    # then what is tapped there is ordered
    sheet.get_by_role("button", name="Trail shoe, red").click()
    scene.agent.hears("Which shoes do you have?", f"[ordered 1 × trail-red at 85 EUR from catalogue {WHATSAPP_CATALOGUE_ID}]")


@pytest.mark.parametrize("channel", [channel for channel in CHANNELS if channel.look != "sms"], ids=lambda channel: channel.name)
def test_the_second_card_of_a_carousel_can_be_tapped(live: LiveStack, page: Page, channel: Channel) -> None:
    # given two cards
    scene = opens(live, page, channel, channel.person[:-1] + "9", "What is on sale?")
    cards = [card("Trail shoe", links=False), card("Road shoe", links=False)]
    scene.agent.does("rich", content={"type": "carousel", "elements": cards})
    reserve = scene.arrived.get_by_role("button", name="Reserve it")
    expect(reserve).to_have_count(2)
    expect(scene.arrived.filter(has_text="Road shoe").last).to_be_visible()
    scene.picture(f"phone-{channel.name}-carousel")

    # when the consumer taps the second, then the agent hears of that one
    reserve.nth(1).click()
    scene.agent.hears("What is on sale?", "Reserve Road shoe, please")
