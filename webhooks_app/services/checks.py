"""Asking the vendor whether a channel's credentials work, and LivePerson whether an app's do."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import structlog
from django.conf import settings
from django_scopes import scopes_disabled

from channels_app.models import Channel
from channels_app.providers.base import SendContext
from channels_app.selectors import configs
from channels_app.selectors.configs import ChannelConfig
from channels_app.services.channels import note_credentials, update_channel
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.clock import monotonic_s, now
from connector_platform.core.errors import DeliveryError, Unreachable
from connector_platform.core.http import HttpClient
from connector_platform.core.ids import uuid7
from connector_platform.liveperson.domains import fetch_domains
from connector_platform.liveperson.tokens import fetch_app_jwt
from webhooks_app.delivery.steps import Runner
from webhooks_app.worker import make_client

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """What the far side said: a sentence for the operator, and ``ok`` or the error's code. ``was_asked``: whether a call was made."""

    ok: bool
    code: str
    message: str
    was_asked: bool = False


@lru_cache(maxsize=1)
def _client() -> HttpClient:
    return make_client()


class HurriedClient(HttpClient):
    """``client`` for somebody who waits before a page: all its calls together end within the time that one of them may take."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._ends_s = monotonic_s() + settings.HTTP_TIMEOUT_S

    def execute(self, call: HttpCall) -> HttpResponse:
        """As the client's.

        Raises:
            Unreachable: the time is over.
        """
        left_s = self._ends_s - monotonic_s()
        if left_s <= 0:
            raise Unreachable(f"the far side took longer than {settings.HTTP_TIMEOUT_S:g} s")
        return self._client.execute(replace(call, timeout_s=min(left_s, call.timeout_s or left_s)))


def check_channel(channel_id: uuid.UUID) -> Checked:
    """The provider's own cheap call, made now. Nothing is sent to a consumer and no state changes.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    return ask_vendor(channel_id, lambda channel, context: channel.provider.check(channel.config, context), what="check")


def ask_vendor(channel_id: uuid.UUID, steps: Callable[[ChannelConfig, SendContext], Steps[str]], *, what: str) -> Checked:
    """What the vendor says to ``steps``, asked now with what is stored. ``what`` names them in the log.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    configs.forget()  # the operator asks about what was saved a moment ago, perhaps in another process
    channel = configs.channel(channel_id)
    if channel is None:
        return Checked(False, "channel_gone", "The channel was deleted, or its provider is not a part of this installation.")
    if channel.unreadable:
        return Checked(False, "channel_unreadable", _sentence(channel.unreadable))
    runner = Runner(HurriedClient(_client()), secrets=channel.secrets)
    try:
        message = runner.run(steps(channel, _context(channel)), interpret=channel.provider.interpret)
    except DeliveryError as error:
        result = Checked(False, error.code, _sentence(runner.clean(error.message)), bool(runner.tries))
    else:
        result = Checked(True, "ok", _sentence(runner.clean(message)), bool(runner.tries))
    log.info("vendor_asked", channel_id=str(channel.id), what=what, code=result.code)
    return result


def renew_credentials(channel_id: uuid.UUID) -> Checked | None:
    """Exchange the channel's credentials for fresh ones and store them; None where they have no end. A refusal is noted at the channel.

    Where an operator stored others in the meantime, those stay.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    result = _renew(channel_id)
    note_credentials(channel_id, result.message if result is not None and not result.ok else "")
    return result


def _renew(channel_id: uuid.UUID) -> Checked | None:
    configs.forget()
    channel = configs.channel(channel_id)
    if channel is None or channel.unreadable or not channel.provider.renews_credentials:
        return None
    runner = Runner(_client(), secrets=channel.secrets)
    try:
        fresh = runner.run(channel.provider.renew_credentials(channel.config, _context(channel)), interpret=channel.provider.interpret)
    except DeliveryError as error:
        log.error("credentials_not_renewed", channel_id=str(channel.id), channel=channel.name, code=error.code)
        return Checked(False, error.code, _sentence(runner.clean(error.message)), bool(runner.tries))
    if not fresh:
        return None
    configs.forget()
    stored = configs.channel(channel_id)
    if stored is None or stored.config != channel.config:
        return Checked(True, "ok", "Somebody else stored others meanwhile.", True)
    with scopes_disabled():
        update_channel(Channel.objects.get(pk=channel_id), config=fresh, merge=True)
    configs.forget()
    log.info("credentials_renewed", channel_id=str(channel.id))
    return Checked(True, "ok", "Renewed.", True)


def _context(channel: ChannelConfig) -> SendContext:
    return SendContext(
        to="",
        message_id=str(uuid7()),
        channel_id=str(channel.id),
        callback_url=channel.callback_url,
        now=now(),
        app=channel.app.config if channel.app else None,
        api_base=settings.PROVIDER_API_BASES.get(channel.provider.slug, ""),
    )


def check_liveperson_app(app_id: uuid.UUID) -> Checked:
    """Find the account's services and fetch a token, now. The token is thrown away; nothing is sent and no state changes.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    configs.forget()
    client = HurriedClient(_client())
    runner = Runner(client)
    try:
        app = configs.liveperson_app(app_id)
        if app is None:
            return Checked(False, "liveperson_app_gone", "The LivePerson app was deleted.")
        runner = Runner(client, secrets=app.webhook_secrets)
        runner.run(fetch_app_jwt(app.config, runner.run(fetch_domains(app.config))))
    except DeliveryError as error:
        result = Checked(False, error.code, _sentence(runner.clean(error.message)), bool(runner.tries))
    else:
        result = Checked(True, "ok", f"LivePerson knows account {app.config.account_id} and takes this client id and secret.", True)
    log.info("liveperson_app_checked", liveperson_app_id=str(app_id), code=result.code)
    return result


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."
