"""The addresses that vendors and LivePerson call: honest DRF views on the leanest path that keeps DRF.

Content negotiation, parsing and rendering are fixed, since the body is verified as raw bytes; see the measurements in docs/scaling.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from channels_app.providers.base import CallbackAnswer, CallbackRequest
from connector_platform.core.errors import BodyTooLarge, RequestMethodInvalid, WebhookError
from connector_platform.database import DatabaseUnavailable
from connector_platform.observability.metrics import CALLBACKS, RECEIVE_SECONDS
from webhooks_app.receive import receive_callback, receive_webhook, refused

log = structlog.get_logger(__name__)


class _Fixed(BaseContentNegotiation):
    """Senders of callbacks negotiate nothing."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0] if parsers else None

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class ReceiveView(APIView):
    """Base of the receiving views: public addresses that authenticate by signature over the raw body."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = ()
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = _Fixed
    metadata_class = None
    schema = None

    def answer(self, source: str, handle: Callable[[], CallbackAnswer]) -> HttpResponse:
        """What ``handle`` answers, or the status that its error stands for."""
        with RECEIVE_SECONDS.labels(source if source == "liveperson" else "channel").time():
            try:
                answer = handle()
            except WebhookError as error:
                refused(source, error)
                log.info("callback_refused", source=source, code=error.code, status=error.status)
                return HttpResponse(error.message, status=error.status, content_type="text/plain; charset=utf-8")
            except DatabaseUnavailable:
                CALLBACKS.labels("liveperson" if source == "liveperson" else "channel", "database_unavailable").inc()
                return HttpResponse("try again", status=503, content_type="text/plain", headers={"Retry-After": "1"})
        return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)


class ChannelCallbackView(ReceiveView):
    """``/callbacks/<provider>/<channel id>`` and ``/callbacks/<provider>/apps/<app id>``, each with what a provider lets follow."""

    def handle(self, request: Request, provider: str, channel_id: str = "", app_id: str = "", rest: str = "") -> HttpResponse:
        def handle() -> CallbackAnswer:
            return receive_callback(
                provider,
                read_request(request._request, path=rest),
                channel_id=uuid.UUID(channel_id) if channel_id else None,
                app_id=uuid.UUID(app_id) if app_id else None,
            )

        return self.answer(provider, handle)

    get = post = handle


class LivePersonWebhookView(ReceiveView):
    """``/webhooks/liveperson/<app id>`` and the shared ``/webhooks/liveperson``. LivePerson takes only 200 and 201 for success."""

    def post(self, request: Request, app_id: uuid.UUID | None = None) -> HttpResponse:
        def handle() -> CallbackAnswer:
            receive_webhook(app_id, read_request(request._request))
            return CallbackAnswer(body=b"OK")

        return self.answer("liveperson", handle)

    def refuse(self, request: Request, app_id: uuid.UUID | None = None) -> HttpResponse:
        """405 for every other method, counted."""

        def handle() -> CallbackAnswer:
            raise RequestMethodInvalid("LivePerson posts its notifications")

        return self.answer("liveperson", handle)

    get = put = patch = delete = head = refuse


def read_request(request: HttpRequest, *, path: str = "") -> CallbackRequest:
    """The raw request, under the size cap.

    Raises:
        BodyTooLarge: over ``CALLBACK_MAX_BYTES``; at most one byte more than that is read.
    """
    limit = settings.CALLBACK_MAX_BYTES
    meta = request.META
    length = meta.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and int(length) > limit:
        raise BodyTooLarge(f"the body is over {limit} bytes")
    # Not request.body: Django has a cap of its own on it.
    chunked = not length and "HTTP_TRANSFER_ENCODING" in meta
    body = _read_whole(meta["wsgi.input"] if chunked else request, limit + 1)
    if len(body) > limit:
        raise BodyTooLarge(f"the body is over {limit} bytes")
    headers = {name[5:].replace("_", "-").lower(): value for name, value in meta.items() if name.startswith("HTTP_")}
    if meta.get("CONTENT_TYPE"):
        headers["content-type"] = meta["CONTENT_TYPE"]
    return CallbackRequest(
        method=request.method or "",
        public_url=f"{settings.PUBLIC_URL}{request.path}",
        path=path,
        query_string=meta.get("QUERY_STRING", ""),
        headers=headers,
        body=body,
        remote_address=_remote_address(meta),
    )


def _read_whole(source: Any, limit: int) -> bytes:
    """What ``source`` holds, at most ``limit`` bytes of it: a server may hand out less at a time than it is asked for."""
    body = b""
    while len(body) < limit and (piece := source.read(limit - len(body))):
        body = body + piece if body else piece
    return body


def _remote_address(meta: dict[str, Any]) -> str:
    proxies = settings.TRUSTED_PROXIES
    if proxies:
        hops = [hop.strip() for hop in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",") if hop.strip()]
        if len(hops) >= proxies:
            return str(hops[-proxies])
    return str(meta.get("REMOTE_ADDR", ""))
