"""Files into and out of LivePerson's storage: addresses that live one minute, and the message that shows the file.

Source: https://developers.liveperson.com/connector-api-send-api-examples.html#file-sharing (archived copy, checked 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ContentRejected, ServerFault
from connector_platform.liveperson.app import LivePersonAppConfig
from connector_platform.liveperson.domains import Service, service_url
from connector_platform.liveperson.errors import Purpose, interpret, send_api_elements
from connector_platform.liveperson.hosted_files import DEFAULT_FILE_TYPES, STORED_PATH, UPLOAD_TYPES
from connector_platform.liveperson.publish import Published, event_request, publish
from connector_platform.liveperson.send_api import MAX_REQUEST_ID_CHARS, Metadata, request_object, send_call
from connector_platform.liveperson.tokens import Tokens

MAX_UPLOAD_BYTES = 3 * 1024 * 1024
"""LivePerson's limit for a consumer's file."""

MAX_PREVIEW_CHARS = 30_000
"""Under 30 KB, LivePerson's limit for a preview; of the whole data URL, the stricter reading."""

_MAX_CAPTION_CHARS = 2000
_URL_SUFFIX = "-url"


def publish_file(
    app: LivePersonAppConfig,
    domains: Mapping[str, str],
    tokens: Tokens,
    *,
    conversation_id: str,
    dialog_id: str,
    request_id: str,
    data: bytes,
    mime_type: str,
    caption: str,
    preview: str = "",
    file_types: Collection[str] = DEFAULT_FILE_TYPES,
    metadata: Metadata | None = None,
) -> Steps[Published]:
    """A file of the consumer: asks for an address, uploads, and publishes it.

    ``caption`` is the file's name where the consumer wrote none: LivePerson wants one. ``preview`` is a small picture as a data URL, at most
    ``MAX_PREVIEW_CHARS``; LivePerson's limit of a request is smaller than its limit of a preview, so where it refuses the message with the
    preview, it gets it without. ``file_types`` are those that the account takes. Only the last call has an effect that anyone sees; the two
    before it may be repeated.

    Raises:
        ContentRejected: too big or not a type that LivePerson takes (nothing is sent), or refused.
        ServerFault: among others where the address expired before the upload; the next try asks for a new one.
        DeliveryError: as ``errors.interpret`` says.
    """
    file_type = UPLOAD_TYPES.get(mime_type.partition(";")[0].strip().lower())
    if file_type is None or file_type not in file_types:
        raise ContentRejected(f"this account takes {', '.join(file_types)} files only", provider_code="file_type")
    if len(data) > MAX_UPLOAD_BYTES:
        raise ContentRejected("LivePerson takes files of at most 3 MB", provider_code="file_size")
    url_request = request_object(
        "ms.GenerateURLForUploadFile",
        {"fileSize": str(len(data)), "fileType": file_type},
        request_id=request_id[: MAX_REQUEST_ID_CHARS - len(_URL_SUFFIX)] + _URL_SUFFIX,
    )
    relative_path, url = yield from _file_url(app, domains, tokens, url_request)
    upload = HttpCall(method="PUT", url=url, headers={"Content-Type": mime_type}, body=data, purpose=Purpose.UPLOAD, effect=False)
    interpret(upload, (yield upload))
    message = {"caption": caption[:_MAX_CAPTION_CHARS], "relativePath": relative_path, "fileType": file_type}

    def shown(message: Mapping[str, str]) -> Steps[Published]:
        request = event_request(
            {"type": "ContentEvent", "contentType": "hosted/file", "message": message},
            conversation_id=conversation_id,
            dialog_id=dialog_id,
            request_id=request_id,
            metadata=metadata,
        )
        return publish(app, domains, tokens, request, purpose=Purpose.FILE)

    if preview and len(preview) <= MAX_PREVIEW_CHARS:
        try:
            return (yield from shown({**message, "preview": preview}))
        except ContentRejected:
            pass  # below, without the preview
    return (yield from shown(message))


def fetch_download_url(
    app: LivePersonAppConfig, domains: Mapping[str, str], tokens: Tokens, *, request_id: str, relative_path: str
) -> Steps[str]:
    """Where an agent's file can be fetched for one minute: download it at once, and never hand this URL to a consumer.

    Raises:
        ContentRejected: LivePerson does not have the file.
        DeliveryError: as ``errors.interpret`` says.
    """
    request = request_object("ms.GenerateURLForDownloadFile", {"relativePath": relative_path}, request_id=request_id)
    _, url = yield from _file_url(app, domains, tokens, request)
    return url


def _file_url(
    app: LivePersonAppConfig, domains: Mapping[str, str], tokens: Tokens, request: Mapping[str, object]
) -> Steps[tuple[str, str]]:
    call = send_call(app, domains, tokens, request, purpose=Purpose.FILE_URL, effect=False)
    response = yield call
    interpret(call, response)
    body = send_api_elements(response)[0].get("body")
    path = body.get("relativePath") if isinstance(body, dict) else None
    query = body.get("queryParams") if isinstance(body, dict) else None
    if not isinstance(path, str) or not re.fullmatch(STORED_PATH, path) or not isinstance(query, dict):
        raise ServerFault("LivePerson gave no usable address for the file", provider_code=str(response.status))
    names = ("temp_url_sig", "temp_url_expires")
    return path, f"{service_url(domains, Service.SWIFT)}{path}?{urlencode({name: str(query.get(name, '')) for name in names})}"
