"""Agents' files on an address of ours: signed, so that nobody can guess one, and expiring.

What is served comes from an agent, but a browser may open it on our own host: only pictures are shown, everything else is a download, and
nothing in it may run. Vendors look at the type: Twilio refuses a PDF that is called anything else.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import Http404, HttpRequest, HttpResponse

from connector_platform.database import run
from connector_platform.liveperson.hosted_files import UPLOAD_TYPES

_SIGNER = TimestampSigner(salt="hosted-file")
SHOWN = ("image/jpeg", "image/png", "image/gif", "image/webp")


def keep_file(*, brand_id: uuid.UUID, event_id: int, name: str, mime_type: str, data: bytes) -> str:
    """The public address of ``data``, the same for the same event on a retry."""
    rows = run(
        """INSERT INTO webhooks_app_hostedfile AS file (id, brand_id, event_id, name, mime_type, data, created_at)
           VALUES (%s, %s, %s, %s, %s, %s, now()) ON CONFLICT (event_id) DO UPDATE SET name = file.name RETURNING id""",
        [uuid.uuid4(), brand_id, event_id, name[:120], mime_type[:100], data],
    )
    return f"{settings.PUBLIC_URL}/files/{_SIGNER.sign(str(rows[0][0]))}/{name}"


def hosted_file(request: HttpRequest, signed: str, name: str) -> HttpResponse:
    """The file at a signed address; 404 where the signature is wrong or the file has expired."""
    try:
        file_id = _SIGNER.unsign(signed, max_age=timedelta(days=settings.FILE_DAYS))
    except BadSignature as error:
        raise Http404 from error
    rows = run("SELECT mime_type, data, name FROM webhooks_app_hostedfile WHERE id = %s", [uuid.UUID(file_id)])
    if not rows:
        raise Http404
    mime_type, data, stored_name = rows[0]
    shown = mime_type in SHOWN
    response = HttpResponse(bytes(data), content_type=mime_type if mime_type in UPLOAD_TYPES else "application/octet-stream")
    response["Content-Disposition"] = f'{"inline" if shown else "attachment"}; filename="{stored_name}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    return response
