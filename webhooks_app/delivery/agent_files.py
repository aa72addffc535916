"""Agents' files: fetched from LivePerson's storage at once, and put on an address that the channel can use."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ContentRejected, ServerFault
from connector_platform.core.events import File
from connector_platform.core.http import MAX_RESPONSE_BYTES
from connector_platform.liveperson.files import fetch_download_url
from webhooks_app.delivery.on_behalf import OnBehalf
from webhooks_app.delivery.people import Person
from webhooks_app.delivery.records import Job
from webhooks_app.hosted_files import keep_file

_NAME = re.compile(r"[^A-Za-z0-9._-]+")


def rehost(file: File, job: Job, person: Person, calls: OnBehalf, *, brand_id: uuid.UUID) -> File:
    """``file`` with a ``url`` of ours.

    Raises:
        ContentRejected: too large, or LivePerson does not have it. DeliveryError: it cannot be fetched now.
    """
    url: str = calls.run(
        person,
        lambda domains, tokens: fetch_download_url(
            calls.app.config, domains, tokens, request_id=f"{job.public_id}-file", relative_path=file.relative_path
        ),
    )
    data = calls.runner.run(_download(url))
    if len(data) >= MAX_RESPONSE_BYTES:
        raise ContentRejected(f"the agent's file is larger than {MAX_RESPONSE_BYTES // 1024 // 1024} MB")
    name = _NAME.sub("-", file.name).strip("-.") or "file"
    address = keep_file(brand_id=brand_id, event_id=job.id, name=name, mime_type=file.mime_type, data=data)
    return replace(file, url=address, size_bytes=len(data))


def _download(url: str) -> Steps[bytes]:
    response = yield HttpCall(method="GET", url=url, purpose="fetch_file", effect=False)
    if not response.is_success:
        # The address lives a minute: on the next try LivePerson is asked for another.
        raise ServerFault(f"LivePerson's file storage answered HTTP {response.status}", provider_code=str(response.status))
    return response.body
