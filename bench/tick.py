"""A calm brand: one message now and then, each of the next of a few people: ``python -m bench.tick CHANNEL_ID LANE COUNT EVERY_MS``.

Writes ``<lane> <instant>`` for each when it is committed; instants are ``time.monotonic()``, which all processes of a machine share.
"""

from __future__ import annotations

import sys
import time
import uuid

PEOPLE = 20


def main() -> None:
    import django

    django.setup()

    from channels_app.selectors import configs
    from connector_platform.core.events import InboundEvent, Text
    from connector_platform.database import close_hot_pool
    from webhooks_app.bell import bell
    from webhooks_app.journal import Entry, append

    channel = configs.channel(uuid.UUID(sys.argv[1]))
    assert channel is not None
    first_lane, count, every_s = int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]) / 1000
    next_at = time.monotonic()
    for number in range(count):
        lane = first_lane + number % PEOPLE
        text = Text(text=f"bench {lane} {number // PEOPLE}")
        source_id = f"tick-{uuid.uuid4().hex}"
        event = InboundEvent(consumer_id=f"88{lane:014d}", source_id=source_id, content=text, wire_type="message.text", raw=b"{}")
        append([Entry.inbound(event, channel_id=channel.id, brand_id=channel.brand_id)])
        bell.ring()
        print(lane, time.monotonic(), flush=True)
        next_at += every_s
        time.sleep(max(0.0, next_at - time.monotonic()))
    close_hot_pool()


if __name__ == "__main__":
    main()
