"""What an error means for the event that met it. The type decides; each branch of the two tables stands here once."""

from __future__ import annotations

from typing import Any

from channels_app.providers.base import Provider
from connector_platform.core.errors import ConfigurationError, ConversationGone, CredentialsRejected, DeliveryError, OutcomeUnknown
from connector_platform.core.events import ChatState, Receipt
from connector_platform.liveperson.errors import AppTokenRejected, ConsumerTokenRejected, NotReadyYet, TokensRejected
from webhooks_app.delivery.opening import AwaitingConversation
from webhooks_app.delivery.outcome import Again, Ended, Outcome, Parked, skipped
from webhooks_app.delivery.records import Job
from webhooks_app.pacing import AwaitingMoment
from webhooks_app.retry import CHANNEL_WAITS_S, LIVEPERSON_WAITS_S, wait_s
from webhooks_app.tokens import TokenPending

ADOPT_WAIT_S = 1.0
"""Between looks for the notification that names a conversation which LivePerson says is already open."""
GONE_WAIT_S = 0.5
"""Before another conversation is opened where one was closed as soon as it was there: an agent may close what a consumer is writing into."""
TOKEN_WAIT_S = 0.2
DOUBT_WAIT_S = 0.3


def refuses_app(error: DeliveryError) -> bool:
    """Whether LivePerson refuses the app as such, so that an operator has to act; a refused token of one consumer does not say so."""
    return isinstance(error, CredentialsRejected | ConfigurationError | TokensRejected) and not isinstance(error, ConsumerTokenRejected)


def judge_inbound(error: DeliveryError, job: Job) -> Outcome:
    """Towards LivePerson: 5xx and silence are retried on LivePerson's schedule, a refused app keeps its queue, other 4xx end the event."""
    if isinstance(job.content, ChatState):
        # Worth something only at once: nothing waits behind it.
        return skipped(error.code, error.message)
    match error:
        case TokenPending():
            return Again(delay_s=TOKEN_WAIT_S, outcome=error.code, detail=error.message, counts=False)
        case AwaitingConversation():
            return Again(delay_s=min(ADOPT_WAIT_S * (job.tries + 1), 30), outcome=error.code, detail=error.message)
        case ConversationGone() | NotReadyYet():
            return Again(delay_s=min(GONE_WAIT_S * (job.tries + 1), 30), outcome=error.code, detail=error.message)
        case OutcomeUnknown():
            return Again(delay_s=DOUBT_WAIT_S, outcome=error.code, detail=error.message, in_doubt=True)
        case ConsumerTokenRejected():
            return Ended(state="dead", outcome=error.code, detail=error.message)
        case CredentialsRejected() | ConfigurationError() | AppTokenRejected() | TokensRejected():
            return Again(delay_s=wait_s(LIVEPERSON_WAITS_S, job.tries + 1), outcome=error.code, detail=error.message)
    if error.retryable:
        return Again(delay_s=wait_s(LIVEPERSON_WAITS_S, job.tries + 1, error.retry_after_s), outcome=error.code, detail=error.message)
    return Ended(state="dead", outcome=error.code, detail=error.message)


def judge_outbound(error: DeliveryError, job: Job, provider: Provider | None, config: Any) -> Outcome:
    """Towards the consumer: refused credentials park the channel; an answer that was lost is repeated only where the vendor de-duplicates."""
    if isinstance(job.content, ChatState | Receipt):
        return skipped(error.code, error.message)
    if isinstance(error, CredentialsRejected | ConfigurationError):
        return Parked(outcome=error.code, detail=error.message)
    if isinstance(error, OutcomeUnknown):
        if provider is None or not provider.dedupes_sends(config):
            return Ended(state="unknown", outcome=error.code, detail=error.message)
        return Again(delay_s=wait_s(CHANNEL_WAITS_S, job.tries + 1), outcome=error.code, detail=error.message)
    if isinstance(error, AwaitingMoment):
        return Again(delay_s=error.delay_s, outcome=error.code, detail=error.message, counts=False, moment_s=error.moment_s)
    if error.retryable:
        return Again(delay_s=wait_s(CHANNEL_WAITS_S, job.tries + 1, error.retry_after_s), outcome=error.code, detail=error.message)
    return Ended(state="dead", outcome=error.code, detail=error.message)
