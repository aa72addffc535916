"""Identifiers."""

from __future__ import annotations

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """A time-ordered UUID (RFC 9562, version 7): millisecond prefix, 74 random bits; rows inserted together lie together."""
    value = int.from_bytes(os.urandom(10), "big")
    unix_ms = time.time_ns() // 1_000_000
    number = (unix_ms & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | (value >> 68 & 0xFFF) << 64 | 0b10 << 62 | (value & 0x3FFFFFFFFFFFFFFF)
    return uuid.UUID(int=number)
