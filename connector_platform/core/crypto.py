"""Secrets at rest: Fernet (AES-128-CBC with HMAC-SHA256) under rotating keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from connector_platform.core.errors import ConnectorError


class SecretUnreadable(ConnectorError):
    """None of the configured keys opens this secret."""

    code = "secret_unreadable"


class SecretBox:
    """Seals with the first key, opens with any of them; so keys rotate by putting a new one in front.

    Raises:
        ValueError: no key, or a key that is not 32 url-safe base64 bytes.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("at least one encryption key is needed")
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, value: Any) -> bytes:
        """``value`` (anything JSON) encrypted."""
        return self.seal_bytes(json.dumps(value, separators=(",", ":")).encode())

    def open(self, token: bytes) -> Any:
        """The value that was sealed.

        Raises:
            SecretUnreadable: no key fits.
        """
        return json.loads(self.open_bytes(token))

    def seal_bytes(self, data: bytes) -> bytes:
        """``data`` encrypted."""
        return self._fernet.encrypt(data)

    def open_bytes(self, token: bytes) -> bytes:
        """The bytes that were sealed.

        Raises:
            SecretUnreadable: no key fits.
        """
        try:
            return self._fernet.decrypt(bytes(token))
        except InvalidToken as error:
            raise SecretUnreadable(
                "no key in ENCRYPTION_KEYS opens this secret; put the key it was sealed with back into the list"
            ) from error

    def rotate(self, token: bytes) -> bytes:
        """The same secret under the first key."""
        return self._fernet.rotate(bytes(token))
