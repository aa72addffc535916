"""No secret shows up, in whatever form the far side quotes it."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from connector_platform.core.redaction import MASK, redact, secret_values


class Inner(BaseModel):
    token: SecretStr


class Config(BaseModel):
    name: str = "public"
    password: SecretStr
    inner: Inner
    many: list[Inner] = []
    by_name: dict[str, SecretStr] = {}


def config(secret: str = 'p@ss wörd/+"1') -> Config:
    return Config(password=SecretStr(secret), inner=Inner(token=SecretStr("inner-token-1")))


def test_secrets_are_found_however_deep_they_are() -> None:
    model = config()
    model.many, model.by_name = [Inner(token=SecretStr("listed-token"))], {"x": SecretStr("named-token")}
    text = redact("listed-token named-token inner-token-1 public", secret_values(model))
    assert text == f"{MASK} {MASK} {MASK} public"


@pytest.mark.parametrize(
    "form",
    [
        lambda secret: secret,
        lambda secret: quote(secret, safe=""),
        lambda secret: quote_plus(secret),
        lambda secret: urlencode({"key": secret}),
        lambda secret: json.dumps({"key": secret}),
        lambda secret: json.dumps({"key": secret}, ensure_ascii=False),
        lambda secret: "Basic " + base64.b64encode(f"user:{secret}".encode()).decode(),
        lambda secret: "Basic " + base64.b64encode(f"users:{secret}".encode()).decode(),
        lambda secret: "Basic " + base64.b64encode(f"userss:{secret}".encode()).decode(),
        lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    ],
)
def test_every_form_in_which_a_secret_may_be_quoted_is_masked(form: Any) -> None:
    secret = 'p@ss wörd/+"1?>~ÿ'
    quoted = form(secret)
    text = redact(f"they said {quoted} to us", secret_values(config(secret)))
    assert MASK in text
    assert quoted not in text
    assert len(text) < len("they said  to us") + len(form("")) + len(MASK) + 4


@given(
    user=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=":"), max_size=12),
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=8, max_size=40),
)
def test_a_basic_login_never_shows_the_password(user: str, secret: str) -> None:
    encoded = base64.b64encode(f"{user}:{secret}".encode()).decode()
    masked = redact(f'{{"authorization":"Basic {encoded}"}}', secret_values(config(secret)))
    assert encoded not in masked
    assert MASK in masked


def test_the_longest_secret_is_masked_first_so_that_no_rest_is_left() -> None:
    model = Config(password=SecretStr("token-1234"), inner=Inner(token=SecretStr("token-1234-and-more")))
    assert redact("token-1234-and-more", secret_values(model)) == MASK


def test_a_secret_too_short_to_be_one_masks_no_innocent_text() -> None:
    assert redact("abc", secret_values(config("abc"))) == "abc"


def test_nothing_to_redact_is_no_fault() -> None:
    assert secret_values(None) == ()
    assert redact("text", ["", *secret_values(None)]) == "text"
