"""LivePerson, as a connector and an agent see it: Domain API, Sentinel, IDP, Send API, file storage, webhooks, agents.

``install`` adds it to an application; nothing is known of any account until the control API registers an app install.

For the pages, ``state(app)`` is the one ``LivePersonState`` of the process:

- ``state.accounts`` iterates over ``Account``; ``account.apps`` by client id, ``account.skills()`` skill id -> name.
- ``state.conversations`` maps conversation id -> ``Conversation``; ``conversation.view()`` is the JSON of the control API, also published
  on the kernel's bus under ``conversation`` at every change. In ``messages``, ``event`` is the event as it went over the wire (structured
  content in ``event.content`` and ``event.quickReplies``, a file in ``event.message.relativePath``).
- ``state.files.get(relative_path)`` is a stored file (``data``, ``content_type``), without the signature that the wire demands.
- ``state.webhooks.status()`` says what is pending and what was tried lately.

What the agent does is in ``sandbox.liveperson.agents``: ``join``, ``leave``, ``transfer``, ``text``, ``private``, ``rich``, ``file``,
``typing``, ``read``, ``accept``, ``close``, ``resume``; each takes the state and a conversation id, and raises ``UnknownConversation``,
``ConversationClosed`` or ``BadAction``.
"""

from __future__ import annotations

from aiohttp import web

from sandbox.kernel import Kernel
from sandbox.liveperson.domains import DomainRoutes
from sandbox.liveperson.faulty import faulty
from sandbox.liveperson.files import CONTAINER, FileRoutes
from sandbox.liveperson.identity import IdentityRoutes
from sandbox.liveperson.sendapi import SendRoutes
from sandbox.liveperson.state import LivePersonState

__all__ = ["LivePersonState", "install", "state"]

_STATE = web.AppKey("liveperson", LivePersonState)


def state(app: web.Application) -> LivePersonState:
    """The LivePerson of an application into which it was installed."""
    return app[_STATE]


def install(app: web.Application, kernel: Kernel) -> None:
    """Add LivePerson's routes to ``app``, and its webhooks to the application's life."""
    liveperson = app[_STATE] = LivePersonState(kernel)
    kernel.on_reset.append(liveperson.reset)
    app.cleanup_ctx.append(liveperson.webhooks.lifespan)

    domains, identity, send, files = DomainRoutes(liveperson), IdentityRoutes(liveperson), SendRoutes(liveperson), FileRoutes(liveperson)
    account = "/api/account/{account_id}"
    consumer = "/api/account/{account_id:[^/]*}/messaging/consumer"  # an empty account has an error of its own
    stored = CONTAINER + "/{path:.+}"
    calls = (
        ("GET", account + "/service/baseURI.json", "domains", domains.all),
        ("GET", account + "/service/{service}/baseURI.json", "domains", domains.one),
        ("POST", "/sentinel" + account + "/app/token", "sentinel", identity.app_token),
        ("POST", account + "/consumer", "idp", identity.consumer_token),
        ("POST", consumer + "/conversation", "conversation", send.conversation),
        ("POST", consumer + "/conversation/send", "send", send.send),
        ("PUT", stored, "files", files.upload),
        ("GET", stored, "files", files.download),
    )
    for method, path, target, handler in calls:
        app.router.add_route(method, path, faulty(kernel, f"liveperson.{target}", handler))
    app.router.add_route("OPTIONS", stored, files.preflight)
