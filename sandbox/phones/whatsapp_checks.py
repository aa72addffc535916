"""How the Cloud API refuses what it does not take, and the checks that all its messages have in common.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes (checked 2026-11).
"""

from __future__ import annotations

from typing import Any, NoReturn
from urllib.parse import urlsplit

from sandbox.phones.meta_forms import GraphError

Json = dict[str, Any]

TITLES = {
    100: "Invalid parameter",
    131008: "Required parameter is missing",
    131009: "Parameter value is not valid",
    131056: "(Business Account, Consumer Account) pair rate limit hit",
    131051: "Unsupported message type",
    132000: "Number of parameters does not match the expected number of params",
    132001: "Template name does not exist in the translation",
    132015: "Template is Paused",
}


class CloudError(GraphError):
    """The Cloud API's refusal: beside the code a sentence with the details."""

    def __init__(self, code: int, details: str, *, status: int = 400) -> None:
        super().__init__(f"(#{code}) {TITLES.get(code, details)}", code=code, status=status)
        self.details = details

    def __str__(self) -> str:
        return f"{super().__str__()}: {self.details}"

    def body(self) -> Json:
        body = super().body()
        body["error"]["message"] = self.args[0]
        body["error"]["error_data"] = {"messaging_product": "whatsapp", "details": self.details}
        return body


def json_object(value: Any, where: str, known: set[str]) -> Json:
    """``value``, if it is an object with none but the ``known`` keys."""
    if not isinstance(value, dict):
        raise CloudError(131008 if value is None else 100, f"{where} must be a JSON object")
    for key in value:
        if key not in known:
            raise CloudError(100, f'Unexpected key "{key}" on param "{where}"')
    return value


def json_list(value: Any, where: str, most: int) -> list[Any]:
    """``value``, if it is a list of one to ``most``."""
    if not isinstance(value, list) or not 1 <= len(value) <= most:
        raise CloudError(131009, f"{where} count invalid. Min: 1, Max: {most}")
    return value


def words(value: Any, where: str, most: int, *, one_line: bool = False) -> str:
    """``value``, if it is a text of one to ``most`` characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= most or not value.strip():
        raise CloudError(131008 if value is None else 131009, f"{where} length invalid. Min length: 1, Max length: {most}")
    if one_line and "\n" in value:
        invalid(f"{where} takes no line breaks")
    return value


def web_url(value: Any, where: str) -> str:
    """``value``, if it is an address."""
    try:
        parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        invalid(f"{where} should be a valid URL")
    return str(value)


def invalid(details: str) -> NoReturn:
    """Refuse a value."""
    raise CloudError(131009, details)
