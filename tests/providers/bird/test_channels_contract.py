"""The contract suite's tests of receiving and sending once more, over the Channels API."""

from __future__ import annotations

import pytest

from channels_app.providers.bird.channels_api.errors import ERRORS
from tests.providers.bird.case import CHANNELS_CASE
from tests.providers.contract.test_receiving import *  # noqa: F403
from tests.providers.contract.test_sending import *  # noqa: F403


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = set(metafunc.fixturenames)
    if "fixture_path" in names:
        paths = [path for path in CHANNELS_CASE.fixtures() if path.name.startswith("bird_")]
        metafunc.parametrize(("case", "fixture_path"), [pytest.param(CHANNELS_CASE, path, id=path.name) for path in paths])
    elif "error_code" in names:
        metafunc.parametrize(("case", "error_code"), [pytest.param(CHANNELS_CASE, row.code, id=row.code) for row in ERRORS])
    elif "case" in names:
        metafunc.parametrize("case", [pytest.param(CHANNELS_CASE, id="channels-api")])
