"""A stand-in for the platform's web server: ready when its database answers, with a REST API that keeps rows in memory."""

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

ROWS: dict[str, list[dict[str, Any]]] = {}


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    status, answer = respond(environ)
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]


def respond(environ: dict[str, Any]) -> tuple[str, Any]:
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    if path.startswith("/health/"):
        try:
            psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=2).close()
        except psycopg.Error as error:
            return "503 Service Unavailable", {"reason": str(error)}
        return "200 OK", {}
    if not environ.get("HTTP_AUTHORIZATION", "").startswith("Bearer cpk_"):
        return "401 Unauthorized", {}
    name, *row_id = path.removeprefix("/api/v1/").strip("/").split("/")
    rows = ROWS.setdefault(name, [])
    if method == "GET":
        return "200 OK", {"count": len(rows), "next": None, "previous": None, "results": rows}
    body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    if method == "PATCH":
        row = next(row for row in rows if row["id"] == row_id[0])
    else:
        row = {"id": f"{name}-{len(rows)}", "callback_url": f"http://callback/{name}-{len(rows)}", "webhook_url": "http://webhook"}
        rows.append(row)
    row.update(body)
    return "201 Created", row
