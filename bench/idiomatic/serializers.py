from __future__ import annotations

from rest_framework import serializers

from bench.idiomatic.models import Message


class MessageSerializer(serializers.ModelSerializer[Message]):
    """Also refuses a message id that is known, as the model's unique field wants it."""

    class Meta:
        model = Message
        fields = ("mid", "sender_id", "text", "sent_at", "payload")
