"""How agents and bots ask for one of WhatsApp's message templates, whichever vendor sends it.

An agent writes ``#template order_update 7781 | tomorrow``; a bot sends structured content whose metadata names the template.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from connector_platform.core import wire
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import Content, RichContent, Text

METADATA_TYPE = "WhatsAppTemplate"
MAX_VALUE = 1024


class Template(Protocol):
    """A template that was approved. ``parameters`` are its variables in order, in words; ``language`` may be empty."""

    @property
    def name(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def parameters(self) -> list[str]: ...
    @property
    def purpose(self) -> str: ...


TemplateT = TypeVar("TemplateT", bound=Template)


@dataclass(frozen=True, slots=True)
class Offer(Generic[TemplateT]):
    """The templates of a channel, and the word by which agents ask for them; without a word, only bots can."""

    templates: Sequence[TemplateT]
    command: str

    def requested(self, content: Content) -> tuple[TemplateT, list[str]] | None:
        """The template that ``content`` asks for with a value for each variable; None where it asks for none.

        Raises:
            UnsupportedContent: it asks for one that the channel does not have, or gives it other values than it has variables. The words
                tell which there are.
        """
        match content:
            case Text():
                return self._commanded(content.text)
            case RichContent():
                entries = metadata_of(content)
                if (named := next((entry for entry in entries if entry.get("type") == METADATA_TYPE), None)) is not None:
                    return self._named(named)
                ids = [wire.text(entry, "id") for entry in entries if entry.get("type") == "ExternalId"]
                return next((found for text in ids if (found := self._commanded(text)) is not None), None)
        return None

    def sentence(self) -> str:
        """What could be sent, in a sentence for the agent."""
        if not self.templates:
            return "This channel has no templates."
        shown = ", ".join(dict.fromkeys(map(self._shown, self.templates)))
        return f"Templates that can be sent: {shown}."

    def _shown(self, template: TemplateT) -> str:
        words = " ".join(part for part in (self.command, self._key(template), " | ".join(template.parameters)) if part)
        return f"“{words}” ({template.purpose})" if template.purpose else f"“{words}”"

    def _key(self, template: TemplateT) -> str:
        """The name, with the language where the name alone does not say which is meant."""
        alike = [other for other in self.templates if other.name == template.name]
        return f"{template.name}:{template.language}" if len(alike) > 1 and template.language else template.name

    def _commanded(self, text: str) -> tuple[TemplateT, list[str]] | None:
        said = text.strip()
        if not self.command or not re.match(re.escape(self.command) + r"(\s|$)", said, re.IGNORECASE):
            return None
        name, _, rest = said[len(self.command) :].strip().partition(" ")
        if not name:
            raise UnsupportedContent(f"The command names no template. {self.sentence()}")
        name, _, language = name.partition(":")
        values = [value.strip() for value in rest.split("|")] if rest.strip() else []
        return self._filled(self._find(name, language), values)

    def _named(self, entry: Mapping[str, Any]) -> tuple[TemplateT, list[str]]:
        """``{"type": "WhatsAppTemplate", "name": ..., "language": ..., "parameters": [...]}``; parameters may also be an object by names."""
        template = self._find(wire.text(entry, "name"), wire.text(entry, "language"))
        given = entry.get("parameters")
        if isinstance(given, dict):
            given = [given.get(name) for name in template.parameters] if set(given) == set(template.parameters) else list(given.values())
        values = [str(value) for value in given if isinstance(value, str | int | float)] if isinstance(given, list) else []
        return self._filled(template, values)

    def _find(self, name: str, language: str) -> TemplateT:
        for template in self.templates:
            if template.name == name.lower() and (not language or template.language.lower() == language.lower()):
                return template
        raise UnsupportedContent(f"The channel has no template of this name and language. {self.sentence()}")

    def _filled(self, template: TemplateT, values: Sequence[str]) -> tuple[TemplateT, list[str]]:
        # "Param text cannot have new-line/tab characters or more than 4 consecutive spaces" (132018)
        filled = [" ".join(value.split()) for value in values]
        wanted = template.parameters
        if len(filled) != len(wanted) or not all(filled):
            needs = f"needs {len(wanted)} value(s): {' | '.join(wanted)}" if wanted else "takes no values"
            raise UnsupportedContent(f"The template {template.name} {needs}. {self.sentence()}")
        if any(len(value) > MAX_VALUE for value in filled):
            raise UnsupportedContent(f"A value of the template {template.name} is longer than {MAX_VALUE} characters.")
        return template, filled


def metadata_of(content: RichContent) -> list[dict[str, Any]]:
    """What stands beside ``content``, then what stands in its root element."""
    return [*content.metadata, *(entry for entry in wire.items(content.content, "metadata") if isinstance(entry, dict))]
