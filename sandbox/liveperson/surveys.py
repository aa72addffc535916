"""Post-conversation surveys as an account configures them: questions, and the answers that they take.

Source: https://developers.liveperson.com/messaging-window-api-tutorials-post-conversation-survey.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KINDS = {
    "csat": tuple("12345"),
    "nps": tuple(str(number) for number in range(11)),
    "fcr": ("Yes", "No"),
    "choices": (),
    "text": (),
}
DEFAULT_TIMEOUT_S = 3600.0
PROVIDER = "AC"


@dataclass(frozen=True)
class Reply:
    """One answer that may be chosen."""

    reply_id: str
    title: str


@dataclass(frozen=True)
class Question:
    question_id: str
    group_id: str
    survey_id: str
    text: str
    kind: str
    replies: tuple[Reply, ...]  # none: any text is an answer

    def event(self) -> dict[str, Any]:
        """The question as a content event; replies are buttons whose metadata comes back with the answer."""
        event: dict[str, Any] = {"type": "ContentEvent", "message": self.text, "contentType": "text/plain"}
        if self.replies:
            event["quickReplies"] = {"type": "quickReplies", "itemsPerRow": 8, "replies": [self._button(reply) for reply in self.replies]}
        return event

    def metadata(self) -> list[dict[str, Any]]:
        return [
            {
                "type": "Question",
                "id": self.question_id,
                "groupId": self.group_id,
                "surveyId": self.survey_id,
                "provider": PROVIDER,
                "replies": [reply.reply_id for reply in self.replies],
            }
        ]

    def answered_by(self, text: str, metadata: list[Any] | None) -> str | None:
        """The answer in a consumer's message: by the metadata of a button, or by its words; None where it is no answer."""
        for item in metadata or []:
            if isinstance(item, dict) and item.get("type") == "Answer" and item.get("questionId") == self.question_id:
                return next((reply.title for reply in self.replies if reply.reply_id == item.get("id")), None)
        if not self.replies:
            return text.strip() or None
        return next((reply.title for reply in self.replies if reply.title.casefold() == text.strip().casefold()), None)

    def _button(self, reply: Reply) -> dict[str, Any]:
        answer = {"type": "Answer", "questionId": self.question_id, "id": reply.reply_id, "provider": PROVIDER}
        click = {"metadata": [answer], "actions": [{"type": "publishText", "text": reply.title}]}
        return {"type": "button", "tooltip": reply.title, "title": reply.title, "click": click}


@dataclass(frozen=True)
class Survey:
    """What is asked when a conversation of one skill ends."""

    survey_id: str
    questions: tuple[Question, ...]
    timeout_s: float
    welcome: str | None  # said before the first question
    thanks: str | None  # said after the last answer
    skip_phrases: tuple[str, ...]  # a consumer who says one of them leaves the survey

    def is_skip(self, text: str) -> bool:
        return text.strip().casefold() in (phrase.casefold() for phrase in self.skip_phrases)

    def to_json(self) -> dict[str, Any]:
        questions = [{"text": q.text, "kind": q.kind, "replies": [reply.title for reply in q.replies]} for q in self.questions]
        return {
            "surveyId": self.survey_id,
            "questions": questions,
            "timeout_s": self.timeout_s,
            "welcome": self.welcome,
            "thanks": self.thanks,
            "skip": list(self.skip_phrases),
        }

    @classmethod
    def from_json(cls, account_id: str, skill_id: str, data: Mapping[str, Any]) -> Survey:
        """The survey that a control request describes.

        Raises:
            ValueError: a field is unknown, missing or of the wrong form.
        """
        known = {"questions", "timeout_s", "welcome", "thanks", "skip"}
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"unknown fields {unknown}; known are {sorted(known)}")
        given, timeout_s, skip = data.get("questions"), data.get("timeout_s", DEFAULT_TIMEOUT_S), data.get("skip", ["skip"])
        if not isinstance(given, list) or not given:
            raise ValueError("questions must be a non-empty array")
        if isinstance(timeout_s, bool) or not isinstance(timeout_s, (int, float)) or not 0 < timeout_s <= 86_400:
            raise ValueError("timeout_s must be a number over 0, at most 86400")
        for name in ("welcome", "thanks"):
            if not isinstance(data.get(name), (str, type(None))):
                raise ValueError(f"{name} must be a string")
        if not isinstance(skip, list) or not all(isinstance(phrase, str) for phrase in skip):
            raise ValueError("skip must be an array of strings")
        survey_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:{account_id}:survey:{skill_id}").int % 10**9)
        questions = tuple(_question(survey_id, number, question) for number, question in enumerate(given))
        return cls(survey_id, questions, float(timeout_s), data.get("welcome"), data.get("thanks"), tuple(skip))


def _question(survey_id: str, number: int, data: Any) -> Question:
    if not isinstance(data, dict) or not set(data) <= {"text", "kind", "replies"}:
        raise ValueError('each question must be {"text": ..., "kind": ..., "replies": [...]}')
    text, kind = data.get("text"), data.get("kind", "text")
    if not isinstance(text, str) or not text:
        raise ValueError("text of a question must be a non-empty string")
    if kind not in KINDS:
        raise ValueError(f"kind of a question must be one of {', '.join(KINDS)}")
    titles = data.get("replies", list(KINDS[kind]))
    if not isinstance(titles, list) or not all(isinstance(title, str) and title for title in titles):
        raise ValueError("replies of a question must be an array of non-empty strings")
    if bool(titles) == (kind == "text"):
        raise ValueError("a question of kind text takes no replies, one of kind choices needs some")

    def named(what: str) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:survey:{survey_id}:{what}"))

    replies = tuple(Reply(named(f"{number}:{index}"), title) for index, title in enumerate(titles))
    return Question(named(str(number)), named("group"), survey_id, text, kind, replies)
