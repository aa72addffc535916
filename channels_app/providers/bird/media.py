"""The access key beside a call, and the bytes of what a consumer sent.

Source: https://docs.bird.com/api/api-access/common-api-usage (read 2026-11): media lie at media.api.bird.com behind the access key. That this
host answers with a signed address of its storage, which refuses a second proof, is what public code that fetches from it tells (2026).
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from channels_app.providers.base import SendContext
from channels_app.providers.bird.config import BirdConfig
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ContentRejected, UnsupportedContent
from connector_platform.core.events import File

FETCH_MEDIA, FETCH_STORED = "fetch_file", "fetch_stored"

# Only these see the key.
ORIGINS = {
    "legacy": frozenset({("https", "rest.messagebird.com"), ("https", "media.messagebird.com")}),
    "bird": frozenset({("https", "api.bird.com"), ("https", "media.api.bird.com"), ("https", "media.nest.messagebird.com")}),
}


def authorization(config: BirdConfig) -> dict[str, str]:
    """The header with which both of Bird's APIs are called."""
    return {"Authorization": f"AccessKey {config.access_key.get_secret_value()}"}


def fetch_file(file: File, config: BirdConfig, context: SendContext) -> Steps[bytes]:
    """The bytes of a file out of an MMS. The access key goes to Bird's own hosts only, never to where they redirect.

    Raises:
        UnsupportedContent: it has no address. ContentRejected: Bird names no address of its storage. DeliveryError: the answer.
    """
    if not file.url:
        raise UnsupportedContent("the file has no address")
    given, stand_in = urlsplit(file.url), urlsplit(context.api_base)
    is_own = (given.scheme, given.netloc) in {*ORIGINS[config.api], (stand_in.scheme, stand_in.netloc)}
    headers = authorization(config) if is_own else {}
    response = yield HttpCall(method="GET", url=file.url, headers=headers, purpose=FETCH_MEDIA, effect=False)
    if response.is_success:
        return response.body
    try:
        stored = urljoin(file.url, response.headers["location"])
    except ValueError as error:
        raise ContentRejected("Bird's answer names no address of the file") from error
    response = yield HttpCall(method="GET", url=stored, purpose=FETCH_STORED, effect=False)
    return response.body
