"""The control API: a test or a script registers connectors, plays the agent, breaks things, and reads what happened.

Answers are JSON; an error is ``{"error": sentence}``. It has no authentication: the sandbox is for a developer's own machine.
The part of the consumers' phones is added by ``sandbox.phones``.
"""

from __future__ import annotations

from aiohttp import web

from sandbox import liveperson
from sandbox.calls import CallRoutes
from sandbox.control.accounts import AccountRoutes
from sandbox.control.agents import AgentRoutes
from sandbox.control.configuration import ConfigurationRoutes
from sandbox.control.consumers import ConsumerRoutes
from sandbox.control.errors import answering_errors
from sandbox.control.operations import OperationRoutes
from sandbox.kernel import Kernel

__all__ = ["install"]


def install(app: web.Application, kernel: Kernel) -> None:
    """Add the control routes and ``GET /health`` to ``app``; LivePerson must have been installed before."""
    state = liveperson.state(app)
    accounts, agents, operations = AccountRoutes(state), AgentRoutes(state), OperationRoutes(kernel, state)
    configuration = ConfigurationRoutes(state, liveperson.hub(app), liveperson.sessions(app))
    consumers, calls = ConsumerRoutes(state), CallRoutes(liveperson.calls(app))
    account = "/control/accounts/{account_id}"
    install_path = account + "/apps/{client_id}"
    agent, survey = account + "/agents/{username}", account + "/surveys/{skill_id}"
    conversation = "/control/conversations/{conversation_id}"
    routes = (
        ("GET", "/health", operations.health),
        ("GET", "/control/accounts", accounts.list),
        ("PUT", install_path, accounts.put),
        ("DELETE", install_path, accounts.delete),
        ("POST", install_path + "/revoke-tokens", accounts.revoke_tokens),
        ("GET", account + "/agents", configuration.agents),
        ("PUT", agent, configuration.put_agent),
        ("DELETE", agent, configuration.delete_agent),
        ("POST", agent + "/disconnect", configuration.disconnect_agent),
        ("GET", account + "/surveys", configuration.surveys),
        ("PUT", survey, configuration.put_survey),
        ("DELETE", survey, configuration.delete_survey),
        ("GET", account + "/automatic-messages", configuration.automatic_messages),
        ("PUT", account + "/automatic-messages", configuration.put_automatic_messages),
        ("GET", account + "/campaigns", configuration.campaigns),
        ("PUT", account + "/campaigns", configuration.put_campaigns),
        ("GET", account + "/file-types", configuration.file_types),
        ("PUT", account + "/file-types", configuration.put_file_types),
        ("GET", "/control/certificate", operations.certificate),
        ("GET", "/control/conversations", agents.list),
        ("GET", conversation, agents.one),
        ("POST", conversation + "/agent/{action}", agents.act),
        ("POST", account + "/conversations", consumers.open),
        ("POST", conversation + "/consumer/{action}", consumers.act),
        ("GET", "/control/files/{path:.+}", agents.file),
        ("GET", "/control/faults", operations.faults),
        ("PUT", "/control/faults", operations.put_faults),
        ("DELETE", "/control/faults", operations.delete_faults),
        ("GET", "/control/ledger", operations.ledger),
        ("DELETE", "/control/ledger", operations.clear_ledger),
        ("GET", "/control/calls", calls.list),
        ("DELETE", "/control/calls", calls.clear),
        ("POST", "/control/reset", operations.reset),
        ("PUT", "/control/time-scale", operations.time_scale),
        ("GET", "/control/webhooks", operations.webhooks),
        ("POST", "/control/webhooks/retry", operations.retry_webhooks),
        ("GET", "/control/options", operations.options),
        ("PUT", "/control/options", operations.put_options),
    )
    for method, path, handler in routes:
        app.router.add_route(method, path, answering_errors(handler))
