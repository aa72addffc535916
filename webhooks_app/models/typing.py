from __future__ import annotations

from typing import ClassVar

from django.db import models


class Typing(models.Model):
    """Somebody is typing, as far as the other side was told. A message or another chat state deletes the row; the sweeper ends what is left.

    ``again_at``: when the channel's indicator, which fades, is to be shown anew. ``ends_at``: when typing that nobody ended is ended.
    """

    conversation = models.ForeignKey("channels_app.Conversation", on_delete=models.CASCADE, related_name="+", db_index=False)
    direction = models.CharField(max_length=1)
    again_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("conversation", "direction"), name="uniq_typing")]

    def __str__(self) -> str:
        return f"{self.direction}:{self.conversation_id}"
