import signal
from typing import Any

from django.core.management.base import BaseCommand

from connector_platform.observability.metrics import serve_metrics
from webhooks_app.sweeper import Sweeper


class Command(BaseCommand):
    help = "Looks for what was left behind and cleans up; one of all running sweepers leads. Stops on SIGTERM and Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        serve_metrics()
        sweeper = Sweeper()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sweeper.stop())
        sweeper.run()
