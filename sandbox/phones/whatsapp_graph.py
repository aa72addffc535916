"""The Cloud API as a brand's platform uses it: sending, marks, media, the number, templates, the business account's subscription.

As at Meta, much is taken first and fails later by a status: a closed window (131047), a person who cannot be reached (131026), a file of a
type that WhatsApp does not show (131053).

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference (checked 2026-11).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.kernel import now_ms
from sandbox.phones.meta_forms import GraphError, Shown
from sandbox.phones.meta_graph import appsecret_proof, bearer, debugged, no_such_object, read_params, refuse_expired
from sandbox.phones.state import Message, Phone
from sandbox.phones.vendor import answer_with_faults
from sandbox.phones.whatsapp_checks import CloudError
from sandbox.phones.whatsapp_forms import IMAGE_ENDINGS, read_message

if TYPE_CHECKING:
    from sandbox.phones.whatsapp import WhatsApp, WhatsAppLine

WINDOW_MS = 24 * 3600 * 1000
PAIR_MS, PAIR_BURST = 6000, 45  # one message in six seconds to the same person; a burst is borrowed from the time after it
FRAME = {"messaging_product", "recipient_type", "to", "recipient", "type", "context", "biz_opaque_callback_data"}
MARK = {"messaging_product", "status", "message_id", "typing_indicator"}
CREDENTIALS = {"access_token", "appsecret_proof"}

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.Response]]


class CloudApi:
    """The vendor's API over one ``WhatsApp``."""

    def __init__(self, whatsapp: WhatsApp) -> None:
        self._whatsapp = whatsapp

    def routes(self) -> list[web.RouteDef]:
        node = "/whatsapp/{version}/{node}"
        return [
            web.get("/whatsapp/media/{media_id}", self._answering("file", self._download)),
            web.post(f"{node}/messages", self._messages),
            web.get(f"{node}/subscribed_apps", self._answering("api", self._subscriptions)),
            web.post(f"{node}/subscribed_apps", self._answering("api", self._subscribe)),
            web.delete(f"{node}/subscribed_apps", self._answering("api", self._unsubscribe)),
            web.get(f"{node}/message_templates", self._answering("api", self._templates)),
            web.get("/whatsapp/{version}/debug_token", self._answering("api", self._debug_token)),
            web.get(node, self._node),
        ]

    def _answering(self, target: str, handler: Handler) -> Handler:
        """``handler`` with the faults of ``target``, and with its refusals in Meta's form."""

        async def effect(request: web.Request) -> web.Response:
            try:
                if not re.fullmatch(r"v\d+\.\d+", request.match_info.get("version", "v1.0")):
                    raise GraphError("Unknown path components: " + request.path, code=2500, status=404)
                return await handler(request)
            except GraphError as error:
                return web.json_response(error.body(), status=error.status)

        async def answer(request: web.Request) -> web.Response:
            return await answer_with_faults(self._whatsapp.kernel, f"whatsapp.{target}", request, lambda: effect(request), refusal_body)

        return answer

    # ---- who calls -----------------------------------------------------------------------------------------------------------

    def _lines(self, request: web.Request) -> list[WhatsAppLine]:
        """The numbers that the call's token may act for."""
        token = bearer(request) or request.query.get("access_token", "")
        if not token:
            raise GraphError("An access token is required to request this resource.", code=104, status=401)
        lines = [line for line in self._whatsapp.lines.values() if line.access_token == token]
        if not lines:
            raise GraphError("Invalid OAuth access token - Cannot parse access token", code=190, status=401)
        refuse_expired(lines[0])
        proof = request.query.get("appsecret_proof")
        if (proof is None and lines[0].require_proof) or (proof is not None and proof != appsecret_proof(lines[0].app_secret, token)):
            raise GraphError("Invalid appsecret_proof provided in the API argument", kind="GraphMethodException")
        return lines

    def _number(self, request: web.Request) -> WhatsAppLine:
        line = next((line for line in self._lines(request) if line.address == request.match_info["node"]), None)
        if line is None:
            raise no_such_object(request, request.method.lower())
        return line

    def _account(self, request: web.Request) -> list[WhatsAppLine]:
        """All numbers of the business account that the address names."""
        lines = [line for line in self._lines(request) if line.waba_id == request.match_info["node"]]
        if not lines:
            raise no_such_object(request, request.method.lower())
        return lines

    # ---- sending -------------------------------------------------------------------------------------------------------------

    async def _messages(self, request: web.Request) -> web.Response:
        params = await read_params(request)
        target, handler = ("typing", self._mark) if "status" in params else ("send", self._send)

        async def run(request: web.Request) -> web.Response:
            return web.json_response(handler(self._number(request), {key: params[key] for key in params if key not in CREDENTIALS}))

        return await self._answering(target, run)(request)

    def _send(self, line: WhatsAppLine, params: Json) -> Json:
        given = str(params.get("to") or params.get("recipient") or "")
        try:
            return self._deliver(line, given, params)
        except GraphError as error:
            self._whatsapp.refuses(line.address, given, str(error), code=error.code, status=error.status)
            raise

    def _deliver(self, line: WhatsAppLine, given: str, params: Json) -> Json:
        kind = params.get("type", "text")
        if params.get("messaging_product") != "whatsapp":
            raise CloudError(100, "The parameter messaging_product is required.")
        for key in params:
            if key not in FRAME | {str(kind)}:
                raise CloudError(100, f'Unexpected key "{key}" on the request')
        if params.get("recipient_type", "individual") != "individual":
            raise CloudError(100, "recipient_type must be individual")
        shown = read_message(str(kind), params.get(str(kind)), line.templates, line.catalogue)
        phone = self._recipient(line, params)
        quoted = self._quoted(phone, params)
        self._take_turn(phone)
        contact = {"input": given, **({"user_id": phone.consumer_id} if "." in phone.consumer_id else {"wa_id": phone.consumer_id})}
        failure = self._failure(phone, str(kind), shown)
        if failure is None:
            message_id = str(self._whatsapp.lands(line, phone, shown.kind, shown.text, **shown.fields, **quoted)["id"])
        else:
            message_id = self._whatsapp.new_id()
            self._whatsapp.fails_later(line, phone, message_id, failure)
        return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": message_id}]}

    def _take_turn(self, phone: Phone) -> None:
        """Whether one more message may go to this person now.

        Raises:
            CloudError: it may not; seen with HTTP 403.

        Source: https://developers.facebook.com/docs/whatsapp/cloud-api/overview (pair rate limits, checked 2026-11).
        """
        pair, now = (phone.line.address, phone.consumer_id), now_ms()
        free_at = max(self._whatsapp.pairs_free_at_ms.get(pair, 0), now)
        if free_at - now > (PAIR_BURST - 1) * PAIR_MS:
            raise CloudError(131056, "Message failed to send because there were too many messages sent to this phone number.", status=403)
        self._whatsapp.pairs_free_at_ms[pair] = free_at + PAIR_MS

    def _recipient(self, line: WhatsAppLine, params: Json) -> Phone:
        to, user_id = params.get("to"), params.get("recipient")
        if isinstance(to, str) and to:
            number = re.sub(r"[+() \-]", "", to)
            if not re.fullmatch(r"[1-9]\d{6,14}", number):
                raise CloudError(131009, "to must be a phone number")
            return self._whatsapp.person_at(line, number) or self._whatsapp.phone(line, number)
        if isinstance(user_id, str) and re.fullmatch(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}", user_id):
            return self._whatsapp.phone(line, user_id)
        raise CloudError(131008 if not (to or user_id) else 100, "one of to (a phone number) and recipient (a user id) is required")

    @staticmethod
    def _quoted(phone: Phone, params: Json) -> Json:
        if "context" not in params:
            return {}
        context = params["context"]
        if not isinstance(context, dict) or phone.find(str(context.get("message_id"))) is None:
            raise CloudError(131009, "context['message_id'] must be a message of this conversation")
        return {"reply_to": context["message_id"]}

    @staticmethod
    def _failure(phone: Phone, kind: str, shown: Shown) -> Json | None:
        """Why a message that Meta takes does not arrive; None where it does."""
        if phone.profile.blocked:
            return _status_error(131026, "Message undeliverable", "Message Undeliverable.")
        age_ms = now_ms() - phone.last_wrote_at_ms if phone.last_wrote_at_ms is not None else WINDOW_MS + 1
        if kind != "template" and age_ms > WINDOW_MS:
            why = "Message failed to send because more than 24 hours have passed since the customer last replied to this number."
            return _status_error(131047, "Re-engagement message", why)
        if kind == "image" and urlsplit(shown.fields["url"]).path.lower().endswith(IMAGE_ENDINGS):
            return _status_error(131053, "Media upload error", "The media file's type is not supported as an image.")
        return None

    def _mark(self, line: WhatsAppLine, params: Json) -> Json:
        for key in params:
            if key not in MARK:
                raise CloudError(100, f'Unexpected key "{key}" on the request')
        if params.get("messaging_product") != "whatsapp" or params.get("status") != "read":
            raise CloudError(100, "messaging_product must be whatsapp and status must be read")
        phone, message = self._written(line, str(params.get("message_id")))
        indicator = params.get("typing_indicator")
        if indicator is not None and indicator != {"type": "text"}:
            raise CloudError(131009, "typing_indicator['type'] must be text")
        seen = [m for m in phone.messages if m["direction"] == "out" and m["at_ms"] <= message["at_ms"] and m["status"] != "failed"]
        if phone.mark(seen, "read"):
            self._whatsapp.changed(phone)
        if indicator is not None:
            self._whatsapp.brand_types(phone, True)
        return {"success": True}

    def _written(self, line: WhatsAppLine, message_id: str) -> tuple[Phone, Message]:
        """The message of a person that ``message_id`` names."""
        for (address, _), phone in self._whatsapp.phones.items():
            message = phone.find(message_id) if address == line.address else None
            if message is not None and message["direction"] == "out":
                return phone, message
        raise CloudError(100, "message_id is not a message that this number received")

    # ---- media ---------------------------------------------------------------------------------------------------------------

    async def _node(self, request: web.Request) -> web.Response:
        is_media = request.match_info["node"] in self._whatsapp.media
        return await self._answering("file" if is_media else "api", self._media if is_media else self._describe)(request)

    async def _media(self, request: web.Request) -> web.Response:
        media_id = request.match_info["node"]
        stored = self._whatsapp.media[media_id]
        owner = request.query.get("phone_number_id", stored.line.address)
        if stored.line not in self._lines(request) or owner != stored.line.address:
            raise no_such_object(request, "get")
        url = f"{request.url.origin()}/whatsapp/media/{media_id}"
        async with self._whatsapp.courier.session.get(stored.url) as answer:
            data = await answer.read()
        described = {"url": url, "mime_type": stored.mime_type, "sha256": hashlib.sha256(data).hexdigest(), "file_size": len(data)}
        return web.json_response({**described, "id": media_id, "messaging_product": "whatsapp"})

    async def _download(self, request: web.Request) -> web.Response:
        stored = self._whatsapp.media.get(request.match_info["media_id"])
        if stored is None or stored.line not in self._lines(request):
            return web.Response(status=404)
        async with self._whatsapp.courier.session.get(stored.url) as answer:
            return web.Response(status=answer.status, body=await answer.read(), headers={"Content-Type": stored.mime_type})

    # ---- the number, the templates, the subscription ----------------------------------------------------------------------------

    async def _describe(self, request: web.Request) -> web.Response:
        line = self._number(request)
        known = {
            "id": line.address,
            "display_phone_number": f"+{line.display_phone_number}",
            "verified_name": line.name,
            "quality_rating": "GREEN",
            "status": "CONNECTED",
        }
        names = [name for name in request.query.get("fields", "").split(",") if name] or list(known)
        for name in names:
            if name not in known:
                raise GraphError(f"(#100) Tried accessing nonexisting field ({name}) on node type (WhatsAppBusinessPhoneNumber)")
        return web.json_response({name: known[name] for name in dict.fromkeys([*names, "id"])})

    async def _debug_token(self, request: web.Request) -> web.Response:
        line, data = debugged(request, self._whatsapp.lines.values())
        if line is not None:
            granted = [{"scope": scope} for scope in line.token_scopes]  # without targets: for all accounts
            data |= {"type": "SYSTEM_USER" if line.token_expires_at == 0 else "USER", "scopes": list(line.token_scopes)}
            data |= {"issued_at": 1712099387, "user_id": "122000000000001", "granular_scopes": granted}
        return web.json_response({"data": data})

    async def _templates(self, request: web.Request) -> web.Response:
        lines = self._account(request)
        found = {(template.name, template.language): template for line in lines for template in line.templates}
        rows = [{"name": one.name, "language": one.language, "status": one.status, "category": "UTILITY"} for one in found.values()]
        return web.json_response({"data": rows, "paging": {}})

    async def _subscriptions(self, request: web.Request) -> web.Response:
        line = self._account(request)[0]
        app: Json = {"whatsapp_business_api_data": {"id": line.app_id, "name": "Sandbox app", "link": "https://www.example.com"}}
        if line.override_callback_uri:
            app["override_callback_uri"] = line.override_callback_uri
        return web.json_response({"data": [app] if line.subscribed else []})

    async def _subscribe(self, request: web.Request) -> web.Response:
        lines, params = self._account(request), await read_params(request)
        address = str(params.get("override_callback_uri") or "")
        if address and (problem := await self._whatsapp.challenge(address, str(params.get("verify_token") or ""))):
            raise GraphError(f"(#2200) Callback verification failed with the following errors: {problem}", code=2200)
        for line in lines:
            line.subscribed, line.override_callback_uri = True, address
        return web.json_response({"success": True})

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        for line in self._account(request):
            line.subscribed, line.override_callback_uri = False, ""
        return web.json_response({"success": True})


def _status_error(code: int, title: str, details: str) -> Json:
    href = "https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes"
    return {"code": code, "title": title, "message": title, "error_data": {"details": details}, "href": href}


def refusal_body(status: int) -> str:
    """Meta's words for a status that a fault gives."""
    if status == 429:
        error: GraphError = CloudError(130429, "Message failed to send because there were too many messages sent from this phone number.")
    elif status >= 500:
        error = CloudError(131000, "Message failed to send due to an unknown error.")
    elif status in (401, 403):
        error = GraphError("Error validating access token: the session has been invalidated", code=190, subcode=460)
    else:
        error = CloudError(100, "Invalid parameter")
    return json.dumps(error.body())
