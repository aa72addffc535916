"""Asking the vendor whether a channel's credentials work."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import lru_cache

import structlog
from django.conf import settings

from channels_app.providers.base import SendContext
from channels_app.selectors import configs
from connector_platform.core.clock import now
from connector_platform.core.errors import DeliveryError
from connector_platform.core.http import HttpClient
from connector_platform.core.ids import uuid7
from webhooks_app.delivery.steps import Runner
from webhooks_app.worker import make_client

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """What the vendor said: a sentence for the operator, and ``ok`` or the error's code."""

    ok: bool
    code: str
    message: str


@lru_cache(maxsize=1)
def _client() -> HttpClient:
    return make_client()


def check_channel(channel_id: uuid.UUID) -> Checked:
    """The provider's own cheap call, made now. Nothing is sent to a consumer and no state changes.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    configs.forget()  # the operator asks about what was saved a moment ago, perhaps in another process
    channel = configs.channel(channel_id)
    if channel is None:
        return Checked(False, "channel_gone", "The channel was deleted, or its provider is not a part of this installation.")
    context = SendContext(
        to="",
        message_id=str(uuid7()),
        channel_id=str(channel.id),
        callback_url=channel.callback_url,
        now=now(),
        app=channel.app.config if channel.app else None,
        api_base=settings.PROVIDER_API_BASES.get(channel.provider.slug, ""),
    )
    runner = Runner(_client(), secrets=channel.secrets)
    try:
        message = runner.run(channel.provider.check(channel.config, context), interpret=channel.provider.interpret)
    except DeliveryError as error:
        result = Checked(False, error.code, _sentence(runner.clean(error.message)))
    else:
        result = Checked(True, "ok", _sentence(runner.clean(message)))
    log.info("channel_checked", channel_id=str(channel.id), code=result.code)
    return result


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
