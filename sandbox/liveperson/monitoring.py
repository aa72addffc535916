"""The Monitoring API (service ``smt``): which campaign's engagement is offered to a consumer. It takes no authorization.

Source: https://developers.liveperson.com/monitoring-api-methods-engagement.html
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from aiohttp import web

from sandbox.liveperson.conversations import Conversation
from sandbox.liveperson.state import LivePersonState
from sandbox.liveperson.tokens import lp_consumer_id

VERSIONS = ("1.0", "1.1")
INTERNAL_ERROR = '{"time": 0, "message": "Loading account: the account is not loaded yet", "internalCode": 20}'


class MonitoringRoutes:
    def __init__(self, state: LivePersonState) -> None:
        self.state = state
        self._sessions: set[tuple[str, str, str]] = set()  # account, visitor, session

    async def engagement(self, request: web.Request) -> web.Response:
        """201 with a new session, 200 within one or during a conversation; ``engagementDetails`` only where something is offered.

        400 a field is wrong, 404 no such account or app.
        """
        account_id, client_id = request.match_info["account_id"], request.match_info["client_id"]
        account = self.state.accounts.get(account_id)
        if account is None or client_id not in account.apps:
            return self._refuse(request, 404, f"account {account_id!r} has no app {client_id!r}")
        try:
            data = json.loads(await request.read() or b"{}")
        except ValueError:
            return self._refuse(request, 400, "the body is not JSON")
        wrong = self._wrong(request, data)
        if wrong:
            return self._refuse(request, 400, wrong)
        visitor, session = request.query.get("vid", ""), request.query.get("sid", "")
        is_known = (account_id, visitor, session) in self._sessions
        if not is_known:
            visitor, session = visitor or secrets.token_urlsafe(16), secrets.token_urlsafe(16)
            self._sessions.add((account_id, visitor, session))
        answer: dict[str, Any] = {"sessionId": session, "visitorId": visitor, "pageId": str(secrets.randbelow(10**10))}
        campaign = next((each for each in account.campaigns if each.fits(data.get("entryPoints", []))), None)
        open_conversation = self._open_conversation(account_id, data)
        if open_conversation is not None:
            ids = {**(open_conversation.campaign_info or {"campaignId": -1, "engagementId": -1}), "engagementRevision": 1, "contextId": "1"}
            seen = {"status": "conversation", "conversationId": open_conversation.conversation_id}
            return web.json_response({**answer, "engagementDetails": [{**ids, **seen}]})
        if campaign is not None:
            details = {
                "campaignId": campaign.campaign_id,
                "engagementId": campaign.engagement_id,
                "engagementRevision": campaign.engagement_revision,
                "contextId": "1",
                "connectorId": campaign.connector_id,
                "status": "expose",
            }
            answer["engagementDetails"] = [details]
        return web.json_response(answer, status=200 if is_known else 201)

    def _open_conversation(self, account_id: str, data: dict[str, Any]) -> Conversation | None:
        """The consumer's open conversation; a consumer is known by ``consumerId`` or by the subject of an identity."""
        external_ids = [data.get("consumerId"), *(identity.get("sub") for identity in data.get("identities", []))]
        for external_id in (each for each in external_ids if isinstance(each, str)):
            consumer = self.state.consumers.get((account_id, lp_consumer_id(account_id, external_id)))
            if consumer is not None and consumer.open_conversation_id is not None:
                return self.state.conversations[consumer.open_conversation_id]
        return None

    @staticmethod
    def _wrong(request: web.Request, data: Any) -> str | None:
        if request.query.get("v") not in VERSIONS:
            return f"query parameter v must be one of {', '.join(VERSIONS)}"
        if not isinstance(data, dict):
            return "the body must be a JSON object"
        for name in ("identities", "entryPoints", "engagementAttributes"):
            if not isinstance(data.get(name, []), list):
                return f"{name} must be an array"
        if not all(isinstance(identity, dict) for identity in data.get("identities", [])):
            return "identities must be an array of objects"
        if not isinstance(data.get("clientProperties", {}), dict):
            return "clientProperties must be an object"
        return None

    def _refuse(self, request: web.Request, status: int, reason: str) -> web.Response:
        account_id = request.match_info["account_id"]
        self.state.kernel.ledger.record("liveperson.refused", call="monitoring", accountId=account_id, status=status, reason=reason)
        return web.json_response({"time": 0, "message": reason, "internalCode": status}, status=status)
