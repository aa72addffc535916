"""The headers of the Send API's calls."""

from __future__ import annotations

import json

from connector_platform.liveperson.app import LivePersonAppConfig
from connector_platform.liveperson.tokens import Tokens


def client_properties(app: LivePersonAppConfig) -> str:
    """The Client-Properties header: what the channel can show, as ASCII JSON.

    The published schema names the type ``.ams.headers.ClientProperties``; every sample, and so this, says ``.ClientProperties``.

    Source: https://developers.liveperson.com/connector-api-send-api-examples.html (archived copy, checked 2026-11).
    """
    properties = {**app.client_properties, "type": ".ClientProperties", "features": list(app.features)}
    return json.dumps(properties, separators=(",", ":"))


def send_api_headers(app: LivePersonAppConfig, tokens: Tokens) -> dict[str, str]:
    """Both tokens, raw (no ``Bearer``), and the client properties, which have to be on *every* call for a feature to work.

    Source: https://developers.liveperson.com/connector-api-send-api-authorization-and-authentication.html (archived copy, checked 2026-11).
    """
    return {
        "Authorization": tokens.app_jwt,
        "X-LP-ON-BEHALF": tokens.consumer_jws,
        "Client-Properties": client_properties(app),
    }
