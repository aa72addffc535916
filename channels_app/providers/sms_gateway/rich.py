"""LivePerson structured content, reduced to what an SMS can say: text, numbered choices, ``label: url`` lines.

Source: https://developers.liveperson.com/structured-content-templates.html (checked 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass

from channels_app.providers.sms_gateway.fields import clean
from connector_platform.core.events import RichContent
from connector_platform.core.rich import Abilities, Loss, Shown, parse, plan
from connector_platform.core.rich.parts import ChoicesPart, TextPart

# The text is cut by the gateway's own rules, behind this.
ABILITIES = Abilities()

# A gateway that shows quick replies itself is handed all of them, whole.
_MANY = 100_000
ABILITIES_WITH_QUICK_REPLIES = Abilities(max_quick_replies=_MANY, max_quick_reply_title=_MANY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said in words. ``media_url`` and ``quick_replies`` (titles that are not numbered in ``text``) are for the variables of those
    names.
    """

    text: str
    media_url: str = ""
    quick_replies: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()
    shown: Shown = ()


def reduce_rich_content(content: RichContent, *, keep_quick_replies: bool = False) -> Words:
    """``content`` as lines: its texts in order, links where they stand, the choices of each card below it, numbered through.

    ``keep_quick_replies`` hands the quick replies over as titles instead of numbering them, where there is a text to go with them.

    Raises:
        RichContentInvalid: it cannot be read.
    """
    message = parse(content.content, content.quick_replies, content.text)
    planned = plan(message, ABILITIES_WITH_QUICK_REPLIES if keep_quick_replies else ABILITIES)
    texts = [part.text for part in planned.parts if isinstance(part, TextPart | ChoicesPart)]
    titles = [choice.title for part in planned.parts if isinstance(part, ChoicesPart) for choice in part.choices]
    return Words(text=clean("\n".join(texts)), quick_replies=tuple(titles), losses=planned.losses, shown=planned.shown)
