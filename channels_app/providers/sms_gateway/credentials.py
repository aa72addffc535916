"""The credentials that our calls carry, by ``outbound.auth``."""

from __future__ import annotations

import base64
from urllib.parse import quote

from channels_app.providers.sms_gateway.config_outbound import (
    BasicCredentials,
    BearerCredentials,
    HeaderCredentials,
    OutboundConfig,
    QueryCredentials,
    TemplateCredentials,
)
from channels_app.providers.sms_gateway.templates import Value


def template_credentials(config: OutboundConfig) -> dict[str, Value]:
    """The variables ``username`` and ``password`` where they are set."""
    if isinstance(config.auth, TemplateCredentials):
        return {"username": config.auth.username, "password": config.auth.password.get_secret_value()}
    return {}


def credential_headers(config: OutboundConfig) -> dict[str, str]:
    """The header that logs in; empty where none does."""
    auth = config.auth
    if isinstance(auth, BasicCredentials):
        pair = f"{auth.username}:{auth.password.get_secret_value()}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
    if isinstance(auth, BearerCredentials):
        return {"Authorization": f"Bearer {auth.token.get_secret_value()}"}
    if isinstance(auth, HeaderCredentials):
        return {auth.header: auth.value.get_secret_value()}
    return {}


def with_query_credentials(url: str, config: OutboundConfig) -> str:
    """``url`` with the parameter that logs in, where one does."""
    if not isinstance(config.auth, QueryCredentials):
        return url
    # quote, not quote_plus: redaction knows secrets as they are and with %20 for a blank.
    pair = f"{quote(config.auth.name, safe='')}={quote(config.auth.value.get_secret_value(), safe='')}"
    return f"{url}{'&' if '?' in url else '?'}{pair}"
