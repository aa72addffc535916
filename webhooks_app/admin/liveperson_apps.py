"""The LivePerson app's page with a button that asks LivePerson: calls are made on this side of the wall."""

from __future__ import annotations

import uuid

from django.contrib import admin

from channels_app.admin.liveperson_apps import LivePersonAppAdmin
from channels_app.models import LivePersonApp
from webhooks_app.admin.checks import TestButtonMixin
from webhooks_app.services.checks import Checked, check_liveperson_app

admin.site.unregister(LivePersonApp)


@admin.register(LivePersonApp)
class CheckedLivePersonAppAdmin(TestButtonMixin, LivePersonAppAdmin):
    """See ``channels_app.admin.liveperson_apps``."""

    asked = "LivePerson"

    def check_row(self, pk: uuid.UUID) -> Checked:
        return check_liveperson_app(pk)
