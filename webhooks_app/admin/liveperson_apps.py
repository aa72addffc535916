"""The LivePerson app's page with a button that asks LivePerson: calls are made on this side of the wall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin

from channels_app.admin.liveperson_apps import LivePersonAppAdmin
from channels_app.models import LivePersonApp
from webhooks_app.admin.far_side import FarSideButton, FarSideMixin
from webhooks_app.services.checks import check_liveperson_app

admin.site.unregister(LivePersonApp)


@admin.register(LivePersonApp)
class CheckedLivePersonAppAdmin(FarSideMixin, LivePersonAppAdmin):
    """See ``channels_app.admin.liveperson_apps``."""

    buttons: ClassVar = (FarSideButton("test", "Test connection", "network_check", check_liveperson_app),)

    def hints_of(self, row: LivePersonApp) -> Sequence[str]:
        return ["Asks LivePerson with what is stored; save first. Nothing is sent to a consumer."]
