"""Bird's Channels API: messages through a channel of a workspace, webhooks with their signature, media behind the key.

Source: as in ``bird_forms``; https://docs.bird.com/api/notifications-api/api-reference/webhook-subscriptions/verifying-a-webhook-subscription,
https://docs.bird.com/api/channels-api/message-status-and-interactions/message-failure-codes (read 2026-11).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.phones.base import Reported
from sandbox.phones.bird_forms import ApiError, Json, read_message, read_webhook, refusal_body
from sandbox.phones.callbacks import Callback, Wire
from sandbox.phones.gsm7 import segments
from sandbox.phones.state import Message, Phone
from sandbox.phones.vendor import answer_with_faults

if TYPE_CHECKING:
    from sandbox.phones.bird import Bird, BirdLine

MIME_TYPES = {"video": "video/mp4", "audio": "audio/mpeg", "file": "application/pdf"}
# What of a report says why: the word for the reason, the failure's code, where it failed and that part's own code.
FAILURES: dict[str, tuple[str, int, str, str]] = {
    "failed": ("unavailable_subscriber", 15004, "sms-messagebird", "27"),
    "opted_out": ("opted_out", 15002, "sms-messagebird", "103"),
    "sending_failed": ("", 14001, "accounting", ""),
    "skipped": ("", 14003, "pre-processing", ""),
}
STATUSES = {"failed": "delivery_failed", "opted_out": "delivery_failed"}
PENDING = ("accepted", "processing", "sent")
SIGNATURE = "X-Amz-Signature"  # what makes an address of the storage good by itself


class ChannelsApi:
    """What the accounts of the Channels API have at Bird, and the calls that they make."""

    def __init__(self, bird: Bird) -> None:
        self._bird = bird
        self._webhooks: dict[str, list[Json]] = {}  # by workspace, in the order in which they were made
        self._media: dict[str, tuple[str, str]] = {}  # by id: the workspace, and where the bytes are

    def forget_media(self) -> None:
        self._media.clear()

    def subscribe(self, line: BirdLine) -> None:
        """Make the two webhooks of ``line.webhook_url``, as a person does in the app; what is there stays."""
        for event in ("sms.inbound", "sms.outbound") if line.webhook_url else ():
            filters = [{"key": "channelId", "value": line.channel_id}]
            row = {"service": "channels", "event": event, "eventFilters": filters, "url": line.webhook_url, "status": "active"}
            rows = self._webhooks.setdefault(line.workspace_id, [])
            if not any(row.items() <= known.items() for known in rows):
                rows.append({"id": str(uuid.uuid4()), **row, "signingKey": line.signing_key})

    # ---- towards the platform ------------------------------------------------------------------------------------------------

    def report_message(self, line: BirdLine, phone: Phone, message: Message) -> Reported:
        """Tell what the consumer wrote or sent."""
        at = instant(message["at_ms"])
        contact = {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, phone.consumer_id)), "identifierKey": "phonenumber"}
        payload: Json = {
            "id": message["id"],
            "channelId": line.channel_id,
            "sender": {"contact": {**contact, "identifierValue": phone.consumer_id}},
            "receiver": {"connector": {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, line.channel_id)), "identifierValue": ""}},
            "body": self._body(line, message),
            "reference": "",
            "parts": [{"platformReference": hashlib.md5(message["id"].encode(), usedforsecurity=False).hexdigest()}],
            "status": "delivered",
            "reason": "",
            "direction": "incoming",
            "lastStatusAt": at,
            "createdAt": at,
            "updatedAt": at,
        }
        return self._tell(line, phone, "sms.inbound", payload, message)

    def _body(self, line: BirdLine, message: Message) -> Json:
        if message["type"] == "text":
            return {"type": "text", "text": {"text": message["text"]}}
        media_id = str(uuid.uuid4())
        self._media[media_id] = (line.workspace_id, message["url"])
        words = {"text": message["text"]} if message["text"] else {}
        path = f"/bird/workspaces/{line.workspace_id}/messages/{message['id']}/media/{media_id}"
        media = {"mediaUrl": f"{self._bird.kernel.base_url}{path}"}
        if message["type"] == "image":
            return {"type": "image", "image": {**words, "images": [media]}}
        return {"type": "file", "file": {**words, "files": [{"contentType": MIME_TYPES[message["media_type"]], **media}]}}

    def report_status(self, line: BirdLine, phone: Phone, message: Message, asked: str) -> Reported:
        """Tell what became of the brand's message: ``delivered``, one of ``PENDING``, or a key of ``FAILURES``."""
        at, created = instant(int(time.time() * 1000)), instant(message["at_ms"])
        payload: Json = {
            "id": message["id"],
            "channelId": line.channel_id,
            "sender": {"connector": {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, line.channel_id)), "identifierValue": line.address}},
            "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": phone.consumer_id}]},
            "body": {"type": "text", "text": {"text": message["text"]}},
            "reference": message["reference"],
            "parts": [],
            "status": STATUSES.get(asked, asked),
            "reason": "",
            "direction": "outgoing",
            "lastStatusAt": at,
            "createdAt": created,
            "updatedAt": at,
        }
        if asked in FAILURES:
            details, code, source, source_code = FAILURES[asked]
            payload |= {"details": details, "reason": f"details: {details}; code: {source_code}"}
            payload["failure"] = {"code": code, "source": {"name": source, **({"code": source_code} if source_code else {})}}
        return self._tell(line, phone, "sms.outbound", payload)

    def _tell(self, line: BirdLine, phone: Phone, event: str, payload: Json, message: Message | None = None) -> Reported:
        """A callback to each webhook of ``event`` that this channel's pass; a repetition is the first one to the byte, its time too."""
        body = json.dumps({"service": "channels", "event": event, "payload": payload}, ensure_ascii=False, separators=(",", ":")).encode()
        reported: Reported = []
        for row in self._webhooks.get(line.workspace_id, ()):
            passes = all((one["key"], one["value"]) == ("channelId", line.channel_id) for one in row["eventFilters"])
            if (row["event"], row["status"]) == (event, "active") and passes:
                headers = {"Content-Type": "application/json", **signed(row["signingKey"], row["url"], body)}
                reported += self._queue(Wire("POST", row["url"], headers, body), phone, message if not reported else None)
        if not reported:
            self._bird.kernel.ledger.record("callback.unsubscribed", **self._bird.part(phone, message).ledger_fields(), field=event)
        return reported

    def _queue(self, wire: Wire, phone: Phone, message: Message | None) -> Reported:
        return self._bird.queue(Callback((self._bird.part(phone, message),), lambda: wire, lambda status: 200 <= status < 300))

    # ---- Bird's API ----------------------------------------------------------------------------------------------------------

    def routes(self) -> list[web.RouteDef]:
        workspace = "/bird/workspaces/{workspace}"
        return [
            web.post(f"{workspace}/channels/{{channel}}/messages", self._answered("send", self._send)),
            web.get(f"{workspace}/channels/{{channel}}", self._answered("api", self._channel)),
            web.get(f"{workspace}/webhook-subscriptions", self._answered("api", self._list_webhooks)),
            web.post(f"{workspace}/webhook-subscriptions", self._answered("api", self._make_webhook)),
            web.delete(f"{workspace}/webhook-subscriptions/{{webhook}}", self._answered("api", self._delete_webhook)),
            web.get(f"{workspace}/messages/{{message}}/media/{{media}}", self._answered("file", self._media_of)),
            web.get("/bird/storage/{media}", self._stored),
        ]

    def _answered(
        self, target: str, act: Callable[[web.Request, list[BirdLine]], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        """``act`` on the workspace's lines, once the key was found right."""

        async def answer(request: web.Request) -> web.Response:
            async def effect() -> web.Response:
                try:
                    return await act(request, self._lines(request))
                except ApiError as error:
                    if target == "send":
                        self._bird.refuses("", "", str(error), code=error.code, status=error.status)
                    return web.json_response(error.body(), status=error.status)

            return await answer_with_faults(self._bird.kernel, f"bird.{target}", request, effect, refusal_body)

        return answer

    def _lines(self, request: web.Request) -> list[BirdLine]:
        """The channels of the workspace.

        Raises:
            ApiError: the key is wrong, or is not this workspace's.
        """
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        own = [line for line in self._bird.lines.values() if line.api == "bird" and line.access_key == key]
        if scheme != "AccessKey" or not own:
            raise ApiError("the access key is not known", status=401)
        found = [line for line in own if line.workspace_id == request.match_info["workspace"]]
        if not found:
            raise ApiError("the access key may not use this workspace", status=403)
        return found

    @staticmethod
    def _asked(request: web.Request, lines: list[BirdLine]) -> BirdLine:
        line = next((line for line in lines if line.channel_id == request.match_info["channel"]), None)
        if line is None:
            raise ApiError("no such channel", status=404)
        return line

    async def _channel(self, request: web.Request, lines: list[BirdLine]) -> web.Response:
        line = self._asked(request, lines)
        shown = {"id": line.channel_id, "platformId": "sms-messagebird", "name": line.name, "identifier": line.address, "status": "active"}
        return web.json_response(shown)

    async def _send(self, request: web.Request, lines: list[BirdLine]) -> web.Response:
        line = self._asked(request, lines)
        outgoing = read_message(await request.read())
        if outgoing.kind != "text" and not line.mms:
            raise ApiError("the channel is not capable of MMS")
        phone = self._bird.phone(line, outgoing.to)
        shown: Json = {"url": outgoing.url} if outgoing.url else {"segments": asdict(segments(outgoing.text))}
        if outgoing.kind == "file":
            shown["media_type"] = "file"
        message = self._bird.lands(line, phone, outgoing.kind, outgoing.text, str(uuid.uuid4()), reference=outgoing.reference, **shown)
        self.report_status(line, phone, message, "sent")
        if phone.profile.blocked:  # Bird takes the message and tells of the opt-out afterwards
            self._bird.report_delivered(line, phone, [message], {"status": "opted_out"})
        at = instant(message["at_ms"])
        answer = {"id": message["id"], "channelId": line.channel_id, "status": "accepted", "direction": "outgoing", "createdAt": at}
        return web.json_response({**answer, "reference": outgoing.reference}, status=202)

    async def _list_webhooks(self, request: web.Request, lines: list[BirdLine]) -> web.Response:
        try:
            limit, start = int(request.query.get("limit", "10")), int(request.query.get("pageToken", "0"))
        except ValueError:
            raise ApiError("limit or pageToken is wrong") from None
        if not 1 <= limit <= 100:
            raise ApiError("limit is from 1 to 100")
        rows = self._webhooks.get(lines[0].workspace_id, [])
        page: Json = {"results": [_shown(row) for row in rows[start : start + limit]]}
        if start + limit < len(rows):
            page["nextPageToken"] = str(start + limit)
        return web.json_response(page)

    async def _make_webhook(self, request: web.Request, lines: list[BirdLine]) -> web.Response:
        rows = self._webhooks.setdefault(lines[0].workspace_id, [])
        rows.append({"id": str(uuid.uuid4()), **read_webhook(await request.read(), rows)})
        return web.json_response(_shown(rows[-1]), status=201)

    async def _delete_webhook(self, request: web.Request, lines: list[BirdLine]) -> web.Response:
        rows = self._webhooks.get(lines[0].workspace_id, [])
        left = [row for row in rows if row["id"] != request.match_info["webhook"]]
        if len(left) == len(rows):
            raise ApiError("no such webhook subscription", status=404)
        self._webhooks[lines[0].workspace_id] = left
        return web.Response(status=204)

    async def _media_of(self, request: web.Request, lines: list[BirdLine]) -> web.Response:
        """Never the bytes: the address of the storage, which is good by itself."""
        media_id = request.match_info["media"]
        if self._media.get(media_id, ("",))[0] != lines[0].workspace_id:
            raise ApiError("no such media", status=404)
        location = f"{self._bird.kernel.base_url}/bird/storage/{media_id}?{SIGNATURE}={_storage_signature(media_id)}"
        return web.Response(status=302, headers={"Location": location})

    async def _stored(self, request: web.Request) -> web.Response:
        """The storage: as S3, it refuses a second proof."""
        media_id = request.match_info["media"]
        if "Authorization" in request.headers:
            return web.Response(status=400, text="<Error><Code>InvalidArgument</Code></Error>", content_type="application/xml")
        if media_id not in self._media or request.query.get(SIGNATURE) != _storage_signature(media_id):
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>", content_type="application/xml")
        async with self._bird.courier.session.get(self._media[media_id][1]) as answer:
            return web.Response(status=answer.status, body=await answer.read(), content_type="application/octet-stream")


def signed(key: str, url: str, body: bytes, *, now_s: int | None = None) -> dict[str, str]:
    """The headers that prove a call of ``url`` with ``body``; none where the webhook has no key."""
    if not key:
        return {}
    timestamp = str(int(time.time()) if now_s is None else now_s)
    what = f"{timestamp}\n{url}\n".encode() + hashlib.sha256(body).digest()
    proof = base64.b64encode(hmac.new(key.encode(), what, hashlib.sha256).digest()).decode()
    return {"messagebird-signature": proof, "messagebird-request-timestamp": timestamp}


def instant(at_ms: int) -> str:
    """A time as the Channels API writes it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _storage_signature(media_id: str) -> str:
    return hashlib.sha256(media_id.encode()).hexdigest()


def _shown(row: Json) -> Json:
    return {name: value for name, value in row.items() if name != "signingKey"}
