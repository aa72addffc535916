"""Saves messages and queues a task for each: ``python -m bench.idiomatic.fill LANES FIRST COUNT``. Prints the seconds of processor time that the
queueing took."""

from __future__ import annotations

import sys
import time
import uuid


def main() -> None:
    import django

    django.setup()

    from django.utils import timezone

    from bench.idiomatic.models import Message
    from bench.idiomatic.tasks import deliver

    lanes, first, count = (int(argument) for argument in sys.argv[1:4])
    run_id = uuid.uuid4().hex
    rows = [
        Message(
            mid=f"bench-{run_id}-{index}",
            sender_id=f"77{index % lanes:014d}",
            text=f"bench {index % lanes} {first + index // lanes}",
            sent_at=timezone.now(),
            payload={},
        )
        for index in range(count)
    ]
    made = Message.objects.bulk_create(rows, batch_size=500)
    deliver.delay(-1)  # the first one connects; a task for no row fails and is forgotten
    before = time.process_time()
    for row in made:
        deliver.delay(row.pk)
    print("queued", time.process_time() - before, flush=True)


if __name__ == "__main__":
    main()
