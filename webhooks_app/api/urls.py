"""Addresses of the traffic API, under ``/api/v1/``."""

from rest_framework.routers import SimpleRouter

from webhooks_app.api import views

router = SimpleRouter()
router.register("conversations", views.ConversationViewSet, basename="conversation")
router.register("events", views.EventViewSet, basename="event")
router.register(r"conversations/(?P<conversation_id>[^/.]+)/events", views.ConversationEventViewSet, basename="conversation-event")
router.register("channels", views.ChannelCheckViewSet, basename="channel-check")
router.register("liveperson-apps", views.LivePersonAppCheckViewSet, basename="liveperson-app-check")
router.register("unreadable-bodies", views.UnreadableBodyViewSet, basename="unreadable-body")

urlpatterns = router.urls
