"""The channel's page with buttons that ask the vendor: calls are made on this side of the wall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from channels_app.admin.channels import ChannelAdmin
from channels_app.models import Channel
from channels_app.providers.registry import PROVIDERS
from webhooks_app.admin.far_side import FarSideButton, FarSideMixin
from webhooks_app.services.checks import check_channel
from webhooks_app.services.webhooks import register_webhook, registers_webhook, remove_webhook

admin.site.unregister(Channel)

CHECK = FarSideButton("test", "Test connection", "network_check", check_channel)


@admin.register(Channel)
class CheckedChannelAdmin(FarSideMixin, ChannelAdmin):
    """See ``channels_app.admin.channels``."""

    buttons: ClassVar = (
        CHECK,
        FarSideButton("register_webhook", "Register webhook", "add_link", register_webhook),
        FarSideButton("remove_webhook", "Remove webhook", "link_off", remove_webhook),
    )

    def buttons_of(self, row: Channel) -> Sequence[FarSideButton]:
        return self.buttons if registers_webhook(row) else (CHECK,)

    def hints_of(self, row: Channel) -> Sequence[str]:
        hints = ["Asks the vendor with what is stored; save first. Nothing is sent to a consumer."]
        if registers_webhook(row):
            title = PROVIDERS[row.provider].title
            hints.append(f"“Register webhook” tells {title} to send this channel's messages here; “Remove” tells it to stop.")
        return hints
