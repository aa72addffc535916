"""What PostgreSQL itself can do: single-row commits per second, measured with its own pgbench."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from bench.rig import DATABASE, Rig
from stack.errors import StackError
from stack.postgres import SUPERUSER, installation

TABLE = "CREATE TABLE IF NOT EXISTS bench_plain (id bigserial PRIMARY KEY, source text UNIQUE, consumer text NOT NULL, body bytea NOT NULL)"
_SCRIPT = r"""\set consumer random(1, 200)
INSERT INTO bench_commits (source, consumer, body) VALUES (gen_random_uuid()::text, :consumer, '{body}');
"""


@dataclass(frozen=True, slots=True)
class Commits:
    """``rate`` a second, and PostgreSQL's processor time for each."""

    rate: float
    postgres_us: float


def measure(rig: Rig, *, connections: int, seconds: int) -> Commits:
    """Commits of one row of about 1 KB each, with a primary key and a unique id, from ``connections`` connections at once.

    Raises:
        StackError: pgbench failed.
    """
    with rig.connect() as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS bench_commits (id bigserial PRIMARY KEY, source text UNIQUE, consumer text NOT NULL, body text)"
        )
    script = Path(rig.layout.data_dir) / "commits.sql"
    script.write_text(_SCRIPT.format(body="x" * 1000))
    socket_directory = parse_qs(urlsplit(rig.postgres.url).query)["host"][0]
    command = [str(installation() / "bin" / "pgbench"), "-n", "-M", "prepared", "-c", str(connections), "-j", "2", "-T", str(seconds)]
    before = rig.postgres_cpu_s()
    done = subprocess.run(
        [*command, "-f", str(script), "-h", socket_directory, "-U", SUPERUSER, DATABASE],
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=False,
    )
    spent_s = rig.postgres_cpu_s() - before
    rate = re.search(r"tps = ([0-9.]+)", done.stdout)
    made = re.search(r"transactions actually processed: (\d+)", done.stdout)
    if done.returncode != 0 or rate is None or made is None:
        raise StackError(f"pgbench failed: {done.stderr.strip()[-500:]}")
    return Commits(rate=float(rate[1]), postgres_us=spent_s / max(1, int(made[1])) * 1e6)
