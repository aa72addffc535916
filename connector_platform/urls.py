"""Every address of the platform."""

from django.contrib import admin
from django.urls import include, path

from connector_platform import pages
from connector_platform.observability import health

urlpatterns = [
    path("", pages.front_page, name="front-page"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("channels_app.api.urls")),
    path("api/v1/", include("webhooks_app.api.urls")),
    path("", include("webhooks_app.urls")),
]
