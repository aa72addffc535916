"""Making and changing LivePerson apps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from channels_app.models import LivePersonApp
from channels_app.services.errors import Invalid, Problem
from channels_app.services.rows import save_row
from channels_app.services.secrets import is_mask, mask

SECRETS = ("client_secret", "previous_client_secret")
NO_FEATURES = "Choose at least one feature."
NO_FILE_TYPES = "Choose at least one file type; where the account takes no files, leave away the features for photos and files."
_ACCOUNT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PORTS = {"http": 80, "https": 443}


def save_liveperson_app(row: LivePersonApp, values: dict[str, Any]) -> LivePersonApp:
    """``row``, new or stored, with ``values`` in it. A secret that comes back as it was shown keeps its stored value.

    Raises:
        Invalid, ValidationError: what is wrong with the values. Conflict: the install is another app's.
    """
    problems = install_problems(values)
    if problems:
        raise Invalid(problems)
    for name, value in values.items():
        if name in SECRETS:
            stored = getattr(row, name) or ""
            if is_mask(value):
                if not stored or value != mask(stored):
                    raise Invalid.at(name, "This is how a stored secret is shown, not the secret itself.", code="masked_secret")
                continue
            value = value or (None if name == "previous_client_secret" else "")
        setattr(row, name, value)
    save_row(row, changed=None if row._state.adding else list(values))
    return row


def install_problems(values: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with those of an install's ``values`` that are there."""
    problems = []
    if "account_id" in values and not _ACCOUNT_ID.fullmatch(values["account_id"]):
        sentence = "An account id has letters, digits, hyphens and underscores only: copy it from Conversational Cloud."
        problems.append(Problem(("account_id",), "invalid", sentence))
    if "domain_api" in values and (sentence := _domain_api_problem(values["domain_api"])):
        problems.append(Problem(("domain_api",), "invalid", sentence))
    if "features" in values and not values["features"]:
        problems.append(Problem(("features",), "blank", NO_FEATURES))
    if "file_types" in values and not values["file_types"]:
        problems.append(Problem(("file_types",), "blank", NO_FILE_TYPES))
    return problems


def _domain_api_problem(url: str) -> str:
    try:
        parts = urlsplit(url)
        origin = _origin(parts)
    except ValueError:
        return "This is no URL; LivePerson's own is https://api.liveperson.net."
    if parts.scheme not in _PORTS or not parts.hostname:
        return "A URL that starts with https:// and a host is needed; LivePerson's own is https://api.liveperson.net."
    if parts.query or parts.fragment or parts.username is not None:
        return "Only scheme, host and port are needed here: leave away everything else."
    if parts.scheme == "http" and origin not in {_origin(urlsplit(allowed)) for allowed in settings.HTTP_ALLOWED_ORIGINS}:
        return "This must start with https://: the client secret is sent there. Plain http is only for the origins in HTTP_ALLOWED_ORIGINS."
    return ""


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
