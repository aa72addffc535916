"""A provider for tests, with an API for its callback address: `PROVIDERS["pigeon"] = Pigeon()` for the time of a test."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field, SecretStr

from channels_app.models import Channel, LivePersonApp
from channels_app.providers.base import CallbackRequest, Capabilities, Provider, ProviderConfig, SendContext, Sent
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.events import Content, ParsedCallback

LOFT_KEY = "loft-key-0123456789-b7c8"


class PigeonConfig(ProviderConfig):
    """A loft's credentials."""

    loft: str = Field(min_length=1, title="Loft", description="The loft's name.")
    key: SecretStr = Field(title="Key", description="The loft's key.")


class Pigeon(Provider):
    """Registers with one call, removes with one, checks with two; refuses as HTTP statuses say."""

    slug = "pigeon"
    title = "Carrier Pigeon"
    config_model = PigeonConfig
    capabilities = Capabilities(max_text=140)
    event_types: dict[str, str] = {}  # noqa: RUF012  # declared so by the base
    registers_webhook = True

    def verify(self, request: CallbackRequest, config: Any, *, now: datetime) -> None:
        raise NotImplementedError

    def parse(self, request: CallbackRequest, config: Any) -> ParsedCallback:
        raise NotImplementedError

    def address(self, config: PigeonConfig) -> str:
        return config.loft

    def send(self, content: Content, config: Any, context: SendContext) -> Steps[Sent]:
        raise NotImplementedError

    def register_webhook(self, config: PigeonConfig, context: SendContext) -> Steps[str]:
        yield self._call("PUT", config, {"url": context.callback_url, "key": config.key.get_secret_value()}, "register_webhook")
        return f"{config.loft} now flies to {context.callback_url}"

    def remove_webhook(self, config: PigeonConfig, context: SendContext) -> Steps[str]:
        yield self._call("DELETE", config, {}, "remove_webhook")
        return f"{config.loft} flies no more"

    def check(self, config: PigeonConfig, context: SendContext) -> Steps[str]:
        yield self._call("GET", config, {}, "check_loft")
        yield self._call("GET", config, {}, "check_key")
        return f"connected to {config.loft}"

    @staticmethod
    def _call(method: str, config: PigeonConfig, payload: dict[str, str], purpose: str) -> HttpCall:
        return HttpCall.json(method, f"https://pigeons.example/{config.loft}/webhook", payload, purpose=purpose, effect=False)


def pigeon_channel(app: LivePersonApp, loft: str = "north") -> Channel:
    row = Channel(
        brand=app.brand, liveperson_app=app, provider="pigeon", name=f"Loft {loft}", address=loft, config={"loft": loft, "key": LOFT_KEY}
    )
    row.save()
    return row
