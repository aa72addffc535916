from __future__ import annotations

import dataclasses

import pytest

from connector_platform.core.errors import ConfigurationError, ServerFault
from connector_platform.liveperson.app import LivePersonAppConfig
from connector_platform.liveperson.domains import Service, fetch_domains, service_url
from tests.liveperson.support import APP, DOMAINS, answer, play

URL = "https://api.liveperson.net/api/account/70012345/service/baseURI.json?version=1.0"


def listed(**hosts: object) -> dict[str, object]:
    return {"baseURIs": [{"service": service, "account": "70012345", "baseURI": host} for service, host in hosts.items()]}


REQUIRED = {"asyncMessagingEnt": "msg.example", "sentinel": "sentinel.example", "idp": "idp.example"}


def test_domains_are_asked_for_as_a_list_without_credentials() -> None:
    domains, [call] = play(fetch_domains(APP), answer(200, listed(**REQUIRED, swift="swift.example")))
    assert (call.method, call.url, call.body, call.effect) == ("GET", URL, b"", False)
    assert dict(call.headers) == {"Accept": "application/json"}
    assert domains == DOMAINS


def test_services_take_the_scheme_of_the_domain_api() -> None:
    app = dataclasses.replace(APP, domain_api="http://127.0.0.1:8800/")
    domains, [call] = play(fetch_domains(app), answer(200, listed(**dict.fromkeys(REQUIRED, "127.0.0.1:8800"))))
    assert call.url == "http://127.0.0.1:8800/api/account/70012345/service/baseURI.json?version=1.0"
    assert set(domains.values()) == {"http://127.0.0.1:8800"}


def test_what_is_not_a_bare_host_is_left_out() -> None:
    hosts = {**REQUIRED, "swift": "evil.example/path", "smt": "user@evil.example", "msgHist": 5, "agentVep": "https://va.example"}
    domains, _ = play(fetch_domains(APP), answer(200, listed(**hosts)))
    assert set(domains) == set(REQUIRED)


@pytest.mark.parametrize("missing", REQUIRED)
def test_an_account_without_a_required_service_is_the_operators_matter(missing: str) -> None:
    hosts = {service: host for service, host in REQUIRED.items() if service != missing}
    with pytest.raises(ConfigurationError, match=missing):
        play(fetch_domains(APP), answer(200, listed(**hosts)))


@pytest.mark.parametrize("status", [400, 401, 404])
def test_an_unknown_account_is_named_to_the_operator(status: int) -> None:
    with pytest.raises(ConfigurationError, match="70012345"):
        play(fetch_domains(APP), answer(status))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"baseURIs": {}}', b"[" * 100_000])
def test_an_unreadable_list_is_tried_again(body: bytes) -> None:
    with pytest.raises(ServerFault):
        play(fetch_domains(APP), answer(200, body=body))


def test_a_service_that_the_account_lacks_is_a_configuration_error() -> None:
    assert service_url(DOMAINS, Service.SWIFT) == "https://swift.example"
    with pytest.raises(ConfigurationError, match="smt"):
        service_url(DOMAINS, Service.MONITORING)


@pytest.mark.parametrize(
    "wrong",
    [
        {"account_id": ""},
        {"account_id": "1/../2"},
        {"client_id": ""},
        {"domain_api": "api.liveperson.net"},
        {"domain_api": "ftp://api.liveperson.net"},
        {"domain_api": "https://[broken"},
    ],
)
def test_a_configuration_that_cannot_work_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        LivePersonAppConfig(**{"account_id": "1", "client_id": "c", "client_secret": "s", **wrong})  # type: ignore[arg-type]


def test_secrets_are_not_in_the_representation() -> None:
    app = dataclasses.replace(APP, previous_client_secret="older-secret")
    assert "s3cret" not in repr(app) and "older-secret" not in repr(app)
    assert app.webhook_secrets == ("s3cret/with+signs", "older-secret")
    assert APP.webhook_secrets == ("s3cret/with+signs",)
