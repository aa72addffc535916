"""Storing and deleting configured rows, so that a predictable refusal of the database is a sentence and not a crash."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import ForeignKey, ProtectedError

from channels_app.services.errors import Conflict, InUse

CONFLICTS = {
    "uniq_channel_address": "Another channel has this address already; one address belongs to one channel.",
    "uniq_liveperson_app_install": "This install (account id and client id) is set up already; one install belongs to one LivePerson app.",
    "channels_app_brand_slug_key": "Another brand has this slug already.",
}
"""By the name of the constraint."""
_GONE = "What this refers to was changed or deleted at the same moment; read it again and repeat the request."
SHOWN = 100
"""Users of a row are counted up to this many."""


def save_row(row: models.Model, *, changed: Iterable[str] | None = None) -> None:
    """Check ``row`` and store it; with ``changed``, only these of its fields.

    Raises:
        ValidationError: a value that the model refuses. Conflict: another row stands in the way.
    """
    row.full_clean(validate_unique=False, validate_constraints=False)
    for constraint in row._meta.constraints:
        if isinstance(constraint, models.CheckConstraint):
            constraint.validate(type(row), row)
    fields = None if changed is None else [*changed, "updated_at"]
    try:
        with transaction.atomic():
            row.save(force_insert=row._state.adding, update_fields=fields)
    except IntegrityError as error:
        raise conflict(error) from error


def conflict(error: IntegrityError) -> Conflict:
    """The sentence for a constraint that refused a write.

    Raises:
        IntegrityError: the same, where the refusal is a fault of ours.
    """
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or ""
    if name in CONFLICTS:
        return Conflict(CONFLICTS[name])
    if name.startswith("wall_") or getattr(error.__cause__, "sqlstate", "") == "23503":
        return Conflict(_GONE)
    raise error


def delete_row(row: models.Model) -> None:
    """Delete ``row`` with what is a part of it.

    Raises:
        InUse: others need it; names them.
    """
    users = users_of(row)
    if users:
        raise InUse(_in_use(row, users))
    try:
        with transaction.atomic():
            row.delete()
    except (ProtectedError, IntegrityError) as error:
        raise InUse(_in_use(row, users_of(row) or ["something that was added just now"])) from error


def users_of(row: models.Model) -> list[str]:
    """What keeps ``row`` from being deleted, in words: “2 channels”."""
    relations = [
        relation
        for relation in row._meta.get_fields(include_hidden=True)
        if isinstance(relation, models.ManyToOneRel) and relation.on_delete is models.PROTECT
    ]
    found: list[str] = []
    # Journal tables have no index for this question: they are asked only where nothing else has answered it.
    for relation in sorted(relations, key=lambda relation: not _is_indexed(relation.field)):
        if found and not _is_indexed(relation.field):
            break
        model = relation.related_model
        count = model._base_manager.filter(**{relation.field.name: row})[: SHOWN + 1].count()
        if count:
            number = f"more than {SHOWN}" if count > SHOWN else str(count)
            found.append(f"{number} {model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural}")
    return found


def _is_indexed(field: Any) -> bool:
    return isinstance(field, ForeignKey) and bool(field.db_index)  # type: ignore[attr-defined]  # not in the stubs


def _in_use(row: models.Model, users: list[str]) -> str:
    words = users[0] if len(users) == 1 else f"{', '.join(users[:-1])} and {users[-1]}"
    return f"{row} cannot be deleted: {words} still {'needs' if words.startswith('1 ') and len(users) == 1 else 'need'} it."
