"""Receiving addresses."""

from django.urls import path, re_path

from webhooks_app.hosted_files import hosted_file
from webhooks_app.views import ChannelCallbackView, LivePersonWebhookView

_UUID = "[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}"

urlpatterns = [
    re_path(
        rf"^callbacks/(?P<provider>[a-z_]+)/(?P<channel_id>{_UUID})(?P<rest>(?:/[a-z_]+)*)/?$",
        ChannelCallbackView.as_view(),
        name="channel-callback",
    ),
    re_path(
        rf"^callbacks/(?P<provider>[a-z_]+)/apps/(?P<app_id>{_UUID})(?P<rest>(?:/[a-z_]+)*)/?$",
        ChannelCallbackView.as_view(),
        name="app-callback",
    ),
    path("webhooks/liveperson/<uuid:app_id>", LivePersonWebhookView.as_view(), name="liveperson-webhook"),
    path("files/<str:signed>/<str:name>", hosted_file, name="hosted-file"),
    path("webhooks/liveperson", LivePersonWebhookView.as_view(), name="liveperson-webhook-shared"),
]
