"""What one LivePerson app install on one account is configured with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from connector_platform.core.errors import ConfigurationError

DEFAULT_DOMAIN_API = "https://api.liveperson.net"
ANY_SKILL = "-1"

_ACCOUNT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Feature(StrEnum):
    """What a channel can show; LivePerson offers a conversation only what is declared.

    Source: https://developers.liveperson.com/connector-api-send-api-examples.html (archived copy, checked 2026-11).
    """

    AUTO_MESSAGES = "AUTO_MESSAGES"
    RICH_CONTENT = "RICH_CONTENT"
    QUICK_REPLIES = "QUICK_REPLIES"
    MULTI_DIALOG = "MULTI_DIALOG"
    FILE_SHARING = "FILE_SHARING"
    PHOTO_SHARING = "PHOTO_SHARING"


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePersonAppConfig:
    """One app install on one account, with the defaults of the conversations that it opens.

    ``domain_api`` is the Domain API's base URL; the services' URLs take its scheme, so ``http://127.0.0.1:8800`` reaches a sandbox.
    ``previous_client_secret`` still verifies webhooks while a secret is being changed; empty where there is none.
    ``campaign_id`` and ``engagement_id`` go together; ``skill_id`` empty leaves routing to LivePerson.
    ``ttr`` is ``NORMAL``, ``URGENT`` or ``PRIORITIZED``; empty sends none.
    ``client_properties`` are further fields of the Client-Properties header (``appVersion``, ``deviceFamily``, ``os`` ...).
    A channel that can show less than the app takes ``dataclasses.replace(app, features=...)``.

    Raises:
        ConfigurationError: no usable account id or client id, or ``domain_api`` is no http(s) URL.
    """

    account_id: str
    client_id: str
    client_secret: str = field(repr=False)
    previous_client_secret: str = field(default="", repr=False)
    domain_api: str = DEFAULT_DOMAIN_API
    skill_id: str = ""
    campaign_id: str = ""
    engagement_id: str = ""
    ttr: str = "NORMAL"
    features: tuple[str, ...] = tuple(Feature)
    language: str = ""
    client_properties: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not _ACCOUNT_ID.fullmatch(self.account_id):
            raise ConfigurationError("the LivePerson account id must be 1 to 64 letters, digits, hyphens or underscores")
        if not self.client_id:
            raise ConfigurationError(f"account {self.account_id}: the app install's client id is missing")
        try:
            address = urlsplit(self.domain_api)
        except ValueError:
            address = urlsplit("")
        if address.scheme not in ("http", "https") or not address.netloc:
            raise ConfigurationError(f"account {self.account_id}: the Domain API must be an http or https URL")

    @property
    def scheme(self) -> str:
        """``https``, or ``http`` where the Domain API itself is called so."""
        return urlsplit(self.domain_api).scheme

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The secrets that may have signed a webhook: the current one, then the previous one."""
        return tuple(secret for secret in (self.client_secret, self.previous_client_secret) if secret)
