"""Rows, callbacks, notifications and a worker for the engine's tests."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django_scopes import scopes_disabled

from channels_app.models import Brand, Channel, Consumer, Conversation, LivePersonApp, ProviderApp
from channels_app.providers._meta.verify import signature
from channels_app.selectors import configs
from connector_platform.database import run
from connector_platform.liveperson.notifications import parse_notification
from tests.webhooks_app.far_side import FarSide, lp_id
from webhooks_app import lanes
from webhooks_app.delivery.engine import Engine
from webhooks_app.models import Attempt, Event, Lane, UnreadableBody
from webhooks_app.notifications import Ingested
from webhooks_app.receive import store_notifications

META_SECRET = "meta-app-secret-0001"
VERIFY_TOKEN = "verify me please"
PAGE_TOKEN = "EAAcanaryPageToken0000001"
CLIENT_SECRET = "rl9hacst6kqilbofup64n11ga3"
SMS_SECRET = "sms-inbound-secret-0001"
PAGE = "108800000000017"
PERSON = "24500000000000031"
AGENT = "a1b2c3d4-0000-4000-8000-000000000001"


def brand(slug: str = "acme", **fields: Any) -> Brand:
    return Brand.objects.create(name=slug.title(), slug=slug, **fields)


def liveperson_app(owner: Brand, account_id: str = "1234567", client_id: str = "") -> LivePersonApp:
    row = LivePersonApp(
        brand=owner,
        name="Connector",
        account_id=account_id,
        client_id=client_id or f"client-{owner.slug}",
        client_secret=CLIENT_SECRET,
        domain_api="https://api.lp.example",
    )
    row.save()
    return row


def meta_app(owner: Brand | None = None) -> ProviderApp:
    config = {"app_id": "1517776481860111", "app_secret": META_SECRET, "verify_token": VERIFY_TOKEN}
    return ProviderApp.objects.create(brand=owner, provider="messenger", name="Meta app", config=config)


def page(app: LivePersonApp, vendor: ProviderApp, page_id: str = PAGE) -> Channel:
    row = Channel(
        brand=app.brand,
        liveperson_app=app,
        provider="messenger",
        provider_app=vendor,
        name=f"Page {page_id}",
        address=page_id,
        config={"page_id": page_id, "page_access_token": PAGE_TOKEN},
    )
    row.save()
    return row


def sms(app: LivePersonApp, sender: str = "+15550100", **outbound: Any) -> Channel:
    config = {
        "sender": sender,
        "inbound": {"auth": {"kind": "hmac", "header": "X-Signature", "secret": SMS_SECRET}},
        "outbound": {
            "url": "https://sms.example.com/send",
            "auth": {"kind": "basic", "username": "demo", "password": "canary-gateway-password"},
            "message_id": {"json_path": "id"},
            **outbound,
        },
    }
    row = Channel(brand=app.brand, liveperson_app=app, provider="sms_gateway", name="SMS", address=sender, config=config)
    row.save()
    return row


# What arrives: callbacks.


def said(text: str, mid: str, *, person: str = PERSON, to: str = PAGE) -> dict[str, Any]:
    """One element of Meta's ``messaging``: a text message."""
    return element(message={"mid": mid, "text": text}, person=person, to=to)


def element(*, person: str = PERSON, to: str = PAGE, timestamp: int | None = None, **kind: Any) -> dict[str, Any]:
    return {"sender": {"id": person}, "recipient": {"id": to}, "timestamp": now_ms() if timestamp is None else timestamp, **kind}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def meta_body(*elements: Any) -> bytes:
    """Meta's webhook with these elements, one entry a page."""
    entries = [{"id": one["recipient"]["id"], "time": 1793001600000, "messaging": [one]} for one in elements]
    return json.dumps({"object": "page", "entry": entries}, separators=(",", ":")).encode()


