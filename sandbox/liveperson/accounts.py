"""Accounts and the connectors (app installs) registered at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sandbox.liveperson.automatic import AutomaticMessages
from sandbox.liveperson.campaigns import Campaign
from sandbox.liveperson.files import UPLOAD_TYPES
from sandbox.liveperson.surveys import Survey
from sandbox.liveperson.users import Users

MESSAGING = "ms.MessagingEventNotification"
CONVERSATION_CHANGE = "cqm.ExConversationChangeNotification"

# The five event types that a manifest may name, under the names used in every published manifest.
# Source: https://developers.liveperson.com/connector-api-webhooks-configuration.html
EVENT_TYPES = (
    f"{MESSAGING}.ContentEvent",
    f"{MESSAGING}.RichContentEvent",
    f"{MESSAGING}.AcceptStatusEvent",
    f"{MESSAGING}.ChatStateEvent",
    CONVERSATION_CHANGE,
)

ALGORITHMS = ("sha1", "sha256")
ENCODINGS = ("base64", "hex")
MAX_RETENTION_S = 259_200  # three days
MAX_RETRIES = 5


@dataclass(frozen=True)
class Signature:
    """How an app's notifications are signed; LivePerson configures it per account."""

    algorithm: str = "sha1"
    encoding: str = "base64"


@dataclass
class AppInstall:
    """One registered connector: its secret, and where and how its notifications go."""

    account_id: str
    client_id: str
    client_secret: str
    endpoints: dict[str, str]  # event type -> URL
    client_name: str = ""
    enabled: bool = True
    headers: list[dict[str, str]] = field(default_factory=list)  # header_name, header_value: added to every notification
    retention_time_s: int | None = 86_400  # None: retries by number instead of by time to live
    max_retries: int | None = None  # None and 0 differ: an explicit 0 beside a retention time drops failures at once
    signature: Signature = Signature()
    token_lifetime_s: int = 3600
    skills: dict[str, str] = field(default_factory=dict)
    event_retries: dict[str, int] = field(default_factory=dict)  # event type -> max_retries, where a manifest says it per type
    event_headers: dict[str, list[dict[str, str]]] = field(default_factory=dict)  # likewise
    manifest: dict[str, Any] = field(default_factory=dict)  # what else the manifest says, kept as it is
    tokens_valid_from_s: int = 0  # AppJWTs issued before it are revoked

    @property
    def key(self) -> tuple[str, str]:
        return self.account_id, self.client_id

    def retries_of(self, event_type: str) -> int | None:
        """``max_retries`` of one event type; None where nothing says it."""
        return self.event_retries.get(event_type, self.max_retries)

    def headers_of(self, event_type: str) -> list[dict[str, str]]:
        """The headers added to notifications of one event type."""
        return self.headers + self.event_headers.get(event_type, [])

    def to_json(self) -> dict[str, Any]:
        """The install in the form in which it was registered, the secret included."""
        return {
            "account_id": self.account_id,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "client_name": self.client_name,
            "enabled": self.enabled,
            "endpoints": self.endpoints,
            "headers": self.headers,
            "retention_time": self.retention_time_s,
            "max_retries": self.max_retries,
            "signature": {"algorithm": self.signature.algorithm, "encoding": self.signature.encoding},
            "token_lifetime_s": self.token_lifetime_s,
            "skills": self.skills,
        }

    @classmethod
    def from_json(cls, account_id: str, client_id: str, data: Mapping[str, Any]) -> AppInstall:
        """The install that a control request describes.

        Raises:
            ValueError: a field is unknown, missing or of the wrong form; the text is a sentence for whoever called.
        """
        unknown = set(data) - _FIELDS
        if unknown:
            raise ValueError(f"unknown fields {sorted(unknown)}; known are {sorted(_FIELDS)}")
        secret = data.get("client_secret")
        if not isinstance(secret, str) or not secret:
            raise ValueError("client_secret must be a non-empty string")
        name = data.get("client_name", "")
        if not isinstance(name, str) or len(name) > 128:
            raise ValueError("client_name must be a string of at most 128 characters")
        enabled = data.get("enabled", True)
        if not isinstance(enabled, bool):
            raise ValueError("enabled must be true or false")
        return cls(
            account_id=account_id,
            client_id=client_id,
            client_secret=secret,
            client_name=name,
            enabled=enabled,
            endpoints=_endpoints(data.get("endpoints")),
            headers=_headers(data.get("headers", [])),
            retention_time_s=_whole(data, "retention_time", 86_400, 2, MAX_RETENTION_S),
            max_retries=_whole(data, "max_retries", None, 0, MAX_RETRIES),
            signature=_signature(data.get("signature", {})),
            token_lifetime_s=_whole(data, "token_lifetime_s", 3600, 1, 86_400) or 3600,
            skills=_skills(data.get("skills", {})),
        )


