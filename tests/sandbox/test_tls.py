"""``python -m sandbox --tls``: plain http and TLS side by side."""

from __future__ import annotations

import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

ACCOUNT = "5313846"
STARTS_IN_S = 30


@pytest.fixture
def addresses() -> Iterator[tuple[str, str]]:
    """The plain and the TLS address of a sandbox in a process of its own."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--tls"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stderr is not None
        try:
            plain, tls = (re.search(r"listens on (https?://[^;\s]+)", process.stderr.readline()) for _ in range(2))
            assert plain is not None and tls is not None
            yield plain[1], tls[1]
        finally:
            process.terminate()
            process.wait(STARTS_IN_S)


def test_the_domain_api_names_the_tls_port_on_either(addresses: tuple[str, str], tmp_path: Path) -> None:
    plain, tls = addresses
    trusted = tmp_path / "sandbox.pem"
    trusted.write_text(requests.get(f"{plain}/control/certificate", timeout=STARTS_IN_S).text)
    requests.put(f"{plain}/control/accounts/{ACCOUNT}/agents/ann", json={"password": "pw"}, timeout=STARTS_IN_S).raise_for_status()
    path = f"/api/account/{ACCOUNT}/service/baseURI.json?version=1.0"
    found = [requests.get(base + path, timeout=STARTS_IN_S, verify=str(trusted)).json() for base in (plain, tls)]
    assert found[0] == found[1]
    assert {entry["baseURI"] for entry in found[0]["baseURIs"]} == {tls.removeprefix("https://")}
    assert {"agentVep", "facadeMsg", "asyncMessagingEnt"} <= {entry["service"] for entry in found[0]["baseURIs"]}
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(tls + path, timeout=STARTS_IN_S)
    assert ssl.create_default_context(cafile=str(trusted)).get_ca_certs()
