"""Puts waiting messages into the platform's journal: ``python -m bench.fill CHANNEL_ID LANES FIRST COUNT``.

All become visible at once: it writes ``ready`` when the transaction is whole and commits it when a line comes in.
"""

from __future__ import annotations

import sys
import time
import uuid


def main() -> None:
    import django

    django.setup()

    from channels_app.selectors import configs
    from connector_platform.core.clock import now
    from connector_platform.core.events import InboundEvent, Text
    from connector_platform.database import close_hot_pool, hot_pool
    from webhooks_app.bell import bell
    from webhooks_app.journal import Entry, append

    channel_id = uuid.UUID(sys.argv[1])
    lanes, first, count = (int(argument) for argument in sys.argv[2:5])
    channel = configs.channel(channel_id)
    assert channel is not None
    run_id = uuid.uuid4().hex
    entries = []
    for index in range(count):
        lane, number = index % lanes, first + index // lanes
        event = InboundEvent(
            consumer_id=f"77{lane:014d}",
            source_id=f"bench-{run_id}-{index}",
            content=Text(text=f"bench {lane} {number}"),
            wire_type="message.text",
            raw=b"{}",
            occurred_at=now(),
        )
        entries.append(Entry.inbound(event, channel_id=channel.id, brand_id=channel.brand_id))
    with hot_pool().connection() as connection, connection.transaction():
        written = sum(len(append(entries[start : start + 500], connection)) for start in range(0, count, 500))
        print("ready", written, flush=True)
        sys.stdin.readline()
    committed_at = time.monotonic()
    bell.ring()
    time.sleep(0.05)  # the bell rings in a thread of its own
    print("committed", committed_at, flush=True)
    close_hot_pool()


if __name__ == "__main__":
    main()
