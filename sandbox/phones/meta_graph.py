"""The Graph API as a brand's platform uses it: sending, the consumer's profile, the page or account, its subscription, its token.

Source: https://developers.facebook.com/docs/messenger-platform/reference/send-api, https://developers.facebook.com/docs/graph-api/guides/error-handling
(checked 2026-11).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from aiohttp import web

from sandbox.kernel import now_ms
from sandbox.phones.meta import MetaLine, MetaLineT, MetaSimulator
from sandbox.phones.meta_forms import GraphError, Rules, decoded, read_message
from sandbox.phones.state import Phone
from sandbox.phones.vendor import answer_with_faults

if TYPE_CHECKING:
    from sandbox.phones.whatsapp import WhatsAppLine

WINDOW_MS = 24 * 3600 * 1000
HUMAN_AGENT_WINDOW_MS = 7 * 24 * 3600 * 1000
REMOVED_TAGS = ("CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE")  # since 27 April 2026
SENDER_ACTIONS = ("typing_on", "typing_off", "mark_seen")
SEND_KEYS = {
    *("recipient", "message", "messaging_type", "tag", "sender_action", "notification_type", "reply_to"),
    *("access_token", "appsecret_proof"),
}
Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.Response]]


class MetaGraph(ABC, Generic[MetaLineT]):
    """The vendor's API over one simulator."""

    prefix: ClassVar[str]
    rules: ClassVar[Rules]
    subscribable: ClassVar[frozenset[str]]
    scopes: ClassVar[tuple[str, ...]]
    no_user_subcode: ClassVar[int]
    window_subcode: ClassVar[int]
    error_kind: ClassVar[str] = "OAuthException"
    sender_actions: ClassVar[tuple[str, ...]] = SENDER_ACTIONS

    def __init__(self, simulator: MetaSimulator[MetaLineT]) -> None:
        self._simulator = simulator

    @abstractmethod
    def me(self, line: MetaLineT) -> Json:
        """All fields of the page or account whose token the call carries."""

    @abstractmethod
    def profile(self, request: web.Request, line: MetaLineT, phone: Phone | None, names: list[str]) -> Json:
        """The fields ``names`` of a person.

        Raises:
            GraphError: there is no such person, or they may not be known.
        """

    @property
    def picture(self) -> str:
        """The address of everybody's picture."""
        return f"{self._simulator.kernel.base_url}/static/consumer.jpg"

    def routes(self) -> list[web.RouteDef]:
        node = f"{self.prefix}/{{version}}/{{node}}"
        return [
            web.post(f"{node}/messages", self.guarded(self._send)),
            web.post(f"{node}/subscribed_apps", self.guarded(self._subscribe)),
            web.get(f"{node}/subscribed_apps", self.guarded(self._subscriptions)),
            web.delete(f"{node}/subscribed_apps", self.guarded(self._unsubscribe)),
            web.get(f"{node}/subscriptions", self.guarded(self._webhooks)),
            web.get(f"{self.prefix}/{{version}}/debug_token", self.guarded(self._debug_token)),
            web.get(node, self.guarded(self._node)),
        ]

    def guarded(self, handler: Handler) -> Handler:
        """``handler`` with its refusals answered in the Graph API's form."""

        async def answer(request: web.Request) -> web.Response:
            try:
                if not re.fullmatch(r"v\d+\.\d+", request.match_info["version"]):
                    raise GraphError("Unknown path components: " + request.path, code=2500, status=404)
                return await handler(request)
            except GraphError as error:
                return web.json_response(error.body(), status=error.status)

        return answer

    # ---- who calls -----------------------------------------------------------------------------------------------------------

    def line_of(self, request: web.Request, params: Json) -> MetaLineT:
        """The page whose token the call carries."""
        token = bearer(request) or str(params.get("access_token", ""))
        if not token:
            raise GraphError("An access token is required to request this resource.", code=104)
        line = next((line for line in self._simulator.lines.values() if token in line.tokens), None)
        if line is None:
            raise GraphError("Invalid OAuth access token - Cannot parse access token", code=190)
        refuse_expired(line)
        proof = params.get("appsecret_proof")
        if proof is None and line.require_proof:
            raise GraphError("API calls from the server require an appsecret_proof argument", kind="GraphMethodException")
        if proof is not None and proof != appsecret_proof(line.app_secret, token):
            raise GraphError("Invalid appsecret_proof provided in the API argument", kind="GraphMethodException")
        return line

    def _own_page(self, request: web.Request, params: Json) -> MetaLineT:
        line = self.line_of(request, params)
        if request.match_info["node"] not in ("me", line.node):
            raise no_such_object(request, "post" if request.method == "POST" else "get")
        return line

    # ---- sending -------------------------------------------------------------------------------------------------------------

    async def _send(self, request: web.Request) -> web.Response:
        params = await read_params(request)
        what = "send" if "message" in params else "typing"

        async def effect() -> web.Response:
            address, consumer_id = request.match_info["node"], ""
            try:
                line = self._own_page(request, params)
                address = line.address
                consumer_id = _consumer_id(decoded(params.get("recipient"), "recipient"))
                return web.json_response(self._deliver(line, consumer_id, params))
            except GraphError as error:
                codes = {"code": error.code, "subcode": error.subcode, "status": error.status}
                self._simulator.refuses(address, consumer_id, str(error), **codes)
                raise

        return await answer_with_faults(self._simulator.kernel, f"{self._simulator.slug}.{what}", request, effect, refusal_body)

    def _deliver(self, line: MetaLineT, consumer_id: str, params: Json) -> Json:
        for key in params:
            if key not in SEND_KEYS:
                raise GraphError(f'(#100) Unexpected key "{key}" on the request')
        phone = self._recipient(line, consumer_id)
        action = params.get("sender_action")
        if (action is None) == ("message" not in params):
            raise GraphError("(#100) Exactly one of message, sender_action is required")
        if action is not None:
            if action not in self.sender_actions:
                raise GraphError(f"(#100) Param sender_action must be one of {', '.join(self.sender_actions)}; got {action!r}")
            self._act(phone, action)
            return {"recipient_id": phone.consumer_id}
        content = decoded(params["message"], "message")
        shown = read_message(content, self.rules)
        self._check_window(line, phone, params)
        fields = {**shown.fields, **self._reply_to(phone, params)}
        message = self._simulator.lands(line, phone, shown.kind, shown.text, **fields)
        self._simulator.report_echo(line, phone, content, message["id"])
        return {"recipient_id": phone.consumer_id, "message_id": message["id"]}

    def _recipient(self, line: MetaLineT, consumer_id: str) -> Phone:
        phone = self._simulator.phones.get((line.address, consumer_id))
        if phone is None:
            raise GraphError("(#100) No matching user found", subcode=self.no_user_subcode)
        if phone.profile.blocked:
            raise GraphError("(#551) This person isn't available right now.", code=551, subcode=1545041)
        return phone

    def _act(self, phone: Phone, action: str) -> None:
        if action == "mark_seen":
            self._simulator.brand_saw(phone)
        else:
            self._simulator.brand_types(phone, action == "typing_on")

    @staticmethod
    def _reply_to(phone: Phone, params: Json) -> Json:
        if "reply_to" not in params:
            return {}
        reply_to = decoded(params["reply_to"], "reply_to")
        if not isinstance(reply_to, dict) or phone.find(str(reply_to.get("mid"))) is None:
            raise GraphError("(#100) Param reply_to[mid] must be a message of this conversation")
        return {"reply_to": reply_to["mid"]}

    def _check_window(self, line: MetaLineT, phone: Phone, params: Json) -> None:
        """Whether Meta's policy lets this message pass now: 24 hours, or 7 days for a person's answer with the tag.

        Raises:
            GraphError: it does not, or ``messaging_type`` and ``tag`` do not fit together.
        """
        kind, tag = params.get("messaging_type"), params.get("tag")
        age_ms = now_ms() - phone.last_wrote_at_ms if phone.last_wrote_at_ms is not None else HUMAN_AGENT_WINDOW_MS + 1
        allowed_ms = WINDOW_MS
        if kind not in ("RESPONSE", "UPDATE", "MESSAGE_TAG"):
            raise GraphError("(#100) Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG}")
        if (kind == "MESSAGE_TAG") != (tag is not None):
            raise GraphError("(#100) Param tag goes with messaging_type MESSAGE_TAG, and MESSAGE_TAG with a tag")
        if tag in REMOVED_TAGS:
            raise GraphError("(#100) Invalid parameter", subcode=1893061)
        if tag is not None and tag != "HUMAN_AGENT":
            raise GraphError("(#100) Param tag must be one of {HUMAN_AGENT}")
        if tag == "HUMAN_AGENT":
            if not line.human_agent:
                raise GraphError("(#200) The app is not approved for the Human Agent feature", code=200, subcode=2018028, status=403)
            allowed_ms = HUMAN_AGENT_WINDOW_MS
        if age_ms > allowed_ms:
            message = "(#10) This message is sent outside of allowed window."
            raise GraphError(message, code=10, subcode=self.window_subcode, status=403, kind=self.error_kind)

    # ---- the consumer, the page, the token -----------------------------------------------------------------------------------

    async def _node(self, request: web.Request) -> web.Response:
        async def effect() -> web.Response:
            params = dict(request.query)
            line = self.line_of(request, params)
            node = request.match_info["node"]
            names = split_fields(params.get("fields", ""))
            if node in ("me", line.node):
                return web.json_response(pick_fields(self.me(line), names))
            return web.json_response(self.profile(request, line, self._simulator.phones.get((line.address, node)), names))

        return await answer_with_faults(self._simulator.kernel, f"{self._simulator.slug}.profile", request, effect, refusal_body)

    async def _subscribe(self, request: web.Request) -> web.Response:
        params = await read_params(request)
        line = self._own_page(request, params)
        wanted = params.get("subscribed_fields", "")
        names = tuple(name.strip() for name in (wanted if isinstance(wanted, list) else str(wanted).split(",")) if name.strip())
        if not names:
            raise GraphError("(#100) The parameter subscribed_fields is required.")
        if unknown := set(names) - self.subscribable:
            known = ", ".join(sorted(self.subscribable))
            raise GraphError(f"(#100) Param subscribed_fields must be of {{{known}}}; got {', '.join(sorted(unknown))}")
        line.subscribed_fields = names
        return web.json_response({"success": True})

    async def _subscriptions(self, request: web.Request) -> web.Response:
        line = self._own_page(request, dict(request.query))
        app = {"id": line.app_id, "name": "Sandbox app", "subscribed_fields": list(line.subscribed_fields)}
        return web.json_response({"data": [app] if line.subscribed_fields else []})

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        self._own_page(request, await read_params(request)).subscribed_fields = ()
        return web.json_response({"success": True})

    def lines_of_app(self, request: web.Request) -> list[MetaLineT]:
        """The pages of the app that the call names, and whose own token it carries."""
        app_id = request.match_info["node"]
        lines = [line for line in self._simulator.lines.values() if line.app_id == app_id]
        if not any((bearer(request) or request.query.get("access_token")) == f"{app_id}|{line.app_secret}" for line in lines):
            raise GraphError("(#15) This method must be called with an app access_token.", code=15)
        return lines

    def webhook_fields(self, line: MetaLineT) -> Collection[str]:
        """What the webhook of the line's app is told; nothing where the app has none."""
        return self.subscribable

    async def _webhooks(self, request: web.Request) -> web.Response:
        """The app's own webhooks; they are asked for with the app's token."""
        lines = self.lines_of_app(request)
        fields = [{"name": name, "version": request.match_info["version"]} for name in sorted(self.webhook_fields(lines[0]))]
        if not fields:
            return web.json_response({"data": []})
        kind = self._simulator.webhook_object
        webhook = {"object": kind, "callback_url": lines[0].callback_url, "active": True, "fields": fields}
        return web.json_response({"data": [webhook]})

    async def _debug_token(self, request: web.Request) -> web.Response:
        line, data = debugged(request, self._simulator.lines.values())
        if line is not None:
            data |= {"type": "PAGE", "scopes": list(self.scopes), "profile_id": line.node}
        return web.json_response({"data": data})


