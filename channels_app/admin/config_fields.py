"""The form field for one value of a configuration model."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, get_args, get_origin

from django import forms
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from unfold.widgets import (
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from channels_app.services.secrets import mask

LONG_TEXT = 1000
"""A text that may be as long as this gets several lines."""


def form_field_of(info: FieldInfo, value: Any) -> forms.Field:
    """The field for a single value; nothing is required here, because a preset may fill it in: the model has the last word."""
    annotation = info.annotation
    if annotation is SecretStr:
        shown = mask(value.get_secret_value()) if isinstance(value, SecretStr) else ""
        help_text = f"{info.description or ''} {'Leave empty to keep what is stored.' if shown else ''}".strip()
        widget = UnfoldAdminPasswordWidget({"placeholder": shown, "autocomplete": "new-password"}, render_value=False)
        return forms.CharField(required=False, widget=widget, help_text=help_text)
    if get_origin(annotation) is Literal:
        choices = [(choice, str(choice)) for choice in get_args(annotation)]
        blank = [] if value is not None else [("", "Choose …")]
        return forms.ChoiceField(required=False, choices=blank + choices, initial=value, widget=UnfoldAdminSelectWidget())
    if annotation is bool:
        return forms.BooleanField(required=False, initial=bool(value), widget=UnfoldBooleanSwitchWidget())
    if annotation is int:
        return forms.IntegerField(required=False, initial=value, widget=UnfoldAdminTextInputWidget({"inputmode": "numeric"}))
    if annotation is float:
        return forms.FloatField(required=False, initial=value, widget=UnfoldAdminTextInputWidget({"inputmode": "decimal"}))
    if annotation is str:
        longest = max((getattr(rule, "max_length", 0) or 0 for rule in info.metadata), default=0)
        if longest >= LONG_TEXT:
            return ParagraphsField(initial=value)
        return forms.CharField(required=False, initial=value, strip=False, widget=UnfoldAdminTextInputWidget())
    if _is_list_of_words(annotation):
        return LinesField(initial=_plain_json(value), help_text=f"{info.description or ''} One entry a line.".strip())
    return IndentedJSONField(initial=_plain_json(value), help_text=f"{info.description or ''} JSON.".strip())


class ParagraphsField(forms.CharField):
    """A text of several lines. Browsers send their ends as CR LF; what was not edited is not changed by that."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, strip=False, widget=UnfoldAdminExpandableTextareaWidget(), **options)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)


class LinesField(forms.Field):
    """A list of words, one a line; blank lines are left out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=UnfoldAdminExpandableTextareaWidget(), **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        lines = value if isinstance(value, list) else str(value or "").splitlines()
        return [line.strip() for line in lines if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.to_python(initial) != self.to_python(data)


class IndentedJSONField(forms.JSONField):
    """JSON that can be read: a value a line."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=UnfoldAdminExpandableTextareaWidget({"class": "cp-json", "spellcheck": "false"}), **options)
        self.error_messages["invalid"] = "This is no JSON; see the example, and mind quotes and commas."

    def prepare_value(self, value: Any) -> Any:
        if value is None or super().prepare_value(value) is value:
            return value  # nothing, or what was typed and is no JSON
        return json.dumps(value, indent=2, ensure_ascii=False)


def _is_list_of_words(annotation: Any) -> bool:
    item, *rest = get_args(annotation) if get_origin(annotation) in (list, tuple) else (None,)
    word = get_args(item)[0] if get_origin(item) is Annotated else item
    return word is str and rest in ([], [Ellipsis])


def _plain_json(value: Any) -> Any:
    """``value`` as JSON, as it was given: what was left away stays away."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if isinstance(value, list | tuple):
        return [_plain_json(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain_json(item) for name, item in value.items()}
    return value
