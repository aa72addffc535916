"""Twilio's Content API: buttons and lists that the platform makes, and templates that WhatsApp approved, which are part of a line.

Source: https://www.twilio.com/docs/content/twilio-quick-reply, /docs/content/twiliolist-picker, /docs/content/content-api-resources and
/docs/content/using-variables-with-content-api (2026-11).
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.phones.fields import Fields
from sandbox.phones.twilio_forms import Form, Json, TwilioError, read_json, refusal_body, refuse
from sandbox.phones.vendor import answer_with_faults

if TYPE_CHECKING:
    from sandbox.phones.twilio import Twilio, TwilioLine

MAX_CONTENT_BODY, MAX_TITLE, MAX_ITEM, MAX_ID, MAX_DESCRIPTION = 1024, 20, 24, 200, 72
MAX_ACTIONS, MAX_SESSION_ACTIONS, MAX_ITEMS = 10, 3, 10
SID = re.compile(r"HX[0-9a-fA-F]{32}")
VARIABLE = re.compile(r"\{\{(\w+)\}\}")


@dataclass
class Content:
    """A content as it was made, and its buttons as the phone shows them; ``menu`` is what opens a list of them."""

    sid: str
    types: Json
    body: str
    buttons: list[Json] = field(default_factory=list)
    menu: str = ""
    approval: str = ""  # what WhatsApp says of it: approved, paused, rejected; empty where it was not asked


def read_template(body: Any) -> Content:
    """The template that a line's description names.

    Raises:
        ValueError: a field is missing, unknown or of the wrong form.
    """
    fields = Fields(body if isinstance(body, dict) else {}, "a template")
    text = fields.need("text", str)
    titles: list[str] = fields.get("buttons", [])
    actions: list[Json] = [{"type": "QUICK_REPLY", "title": title, "id": title} for title in titles]
    content = Content(
        sid=fields.need("sid", str),
        types={"twilio/quick-reply": {"body": text, "actions": actions}} if actions else {"twilio/text": {"body": text}},
        body=text,
        buttons=[_action(action) for action in actions],
        approval=fields.one_of("status", ("approved", "paused", "rejected")),
    )
    fields.done()
    if not SID.fullmatch(content.sid):
        raise ValueError(f"the sid of a template is HX and 32 letters and digits; got {content.sid}")
    return content


class Contents:
    """The contents of the accounts whose lines ``vendor`` knows."""

    def __init__(self, vendor: Twilio) -> None:
        self._vendor = vendor
        self._made: dict[str, Content] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/twilio/v1/Content", self._make),
            web.get("/twilio/v1/Content/{sid}/ApprovalRequests", self._approval),
        ]

    def forget(self) -> None:
        """Forget what the platform made; templates stay with their lines."""
        self._made.clear()

    def of(self, line: TwilioLine, form: Form) -> Content | None:
        """The content that a message names, with its variables filled in; None where it names none.

        Raises:
            TwilioError: there is no such content, the variables do not fit, or WhatsApp would have to approve it first.
        """
        sid = form.get("ContentSid")
        if not sid:
            if form.get("ContentVariables"):
                refuse(21654, "ContentSid is required with ContentVariables")
            return None
        template = next((one for one in line.templates if one.sid == sid), None)
        content = template or self._made.get(sid)
        if content is None:
            refuse(21655, f"The ContentSid {sid} is not valid")
        if template is None:
            _check_session(content)
        return _filled(content, form.get("ContentVariables"))

    async def _make(self, request: web.Request) -> web.Response:
        raw = await request.read()

        async def effect() -> web.Response:
            try:
                lines = self._vendor.lines_of(request)
                if request.content_type != "application/json":
                    raise TwilioError(20001, "Content-Type must be application/json", status=415)
                content = _read_content("HX" + secrets.token_hex(16), read_json(raw))
            except TwilioError as error:
                return web.json_response(error.body(), status=error.status)
            self._made[content.sid] = content
            return web.json_response({"sid": content.sid, "account_sid": lines[0].account_sid, "types": content.types}, status=201)

        return await answer_with_faults(self._vendor.kernel, "twilio.content", request, effect, refusal_body)

    async def _approval(self, request: web.Request) -> web.Response:
        sid = request.match_info["sid"]

        async def effect() -> web.Response:
            try:
                lines = self._vendor.lines_of(request)
                known = [template for line in lines for template in line.templates] + list(self._made.values())
                content = next((one for one in known if one.sid == sid), None)
                if content is None:
                    raise TwilioError(20404, f"The requested resource {request.path} was not found", status=404)
            except TwilioError as error:
                return web.json_response(error.body(), status=error.status)
            asked = {"type": "whatsapp", "name": sid.lower(), "category": "UTILITY", "status": content.approval, "rejection_reason": ""}
            return web.json_response({"sid": sid, "account_sid": lines[0].account_sid, "whatsapp": asked if content.approval else None})

        return await answer_with_faults(self._vendor.kernel, "twilio.content", request, effect, refusal_body)


def _filled(content: Content, variables: str) -> Content:
    wanted = set(VARIABLE.findall(content.body))
    try:
        given = json.loads(variables) if variables else {}
    except ValueError:
        given = None
    if not isinstance(given, dict) or not all(isinstance(value, str) and value.strip() == value != "" for value in given.values()):
        refuse(21656, "The ContentVariables parameter is invalid")
    if any("\n" in value or "\t" in value or "     " in value for value in given.values()) or wanted != set(given):
        refuse(21656, "The ContentVariables parameter is invalid")
    return replace(content, body=VARIABLE.sub(lambda found: str(given[found[1]]), content.body))


def _read_content(sid: str, resource: Json) -> Content:
    """The content that the body of ``POST /v1/Content`` describes; the sandbox knows quick replies and list pickers.

    Raises:
        TwilioError: it breaks a rule of the Content API.
    """
    types = resource.get("types")
    if not isinstance(types, dict) or len(types) != 1 or not _text(resource, "language"):
        refuse(20001, "language and types are required; the sandbox takes one type")
    ((name, value),) = types.items()
    body, menu = _text(value, "body"), ""
    if not body or len(body) > MAX_CONTENT_BODY:
        refuse(20001, f"body must have 1 to {MAX_CONTENT_BODY} characters")
    if "{{" in body:
        refuse(20001, "a variable needs a sample value")
    if name == "twilio/quick-reply":
        buttons = [_action(action) for action in _list(value, "actions", MAX_ACTIONS)]
    elif name == "twilio/list-picker":
        menu = _text(value, "button")
        if not 1 <= len(menu) <= MAX_TITLE:
            refuse(20001, f"button must have 1 to {MAX_TITLE} characters")
        buttons = [_item(item) for item in _list(value, "items", MAX_ITEMS)]
        if len({button["payload"] for button in buttons}) != len(buttons):
            refuse(20001, "ids of items must be unique")
    else:
        refuse(20001, f"the sandbox does not know {name}")
    return Content(sid, types, body, buttons, menu)


def _action(action: Any) -> Json:
    title, payload = _text(action, "title"), _text(action, "id")
    if action.get("type") != "QUICK_REPLY" or not 1 <= len(title) <= MAX_TITLE or len(payload) > MAX_ID:
        refuse(20001, f"an action is a QUICK_REPLY with a title of at most {MAX_TITLE} and an id of at most {MAX_ID} characters")
    return {"kind": "postback", "title": title, "payload": payload or title}


def _item(item: Any) -> Json:
    title, payload, description = _text(item, "item"), _text(item, "id"), _text(item, "description")
    if not 1 <= len(title) <= MAX_ITEM or not 1 <= len(payload) <= MAX_ID or len(description) > MAX_DESCRIPTION:
        refuse(20001, f"an item has at most {MAX_ITEM} characters, an id of 1 to {MAX_ID}, a description of at most {MAX_DESCRIPTION}")
    return {"kind": "list", "title": title, "payload": payload, "description": description}


def _text(holder: Any, name: str) -> str:
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, str) else ""


def _list(holder: Any, name: str, most: int) -> list[Any]:
    found = holder.get(name) if isinstance(holder, dict) else None
    if not isinstance(found, list) or not 1 <= len(found) <= most or not all(isinstance(entry, dict) for entry in found):
        refuse(20001, f"{name} must hold 1 to {most} objects")
    return found


def _check_session(content: Content) -> None:
    """Raises:
    TwilioError: WhatsApp would want to approve this content first.
    """
    titles = [button["title"] for button in content.buttons]
    if "twilio/quick-reply" in content.types and (len(titles) > MAX_SESSION_ACTIONS or len(set(titles)) != len(titles)):
        refuse(63021, "Channel invalid content error: at most 3 buttons, each with a title of its own")