TokenLineT = TypeVar("TokenLineT", "MetaLine", "WhatsAppLine")


def debugged(request: web.Request, lines: Collection[TokenLineT]) -> tuple[TokenLineT | None, Json]:
    """What Graph says of a token, and whose it is; None where it is nobody's. The caller is the token's own app, or the token itself.

    Raises:
        GraphError: somebody else asks, or of nothing.

    Source: https://developers.facebook.com/docs/graph-api/reference/debug_token and
    https://developers.facebook.com/docs/whatsapp/permissions (checked 2026-11).
    """
    caller, asked = bearer(request) or request.query.get("access_token", ""), request.query.get("input_token", "")
    if not caller:
        raise GraphError("An access token is required to request this resource.", code=104)
    apps = {f"{line.app_id}|{line.app_secret}": line.app_id for line in lines}
    app_id = apps.get(caller) or next((line.app_id for line in lines if line.access_token == caller), None)
    if app_id is None:
        raise GraphError("Invalid OAuth access token - Cannot parse access token", code=190)
    if not asked:
        raise GraphError("(#100) The parameter input_token is required.")
    line = next((line for line in lines if line.access_token == asked), None)
    if line is None:
        error = {"code": 190, "message": "Invalid OAuth access token - Cannot parse access token"}
        return None, {"error": error, "is_valid": False, "scopes": []}
    if line.app_id != app_id:
        raise GraphError("(#100) The App_id in the input_token did not match the Viewing App")
    if caller not in apps and caller != asked:
        raise GraphError("(#100) You must provide an app access token, or a user access token that is an owner or developer of the app")
    data: Json = {"app_id": line.app_id, "application": "Sandbox app", "data_access_expires_at": 0, "expires_at": line.token_expires_at}
    try:
        refuse_expired(line)
    except GraphError as error:
        return line, {**data, "error": {"code": error.code, "subcode": error.subcode, "message": str(error)}, "is_valid": False}
    return line, {**data, "is_valid": True}


