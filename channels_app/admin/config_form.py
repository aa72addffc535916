"""A form made from a configuration model: one field for each value, the model's titles and descriptions beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_origin

from django import forms
from django.utils.html import linebreaks
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from unfold.widgets import UnfoldAdminSelectWidget

from channels_app.admin.config_fields import LinesField, form_field_of
from channels_app.providers.base import ProviderConfig
from channels_app.services.configuration import nested_model, variants
from channels_app.services.errors import Problem

VARIANT_NAMES = {"basic": "User name and password (basic)", "bearer": "Bearer token"}
"""Names of variants whose docstring is the protocol's word only."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One form field and the value in the configuration that it stands for. ``kind``: only in this variant of its section."""

    name: str
    path: tuple[str, ...]
    form_field: forms.Field
    kind: str = ""
    is_secret: bool = False
    is_kind: bool = False


@dataclass
class Section:
    """A group of fields under one heading."""

    title: str
    description: str
    path: tuple[str, ...]
    names: list[str] = field(default_factory=list)
    is_needed: bool = False


class ConfigLayout:
    """The fields and sections for ``model``, filled with ``stored`` where there is something.

    ``prefix`` begins the names of the fields and the places of the problems; ``title`` and ``description`` stand above the values that are in
    no section. Sections are folded from the depth ``folded_from`` on, but for needed ones: their defaults fit most.
    """

    def __init__(
        self,
        model: type[ProviderConfig],
        stored: Json | None = None,
        *,
        prefix: str = "config",
        title: str = "Configuration",
        description: str = "",
        folded_from: int = 2,
    ) -> None:
        self.model = model
        self.prefix = prefix
        self._folded_from = folded_from
        self.entries: dict[str, Entry] = {}
        self.sections: list[Section] = []
        try:
            current: BaseModel | None = model.model_validate(stored) if stored else None
        except ValidationError:
            current = None  # the model has changed since: the operator fills it in anew
        self._add_model(model, current, (), Section(title, description, ()), "")

    def fieldsets(self) -> list[tuple[str | None, dict[str, Any]]]:
        """As Django's admin wants them."""
        return [(section.title, self._options(section)) for section in self.sections if section.names]

    def _options(self, section: Section) -> dict[str, Any]:
        is_folded = len(section.path) >= self._folded_from and not section.is_needed
        return {"fields": section.names, "description": section.description, "classes": ["collapse"] if is_folded else []}

    def form_fields(self) -> dict[str, forms.Field]:
        return {entry.name: entry.form_field for entry in self.entries.values()}

    def patch(self, form: forms.BaseForm) -> Json:
        """What the operator changed, as a merge patch of the stored configuration."""
        patch: Json = {}
        for section in self.sections:
            # A needed section is there even if empty: what is missing in it is then said at its fields.
            if section.is_needed and not any(entry.is_kind and entry.path[:-1] == section.path for entry in self.entries.values()):
                _at(patch, section.path)
        kinds = {entry.path[:-1]: form.cleaned_data.get(entry.name) or "" for entry in self.entries.values() if entry.is_kind}
        for entry in self.entries.values():
            value = form.cleaned_data.get(entry.name)
            if entry.kind:
                if kinds.get(entry.path[:-1]) != entry.kind:
                    continue
                _at(patch, entry.path[:-1])["kind"] = entry.kind
            if entry.is_secret and not value:
                continue
            if entry.name in form.changed_data and not (entry.is_kind and not value):
                before = entry.form_field.initial
                if isinstance(value, dict) and isinstance(before, dict):
                    value = _replacement(before, value)
                _at(patch, entry.path[:-1])[entry.path[-1]] = value
        return patch

    def place(self, problem: Problem, form: forms.BaseForm) -> tuple[str | None, str]:
        """The form field that ``problem`` is about (None: the whole form) and the sentence to show there."""
        path = tuple(str(step) for step in problem.path)
        for length in range(len(path), 0, -1):
            found = [
                entry
                for entry in self.entries.values()
                if entry.path == path[:length] or (entry.is_kind and entry.path[:-1] == path[:length])
            ]
            chosen = [entry for entry in found if not entry.kind or form.cleaned_data.get(self._kind_name(entry)) == entry.kind]
            if chosen:
                inside = ".".join(path[length:])
                if isinstance(chosen[0].form_field, LinesField) and inside.isdigit():
                    inside = f"Entry {int(inside) + 1}"
                return chosen[0].name, f"{inside}: {problem.message}" if inside and not chosen[0].is_kind else problem.message
        title = next((section.title for section in self.sections if section.path == path), "")
        return None, f"{title}: {problem.message}" if title else problem.message

    def _kind_name(self, entry: Entry) -> str:
        return "__".join((self.prefix, *entry.path[:-1], "kind"))

    def _add_model(self, model: type[BaseModel], value: BaseModel | None, path: tuple[str, ...], section: Section, kind: str) -> None:
        if not kind:
            self.sections.append(section)
        later: list[tuple[str, FieldInfo, Any]] = []
        for name, info in model.model_fields.items():
            if kind and name == "kind":
                continue
            current = getattr(value, name) if value is not None else _default(info)
            is_own_section = not path and get_origin(info.annotation) is dict
            if nested_model(info.annotation) or variants(info.annotation) or is_own_section:
                later.append((name, info, current))
            else:
                self._add_field(name, info, current, (*path, name), section, kind)
        for name, info, current in later:
            self._add_section(name, info, current, (*path, name), section)

    def _add_section(self, name: str, info: FieldInfo, value: Any, path: tuple[str, ...], parent: Section) -> None:
        title = info.title or name.replace("_", " ").capitalize()
        heading = title if not parent.path else f"{parent.title} · {title}"
        section = Section(heading, info.description or "", path, is_needed=info.is_required() or nested_model(info.annotation) is None)
        nested = nested_model(info.annotation)
        if get_origin(info.annotation) is dict:
            section.is_needed, section.description = info.is_required(), linebreaks(info.description or "", autoescape=True)
            self.sections.append(section)
            self._add_field(name, info, value, path, section, "")
            self.entries[section.names[-1]].form_field.help_text = "JSON. Emptied, it is the default again."
            return
        if nested is not None:
            self._add_model(nested, value if isinstance(value, BaseModel) else None, path, section, "")
            return
        choices = variants(info.annotation)
        current = getattr(value, "kind", "")
        self.sections.append(section)
        labels = [(tag, _variant_label(tag, variant.__doc__ or "")) for tag, variant in choices.items()]
        blank = [] if current else [("", "Choose …")]
        self._enter(
            Entry(
                name="__".join((self.prefix, *path, "kind")),
                path=(*path, "kind"),
                form_field=forms.ChoiceField(
                    label=title,
                    choices=blank + labels,
                    initial=current,
                    required=False,
                    widget=UnfoldAdminSelectWidget({"data-config-kind": "1"}),
                ),
                is_kind=True,
            ),
            section,
        )
        for tag, variant in choices.items():
            self._add_model(variant, value if current == tag else None, path, section, tag)

    def _add_field(self, name: str, info: FieldInfo, value: Any, path: tuple[str, ...], section: Section, kind: str) -> None:
        form_name = "__".join((self.prefix, *path[:-1], *([kind] if kind else []), name))
        form_field = form_field_of(info, value)
        form_field.label = info.title or name.replace("_", " ").capitalize()
        form_field.help_text = form_field.help_text or info.description or ""
        if kind:
            form_field.widget.attrs.update({"data-config-of": "__".join((self.prefix, *path[:-1], "kind")), "data-config-is": kind})
        self._enter(Entry(form_name, path, form_field, kind, is_secret=info.annotation is SecretStr), section)

    def _enter(self, entry: Entry, section: Section) -> None:
        self.entries[entry.name] = entry
        section.names.append(entry.name)


