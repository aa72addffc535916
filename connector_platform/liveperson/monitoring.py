"""The Monitoring API: which campaign's engagement is offered to a person, and which conversation is open with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ServerFault
from connector_platform.liveperson.app import LivePersonAppConfig
from connector_platform.liveperson.conversation import Routing
from connector_platform.liveperson.domains import Service, service_url
from connector_platform.liveperson.errors import Purpose, interpret
from connector_platform.liveperson.sdes import Consumer, lp_sdes


@dataclass(frozen=True, slots=True, kw_only=True)
class Engaged:
    """What LivePerson answered. ``routing`` is None where no campaign fits; ``conversation_id`` is empty where none is open.

    ``visitor_id`` and ``session_id`` are to be given back at the next call for the same person.
    """

    visitor_id: str = ""
    session_id: str = ""
    routing: Routing | None = None
    conversation_id: str = ""


def fetch_engagement(
    app: LivePersonAppConfig,
    domains: Mapping[str, str],
    *,
    ext_consumer_id: str,
    consumer: Consumer,
    entry_points: Sequence[str] = (),
    visitor_id: str = "",
    session_id: str = "",
) -> Steps[Engaged]:
    """The engagement for this person. It takes no authorization: who knows ``ext_consumer_id`` may ask, so that is unguessable.

    Raises:
        ConfigurationError: the account has no Monitoring API, or does not know the app.
        ContentRejected: LivePerson refused a field. ServerFault, Throttled: try later.

    Source: https://developers.liveperson.com/monitoring-api-methods-engagement.html (archived copy, checked 2026-11).
    """
    # obh: on behalf of the visitor, so that the platform's own address is not taken for the person's place.
    query = {"v": "1.1", "obh": "true", **({"vid": visitor_id, "sid": session_id} if visitor_id and session_id else {})}
    base = service_url(domains, Service.MONITORING)
    payload: dict[str, Any] = {
        "consumerId": ext_consumer_id,
        "identities": [{"iss": base, "acr": "loa1", "sub": ext_consumer_id}],
        "clientProperties": {"deviceFamily": "OTHER"},
        "entryPoints": list(entry_points),
    }
    if sdes := lp_sdes(consumer, language=app.language):
        payload["engagementAttributes"] = sdes
    call = HttpCall.json(
        "POST",
        f"{base}/api/account/{app.account_id}/app/{quote(app.client_id, safe='')}/engagement?{urlencode(query)}",
        payload,
        purpose=Purpose.ENGAGEMENT,
        effect=False,
    )
    response = yield call
    interpret(call, response)
    answer = response.json()
    if not isinstance(answer, dict):
        raise ServerFault("LivePerson's Monitoring API gave an answer that cannot be read", provider_code=str(response.status))
    found = answer.get("engagementDetails")
    details = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    visitor, session = _id(answer, "visitorId"), _id(answer, "sessionId")
    talking = next((one for one in details if one.get("status") == "conversation"), None)
    return Engaged(
        visitor_id=visitor,
        session_id=session,
        routing=next((_routing(one, visitor, session) for one in details if _is_offer(one)), None),
        conversation_id=_id(talking, "conversationId") if talking is not None else "",
    )


def _is_offer(details: Mapping[str, Any]) -> bool:
    return details.get("status") != "conversation" and bool(_id(details, "campaignId") and _id(details, "engagementId"))


def _routing(details: Mapping[str, Any], visitor_id: str, session_id: str) -> Routing:
    return Routing(
        campaign_id=_id(details, "campaignId"),
        engagement_id=_id(details, "engagementId"),
        interaction_context_id=_id(details, "contextId"),
        visitor_id=visitor_id,
        session_id=session_id,
    )


def _id(answer: Mapping[str, Any], name: str) -> str:
    """An id as text; samples have some as numbers. Empty where there is none that could be one."""
    value = answer.get(name)
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if len(text) <= 64 else ""
