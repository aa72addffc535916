"""`python -m stack.healthcheck`: exit code 0 if the web server in this container takes callbacks. Standard library only."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit


def main() -> int:
    """Returns the exit code; says why on standard error."""
    url = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}/health/receiving"
    # Under its public name: ALLOWED_HOSTS need not list the loopback address.
    host = urlsplit(os.environ.get("PUBLIC_URL", "")).netloc
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=5) as answer:
            return 0 if answer.status == 200 else 1
    except (urllib.error.URLError, OSError) as error:
        print(f"{url}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
