"""Takes a channel's moments with eight threads and writes when each came: ``python -m bench.moments CHANNEL_ID PER_SECOND SECONDS``."""

from __future__ import annotations

import sys
import threading
import time
import uuid


def main() -> None:
    import django

    django.setup()

    from connector_platform.database import close_hot_pool
    from webhooks_app.pacing import AwaitingMoment, Pacer

    channel_id, per_second, seconds = uuid.UUID(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    ends_at = time.monotonic() + seconds
    instants: list[float] = []

    def take() -> None:
        moment_s: float | None = None
        while time.monotonic() < ends_at:
            try:
                Pacer(channel_id, per_second, moment_s).wait()
            except AwaitingMoment as waits:
                # As a lane that is given back and comes due again.
                time.sleep(min(waits.delay_s, max(0.0, ends_at - time.monotonic())))
                moment_s = waits.moment_s
            else:
                instants.append(time.monotonic())
                moment_s = None

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*sorted(instants))
    close_hot_pool()


if __name__ == "__main__":
    main()
