from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django_scopes import ScopedManager

from channels_app.models.base import Row, SealedJSONField
from connector_platform.liveperson.hosted_files import DEFAULT_FILE_TYPES, FILE_TYPES

FEATURES = ("AUTO_MESSAGES", "RICH_CONTENT", "QUICK_REPLIES", "MULTI_DIALOG", "PHOTO_SHARING", "FILE_SHARING")


def default_features() -> list[str]:
    return list(FEATURES)


def default_file_types() -> list[str]:
    return list(DEFAULT_FILE_TYPES)


class LivePersonApp(Row):
    """A connector installed on a LivePerson account: its identity, secret and how its conversations are routed.

    Written by operators or the API. ``client_secret`` and the tokens are sealed.
    """

    class Ttr(models.TextChoices):
        NORMAL = "NORMAL"
        URGENT = "URGENT"
        PRIORITIZED = "PRIORITIZED"

    brand = models.ForeignKey("channels_app.Brand", on_delete=models.PROTECT, related_name="liveperson_apps")
    name = models.CharField(max_length=120, help_text="What operators call this app.")
    account_id = models.CharField(max_length=40, help_text="The LivePerson account (site) id, digits, sometimes beginning with letters.")
    client_id = models.CharField(max_length=64, help_text="client_id of the app install, from Conversational Cloud.")
    client_secret: models.Field = SealedJSONField(
        help_text="client_secret of the app install; signs webhooks and fetches tokens. Never shown again."
    )
    previous_client_secret: models.Field = SealedJSONField(
        null=True, blank=True, help_text="Still accepted on webhooks while the secret is being changed."
    )
    domain_api = models.URLField(
        default="https://api.liveperson.net",
        help_text="Where LivePerson's Domain API is; other services are found through it and take its scheme.",
    )
    skill_id = models.CharField(
        max_length=40, blank=True, default="", help_text="Skill that new conversations go to; empty: all skills (-1)."
    )
    campaign_id = models.CharField(
        max_length=40, blank=True, default="", help_text="Campaign for reporting and routing; needs the engagement id beside it."
    )
    engagement_id = models.CharField(max_length=40, blank=True, default="")
    ttr = models.CharField(max_length=20, choices=Ttr.choices, default=Ttr.NORMAL, help_text="Target time to respond of new conversations.")
    language = models.CharField(
        max_length=20, blank=True, default="", help_text="Language of the conversation context, such as en-US; empty: the consumer's."
    )
    features = models.JSONField(default=default_features, help_text="Client-Properties features: " + ", ".join(FEATURES) + ".")
    file_types = models.JSONField(
        default=default_file_types,
        help_text="Kinds of consumers' files that this account takes: "
        + ", ".join(FILE_TYPES)
        + ". Others are announced to the agent in words.",
    )
    sequence_gap_wait_s = models.FloatField(
        null=True,
        blank=True,
        help_text="Seconds that an agent's message waits for an earlier number; 0 where the app does not subscribe to all five event types. "
        "Empty: the installation's default.",
    )
    problem = models.CharField(
        max_length=500,
        blank=True,
        default="",
        editable=False,
        help_text="Why LivePerson refuses this app at the moment; empty: it does not.",
    )

    objects: ClassVar = ScopedManager(brand="brand")

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("account_id", "client_id"), name="uniq_liveperson_app_install"),
            models.UniqueConstraint(fields=("id", "brand"), name="uniq_liveperson_app_brand"),
            models.CheckConstraint(
                condition=models.Q(campaign_id="", engagement_id="") | (~models.Q(campaign_id="") & ~models.Q(engagement_id="")),
                name="liveperson_app_campaign_with_engagement",
                violation_error_message="A campaign id and an engagement id go together: give both or neither.",
            ),
        ]
        verbose_name = "LivePerson app"

    def __str__(self) -> str:
        return f"{self.name} ({self.account_id})"

    @property
    def webhook_url(self) -> str:
        """The address to enter as the endpoint of all five event types."""
        return f"{settings.PUBLIC_URL}/webhooks/liveperson/{self.id}"
