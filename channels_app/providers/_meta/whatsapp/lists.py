"""LivePerson's own template for WhatsApp's list, with its sections, footer and label, where it keeps to WhatsApp's limits as it stands.

Source: https://developers.liveperson.com/whatsapp-business-templates-list-template.html and
https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

from connector_platform.core.rich import Choice, ChoiceKind, Shown, model

MAX_HEADER = 60
MAX_BODY = 1024
MAX_FOOTER = 60
MAX_LABEL = 20
MAX_ROWS = 10
MAX_SECTION_TITLE = 24
MAX_ROW_TITLE = 24
MAX_DESCRIPTION = 72

Fields = dict[str, Any]


def native_list(content: model.Element | None, payload_for: Callable[[Choice], str]) -> tuple[Fields, Shown] | None:
    """The ``interactive`` object and its choices; None where ``content`` is no such template or exceeds a limit, so that it has to be reduced.

    The first button is the label that opens the list; what it would say elsewhere has no place here.
    """
    if not isinstance(content, model.Vertical) or content.tag != "list":
        return None
    texts = tagged_texts(content.elements, ("title", "subtitle", "footer"))
    labels = [element.title.strip() for element in content.elements if isinstance(element, model.ButtonElement)]
    groups = [element for element in content.elements if type(element) is model.Vertical]
    if texts is None or len(labels) != 1 or len(texts) + 1 + len(groups) != len(content.elements):
        return None
    header, body, footer = texts.get("title", ""), texts.get("subtitle", ""), texts.get("footer", "")
    if not body:
        header, body = "", header
    sections, shown = _sections(groups, payload_for)
    fits = (
        len(header) <= MAX_HEADER
        and 0 < len(body) <= MAX_BODY
        and len(footer) <= MAX_FOOTER
        and 0 < len(labels[0]) <= MAX_LABEL
        and "\n" not in header + footer + labels[0]
    )
    if not (sections and fits):
        return None
    fields: Fields = {"header": {"type": "text", "text": header}} if header else {}
    fields["body"] = {"text": body}
    if footer:
        fields["footer"] = {"text": footer}
    return {**fields, "action": {"button": labels[0], "sections": sections}}, shown


def tagged_texts(elements: Iterable[model.Element], tags: Collection[str]) -> dict[str, str] | None:
    """The words by tag; None where a tag comes twice or is none of ``tags``."""
    found: dict[str, str] = {}
    for element in elements:
        if isinstance(element, model.TextElement):
            if element.tag not in tags or element.tag in found or element.click.actions:
                return None
            found[element.tag] = element.text.strip()
    return found


def _sections(groups: Iterable[model.Vertical], payload_for: Callable[[Choice], str]) -> tuple[list[Fields], Shown]:
    """The sections and all their rows' choices; no sections where a limit is exceeded or there is anything but a title and rows."""
    sections: list[Fields] = []
    shown: list[Choice] = []
    for group in groups:
        texts = tagged_texts(group.elements, ("title",))
        rows: list[Fields] = []
        for element in group.elements:
            if isinstance(element, model.TextElement):
                continue
            choice = _choice(element, len(shown) + 1)
            if choice is None or not isinstance(element, model.ButtonElement):
                return [], ()
            choice = replace(choice, payload=payload_for(choice))
            shown.append(choice)
            row = {"id": choice.payload, "title": choice.title}
            if description := element.subtitle.strip():
                row["description"] = description
            rows.append(row)
        if texts is None or not rows:
            return [], ()
        sections.append({**({"title": texts["title"]} if texts.get("title") else {}), "rows": rows})
    titles = [choice.title for choice in shown]
    fits = (
        len(shown) <= MAX_ROWS
        and len(set(titles)) == len(titles)
        and all(len(title) <= MAX_ROW_TITLE and "\n" not in title for title in titles)
        and all(len(row.get("description", "")) <= MAX_DESCRIPTION for section in sections for row in section["rows"])
        and all(len(section.get("title", "")) <= MAX_SECTION_TITLE for section in sections)
        and (len(sections) == 1 or all("title" in section for section in sections))
    )
    return (sections, tuple(shown)) if fits else ([], ())


def _choice(element: model.Element, number: int) -> Choice | None:
    """What a row says; None where pressing it does anything else."""
    title = element.title.strip() if isinstance(element, model.ButtonElement) else ""
    match element.click.actions:
        case (model.PublishText(text=words),) if title and words.strip():
            return Choice(
                number=number,
                title=title,
                kind=ChoiceKind.PUBLISH_TEXT,
                publish_text=words,
                metadata=element.click.metadata,
                path=element.path,
            )
    return None
