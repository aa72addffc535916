"""What people say of the service itself: the answers to Meta's feedback form, and thumbs on single answers.

Source: https://developers.facebook.com/docs/messenger-platform/send-messages/templates/customer-feedback-template and
https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/response_feedback (as known in 2026-07, not re-read).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from channels_app.providers._meta import wire
from channels_app.providers._meta.envelope import Event, Ignored, Made
from connector_platform.core.events import Content, Rating, Unsupported

EVENT_TYPES = {
    "messaging_feedback": "ignored: a form without an answer",
    "messaging_feedback.csat": "a rating of the conversation, 1 to 5",
    "messaging_feedback.score": "a note for the agent: another score (NPS, CES), or one that cannot be read",
    "messaging_feedback.words": "a note for the agent: what the person wrote beside a score",
    "response_feedback": "a note for the agent: the thumb on one answer",
}

_SCALES = {"nps": "0 to 10 would recommend", "ces": "1 to 7 for effort"}


def survey(event: Event) -> Iterator[Made]:
    """The answers to one form, question by question."""
    form = wire.obj(event.data, "messaging_feedback")
    screens = [wire.obj(screen, "questions") for screen in wire.items(form, "feedback_screens")]
    answers = [answer for questions in screens for key in questions for answer in _answers(wire.obj(questions, key))]
    if not answers:
        raise Ignored("messaging_feedback")
    for number, (wire_type, content) in enumerate(answers):
        yield Made(wire_type=wire_type, source_id=f"feedback:{event.consumer_id}:{event.stamp}:{number}", content=content)


def _answers(question: dict[str, Any]) -> Iterator[tuple[str, Content]]:
    kind, score = wire.text(question, "type"), wire.identifier(question, "payload")
    if kind == "csat" and score in ("1", "2", "3", "4", "5"):
        yield "messaging_feedback.csat", Rating(csat=int(score), resolved=None)
    elif score and kind != "free_form":
        scale = _SCALES.get(kind, kind[:20])
        yield "messaging_feedback.score", Unsupported(kind="score", description=f"gave a score of {score[:20]} ({scale})")
    for words in (wire.text(question, "payload") if kind == "free_form" else "", wire.text(wire.obj(question, "follow_up"), "payload")):
        if words.strip():
            yield "messaging_feedback.words", Unsupported(kind="feedback", description=f"wrote as feedback: {words[:1000]}")


def thumb(event: Event) -> Iterator[Made]:
    """What the person thinks of one answer, in Meta's words (``Good response``)."""
    data = wire.obj(event.data, "response_feedback")
    words, mid = wire.text(data, "feedback"), wire.identifier(data, "mid")
    if not words:
        raise Ignored("response_feedback")
    source_id = f"thumb:{event.consumer_id}:{event.stamp}:{wire.digest(mid + words)}"
    yield Made(
        wire_type="response_feedback",
        source_id=source_id,
        content=Unsupported(kind="response_feedback", description=f"rated an answer: {words[:80]}"),
    )
