from __future__ import annotations

import hashlib
import hmac
import os
from datetime import UTC, datetime
from typing import Any

from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.idiomatic.serializers import MessageSerializer
from bench.idiomatic.tasks import deliver


class WebhookView(APIView):
    """Verify, validate, save, hand over to Celery, answer."""

    permission_classes = (AllowAny,)

    def post(self, request: Request) -> Response:
        body = request._request.body
        expected = "sha256=" + hmac.new(os.environ["BENCH_APP_SECRET"].encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature-256", "")):
            return Response(status=status.HTTP_401_UNAUTHORIZED)
        callback: Any = request.data
        for entry in callback["entry"]:
            for event in entry["messaging"]:
                serializer = MessageSerializer(
                    data={
                        "mid": event["message"]["mid"],
                        "sender_id": event["sender"]["id"],
                        "text": event["message"]["text"],
                        "sent_at": datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
                        "payload": event,
                    }
                )
                serializer.is_valid(raise_exception=True)
                message = serializer.save()
                deliver.delay(message.pk)
        return Response({"status": "ok"})
