"""LivePerson's structured content: read (``parse``), fitted to what a channel can show (``plan``), answered (``match``). No I/O.

``model`` is the typed tree, ``parts`` what a channel can do and what a plan is made of, ``losses`` the report of what did not fit,
``choices`` the table of what was offered.
"""

from connector_platform.core.rich.choices import Choice, ChoiceKind, Shown, by_payload, match, pick_payload, read_pick, text_payload
from connector_platform.core.rich.losses import Loss, LossKind
from connector_platform.core.rich.parse import parse, parse_content, parse_quick_replies
from connector_platform.core.rich.parts import Abilities, Button, ButtonKind, Part, Plan, maps_link
from connector_platform.core.rich.reading import RichContentInvalid
from connector_platform.core.rich.render import plan
from connector_platform.core.rich.words import in_lines, in_words

__all__ = [
    "Abilities",
    "Button",
    "ButtonKind",
    "Choice",
    "ChoiceKind",
    "Loss",
    "LossKind",
    "Part",
    "Plan",
    "RichContentInvalid",
    "Shown",
    "by_payload",
    "in_lines",
    "in_words",
    "maps_link",
    "match",
    "parse",
    "parse_content",
    "parse_quick_replies",
    "pick_payload",
    "plan",
    "read_pick",
    "text_payload",
]
