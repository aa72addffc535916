"""What an operator decides for one channel, whatever its platform: what consumers are told, how conversations close, what agents see."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import Field, StringConstraints, field_serializer, field_validator

from channels_app.providers.base import ProviderConfig
from connector_platform.liveperson.sdes import ATTRIBUTES, DEFAULT_ATTRIBUTES, FACTS, attribute_problem, language_tag

SKILL_ID = "^(-1|[0-9]*)$"
Told = Annotated[str, StringConstraints(max_length=1000)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=20)]


class Texts(ProviderConfig):
    """What consumers are told by the platform itself, in one language. An empty text is not sent."""

    agent_joined: Told = Field(
        default="", title="An agent joined", description="When an agent takes the conversation, the first or another one."
    )
    agent_left: Told = Field(default="", title="The agent left", description="When the agent puts the conversation back into the queue.")
    transferred: Told = Field(default="", title="Transferred", description="When the conversation goes to another skill.")
    closed_by_agent: Told = Field(default="", title="Closed by the agent", description="When the agent ends the conversation.")
    closed_by_consumer: Told = Field(default="", title="Closed by the consumer", description="When the consumer ended the conversation.")
    closed_by_system: Told = Field(default="", title="Closed by LivePerson", description="When LivePerson ends it, after a long silence.")
    survey_rating: Told = Field(
        default="How satisfied are you with this conversation? 1 is not at all, 5 is very.",
        title="Survey: the rating",
        description="Asked after the close where the survey is on; answered by 1 to 5.",
    )
    survey_resolved: Told = Field(default="Did we solve your question?", title="Survey: solved?", description="Asked after the rating.")
    survey_yes: Label = Field(default="Yes", title="Survey: yes", description="At most 20 characters: it stands on a button.")
    survey_no: Label = Field(default="No", title="Survey: no", description="At most 20 characters.")
    survey_thanks: Told = Field(default="Thank you!", title="Survey: thanks", description="After the last answer.")


class Survey(ProviderConfig):
    """Two questions to the consumer after the close: satisfaction (CSAT) and whether the question was solved (FCR)."""

    enabled: bool = Field(
        default=False,
        title="Ask for a rating",
        description="After every close, unless LivePerson's own post-conversation survey ran: an account uses one or the other.",
    )
    expires_minutes: int = Field(
        default=60,
        ge=1,
        le=1440,
        title="Answers count for",
        description="Minutes, 1 to 1440. What is written later opens a new conversation.",
    )


class Engagement(ProviderConfig):
    """Campaign routing: before a conversation is opened, LivePerson's Monitoring API is asked which campaign fits."""

    enabled: bool = Field(
        default=False,
        title="Ask for a campaign",
        description="Needs an engagement of type API or messaging channel in Conversational Cloud. Where none fits, the LivePerson app's own "
        "campaign or skill is used.",
    )
    entry_points: tuple[Annotated[str, StringConstraints(min_length=1, max_length=256)], ...] = Field(
        default=(),
        max_length=20,
        title="Entry points",
        description='Sections of the engagement that this channel stands for, such as "sec://Sport" or "tel://972737004000".',
    )


class ChannelOptions(ProviderConfig):
    """The options of one channel. Every one has a default: a new channel needs none of them."""

    language: str = Field(
        default="",
        max_length=20,
        title="Language",
        description="Of the texts below, such as en-US. Consumers whose platform tells another language get its translation, if there is one.",
    )
    skill_id: str = Field(
        default="",
        max_length=40,
        json_schema_extra={"pattern": SKILL_ID},
        title="Skill",
        description="Id of the skill that this channel's conversations go to; empty: the LivePerson app's.",
    )
    close_keywords: tuple[Annotated[str, StringConstraints(min_length=1, max_length=50)], ...] = Field(
        default=(),
        max_length=50,
        title="Words that close",
        description='A message that is one of these and nothing else ends the conversation, such as "bye" or "#end"; case does not matter.',
    )
    tell_failures: bool = Field(
        default=True,
        title="Tell agents why",
        description="When a message cannot be delivered, the agent reads the reason in a line in brackets, and what could be done. "
        "LivePerson itself only marks the message. Switch it off where bots answer and would take the line for an answer.",
    )
    messages_per_second: float = Field(
        default=0,
        ge=0,
        le=1000,
        title="Messages a second",
        description="At most, over all workers; 0: as fast as the vendor takes them. Calls that reach a person count, one for each part of a long "
        "message; typing does not. A change counts for what has not been given its moment yet, after five minutes for all.",
    )
    survey: Survey = Field(default=Survey(), title="Survey after the close", description="")
    engagement: Engagement = Field(default=Engagement(), title="Campaign", description="")
    texts: Texts = Field(default=Texts(), title="What consumers are told", description="An empty text is not sent.")
    translations: dict[str, Texts] = Field(
        default_factory=dict,
        title="Translations",
        description=f'By language: {{"de": {{"closed_by_agent": "Auf Wiedersehen!"}}}}. What a language leaves away is told in the channel\'s own '
        f"words.\nTexts: {', '.join(Texts.model_fields)}.",
    )
    attributes: dict[str, str] = Field(
        default_factory=lambda: dict(DEFAULT_ATTRIBUTES),
        title="Consumer info for agents",
        description="LivePerson's engagement attributes (SDEs) and what each is filled with: words, and in braces what is known of the person.\n"
        f"Attributes: {', '.join(ATTRIBUTES)}.\nKnown: {', '.join(f'{{{fact}}} ({meaning})' for fact, meaning in FACTS.items())}.",
    )

    @field_validator("skill_id")
    @classmethod
    def _is_a_skill(cls, value: str) -> str:
        if re.fullmatch(SKILL_ID, value) is None:
            raise ValueError("a skill's id is a whole number, or -1 for all skills")
        return value

    @field_validator("translations")
    @classmethod
    def _known_languages(cls, value: dict[str, Texts]) -> dict[str, Texts]:
        for language in value:
            if not language_tag(language) or len(language) > 20:
                raise ValueError(f"“{language[:20]}” is no language; write en, de, pt-BR ...")
        return {language_tag(language): texts for language, texts in value.items()}

    @field_serializer("translations")
    def _as_given(self, value: dict[str, Texts]) -> dict[str, dict[str, str]]:
        """Only the texts that were translated: the defaults beside them would take the place of the channel's own words."""
        return {language: texts.model_dump(exclude_unset=True) for language, texts in value.items()}

    @field_validator("attributes")
    @classmethod
    def _known_attributes(cls, value: dict[str, str]) -> dict[str, str]:
        for name, template in value.items():
            if problem := attribute_problem(name, template):
                raise ValueError(problem)
        return value

    def text(self, name: str, locale: str = "") -> str:
        """The text ``name`` of ``Texts`` for a consumer whose platform says ``locale`` (``pt_BR``); empty where nothing is to be said."""
        tag = language_tag(locale).lower()
        for language, texts in self.translations.items():
            if language.lower() == tag and name in texts.model_fields_set:
                return str(getattr(texts, name))
        primary = tag.partition("-")[0]
        for language, texts in self.translations.items():
            if primary and language.lower() == primary and name in texts.model_fields_set:
                return str(getattr(texts, name))
        return str(getattr(self.texts, name))

    def closes(self, text: str) -> bool:
        """Whether a consumer who writes ``text`` ends the conversation."""
        said = _plain(text)
        return any(_plain(keyword) == said for keyword in self.close_keywords)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