def refuse_expired(line: MetaLine | WhatsAppLine) -> None:
    """Return if the line's token has not ended.

    Raises:
        GraphError: it has.
    """
    if 0 < line.token_expires_at <= now_ms() // 1000:
        ended = datetime.fromtimestamp(line.token_expires_at, UTC)
        raise GraphError(f"Error validating access token: Session has expired on {ended:%A, %d-%b-%y %H:%M:%S} UTC.", code=190, subcode=463)


def appsecret_proof(app_secret: str, access_token: str) -> str:
    """What Meta wants beside a token to know that the caller has the app's secret."""
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


def split_fields(text: str) -> list[str]:
    """The names in ``text``; a name may have fields of its own in braces."""
    return re.findall(r"[^,{}]+(?:\{[^{}]*\})?", text)


def pick_fields(known: Json, names: list[str]) -> Json:
    """``names`` of ``known``, and its id; without names the first beside it.

    Raises:
        GraphError: there is no such field.
    """
    picked: Json = {}
    for name in [*(names or [next(key for key in known if key != "id")]), "id"]:
        plain, _, inner = name.partition("{")
        if plain not in known:
            raise GraphError(f"(#100) Tried accessing nonexisting field ({plain})")
        picked[plain] = pick_fields(known[plain], split_fields(inner.rstrip("}"))) if inner else known[plain]
    return picked


