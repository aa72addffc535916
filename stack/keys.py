"""What an installation on one machine generates once and keeps: keys, passwords, tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_der_private_key

from stack.errors import StackError

# None that look alike: a password is read from a terminal and typed.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def _password() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(16))


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _rsa_key() -> str:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    return base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


# Hexadecimal where a value becomes a command's argument: nothing in it looks like an option.
GENERATORS: Mapping[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_hex(32),
    "ENCRYPTION_KEYS": _fernet_key,
    "OPERATOR_PASSWORD": _password,
    "PLATFORM_API_KEY": lambda: "cpk_" + secrets.token_hex(24),
    "REDIS_PASSWORD": lambda: secrets.token_hex(16),
    "DEMO_SEED": lambda: secrets.token_hex(16),
    "DEMO_RSA_KEY": _rsa_key,
}


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The generated values, by name."""

    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def derive(self, label: str) -> str:
        """A secret for ``label``, the same in every run: the demo's credentials, which the platform and the sandbox must agree on."""
        return hmac.new(self.values["DEMO_SEED"].encode(), label.encode(), hashlib.sha256).hexdigest()[:32]

    def demo_key_pair(self) -> tuple[str, str]:
        """The demo's private and public RSA key as PEM, for vendors whose calls are signed with one."""
        key = load_der_private_key(base64.b64decode(self.values["DEMO_RSA_KEY"]), password=None)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return private.decode(), key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def load_or_create(path: Path) -> Keys:
    """The values in ``path``, each that is missing made first. Only the owner can read the file.

    Raises:
        StackError: the file cannot be read as ``NAME=value`` lines.
    """
    values: dict[str, str] = {}
    if path.exists():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            name, separator, value = line.partition("=")
            if not separator or not value:
                raise StackError(f"Line {number} of {path} is not of the form NAME=value: correct it, or start afresh with `make clean`.")
            values[name] = value
    missing = [name for name in GENERATORS if name not in values]
    if missing:
        values.update({name: GENERATORS[name]() for name in missing})
        write_private(path, "# Generated once. Without ENCRYPTION_KEYS the stored credentials cannot be read.\n" + as_lines(values))
    return Keys(values)


def as_lines(values: Mapping[str, str]) -> str:
    """``NAME=value`` lines."""
    return "".join(f"{name}={value}\n" for name, value in values.items())


def write_private(path: Path, text: str) -> None:
    """Replace ``path`` at once, readable by the owner only."""
    unfinished = path.with_name(path.name + ".unfinished")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)
