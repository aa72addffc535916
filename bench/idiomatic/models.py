from __future__ import annotations

from typing import ClassVar

from django.db import models


class Message(models.Model):
    """One message of a consumer. Written by the view; its status by the task."""

    mid = models.CharField(max_length=200, unique=True)
    sender_id = models.CharField(max_length=64, db_index=True)
    text = models.TextField(blank=True)
    sent_at = models.DateTimeField()
    payload = models.JSONField()
    status = models.CharField(max_length=10, default="received")
    answer_status = models.IntegerField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager[Message]] = models.Manager()

    def __str__(self) -> str:
        return self.mid
