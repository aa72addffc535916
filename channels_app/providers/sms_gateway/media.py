"""Pictures and files of an MMS: where a callback names them, and how their bytes are fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from channels_app.providers._sms.inbound import is_web, kind_by_suffix, kind_by_type
from channels_app.providers.sms_gateway.config import InboundFields
from channels_app.providers.sms_gateway.config_outbound import OutboundConfig
from channels_app.providers.sms_gateway.credentials import credential_headers, with_query_credentials
from channels_app.providers.sms_gateway.errors import DOWNLOAD
from channels_app.providers.sms_gateway.fields import Fields, clean
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ContentRejected, UnsupportedContent
from connector_platform.core.events import File, FileKind, Unsupported

UNREACHABLE = Unsupported(kind="media", description="sent a file without an address that can be called")

# The page layout of an MMS, which phones put beside what people send (OMA Multimedia Messaging Encapsulation Protocol).
_LAYOUT = "application/smil"
MAX_TYPE_CHARS = 100
_SEVERAL_URLS = re.compile(r"[,\s]\s*(?=https?://)")


def files_of(fields: Fields, names: InboundFields) -> Iterator[File | Unsupported]:
    """The files of a message, in the order in which the gateway names them, without the layout."""
    urls = [url for value in fields.all(names.media) for url in _SEVERAL_URLS.split(value)]
    types = [mime_type for value in fields.all(names.media_type) for mime_type in value.split(",")]
    # A list that leaves one out does not say whose the others are.
    for url, given_type in zip(urls, types if len(types) == len(urls) else [""] * len(urls), strict=True):
        url, mime_type = clean(url), clean(given_type).partition(";")[0].strip().lower()[:MAX_TYPE_CHARS]
        if mime_type == _LAYOUT:
            continue
        if not is_web(url):
            yield UNREACHABLE
        elif mime_type:
            yield File(kind=kind_by_type(mime_type), url=url, mime_type=mime_type)
        else:
            # What comes without an ending, too, is most often a picture.
            yield File(kind=kind_by_suffix(url, default=FileKind.IMAGE), url=url)


def fetch_file(file: File, config: OutboundConfig) -> Steps[bytes]:
    """The bytes of a file. The gateway's own origin, that of ``outbound.url``, is shown the credentials; it may answer with the address of
    its storage, which is called without.

    Raises:
        UnsupportedContent: the file has no address. ContentRejected: the answer leads nowhere. DeliveryError: any other answer.
    """
    if not is_web(file.url):
        raise UnsupportedContent("the file has no address")
    own, given = urlsplit(config.url), urlsplit(file.url)
    call = HttpCall(method="GET", url=file.url, purpose=DOWNLOAD, effect=False)
    if (given.scheme, given.netloc) == (own.scheme, own.netloc):
        url = with_query_credentials(file.url, config)
        call = HttpCall(method="GET", url=url, headers=credential_headers(config), purpose=DOWNLOAD, effect=False)
    response = yield call
    if response.is_success:
        return response.body
    try:
        moved_to = urljoin(file.url, response.headers.get("location", ""))
    except ValueError:
        moved_to = ""
    if moved_to == file.url or not is_web(moved_to):
        raise ContentRejected("the gateway's answer names no address of the file", provider_code=str(response.status))
    response = yield HttpCall(method="GET", url=moved_to, purpose="fetch_stored_file", effect=False)
    return response.body
