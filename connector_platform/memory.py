"""What Python's garbage collector need not look at again and again."""

from __future__ import annotations

import gc

YOUNG_OBJECTS = 10_000
"""So many more containers than were freed begin a collection; Python's own 700 begin several for each message."""


def settle() -> None:
    """Call this once a process has loaded what it will keep: collections pass over that from then on.

    A full one over all of Django's objects stops every thread of the process for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