def bearer(request: web.Request) -> str:
    """The token of the Authorization header; "" when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


async def read_params(request: web.Request) -> Json:
    """The parameters of a Graph call: the query, and over it a JSON or form body.

    Raises:
        GraphError: the body is no JSON object.
    """
    params: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.read() or b"{}")
        except ValueError as error:
            raise GraphError("(#100) The request body is not valid JSON") from error
        if not isinstance(body, dict):
            raise GraphError("(#100) The request body must be a JSON object")
        return {**params, **body}
    return {**params, **{name: value for name, value in (await request.post()).items() if isinstance(value, str)}}


def _consumer_id(recipient: Any) -> str:
    if not isinstance(recipient, dict) or set(recipient) != {"id"} or not str(recipient["id"]):
        raise GraphError("(#100) Param recipient must be an object with the id of a person")
    return str(recipient["id"])


def no_such_object(request: web.Request, verb: str) -> GraphError:
    """What Graph says of an object that is not there, or that the token may not see."""
    message = (
        f"Unsupported {verb} request. Object with ID '{request.match_info['node']}' does not exist, "
        "cannot be loaded due to missing permissions, or does not support this operation"
    )
    return GraphError(message, subcode=33, kind="GraphMethodException")


def refusal_body(status: int) -> str:
    """Meta's words for a status that a fault gives."""
    if status == 429:
        return json.dumps(GraphError("(#613) Calls to this api have exceeded the rate limit.", code=613).body())
    if status >= 500:
        error = GraphError("An unexpected error has occurred. Please retry your request later.", code=2).body()
        error["error"]["is_transient"] = True
        return json.dumps(error)
    if status in (401, 403):
        return json.dumps(GraphError("Error validating access token: the session has been invalidated", code=190, subcode=460).body())
    return json.dumps(GraphError("(#100) Invalid parameter").body())
