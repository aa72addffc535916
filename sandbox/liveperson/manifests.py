"""An app install in the form of its manifest, as LivePerson's account configuration keeps it.

Source: https://developers.liveperson.com/connector-api-webhooks-configuration.html (the app install JSON)
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from typing import Any

from sandbox.liveperson.accounts import EVENT_TYPES, AppInstall

RETRY = "retry"
TEXTS = {"client_name": 128, "description": 256, "logo_uri": 1024}  # and their most characters


def to_manifest(app: AppInstall) -> dict[str, Any]:
    """The installed app: its manifest, its ids and its secret."""
    hooks: dict[str, Any] = {} if app.retention_time_s is None else {RETRY: {"retention_time": app.retention_time_s}}
    for event_type, url in app.endpoints.items():
        hook: dict[str, Any] = {"endpoint": url}
        retries, headers = app.retries_of(event_type), app.headers_of(event_type)
        if retries is not None:
            hook["max_retries"] = retries
        if headers:
            hook["headers"] = headers
        hooks[event_type] = hook
    data = copy.deepcopy(app.manifest)
    capabilities = {**data.get("capabilities", {}), "webhooks": hooks}
    return {
        "grant_types": ["client_credentials"],
        "scope": "msg.consumer",
        "response_types": [],
        "logo_uri": "",
        "description": "",
        "client_id_issued_at": 0,
        **data,
        "id": app.client_id,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "client_secret_expires_at": 0,
        "client_name": app.client_name,
        "enabled": app.enabled,
        "deleted": False,
        "capabilities": capabilities,
    }


def from_manifest(account_id: str, client_id: str, secret: str, data: Any, before: AppInstall | None = None) -> AppInstall:
    """The install that a manifest describes; what manifests do not say (signature, token lifetime, skills) is as it was ``before``.

    Raises:
        ValueError: the manifest breaks a rule; the text is a sentence for whoever sent it.
    """
    if not isinstance(data, dict):
        raise ValueError("the manifest must be a JSON object")
    for name, most in TEXTS.items():
        text = data.get(name, "")
        if not isinstance(text, str) or len(text) > most:
            raise ValueError(f"{name} must be a string of at most {most} characters")
    capabilities = data.get("capabilities") or {}
    hooks = (capabilities.get("webhooks") or {}) if isinstance(capabilities, dict) else None
    if not isinstance(hooks, dict) or not all(isinstance(hook, dict) for hook in hooks.values()):
        raise ValueError("capabilities.webhooks must be an object of event type: settings")
    unknown = sorted(set(hooks) - {RETRY, *EVENT_TYPES})
    if unknown:
        raise ValueError(f"unknown event types {unknown}; known are {list(EVENT_TYPES)}")
    events = {event_type: hook for event_type, hook in hooks.items() if event_type != RETRY}
    old = before.to_json() if before else {}
    settings: dict[str, Any] = {name: old[name] for name in ("signature", "token_lifetime_s", "skills") if name in old}
    app = AppInstall.from_json(
        account_id,
        client_id,
        {
            **settings,
            "client_secret": secret,
            "client_name": data.get("client_name", ""),
            "enabled": data.get("enabled", True),
            "endpoints": {event_type: hook.get("endpoint") for event_type, hook in events.items()},
            "retention_time": _retention_time(hooks),
        },
    )
    for event_type, hook in events.items():
        # Checked by the same rules as settings of the whole app.
        rules = {"client_secret": secret, "endpoints": {}, "max_retries": hook.get("max_retries"), "headers": hook.get("headers") or []}
        checked = AppInstall.from_json(account_id, client_id, rules)
        if checked.max_retries is not None:
            app.event_retries[event_type] = checked.max_retries
        app.event_headers[event_type] = checked.headers
    app.manifest = {**copy.deepcopy(data), "client_id_issued_at": data.get("client_id_issued_at", int(time.time()))}
    return app


def _retention_time(hooks: Mapping[str, Any]) -> int | None:
    value = hooks.get(RETRY, {}).get("retention_time")
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise ValueError("retry.retention_time must be a whole number of seconds")
    return value
