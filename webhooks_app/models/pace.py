from __future__ import annotations

from django.db import models


class Pace(models.Model):
    """Where the moments that a channel's rate hands out have got to. The table is unlogged: after a crash of PostgreSQL they begin anew."""

    channel = models.OneToOneField("channels_app.Channel", on_delete=models.CASCADE, primary_key=True, related_name="+")
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.channel_id}: {self.next_at}"
