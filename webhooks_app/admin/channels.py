"""The channel's page with a button that asks the vendor: calls are made on this side of the wall."""

from __future__ import annotations

import uuid

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path

from channels_app.admin.channels import ChannelAdmin
from channels_app.models import Channel
from webhooks_app.services.checks import check_channel

admin.site.unregister(Channel)


@admin.register(Channel)
class CheckedChannelAdmin(ChannelAdmin):
    """See ``channels_app.admin.channels``."""

    change_form_outer_before_template = "webhooks_app/admin/channel_tools.html"

    def get_urls(self) -> list[URLPattern]:
        own = path("<uuid:pk>/test/", self._unscoped(self.admin_site.admin_view(self.test_view)), name="channels_app_channel_test")
        return [own, *super().get_urls()]

    def test_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Run the provider's check on what is stored and say what the vendor said."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, str(pk))
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        result = check_channel(row.pk)
        (messages.success if result.ok else messages.error)(request, result.message)
        return HttpResponseRedirect(self.change_url(row.pk))
