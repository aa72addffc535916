from __future__ import annotations

from django.db import models


class Heartbeat(models.Model):
    """When a worker or the sweeper was last heard of. Written by each every few seconds; the sweeper deletes the silent ones."""

    name = models.CharField(max_length=80, primary_key=True)
    kind = models.CharField(max_length=10)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
