from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django_scopes import ScopedManager

from channels_app.models.base import Row, SealedJSONField


def _empty() -> dict[str, Any]:
    return {}


class ProviderApp(Row):
    """A vendor's app whose credentials many channels share (a Meta app with every brand's pages).

    Without a brand it is the installation's and any brand's channels may use it; with one, only that brand's.
    """

    brand = models.ForeignKey("channels_app.Brand", on_delete=models.PROTECT, null=True, blank=True, related_name="provider_apps")
    provider = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    config: models.Field = SealedJSONField(default=_empty)

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [models.UniqueConstraint(fields=("id", "provider"), name="uniq_provider_app_provider")]

    def __str__(self) -> str:
        return self.name

    @property
    def callback_url(self) -> str:
        """The address to enter at the vendor."""
        return f"{settings.PUBLIC_URL}/callbacks/{self.provider}/apps/{self.id}"


class ChannelState(models.TextChoices):
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    BROKEN = "broken", "Broken"


class Channel(Row):
    """A brand's account on a messaging platform: this page, this number, this workspace.

    ``paused`` by an operator: callbacks are taken and kept, nothing moves. ``broken`` by the platform when the vendor refuses the
    credentials: consumers' messages still reach agents, answers wait. ``address`` is the vendor's, taken from the config.
    """

    brand = models.ForeignKey("channels_app.Brand", on_delete=models.PROTECT, related_name="channels")
    liveperson_app = models.ForeignKey("channels_app.LivePersonApp", on_delete=models.PROTECT, related_name="channels")
    provider = models.CharField(max_length=40)
    provider_app = models.ForeignKey("channels_app.ProviderApp", on_delete=models.PROTECT, null=True, blank=True, related_name="channels")
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=200, editable=False)
    config: models.Field = SealedJSONField(default=_empty)
    options = models.JSONField(
        default=_empty, blank=True, help_text="What the operator decided beside the platform's own settings; see options.py."
    )
    state = models.CharField(max_length=10, choices=ChannelState.choices, default=ChannelState.ACTIVE)
    state_reason = models.CharField(max_length=500, blank=True, default="", help_text="Why the channel is paused or broken.")
    credentials_problem = models.CharField(
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text="Why the credentials, which work as yet, could not be renewed: somebody has to enter others before they end.",
    )
    credentials_asked_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the vendor was last asked to renew them, or they were entered."
    )

    objects: ClassVar = ScopedManager(brand="brand")

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("provider", "address", "provider_app"),
                name="uniq_channel_address",
                nulls_distinct=False,
                violation_error_message="Another channel has this address already; one address belongs to one channel.",
            ),
            models.UniqueConstraint(fields=("id", "brand"), name="uniq_channel_brand"),
            models.CheckConstraint(condition=models.Q(state__in=ChannelState.values), name="channel_state_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def callback_url(self) -> str:
        """The address to enter at the vendor: the provider app's where the credentials are there, else the channel's own."""
        if self.provider_app is not None:
            return self.provider_app.callback_url
        return f"{settings.PUBLIC_URL}/callbacks/{self.provider}/{self.id}"

    def clean(self) -> None:
        if self.liveperson_app_id and self.brand_id and self.liveperson_app.brand_id != self.brand_id:
            raise ValidationError({"liveperson_app": "This LivePerson app belongs to another brand."})
        app = self.provider_app
        if app is not None and (app.provider != self.provider or app.brand_id not in (None, self.brand_id)):
            raise ValidationError({"provider_app": "This provider app belongs to another brand or provider."})
