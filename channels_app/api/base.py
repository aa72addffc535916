"""What every endpoint has in common: whose key it is decides what exists. One place, so that no endpoint can forget it."""

from __future__ import annotations

import contextlib
from typing import Any, ClassVar, cast

from django.db.models import Model, Q, QuerySet
from django.http import Http404
from django.http.response import HttpResponseBase
from django_scopes import scope, scopes_disabled
from rest_framework.pagination import BasePagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from channels_app.api.authentication import KeyHolder
from channels_app.api.pagination import NumberedPages
from channels_app.api.parsers import CappedJSONParser
from channels_app.api.schemas import PlatformSchema


class ForPlatform(BasePermission):
    """The platform's own key only. To a brand's key what such an address names does not exist, but for its own brand.

    Raises:
        Http404: the address names something else than the caller's own brand, whether there is such a row or not.
    """

    message = "This takes the platform's key; a brand's key is not enough."

    def has_permission(self, request: Request, view: Any) -> bool:
        holder = holder_of(request)
        named = view.kwargs.get(view.lookup_url_kwarg or view.lookup_field)
        if holder.brand is not None and named is not None and str(named) != str(holder.brand.pk):
            raise Http404
        return holder.is_platform


def holder_of(request: Request) -> KeyHolder:
    """Who calls."""
    return cast(KeyHolder, request.user)


def rows_for(holder: KeyHolder, model: type[Model], lookup: str = "brand") -> QuerySet[Any]:
    """The rows of ``model`` that exist for ``holder``: a brand's key has its own brand's, the platform's key has all.

    Said twice for a brand: here, and by the scope that the viewset opened.
    """
    queryset = model._default_manager.all()
    return queryset if holder.brand is None else queryset.filter(Q(**{lookup: holder.brand.pk}))


class TenantViewSet(GenericViewSet[Any]):
    """Base of all viewsets. Opens the caller's scope around the whole request; without it no tenant's row can be read.

    ``model`` is what the endpoint is about; ``brand_lookup`` is the way from it to its brand.
    """

    model: ClassVar[type[Model]]
    brand_lookup: ClassVar[str] = "brand"
    related: ClassVar[tuple[str, ...]] = ()
    ordering: ClassVar[tuple[str, ...]] = ("-created_at", "-id")
    parser_classes = [CappedJSONParser]  # noqa: RUF012  # DRF declares it so
    pagination_class: type[BasePagination] = NumberedPages
    metadata_class = None
    schema = PlatformSchema()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with contextlib.ExitStack() as self._scope:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """As the base class: authentication and permissions. Then the scope is known."""
        super().initial(request, *args, **kwargs)
        brand = self.holder.brand
        # The platform's key is the one that sees every brand.
        self._scope.enter_context(scopes_disabled() if brand is None else scope(brand=brand))

    @property
    def holder(self) -> KeyHolder:
        return holder_of(self.request)

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.model._default_manager.none()
        queryset = rows_for(self.holder, self.model, self.brand_lookup).order_by(*self.ordering)
        return queryset.select_related(*self.related) if self.related else queryset
