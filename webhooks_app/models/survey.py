from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager


class SurveyStep(models.TextChoices):
    RATING = "rating", "Asked for the rating"
    RESOLVED = "resolved", "Asked whether it was solved"
    DONE = "done", "Answered"
    LEFT = "left", "Left unanswered"


class Survey(models.Model):
    """The platform's own survey of a closed conversation: what was asked last, and what was answered so far.

    Written by the worker that closes the conversation, and by the one that reads the answers; the sweeper ends what has expired.
    """

    brand = models.ForeignKey("channels_app.Brand", on_delete=models.PROTECT, related_name="+", db_index=False)
    conversation = models.OneToOneField("channels_app.Conversation", on_delete=models.CASCADE, related_name="survey")
    consumer = models.ForeignKey("channels_app.Consumer", on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=8, choices=SurveyStep.choices, default=SurveyStep.RATING)
    csat = models.IntegerField(null=True)
    resolved = models.BooleanField(null=True)
    expires_at = models.DateTimeField()

    objects: ClassVar = ScopedManager(brand="brand")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(step__in=SurveyStep.values), name="survey_step_known"),
            models.CheckConstraint(condition=models.Q(csat__isnull=True) | models.Q(csat__range=(1, 5)), name="survey_csat_in_range"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("expires_at",), condition=models.Q(step__in=["rating", "resolved"]), name="idx_survey_open"),
        ]

    def __str__(self) -> str:
        return f"survey of {self.conversation_id}"
