"""Opening a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector_platform.core.calls import Steps
from connector_platform.liveperson.app import ANY_SKILL, LivePersonAppConfig
from connector_platform.liveperson.errors import created_conversation_id, interpret, is_ok, send_api_elements
from connector_platform.liveperson.sdes import Consumer, language_tag, profile_body
from connector_platform.liveperson.send_api import conversation_call, request_object
from connector_platform.liveperson.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Where a conversation goes, in place of the app's own campaign and skill.

    ``interaction_context_id``, ``visitor_id`` and ``session_id`` come from the Monitoring API with the campaign's engagement.
    """

    skill_id: str = ""
    campaign_id: str = ""
    engagement_id: str = ""
    interaction_context_id: str = ""
    visitor_id: str = ""
    session_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """A conversation that was opened. Its MAIN dialog has the same id. ``profile_set`` is whether agents see the profile."""

    conversation_id: str
    profile_set: bool


def create_conversation(
    app: LivePersonAppConfig,
    domains: Mapping[str, str],
    tokens: Tokens,
    consumer: Consumer,
    *,
    profile_request_id: str,
    conversation_request_id: str,
    routing: Routing | None = None,
    context_name: str = "",
) -> Steps[Created]:
    """A new conversation for the consumer, with the profile set first: one call, two requests.

    A consumer has at most one open conversation, so creates are serialised per consumer by the caller; one whose answer was lost may be
    repeated, since it then ends in ``ConversationAlreadyOpen`` and never in a second conversation. Automatic messages start only if the
    first message follows within 10 s. ``context_name`` labels the source where no campaign does.

    Raises:
        ConversationAlreadyOpen: of this consumer, on the whole account; its id is in the webhooks. The profile may be set nevertheless.
        OutcomeUnknown: LivePerson answered, but without a conversation's id.
        DeliveryError: as ``errors.interpret`` says.

    Source: https://developers.liveperson.com/connector-api-send-api-conversation.html (archived copy, checked 2026-11).
    """
    call = conversation_call(
        app,
        domains,
        tokens,
        [
            request_object("userprofile.SetUserProfile", profile_body(consumer, language=app.language), request_id=profile_request_id),
            request_object(
                "cm.ConsumerRequestConversation",
                _conversation_body(app, routing or routing_of(app), context_name, app.language or language_tag(consumer.profile.locale)),
                request_id=conversation_request_id,
            ),
        ],
    )
    response = yield call
    interpret(call, response)
    return Created(
        conversation_id=created_conversation_id(response),
        profile_set=all(map(is_ok, send_api_elements(response))),
    )


def routing_of(app: LivePersonAppConfig) -> Routing:
    """The app's own routing."""
    return Routing(skill_id=app.skill_id, campaign_id=app.campaign_id, engagement_id=app.engagement_id)


def _conversation_body(app: LivePersonAppConfig, routing: Routing, context_name: str, language: str) -> dict[str, Any]:
    body: dict[str, Any] = {"brandId": app.account_id, "channelType": "MESSAGING", "skillId": routing.skill_id or ANY_SKILL}
    if app.ttr:
        body["ttrDefName"] = app.ttr
    context: dict[str, str] = {}
    if routing.campaign_id and routing.engagement_id:
        body["campaignInfo"] = {"campaignId": routing.campaign_id, "engagementId": routing.engagement_id}
        # With the Monitoring API's properties, that is with a campaign, the type is always SharkContext.
        context = {
            "type": "SharkContext",
            "interactionContextId": routing.interaction_context_id,
            "visitorId": routing.visitor_id,
            "sessionId": routing.session_id,
            "lang": language,
        }
    elif context_name:
        # Not documented for connectors; LivePerson's own WhatsApp connector labels its conversations so.
        context = {"type": "CustomContext", "name": context_name, "lang": language}
    if context:
        body["conversationContext"] = {name: value for name, value in context.items() if value}
    return body
