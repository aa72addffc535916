"""Addresses of the provisioning API, under ``/api/v1/``."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.routers import SimpleRouter

from channels_app.api import views

router = SimpleRouter()
router.register("brands", views.BrandViewSet, basename="brand")
router.register("liveperson-apps", views.LivePersonAppViewSet, basename="liveperson-app")
router.register("provider-apps", views.ProviderAppViewSet, basename="provider-app")
router.register("channels", views.ChannelViewSet, basename="channel")
router.register("channel-types", views.ChannelTypeViewSet, basename="channel-type")
router.register("api-keys", views.ApiKeyViewSet, basename="api-key")

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api-schema"), name="api-docs"),
    *router.urls,
]
