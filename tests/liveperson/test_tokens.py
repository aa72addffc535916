from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from connector_platform.core.calls import HttpResponse
from connector_platform.core.errors import ConfigurationError, ContentRejected, CredentialsRejected, ServerFault, Throttled
from connector_platform.liveperson.errors import AppTokenRejected, TokenKind
from connector_platform.liveperson.tokens import fetch_app_jwt, fetch_consumer_jws
from tests.liveperson.support import APP, DOMAINS, answer, epoch, play, signed

LP_CONSUMER_ID = "c0ffee" + "0" * 54 + "0001"
EXPIRY = epoch(2026, 11, 1, 12)


def ask_app(response: HttpResponse) -> Any:
    return play(fetch_app_jwt(APP, DOMAINS), response)


def ask_consumer(response: HttpResponse) -> Any:
    return play(fetch_consumer_jws(APP, DOMAINS, "app.jwt.token", "telegram:4711"), response)


def test_app_jwt_is_asked_for_with_the_secret_in_the_body_only() -> None:
    token = signed(iss="Sentinel", aud="70012345", scope="msg.consumer", exp=EXPIRY, iat=EXPIRY - 3600)
    app_jwt, [call] = ask_app(answer(200, {"access_token": token, "token_type": "Bearer"}))
    assert call.method == "POST"
    assert call.url == "https://sentinel.example/sentinel/api/account/70012345/app/token?v=1.0&grant_type=client_credentials"
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert call.body == b"client_id=app-install-1&client_secret=s3cret%2Fwith%2Bsigns"
    assert call.effect is False
    assert app_jwt.token == token
    assert app_jwt.expires_at == datetime(2026, 11, 1, 12, tzinfo=UTC)
    # by whatever clock: an hour after it came, less five minutes
    received_at = datetime(2026, 11, 1, 10, 50, tzinfo=UTC)
    assert app_jwt.ends_at(received_at) == datetime(2026, 11, 1, 11, 50, tzinfo=UTC)
    assert app_jwt.renew_at(received_at) == datetime(2026, 11, 1, 11, 45, tzinfo=UTC)
    assert token not in repr(app_jwt)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_refused_app_credentials_tell_the_operator_what_to_check_without_the_secret(status: int) -> None:
    with pytest.raises(CredentialsRejected) as caught:
        ask_app(answer(status, {"error": "invalid_client"}))
    message = caught.value.message
    assert "70012345" in message and "app-install-1" in message and "client secret" in message
    assert "s3cret" not in message
    assert caught.value.provider_code == str(status)


@pytest.mark.parametrize(("status", "error"), [(404, ConfigurationError), (302, ConfigurationError), (429, Throttled), (500, ServerFault)])
def test_other_answers_of_sentinel_go_by_status(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        ask_app(answer(status))


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        {"access_token": 5},
        {"access_token": ""},
        {"access_token": "a.b.c\r\nX-Other: 1"},
        {"access_token": "not a token"},
        {"access_token": "nottoken"},
        {"access_token": signed(iss="Sentinel")},
        {"access_token": signed(exp="soon")},
        {"access_token": signed(exp=10**30)},
        {"access_token": signed(exp=0)},
    ],
)
def test_an_app_jwt_without_a_readable_expiry_is_tried_again(payload: Any) -> None:
    with pytest.raises(ServerFault):
        ask_app(answer(200, payload))


def test_consumer_jws_names_the_consumer_as_webhooks_will() -> None:
    token = signed(account_id="70012345", ext_consumer_id="telegram:4711", lp_consumer_id=LP_CONSUMER_ID)
    jws, [call] = ask_consumer(answer(201, {"token": token}))
    assert (call.method, call.url) == ("POST", "https://idp.example/api/account/70012345/consumer?v=1.0")
    assert dict(call.headers) == {"Content-Type": "application/json", "Accept": "application/json", "Authorization": "app.jwt.token"}
    assert call.body == b'{"ext_consumer_id":"telegram:4711"}'
    assert call.effect is False
    assert (jws.token, jws.lp_consumer_id) == (token, LP_CONSUMER_ID)
    assert token not in repr(jws)


@pytest.mark.parametrize("status", [401, 403])
def test_idp_refusing_the_app_jwt_asks_for_a_new_one(status: int) -> None:
    with pytest.raises(AppTokenRejected) as caught:
        ask_consumer(answer(status))
    assert caught.value.refresh == {TokenKind.APP_JWT}


@pytest.mark.parametrize(("status", "error"), [(400, ContentRejected), (404, ConfigurationError), (429, Throttled), (503, ServerFault)])
def test_other_answers_of_idp_go_by_status(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        ask_consumer(answer(status))


@pytest.mark.parametrize("payload", [None, {}, {"token": "x"}, {"token": signed(sub="nobody")}, {"token": signed(lp_consumer_id=7)}])
def test_a_jws_without_the_consumers_id_is_tried_again(payload: Any) -> None:
    with pytest.raises(ServerFault):
        ask_consumer(answer(201, payload))
