"""As whom the Graph API is called: as the business's system user, or as the Meta app itself."""

from __future__ import annotations

from channels_app.providers._meta.graph import Graph
from channels_app.providers.base import SendContext
from channels_app.providers.whatsapp.config import WhatsAppAppConfig, WhatsAppConfig

GRAPH_API = "https://graph.facebook.com"


def user_graph(config: WhatsAppConfig, context: SendContext) -> Graph:
    """Calls with the channel's token."""
    app = context.app
    proof_secret = app.app_secret.get_secret_value() if isinstance(app, WhatsAppAppConfig) and app.send_appsecret_proof else ""
    return Graph(host=context.api_base or GRAPH_API, token=config.access_token.get_secret_value(), proof_secret=proof_secret)


def app_graph(app: WhatsAppAppConfig, context: SendContext) -> Graph:
    """Calls as the app itself."""
    return Graph(host=context.api_base or GRAPH_API, token=f"{app.app_id}|{app.app_secret.get_secret_value()}")
