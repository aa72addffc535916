from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django_scopes import scopes_disabled

from channels_app.models import Channel, ChannelState
from channels_app.providers.registry import PROVIDERS
from webhooks_app.services.checks import renew_credentials


class Command(BaseCommand):
    help = (
        "Exchanges credentials that end by themselves (Instagram Login: after 60 days) for fresh ones, and names channels whose credentials end "
        "soon and cannot be exchanged (pages of Meta). The sweeper does so by itself, once a week for each channel; this is for now and for all."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        slugs = [slug for slug, provider in PROVIDERS.items() if provider.renews_credentials]
        with scopes_disabled():
            rows = Channel.objects.filter(provider__in=slugs).exclude(state=ChannelState.BROKEN).order_by("name")
            channels = list(rows.values_list("pk", "name"))
        failed = 0
        for channel_id, name in channels:
            result = renew_credentials(channel_id)
            if result is not None:
                self.stdout.write(f"{name}: {result.message}")
                failed += not result.ok
        if failed:
            raise CommandError(f"{failed} of {len(channels)} were not renewed; the old credentials stay until they end")
