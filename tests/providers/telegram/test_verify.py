"""The secret in the header, as the worked example has it."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from channels_app.providers.base import CallbackRequest
from channels_app.providers.telegram.verify import HEADER, verify
from connector_platform.core.errors import SignatureInvalid
from tests.providers.telegram.case import CASE, CONFIG

SECRET = "k3J-9xQ_docs-7f2A"
WORKED = CONFIG.model_copy(update={"secret_token": SecretStr(SECRET)})
BODY = b'{"update_id":500000001}'


def request(secret: str | None, body: bytes = BODY) -> CallbackRequest:
    return CallbackRequest(method="POST", headers={} if secret is None else {HEADER: secret}, body=body)


@pytest.mark.parametrize("body", [BODY, b"", b"\xff"])
def test_the_secret_is_enough_whatever_the_body(body: bytes) -> None:
    verify(request(SECRET, body), WORKED)


def test_an_update_with_nothing_in_it_is_answered_200() -> None:
    parsed = CASE.provider.parse(request(SECRET), WORKED)
    assert (parsed.events, parsed.ignored) == ((), ("empty",))
    assert CASE.provider.answer(request(SECRET), WORKED, parsed).status == 200


@pytest.mark.parametrize("secret", [None, "", "k3J-9xQ_docs-7f2a", f" {SECRET}", f"{SECRET}\n", "é"])
def test_any_other_secret_is_answered_403(secret: str | None) -> None:
    with pytest.raises(SignatureInvalid) as caught:
        verify(request(secret), WORKED)
    assert caught.value.status == 403
