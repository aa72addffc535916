"""Reading request bodies: JSON, and not too much of it."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from channels_app.api.problems import BodyTooLarge

MAX_BYTES = 256 * 1024
"""The largest configuration is a few kilobytes."""


class CappedJSONParser(JSONParser):
    """JSON up to ``MAX_BYTES``; nesting that Python cannot follow is an error of the sender."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise BodyTooLarge(f"The body is larger than {MAX_BYTES} bytes.")
        try:
            return super().parse(io.BytesIO(body), media_type, dict(parser_context or {}))
        except RecursionError as error:
            raise ParseError("The JSON is nested too deep.") from error
