"""The conversation that a consumer's message goes into: the open one, a new one, or one that LivePerson says is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import structlog

from channels_app.selectors.configs import ChannelConfig, LivePersonConfig
from connector_platform.core.calls import Steps
from connector_platform.core.clock import now
from connector_platform.core.errors import ConversationGone, DeliveryError, OutcomeUnknown
from connector_platform.core.events import Profile
from connector_platform.liveperson import publish as lp
from connector_platform.liveperson.conversation import Routing, create_conversation, routing_of
from connector_platform.liveperson.errors import ConversationAlreadyOpen
from connector_platform.liveperson.monitoring import Engaged, fetch_engagement
from connector_platform.liveperson.sdes import Consumer
from connector_platform.liveperson.tokens import Tokens
from webhooks_app.delivery import people
from webhooks_app.delivery.context import send_context
from webhooks_app.delivery.on_behalf import OnBehalf
from webhooks_app.delivery.people import Person, Talk
from webhooks_app.delivery.records import Job

log = structlog.get_logger(__name__)

PROFILE_ASK_S = 86400
STAGE_TRIES = 3
"""After so many tries, a conversation that LivePerson holds open without telling us how is closed whole, so that a new one can be opened."""


class AwaitingConversation(DeliveryError):
    """LivePerson says that the consumer has an open conversation; its notification will tell which."""

    code = "awaiting_conversation"
    retryable = True


@dataclass(frozen=True)
class Opening:
    """Finds or opens one event's conversation."""

    job: Job
    channel: ChannelConfig
    app: LivePersonConfig
    calls: OnBehalf

    def talk(self, person: Person, talk: Talk | None) -> Talk:
        """The person's conversation with its id at LivePerson: ``talk``, the one that is not closed, where it has one.

        Raises:
            AwaitingConversation: there is one that we do not know. DeliveryError: LivePerson's refusal.
        """
        if talk is not None and talk.liveperson_id:
            return talk
        self.calls.access.app_jwt(self.app, self.calls.runner)  # before the vendor is asked for a name that nobody could be told
        person = self._with_name(person)
        known = self._known(person)
        talk = people.begin(person, self.channel, self.app)
        routing, open_id = self._routing(person, known)
        if open_id:
            return self._adopt(person, open_id)
        try:
            liveperson_id = self._create(person, known, talk, routing)
        except (ConversationAlreadyOpen, OutcomeUnknown) as error:
            # Another worker's create took effect and its answer was lost, or an agent opened one.
            adopted = people.talk_of(person)
            if adopted is not None and adopted.liveperson_id:
                return adopted
            found = self._engaged(person, known)
            if found is None or not found.conversation_id:
                raise AwaitingConversation(error.message) from error
            return self._adopt(person, found.conversation_id)
        return self._record(person, liveperson_id)

    def _create(self, person: Person, known: Consumer, talk: Talk, routing: Routing | None) -> str:
        def create(domains: Mapping[str, str], tokens: Tokens) -> Steps[Any]:
            return create_conversation(
                self.app.config,
                domains,
                tokens,
                known,
                profile_request_id=f"{talk.id}-1",
                conversation_request_id=f"{talk.id}-2",
                routing=routing,
                context_name=self.channel.provider.title,
            )

        return str(self.calls.run(person, create).conversation_id)

    def _record(self, person: Person, liveperson_id: str) -> Talk:
        people.record_open(
            consumer_id=person.id,
            brand_id=self.channel.brand_id,
            channel_id=self.channel.id,
            app_id=self.app.id,
            liveperson_id=liveperson_id,
        )
        opened = people.talk_of(person)
        if opened is None or not opened.liveperson_id:
            raise ConversationGone("LivePerson closed the conversation as soon as it was opened")
        return opened

    def _adopt(self, person: Person, liveperson_id: str) -> Talk:
        """The conversation that LivePerson says is open.

        One that we hold closed is open at LivePerson all the same: a survey has begun, or is about to, and a notification will say so. Where
        none comes, it is closed whole; nothing else would let a new one be opened.
        """
        held = people.talk_by_liveperson_id(self.app.id, liveperson_id)
        if held is None or held.state != "closed":
            log.info("conversation_adopted", channel_id=str(self.channel.id), conversation=liveperson_id)
            return self._record(person, liveperson_id)
        if self.job.tries >= STAGE_TRIES:

            def close(domains: Mapping[str, str], tokens: Tokens) -> Steps[Any]:
                return lp.publish_close(
                    self.app.config,
                    domains,
                    tokens,
                    conversation_id=liveperson_id,
                    dialog_id=liveperson_id,
                    request_id=f"{self.job.public_id}-stage",
                    scope=lp.CloseScope.STAGE,
                )

            try:
                self.calls.run(person, close)
            except ConversationGone:
                log.debug("stage_closed_already", conversation=liveperson_id)
        raise AwaitingConversation("LivePerson still holds the conversation open that was closed here")

    # Who the person is, and where the conversation goes.

    def _known(self, person: Person) -> Consumer:
        return Consumer(
            profile=person.profile,
            external_id=person.external_id,
            channel=self.channel.name,
            provider=self.channel.provider.title,
            brand=self.channel.brand_name,
            attributes=self.channel.options.attributes,
        )

    def _routing(self, person: Person, known: Consumer) -> tuple[Routing | None, str]:
        """The routing, None for the app's own; and the id of a conversation that is open already."""
        options = self.channel.options
        own = replace(routing_of(self.app.config), skill_id=options.skill_id) if options.skill_id else None
        if not options.engagement.enabled:
            return own, ""
        engaged = self._engaged(person, known)
        if engaged is None:
            return own, ""
        if engaged.conversation_id:
            return own, engaged.conversation_id
        if engaged.routing is None:
            log.info("no_engagement", channel_id=str(self.channel.id), app=self.app.name)
            return own, ""
        return replace(engaged.routing, skill_id=options.skill_id or self.app.config.skill_id), ""

    def _engaged(self, person: Person, known: Consumer) -> Engaged | None:
        """What the Monitoring API says; None where it cannot say. A conversation is opened without it rather than not at all."""
        try:
            domains = self.calls.access.domains(self.app, self.calls.runner)
            found = self.calls.runner.run(
                fetch_engagement(
                    self.app.config,
                    domains,
                    ext_consumer_id=person.ext_consumer_id,
                    consumer=known,
                    entry_points=self.channel.options.engagement.entry_points,
                    visitor_id=person.visitor_id,
                    session_id=person.session_id,
                )
            )
        except DeliveryError as error:
            log.warning("engagement_unavailable", channel_id=str(self.channel.id), app=self.app.name, code=error.code, reason=error.message)
            return None
        people.remember_visitor(person, found.visitor_id, found.session_id)
        return found

    def _with_name(self, person: Person) -> Person:
        """The person with what the vendor tells on request, where the callbacks told no name. An agent can do without: a failure is no obstacle.

        A vendor that told nothing is not asked again for ``PROFILE_ASK_S``.
        """
        asked_at = person.profile_asked_at
        if (
            person.profile.name
            or person.profile.first_name
            or (asked_at is not None and (now() - asked_at).total_seconds() < PROFILE_ASK_S)
        ):
            return person
        provider = self.channel.provider
        context = send_context(self.channel, person, str(self.job.public_id))
        try:
            found = self.calls.runner.run(provider.look_up_profile(self.channel.config, context), interpret=provider.interpret)
        except DeliveryError as error:
            log.info("profile_unavailable", channel_id=str(self.channel.id), code=error.code)
            return person if error.retryable else people.add_profile(person, Profile())
        return people.add_profile(person, found or Profile())
