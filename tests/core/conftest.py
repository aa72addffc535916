"""TLS servers with certificates of their own."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def _certificate(folder: Path) -> Path:
    """A file with a key and a certificate for localhost that nobody trusts yet."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "localhost.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


def _serve(path: Path, received: list[bytes]) -> tuple[socket.socket, str]:
    """A server that reads one request a connection and then drops it without a word, not even TLS's own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    listener = socket.create_server(("127.0.0.1", 0))

    def loop() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    received.append(secure.recv(65536))
            except OSError:
                pass

    threading.Thread(target=loop, daemon=True).start()
    return listener, f"https://localhost:{listener.getsockname()[1]}"


@pytest.fixture
def tls_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[bytes]]]:
    """The address of a trusted server that takes a request and breaks off, and what it received."""
    path = _certificate(tmp_path)
    received: list[bytes] = []
    listener, url = _serve(path, received)
    monkeypatch.setattr("certifi.where", lambda: str(path))
    yield url, received
    listener.close()


@pytest.fixture
def httpserver_tls_untrusted(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose certificate nobody has signed."""
    listener, url = _serve(_certificate(tmp_path), [])
    yield url
    listener.close()


@pytest.fixture
def hot(transactional_db: None) -> Iterator[None]:
    """The hot paths' own pool on this test's database."""
    from channels_app.selectors import configs
    from connector_platform.database import close_hot_pool

    configs.forget()
    yield
    configs.forget()
    close_hot_pool()
