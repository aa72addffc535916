"""docs/sandbox.md says what there is: every control call, option, agent action, fault field and target."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from sandbox.app import make_app
from sandbox.control.agents import ACTIONS
from sandbox.kernel import FaultRule, Kernel
from sandbox.liveperson.automatic import TRIGGERS
from sandbox.liveperson.options import Options

TEXT = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()


def test_every_control_route_is_in_the_table_and_no_other() -> None:
    app = make_app(Kernel(base_url="http://127.0.0.1:1"))
    routes = {route.resource.canonical for route in app.router.routes() if route.resource is not None}
    known = {route for route in routes if route.startswith("/control/")}
    written = set(re.findall(r"`(?:[A-Z]+ )?(/control/[^`\s?]+)`", TEXT))
    assert written - {"/control/faults", "/control/ledger"} <= known
    assert known <= written


def test_every_option_action_trigger_and_fault_is_named() -> None:
    for names in (
        [option.name for option in dataclasses.fields(Options)],
        [rule.name for rule in dataclasses.fields(FaultRule)],
        TRIGGERS,
    ):
        assert [name for name in names if f"`{name}`" not in TEXT] == []
    assert [name for name in ACTIONS if not re.search(rf"`{name}[` ]", TEXT)] == []


def test_defaults_of_options_are_as_written() -> None:
    for option in dataclasses.fields(Options):
        row = re.search(rf"^\| `{option.name}` \| `?([^|`]+?)`? \|", TEXT, re.MULTILINE)
        assert row is not None, option.name
        default = {None: "null", True: "true", False: "false"}.get(option.default, option.default)
        assert row[1] == (f"{default:g}" if isinstance(default, float) else str(default))


def test_every_channels_page_shows_its_phone_and_no_picture_is_left_over() -> None:
    docs = Path(__file__).parents[2] / "docs"
    pages = {
        page.stem: set(re.findall(r'src="\.\./images/(phone-[^"]+\.png)"', page.read_text())) for page in (docs / "channels").glob("*.md")
    }
    assert [slug for slug, shown in pages.items() if f"phone-{slug}.png" not in shown] == []
    assert set().union(*pages.values()) == {picture.name for picture in (docs / "images").glob("phone-*.png")}