def _default(info: FieldInfo) -> Any:
    value = info.get_default(call_default_factory=True) if not info.is_required() else None
    return None if value is PydanticUndefined else value


def _at(data: Json, path: tuple[str, ...]) -> Json:
    for step in path:
        data = data.setdefault(step, {})
    return data


def _replacement(before: Json, value: Json) -> Json:
    """The merge patch that makes ``value`` of ``before``."""
    removed: Json = dict.fromkeys(before.keys() - value.keys())
    changed = {
        name: _replacement(was if isinstance(was := before.get(name), dict) else {}, item) if isinstance(item, dict) else item
        for name, item in value.items()
    }
    return removed | changed


def _variant_label(tag: str, text: str) -> str:
    """What the choice of a variant is called: its docstring's first sentence without markup, or a name where that is nothing but code."""
    if re.fullmatch(r"``[^`]*``\.?", text.strip()):
        return VARIANT_NAMES.get(tag, tag.replace("_", " ").capitalize())
    # A stop inside of code ends no sentence.
    sentence = re.match(r"(?:``[^`]*``|[^`])*?(?=[.:](?:\s|$)|$)", text.strip(), re.DOTALL)
    return (sentence[0] if sentence else text).replace("``", "") or tag


def problems_to_errors(
    layouts: Mapping[str, ConfigLayout], problems: tuple[Problem, ...], form: forms.BaseForm
) -> Iterator[tuple[str | None, str]]:
    """Each problem with the field where it is shown: those of a configuration by its layout, others at the field of their own name."""
    for problem in problems:
        name = str(problem.path[0]) if problem.path else None
        if name is not None and name in layouts:
            yield layouts[name].place(Problem(problem.path[1:], problem.code, problem.message), form)
        else:
            yield (name if name in form.fields else None), problem.message
