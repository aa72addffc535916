"""The channel's page with a button that asks the vendor: calls are made on this side of the wall."""

from __future__ import annotations

import uuid

from django.contrib import admin

from channels_app.admin.channels import ChannelAdmin
from channels_app.models import Channel
from webhooks_app.admin.checks import TestButtonMixin
from webhooks_app.services.checks import Checked, check_channel

admin.site.unregister(Channel)


@admin.register(Channel)
class CheckedChannelAdmin(TestButtonMixin, ChannelAdmin):
    """See ``channels_app.admin.channels``."""

    asked = "the vendor"

    def check_row(self, pk: uuid.UUID) -> Checked:
        return check_channel(pk)
