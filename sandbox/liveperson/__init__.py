"""LivePerson, as a connector and an agent see it: Domain API, Sentinel, IDP, Send API, file storage, webhooks, agents.

``install`` adds it to an application; nothing is known of any account until the control API registers an app install.

For the pages, ``state(app)`` is the one ``LivePersonState`` of the process:

- ``state.accounts`` iterates over ``Account``; ``account.apps`` by client id, ``account.skills()`` skill id -> name.
- ``state.conversations`` maps conversation id -> ``Conversation``; ``conversation.view()`` is the JSON of the control API, also published
  on the kernel's bus under ``conversation`` at every change. In ``messages``, ``event`` is the event as it went over the wire (structured
  content in ``event.content`` and ``event.quickReplies``, a file in ``event.message.relativePath``).
- ``state.files.get(relative_path)`` is a stored file (``data``, ``content_type``), without the signature that the wire demands.
- ``state.webhooks.status()`` says what is pending and what was tried lately.

What the agent does is in ``sandbox.liveperson.agents``: ``join``, ``leave``, ``transfer``, ``suggest``, ``text``, ``private``, ``rich``,
``file``, ``form``, ``typing``, ``read``, ``accept``, ``ttr``, ``due``, ``delay``, ``close``, ``close_all``, ``auto_close``, ``resume``; each takes
the state and a conversation id, and raises ``UnknownConversation``, ``ConversationClosed`` or ``BadAction``. Agents and bots that log in
and speak over the websocket are in ``hub(app)``.
"""

from __future__ import annotations

from aiohttp import web

from sandbox.calls import CallLog, logged
from sandbox.kernel import Kernel
from sandbox.liveperson.agent_socket import AgentSocketRoutes
from sandbox.liveperson.bots import Bots
from sandbox.liveperson.configuration import ConfigurationRoutes
from sandbox.liveperson.domains import DomainRoutes
from sandbox.liveperson.faulty import faulty
from sandbox.liveperson.files import CONTAINER, FileRoutes
from sandbox.liveperson.history import HistoryRoutes
from sandbox.liveperson.identity import IdentityRoutes
from sandbox.liveperson.monitoring import INTERNAL_ERROR, MonitoringRoutes
from sandbox.liveperson.ratelimit import RateLimit
from sandbox.liveperson.sendapi import SendRoutes
from sandbox.liveperson.sessions import LoginRoutes, Sessions
from sandbox.liveperson.state import LivePersonState
from sandbox.liveperson.subscriptions import Hub

__all__ = ["LivePersonState", "calls", "hub", "install", "sessions", "state"]

_STATE = web.AppKey("liveperson", LivePersonState)
_CALLS = web.AppKey("calls", CallLog)
_HUB = web.AppKey("agents", Hub)
_SESSIONS = web.AppKey("sessions", Sessions)


def state(app: web.Application) -> LivePersonState:
    """The LivePerson of an application into which it was installed."""
    return app[_STATE]


def calls(app: web.Application) -> CallLog:
    """What the LivePerson of an application was asked."""
    return app[_CALLS]


def hub(app: web.Application) -> Hub:
    """The agents connected to the LivePerson of an application."""
    return app[_HUB]


def sessions(app: web.Application) -> Sessions:
    """The logins of agents and administrators."""
    return app[_SESSIONS]


def install(app: web.Application, kernel: Kernel) -> None:
    """Add LivePerson's routes to ``app``, and its webhooks to the application's life."""
    liveperson = app[_STATE] = LivePersonState(kernel)
    agents, logins = app[_HUB], app[_SESSIONS] = Hub(liveperson), Sessions()
    bots = Bots(liveperson)
    app[_CALLS] = CallLog()
    kernel.on_reset += [liveperson.reset, agents.clear, bots.clear, app[_CALLS].clear]
    app.cleanup_ctx.append(liveperson.webhooks.lifespan)

    domains, identity, send, files = DomainRoutes(liveperson), IdentityRoutes(liveperson), SendRoutes(liveperson), FileRoutes(liveperson)
    login, socket = LoginRoutes(liveperson, logins), AgentSocketRoutes(agents, logins)
    configuration, history, monitoring = ConfigurationRoutes(liveperson, logins), HistoryRoutes(liveperson), MonitoringRoutes(liveperson)
    limited = RateLimit(liveperson).limited
    app.on_shutdown.append(socket.close)
    account = "/api/account/{account_id}"
    consumer = "/api/account/{account_id:[^/]*}/messaging/consumer"  # an empty account has an error of its own
    stored = CONTAINER + "/{path:.+}"
    installs = account + "/configuration/app-install/installations"
    routes = (
        ("GET", account + "/service/baseURI.json", "domains", domains.all),
        ("GET", account + "/service/baseURI", "domains", domains.all),
        ("GET", account + "/service/{service}/baseURI.json", "domains", domains.one),
        ("GET", account + "/service/{service}/baseURI", "domains", domains.one),
        ("POST", "/sentinel" + account + "/app/token", "sentinel", identity.app_token),
        ("POST", account + "/consumer", "idp", identity.consumer_token),
        ("POST", consumer + "/conversation", "conversation", limited("conversation", send.conversation)),
        ("POST", consumer + "/conversation/send", "send", limited("send", send.send)),
        ("POST", account + "/conversation", "conversation", send.former),
        ("POST", account + "/conversation/{conversation_id}/{call}", "send", send.former),
        ("POST", account + "/login", "login", login.login),
        ("POST", account + "/refresh", "login", login.refresh),
        ("GET", "/ws_api/account/{account_id}/messaging/brand/{bearer}", "agent", socket.connect),
        ("GET", installs, "config", configuration.installs),
        ("POST", installs, "config", configuration.create),
        ("GET", installs + "/{app_id}", "config", configuration.one),
        ("PUT", installs + "/{app_id}", "config", configuration.change),
        ("POST", installs + "/{app_id}", "config", configuration.change),
        ("DELETE", installs + "/{app_id}", "config", configuration.remove),
        ("GET", account + "/configuration/provision/featureGrants", "config", configuration.feature_grants),
        ("POST", account + "/app/{client_id}/engagement", "monitoring", monitoring.engagement),
        ("POST", "/messaging_history" + account + "/conversations/conversation/search", "history", history.search),
        ("PUT", stored, "files", files.upload),
        ("GET", stored, "files", files.download),
    )
    bodies = {"monitoring": INTERNAL_ERROR}  # what a fault's status answers where the fault brings no body
    for method, path, target, handler in routes:
        misbehaving = faulty(kernel, f"liveperson.{target}", handler, bodies.get(target, ""))
        app.router.add_route(method, path, logged(app[_CALLS], target, misbehaving))
    app.router.add_route("OPTIONS", stored, files.preflight)
