"""The whole API against its own schema: whatever is sent, the answer is one that the schema announces, and never a crash."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import schemathesis
from django_scopes import scopes_disabled
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as openapi_checks

from connector_platform.wsgi import application
from tests.channels_app import rows
from tests.webhooks_app.losses import with_losses

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = 8
REFERENCES = ("brand", "liveperson_app", "provider_app", "channel")
CHECKS = (
    not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
)


@cache
def operations() -> list[Any]:
    """Everything that the schema announces; reading it takes seconds."""
    return [result.ok() for result in schemathesis.openapi.from_wsgi("/api/v1/schema/", application).get_all_operations()]


def known_ids(path: str, known: dict[str, str]) -> dict[str, str]:
    """The path parameters that lead to a row that is there."""
    if "{conversation_id}" in path:
        return {"conversation_id": known["conversations"]}
    return {"id": known[path.split("/")[3]]} if "{id}" in path else {}


def statuses(operation: Any, key: str, known: dict[str, str]) -> set[int]:
    """Call ``operation`` with generated requests, for rows that are not there and for those that are, and check what comes back."""
    headers, ids = {"Authorization": f"Bearer {key}"}, known_ids(operation.path, known)
    seen: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def check(case: Any) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS)
        if ids:
            case.path_parameters = ids
        if isinstance(case.body, dict):
            case.body = {**case.body, **{name: known[name] for name in REFERENCES if name in case.body}}
        seen.add(case.call_and_validate(headers=headers, checks=CHECKS).status_code)

    check()
    return seen


@pytest.mark.parametrize("is_platform", [True, False])
def test_every_answer_is_one_that_the_schema_announces(is_platform: bool) -> None:
    with scopes_disabled():
        acme = rows.brand("acme")
        app, vendor = rows.liveperson_app(acme), rows.provider_app(acme)
        channel = rows.sms_channel(app)
        talk = rows.conversation(channel)
        rows.survey(talk)
        event = rows.event(rows.lane(channel), talk, **with_losses())
        rows.attempt(event)
        body = rows.unreadable(channel)
        _, key = rows.api_key(None if is_platform else acme)
        other, _ = rows.api_key(acme)
    known = {
        "brands": str(acme.id),
        "liveperson-apps": str(app.id),
        "provider-apps": str(vendor.id),
        "channels": str(channel.id),
        "channel-types": "sms_gateway",
        "api-keys": str(other.id),
        "conversations": str(talk.id),
        "events": str(event.public_id),
        "unreadable-bodies": str(body.id),
        "brand": str(acme.id),
        "liveperson_app": str(app.id),
        "provider_app": str(vendor.id),
        "channel": str(channel.id),
    }
    failures: list[str] = []
    seen: dict[str, set[int]] = {}

    for operation in operations():
        try:
            seen[operation.label] = statuses(operation, key, known)
        except Exception as error:
            failures.append(f"{operation.label}: {error}")

    assert not failures, "\n\n".join(failures)
    # A page that is not there is a 404, too, so that a list may have both.
    assert 200 in seen["GET /api/v1/channels/{id}/"] & seen["GET /api/v1/conversations/{conversation_id}/events/"]
    assert seen["GET /api/v1/unreadable-bodies/{id}/"] == {200 if is_platform else 404}
