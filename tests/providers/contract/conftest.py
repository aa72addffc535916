"""One run of every contract test per registered provider, and per fixture or error row where a test asks for those."""

from __future__ import annotations

import importlib.util

import pytest

from channels_app.providers.registry import PROVIDERS
from tests.providers.contract.cases import ProviderCase, load_case

# The registry's slug of a provider without a case is left out here and fails test_catalogue.py.
CASES: dict[str, ProviderCase] = {slug: load_case(slug) for slug in PROVIDERS if importlib.util.find_spec(f"tests.providers.{slug}")}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise ``slug``; ``case``; ``case, fixture_path``; ``case, error_code``."""
    names = set(metafunc.fixturenames)
    if "slug" in names:
        metafunc.parametrize("slug", sorted(PROVIDERS))
    elif "fixture_path" in names:
        rows = [pytest.param(case, path, id=f"{slug}-{path.name}") for slug, case in CASES.items() for path in case.fixtures()]
        metafunc.parametrize(("case", "fixture_path"), rows)
    elif "error_code" in names:
        codes = [pytest.param(case, row.code, id=f"{slug}-{row.code}") for slug, case in CASES.items() for row in case.provider.errors]
        metafunc.parametrize(("case", "error_code"), codes)
    elif "case" in names:
        metafunc.parametrize("case", [pytest.param(case, id=slug) for slug, case in CASES.items()])
