"""The error contract: one root, two branches. The type decides what happens next, never a string.

``code`` is stable snake_case for metrics, the API and the docs. ``message`` is for an operator; it never holds a secret or a
consumer's words.
"""

from __future__ import annotations


class ConnectorError(Exception):
    """Root of every error that the platform raises on purpose."""

    code = "connector_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class WebhookError(ConnectorError):
    """Receiving failed; ``status`` is what the sender is answered."""

    code = "webhook_error"
    status = 400

    def __init__(self, message: str, *, status: int | None = None) -> None:
        """``status`` overrides the type's own where a vendor expects another one."""
        super().__init__(message)
        if status is not None:
            self.status = status


class SignatureInvalid(WebhookError):
    """Not from the vendor, or stale: refused, counted, body not stored."""

    code = "signature_invalid"
    status = 401


class PayloadMalformed(WebhookError):
    """From the vendor, but unreadable: kept raw for replay."""

    code = "payload_malformed"
    status = 400


class BodyTooLarge(WebhookError):
    code = "body_too_large"
    status = 413


class RequestMethodInvalid(WebhookError):
    code = "method_not_allowed"
    status = 405


class ChannelUnknown(WebhookError):
    """No such channel or app; the sender learns nothing more."""

    code = "channel_unknown"
    status = 404


class ChannelUnreadable(WebhookError):
    """What is stored of the channel does not fit this version: the sender is asked to come back."""

    code = "channel_unreadable"
    status = 503


class DeliveryError(ConnectorError):
    """Sending failed. ``retryable`` errors are tried again on the schedule with the same identity."""

    code = "delivery_error"
    retryable = False

    def __init__(self, message: str, *, provider_code: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.provider_code = provider_code
        self.retry_after_s = retry_after_s


class Throttled(DeliveryError):
    """Try again after ``retry_after_s`` seconds (None: on the schedule). The limit is the channel's: what goes to others there waits, too."""

    code = "throttled"
    retryable = True


class PersonThrottled(Throttled):
    """Too much for this person in a short time; what goes to others is not concerned."""


class Unreachable(DeliveryError):
    """The request was certainly not received (refused, DNS, TLS, connect timeout)."""

    code = "unreachable"
    retryable = True


class ServerFault(DeliveryError):
    """The far side failed (5xx) and did not take the message."""

    code = "server_fault"
    retryable = True


class OutcomeUnknown(DeliveryError):
    """Sent, but the answer was lost or says nothing: it may have taken effect."""

    code = "outcome_unknown"


class RecipientGone(DeliveryError):
    """The person blocked us, left or does not exist."""

    code = "recipient_gone"


class OptedOut(RecipientGone):
    """The person told the vendor to get no more messages of ours: the platform notes it, and sends nothing until they want some again."""


class WindowClosed(DeliveryError):
    """The platform's messaging window is closed for this person."""

    code = "window_closed"


class ContentRejected(DeliveryError):
    """The far side will never take this content."""

    code = "content_rejected"


class CredentialsRejected(DeliveryError):
    """The operator must act: the channel is parked, its queue kept."""

    code = "credentials_rejected"


class ConfigurationError(DeliveryError):
    """The configuration cannot work; the operator must act."""

    code = "configuration_error"


class ConversationGone(DeliveryError):
    """LivePerson closed the conversation: a new one is opened and the message sent there."""

    code = "conversation_gone"


class UnsupportedContent(DeliveryError):
    """The channel has no form for this content; nothing was sent."""

    code = "unsupported"
