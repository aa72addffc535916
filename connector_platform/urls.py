"""Every address of the platform."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from channels_app.api.problems import no_such_address
from connector_platform import pages
from connector_platform.observability import health

urlpatterns = [
    path("", pages.front_page, name="front-page"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("health/receiving", health.receiving, name="health-receiving"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("channels_app.api.urls")),
    path("api/v1/", include("webhooks_app.api.urls")),
    re_path(r"^api/v1(?:/[\s\S]*)?$", no_such_address),
    path("favicon.ico", RedirectView.as_view(url=static("channels_app/favicon.svg")), name="favicon"),
    path("", include("webhooks_app.urls")),
]
