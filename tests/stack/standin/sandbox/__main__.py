"""Takes any PUT and lists them to any GET."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLD: list[str] = []


class Handler(BaseHTTPRequestHandler):
    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        TOLD.append(self.path)
        self.do_GET()

    def do_GET(self) -> None:
        body = json.dumps(TOLD).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
