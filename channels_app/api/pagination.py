"""Pages of lists."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination, PageNumberPagination
from rest_framework.request import Request


class NumberedPages(PageNumberPagination):
    """For what operators set up: numbered pages with a total."""

    page_size_query_param = "page_size"
    max_page_size = 200


class NewestFirst(CursorPagination):
    """For what traffic leaves behind: it grows all the time, so pages hang on a row and the total is not counted."""

    ordering = "-id"
    page_size_query_param = "page_size"
    max_page_size = 200
    positions: ClassVar[type[Any]] = int

    def decode_cursor(self, request: Request) -> Cursor | None:
        """As the base class; a cursor that was tampered with is 404 and not a failed query."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None:
            try:
                position = self.positions(cursor.position)
            except (TypeError, ValueError) as error:
                raise NotFound(self.invalid_cursor_message) from error
            if isinstance(position, int) and not -(2**63) <= position < 2**63:
                raise NotFound(self.invalid_cursor_message)
        return cursor


class NewestUuidFirst(NewestFirst):
    """The same where the rows' ids are time-ordered UUIDs."""

    positions = uuid.UUID