def meta_headers(body: bytes, secret: str = META_SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": signature(body, secret), "Content-Type": "application/json"}


def sms_headers(body: bytes) -> dict[str, str]:
    return {"X-Signature": hmac.new(SMS_SECRET.encode(), body, hashlib.sha256).hexdigest(), "Content-Type": "application/json"}


def lp_headers(
    body: bytes, app: LivePersonApp, *, secret: str = CLIENT_SECRET, algorithm: str = "sha1", hexadecimal: bool = False
) -> dict[str, str]:
    digest = hmac.digest(secret.encode(), body, algorithm)
    value = digest.hex() if hexadecimal else base64.b64encode(digest).decode()
    return {
        "X-Liveperson-Account-Id": app.account_id,
        "X-Liveperson-Client-Id": app.client_id,
        "X-Liveperson-Signature": f"{algorithm}={value}",
        "Content-Type": "application/json",
    }


# What arrives: LivePerson's notifications.


def event_change(
    conversation_id: str,
    sequence: int | None,
    event: dict[str, Any],
    *,
    role: str | None = "ASSIGNED_AGENT",
    originator: str = AGENT,
    dialog_id: str = "",
    audience: str | None = "ALL",
) -> dict[str, Any]:
    change: dict[str, Any] = {
        "originatorId": originator,
        "event": event,
        "conversationId": conversation_id,
        "dialogId": dialog_id or conversation_id,
    }
    if role is not None:
        change["originatorMetadata"] = {"id": originator, "role": role}
    if sequence is not None:
        change |= {"sequence": sequence, "serverTimestamp": 1793001600000 + sequence}
    if audience is not None:
        change["messageAudience"] = audience
    return change


def text_change(conversation_id: str, sequence: int, text: str, **fields: Any) -> dict[str, Any]:
    return event_change(conversation_id, sequence, {"type": "ContentEvent", "message": text, "contentType": "text/plain"}, **fields)


def accept_change(conversation_id: str, sequence: int, about: Sequence[int], status: str = "READ", **fields: Any) -> dict[str, Any]:
    return event_change(conversation_id, sequence, {"type": "AcceptStatusEvent", "status": status, "sequenceList": list(about)}, **fields)


def typing_change(conversation_id: str, state: str = "COMPOSING", **fields: Any) -> dict[str, Any]:
    return event_change(conversation_id, None, {"type": "ChatStateEvent", "chatState": state}, **fields)


def state_change(
    conversation_id: str,
    consumer_id: str,
    *,
    stage: str = "OPEN",
    state: str = "",
    at_ms: int = 1793001600000,
    dialogs: Sequence[Any] = (),
    skill: str = "558327413",
    agents: Sequence[str] = (),
    close_reason: str = "",
) -> dict[str, Any]:
    details = {
        "skillId": skill,
        **({"closeReason": close_reason} if close_reason else {}),
        "participants": [{"id": consumer_id, "role": "CONSUMER"}, *({"id": agent, "role": "ASSIGNED_AGENT"} for agent in agents)],
        "dialogs": [{"dialogId": conversation_id, "dialogType": "MAIN", "state": state or stage}, *dialogs],
        "brandId": "1234567",
        "state": state or stage,
        "stage": stage,
        "startTs": at_ms,
        "metaDataLastUpdateTs": at_ms,
    }
    return {"type": "UPSERT", "result": {"convId": conversation_id, "effectiveTTR": -1, "conversationDetails": details}}


def webhook_body(*changes: Any) -> bytes:
    return json.dumps({"kind": "notification", "body": {"changes": list(changes)}, "type": "ms.MessagingEventNotification"}).encode()


# How it arrives.


@dataclass
class Answered:
    """What a WSGI application answered."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Upload(io.RawIOBase):
    """A request's body as a server gives it, which may hand out less than it was asked for."""

    data: bytes
    piece: int = 1 << 30
    taken: int = field(default=0, init=False)

    def read(self, size: int = -1) -> bytes:
        wanted = len(self.data) - self.taken if size is None or size < 0 else size
        found = self.data[self.taken : self.taken + min(wanted, self.piece)]
        self.taken += len(found)
        return found


def send(
    application: Callable[..., Any],
    path: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    method: str = "POST",
    query: str = "",
    chunked: bool = False,
    upload: Upload | None = None,
) -> Answered:
    """The answer of a WSGI application to one request."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_HOST": "localhost:8000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": upload or Upload(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if chunked:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    elif body:
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    started: list[Any] = []
    result = application(environ, lambda status, fields, exc_info=None: started.append((status, fields)))
    data = b"".join(result)
    if hasattr(result, "close"):
        result.close()
    status, fields = started[0]
    return Answered(int(status.split()[0]), dict(fields), data)


class World:
    """One brand with a Messenger page and an SMS number, a scripted far side, and a worker that works only when it is told to."""

    def __init__(self) -> None:
        self.brand = brand()
        self.app = liveperson_app(self.brand)
        self.meta = meta_app()
        self.channel = page(self.app, self.meta)
        self.far = FarSide()
        self.engine = Engine("tests", self.far)
        self._mids = 0

    def new_engine(self, name: str = "tests-2") -> Engine:
        """A worker process that knows nothing yet."""
        return Engine(name, self.far)

    # Arrivals.

    def callback_path(self, channel: Channel | None = None) -> str:
        return f"/callbacks/{(channel or self.channel).provider}/{(channel or self.channel).id}"

    def consumer_says(self, text: str, *, person: str = PERSON, mid: str = "") -> str:
        """A Messenger callback with one text; the message's id."""
        self._mids += 1
        mid = mid or f"mid-{self._mids}"
        assert self.consumer_does(said(text, mid, person=person)).status == 200
        return mid

    def consumer_does(self, *elements: Any) -> Answered:
        from connector_platform import wsgi

        body = meta_body(*elements)
        return send(wsgi.application, self.callback_path(), body, meta_headers(body))

    def gateway_posts(self, channel: Channel, path: str, payload: Any) -> Answered:
        from connector_platform import wsgi

        body = json.dumps(payload).encode()
        return send(wsgi.application, self.callback_path(channel) + path, body, sms_headers(body))

    def notify(self, *changes: Any, app: LivePersonApp | None = None) -> Ingested:
        """LivePerson's webhook, already verified."""
        config = configs.liveperson_app((app or self.app).id)
        assert config is not None
        parsed = parse_notification(webhook_body(*changes))
        assert not parsed.unreadable
        return store_notifications(config, parsed.notifications)

    # Work.

    def work(self, engine: Engine | None = None, *, rounds: int = 50) -> int:
        """Drain what is due until nothing is; how many events were taken to an end."""
        ended = 0
        for _ in range(rounds):
            claims = lanes.claim((engine or self.engine).worker, 20)
            if not claims:
                return ended
            ended += sum((engine or self.engine).drain(claim) for claim in claims)
        raise AssertionError(f"still lanes due after {rounds} rounds")

    def later(self, *states: str) -> None:
        """The waits of retries and gaps are over."""
        run("UPDATE webhooks_app_lane SET due_at = now() WHERE state = ANY(%s)", [list(states or ("ready", "gap"))])

    def work_on(self, engine: Engine | None = None, *, times: int = 1) -> int:
        """Let waits pass and work, ``times`` times."""
        ended = 0
        for _ in range(times):
            self.later()
            ended += self.work(engine)
        return ended

    def decide(self, channel: Channel | None = None, **options: Any) -> None:
        """The operator sets options of a channel."""
        row = channel or self.channel
        row.options = options
        row.save()

    def crash(self, *events: Event) -> None:
        """The worker died with the lanes of ``events`` (or all that it held): their leases have run out."""
        run("UPDATE webhooks_app_lane SET state = 'leased', due_at = now() - interval '1 second', token = token + 1, worker = 'dead'")

    def passes(self, seconds: float) -> None:
        """So much time goes by for typing and surveys."""
        for table, columns in (("typing", ("again_at", "ends_at")), ("survey", ("expires_at",))):
            for column in columns:
                run(f"UPDATE webhooks_app_{table} SET {column} = {column} - make_interval(secs => %s)", [seconds])  # noqa: S608  our own names

    # What became of it.

    def open_conversation(self, *, person: str = PERSON, text: str = "hello") -> str:
        """A consumer's first message was delivered; LivePerson's id of the conversation. The far side's calls are forgotten."""
        self.consumer_says(text, person=person)
        self.work()
        self.far.calls.clear()
        return self.far.created[-1]

    def consumer(self, external_id: str = PERSON) -> Consumer:
        with scopes_disabled():
            return Consumer.objects.get(external_id=external_id)

    def lp_consumer_id(self, external_id: str = PERSON) -> str:
        return lp_id(self.consumer(external_id).ext_consumer_id)

    def conversations(self) -> list[Conversation]:
        with scopes_disabled():
            return list(Conversation.objects.order_by("created_at"))

    def events(self, **conditions: Any) -> list[Event]:
        with scopes_disabled():
            return list(Event.objects.filter(**conditions).order_by("id"))

    def event(self, **conditions: Any) -> Event:
        found = self.events(**conditions)
        assert len(found) == 1, [(one.kind, one.state, one.outcome) for one in found]
        return found[0]

    def lanes(self, **conditions: Any) -> list[Lane]:
        with scopes_disabled():
            return list(Lane.objects.filter(**conditions).order_by("id"))

    def lane(self, **conditions: Any) -> Lane:
        (found,) = self.lanes(**conditions)
        return found

    def attempts(self, **conditions: Any) -> list[Attempt]:
        with scopes_disabled():
            return list(Attempt.objects.filter(**conditions).order_by("id"))

    def unreadable(self) -> list[UnreadableBody]:
        return list(UnreadableBody.objects.all())


def ended(event: Event) -> tuple[str, str]:
    """How it ended."""
    return event.state, event.outcome


def everything_in_the_database() -> str:
    """Every value of every table as text, binary ones decoded: for looking for words that must not be there."""
    tables = [row[0] for row in run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    found = []
    for table in tables:
        for row in run(f'SELECT * FROM "{table}"'):  # noqa: S608  PostgreSQL's own names
            found.extend(bytes(value).decode("utf-8", "replace") if isinstance(value, bytes | memoryview) else str(value) for value in row)
    return "\n".join(found)


def deadlocks() -> int:
    """How many deadlocks PostgreSQL has broken in this database."""
    run("SELECT pg_stat_force_next_flush()")
    return int(run("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[0][0])