_FIELDS = {
    "client_secret",
    "client_name",
    "enabled",
    "endpoints",
    "headers",
    "retention_time",
    "max_retries",
    "signature",
    "token_lifetime_s",
    "skills",
}


@dataclass
class Account:
    """One brand at LivePerson: its app installs by client id, its agents, and what it has configured."""

    account_id: str
    apps: dict[str, AppInstall] = field(default_factory=dict)
    users: Users = field(init=False)
    surveys: dict[str, Survey] = field(default_factory=dict)  # by skill id
    campaigns: list[Campaign] = field(default_factory=list)
    automatic_messages: AutomaticMessages | None = None
    file_types: list[str] = field(default_factory=list)  # what its consumers may upload beside pictures
    revision: int = 0  # of the account's configuration: grows with every change of an install

    def __post_init__(self) -> None:
        self.users = Users(self.account_id)

    def is_empty(self) -> bool:
        """Whether nothing is registered at it any more."""
        return not (self.apps or self.users.registered() or self.surveys or self.campaigns or self.automatic_messages or self.file_types)

    def upload_types(self) -> tuple[str, ...]:
        """Every type that its consumers may upload."""
        return (*UPLOAD_TYPES, *self.file_types)

    def skills(self) -> dict[str, str]:
        """Skill id -> name, from all installs: in LivePerson skills belong to the account."""
        return {skill_id: name for app in self.apps.values() for skill_id, name in app.skills.items()}


class Accounts:
    """All accounts; one exists as long as anything is registered at it."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def get(self, account_id: str) -> Account | None:
        return self._accounts.get(account_id)

    def made(self, account_id: str) -> Account:
        """The account, which exists from now on."""
        return self._accounts.setdefault(account_id, Account(account_id))

    def tidy(self, account: Account) -> None:
        """Forget ``account`` if nothing is registered at it."""
        if account.is_empty():
            self._accounts.pop(account.account_id, None)

    def app(self, account_id: str, client_id: str) -> AppInstall | None:
        account = self._accounts.get(account_id)
        return account.apps.get(client_id) if account else None

    def enabled_apps(self, account_id: str) -> list[AppInstall]:
        account = self._accounts.get(account_id)
        return [app for app in account.apps.values() if app.enabled] if account else []

    def put(self, app: AppInstall) -> None:
        """Register ``app``, or replace the install of the same ids; tokens already issued stay as valid as they were."""
        account = self.made(app.account_id)
        account.revision += 1
        before = account.apps.get(app.client_id)
        if before:
            app.tokens_valid_from_s = before.tokens_valid_from_s
        account.apps[app.client_id] = app

    def remove(self, account_id: str, client_id: str) -> bool:
        """Whether the install was there."""
        account = self._accounts.get(account_id)
        if account is None or account.apps.pop(client_id, None) is None:
            return False
        account.revision += 1
        self.tidy(account)
        return True


def _endpoints(value: Any) -> dict[str, str]:
    if isinstance(value, str):
        value = dict.fromkeys(EVENT_TYPES, value)
    if not isinstance(value, dict):
        raise ValueError("endpoints must be one URL, or an object of event type: URL")
    unknown = set(value) - set(EVENT_TYPES)
    if unknown:
        raise ValueError(f"unknown event types {sorted(unknown)}; known are {list(EVENT_TYPES)}")
    for event_type, url in value.items():
        if not isinstance(url, str) or urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ValueError(f"the endpoint of {event_type} must be an http or https URL, not {url!r}")
    return dict(value)


def _headers(value: Any) -> list[dict[str, str]]:
    if not isinstance(value, list):
        raise ValueError('headers must be a list of {"header_name", "header_value"}')
    for header in value:
        is_pair = isinstance(header, dict) and set(header) == {"header_name", "header_value"}
        if not is_pair or not all(isinstance(text, str) and "\n" not in text and "\r" not in text for text in header.values()):
            raise ValueError('each header must be {"header_name": "...", "header_value": "..."}, on one line')
    return list(value)


def _signature(value: Any) -> Signature:
    if not isinstance(value, dict) or not set(value) <= {"algorithm", "encoding"}:
        raise ValueError('signature must be {"algorithm": ..., "encoding": ...}')
    signature = Signature(**value)
    if signature.algorithm not in ALGORITHMS or signature.encoding not in ENCODINGS:
        raise ValueError(f"signature.algorithm must be one of {ALGORITHMS}, signature.encoding one of {ENCODINGS}")
    return signature


def _skills(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value.values()):
        raise ValueError("skills must be an object of skill id: name")
    return dict(value)


def _whole(data: Mapping[str, Any], name: str, default: int | None, least: int, most: int) -> int | None:
    value = data.get(name, default)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most):
        raise ValueError(f"{name} must be a whole number from {least} to {most}")
    return value
