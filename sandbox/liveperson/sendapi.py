"""The Send API, version 3: CONVERSATION opens a conversation, SEND does everything else a consumer may do.

Checks come in LivePerson's order: the account in the path, the AppJWT, the ConsumerJWS, then the request itself. Where LivePerson's own
material disagrees on a form, each form is taken: numbers and strings for ids, ``conversationField`` as an object or an array, a CONVERSATION
with or without the first message as its third element.
Source: https://developers.liveperson.com/connector-api-send-api-overview.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.liveperson import validation
from sandbox.liveperson.conversations import CLOSE, CONSUMER, MAIN, Consumer, Conversation, Dialog, Participant
from sandbox.liveperson.identity import authorised_app
from sandbox.liveperson.state import AlreadyOpen, LivePersonState
from sandbox.liveperson.tokens import TokenRefused, consumer_refused
from sandbox.liveperson.validation import BadRequest, expect

PROFILE = "userprofile.SetUserProfile"
REQUEST = "cm.ConsumerRequestConversation"
PUBLISH = "ms.PublishEvent"
BATCH = (PROFILE, REQUEST, PUBLISH)  # in this order; the last may be absent
PROFILE_SET = {"msg": "OK User Profile set successfully"}
RESOLVED = {"msg": "OK Conversation resolved successfully"}


class SendRoutes:
    """The two routes.

    A refused request has no effect, with LivePerson's own exception: a refused second conversation leaves its profile applied. Of several
    fields in one update, those before the refused one are applied.
    """

    def __init__(self, state: LivePersonState) -> None:
        self.state = state
        self._send: dict[str, Callable[[Consumer, dict[str, Any], dict[str, Any] | None], dict[str, Any]]] = {
            PUBLISH: self._publish,
            "ms.GenerateURLForUploadFile": self._upload_url,
            "ms.GenerateURLForDownloadFile": self._download_url,
            "cm.UpdateConversationField": self._update_field,
            PROFILE: self._set_profile,
        }

    async def conversation(self, request: web.Request) -> web.Response:
        """CONVERSATION: an array of the profile, the conversation request and, if any, the first message; answered with an array."""
        raw = await request.read()
        try:
            consumer = self._caller(request)
            data = self._parsed(request, raw)
            properties = validation.client_properties(request.headers.get("Client-Properties"))
            expect(isinstance(data, list) and len(data) in (2, 3), f"the body must be an array of {PROFILE} and {REQUEST}")
        except TokenRefused as refusal:
            return self._unauthorised(request, "conversation", refusal)
        except BadRequest as refusal:
            return self._bad_request(request, "conversation", refusal)
        items = []
        for index, (given, expected) in enumerate(zip(data, BATCH, strict=False)):
            try:
                item = validation.element(given, f"element {index}")
                expect(item["type"] == expected, f"element {index} must be {expected}")
                if expected == PROFILE:
                    validation.profile(item["body"])
                elif expected == REQUEST:
                    validation.conversation_request(item["body"], consumer.account_id)
                else:
                    validation.first_message(item["body"])
                items.append(item)
            except BadRequest as refusal:
                return self._bad_request(request, "conversation", refusal, given, is_array=True)
        return self._opened(request, consumer, items, properties)

    async def send(self, request: web.Request) -> web.Response:
        """SEND: one request object, answered with one object."""
        raw = await request.read()
        data: Any = None
        try:
            consumer = self._caller(request)
            data = self._parsed(request, raw)
            properties = validation.client_properties(request.headers.get("Client-Properties"))
            item = validation.element(data)
            validation.request_size(raw.decode(), item["body"])
            action = self._send.get(item["type"])
            if action is None:
                raise BadRequest(f"type {item['type']!r} is not known; known are {', '.join(self._send)}")
            body = action(consumer, item, properties)
        except TokenRefused as refusal:
            return self._unauthorised(request, "send", refusal)
        except BadRequest as refusal:
            return self._bad_request(request, "send", refusal, data)
        return web.json_response({"reqId": str(item["id"]), "code": "OK", "body": body})

    async def former(self, request: web.Request) -> web.Response:
        """404 for the paths of the API's first generation, which an OpenAPI file of LivePerson still lists."""
        reason = f"{request.path} is of a former Send API; version 3 is /api/account/{{account}}/messaging/consumer/conversation[/send]?v=3"
        self._record(request, "conversation", 404, reason)
        return web.json_response({"code": "NOT_FOUND", "body": {"msg": f"Not Found: {reason}"}}, status=404)

    def _opened(
        self, request: web.Request, consumer: Consumer, items: list[dict[str, Any]], properties: dict[str, Any] | None
    ) -> web.Response:
        consumer.set_profile(items[0]["body"])
        profile_id, request_id, *message_id = (str(item["id"]) for item in items)
        answers = [_answer(profile_id, PROFILE_SET)]
        body = items[1]["body"]
        try:
            conversation = self.state.open_conversation(
                consumer,
                skill_id=str(body.get("skillId", "-1")),
                ttr_type=body.get("ttrDefName"),
                campaign_info=body.get("campaignInfo"),
                context=body.get("conversationContext"),
                client_properties=properties,
            )
        except AlreadyOpen:
            reason = f"User {consumer.consumer_id} already has open conversation. Can't open another one."
            self._record(request, "conversation", 400, reason)
            failed = {"msg": f"Consumer request conversation failed: {reason}"}
            answers.append(_answer(request_id, failed, "BAD_REQUEST"))
            answers += [_answer(each, {"msg": "Bad Request: there is no conversation to publish in"}, "BAD_REQUEST") for each in message_id]
            return web.json_response(answers, status=400)
        answers.append(_answer(request_id, {"conversationId": conversation.conversation_id}))
        for item in items[2:]:
            event, metadata = item["body"]["event"], item.get("metadata")
            answers.append(_answer(str(item["id"]), self._said(consumer, conversation, conversation.main, event, metadata)))
        return web.json_response(answers)

    def _caller(self, request: web.Request) -> Consumer:
        account_id = request.match_info["account_id"]
        if not account_id:
            raise TokenRefused(40001, "Missing parameter", "Brand Id is missing")
        authorised_app(self.state, request)
        return self.state.consumer(self.state.tokens.read_consumer_jws(request.headers.get("X-LP-ON-BEHALF"), account_id))

    @staticmethod
    def _parsed(request: web.Request, raw: bytes) -> Any:
        expect(request.query.get("v") == "3", "query parameter v must be 3")
        expect(request.content_type == "application/json", f"Content-Type must be application/json, not {request.content_type}")
        try:
            return json.loads(raw.decode())
        except (ValueError, RecursionError) as err:
            raise BadRequest(f"the body is not JSON: {err}") from err

    def _set_profile(self, consumer: Consumer, item: dict[str, Any], properties: dict[str, Any] | None) -> dict[str, Any]:
        validation.profile(item["body"])
        consumer.set_profile(item["body"])
        return PROFILE_SET

    def _publish(self, consumer: Consumer, item: dict[str, Any], properties: dict[str, Any] | None) -> dict[str, Any]:
        body, event, metadata = item["body"], item["body"].get("event"), item.get("metadata")
        validation.published_event(event, self._upload_types(consumer))
        conversation, dialog = self._dialog(consumer, body)
        if dialog.state == CLOSE:
            raise validation.closed()
        conversation.declare(properties)
        return self._said(consumer, conversation, dialog, event, metadata)

    def _said(
        self, consumer: Consumer, conversation: Conversation, dialog: Dialog, event: dict[str, Any], metadata: list[Any] | None
    ) -> dict[str, Any]:
        """Publish what the consumer says in an open dialog."""
        originator = Participant(consumer.consumer_id, CONSUMER)
        named = {"dialogId": dialog.dialog_id}
        if event["type"] == "ChatStateEvent":
            expect(dialog.dialog_type == MAIN, "a survey dialog does not accept chat states")
            self.state.record("liveperson.chatstate", conversation, chatState=event["chatState"], **named)
            self.state.chat_state(conversation, dialog, originator, event["chatState"])
            return {"sequence": 0}
        if event["type"] == "AcceptStatusEvent":
            unknown = [number for number in event["sequenceList"] if number >= dialog.next_sequence]
            expect(not unknown, f"event.sequenceList: the dialog has no sequences {unknown}")
            sequence = self.state.publish(conversation, dialog, originator, event, metadata=metadata)
            seen = {"status": event["status"], "sequenceList": event["sequenceList"], "metadata": metadata}
            self.state.record("liveperson.status", conversation, sequence=sequence, **seen, **named)
            return {"sequence": sequence}
        if event["contentType"] == "hosted/file":
            expect(self._owns_file(consumer, event["message"]["relativePath"]), "event.message.relativePath: no file was uploaded there")
        sequence = self.state.publish(conversation, dialog, originator, event, metadata=metadata)
        message = dialog.messages[sequence]
        said = {"type": message.kind, "text": message.text, "metadata": metadata}
        self.state.record("liveperson.message", conversation, sequence=sequence, **said, **named)
        return {"sequence": sequence}

    def _upload_url(self, consumer: Consumer, item: dict[str, Any], properties: dict[str, Any] | None) -> dict[str, Any]:
        validation.upload_request(item["body"], self._upload_types(consumer))
        path = self.state.files.new_path(consumer.account_id, consumer.consumer_id, item["body"]["fileType"])
        return self.state.files.signed("PUT", path)

    def _download_url(self, consumer: Consumer, item: dict[str, Any], properties: dict[str, Any] | None) -> dict[str, Any]:
        path = item["body"].get("relativePath")
        expect(isinstance(path, str) and self._owns_file(consumer, path), "relativePath: there is no such file")
        return self.state.files.signed("GET", path)

    def _update_field(self, consumer: Consumer, item: dict[str, Any], properties: dict[str, Any] | None) -> dict[str, Any]:
        fields = validation.conversation_fields(item["body"])
        conversation = self._conversation(consumer, item["body"].get("conversationId"), "conversationId")
        conversation.declare(properties)
        answers = [self._change(conversation, change) for change in fields]
        return answers[-1]

    def _change(self, conversation: Conversation, change: dict[str, Any]) -> dict[str, Any]:
        name = change["field"]
        if name == "CSATRate":
            expect(conversation.state == CLOSE, "CSATRate is taken after the conversation was closed")
            conversation.csat = change
            rating = {key: change[key] for key in ("csatRate", "csatResolutionConfirmation", "status")}
            self.state.record("liveperson.csat", conversation, **rating)
            self.state.changed(conversation)
            return {"msg": "OK CSAT updated successfully"}
        if conversation.stage == CLOSE:
            raise validation.closed()
        if name == "TTRField":
            self.state.set_ttr(conversation, change["ttrType"], change["value"])
            return {"msg": "OK TTR updated successfully"}
        if name == "DialogChange":
            dialog = conversation.dialog(change["dialog"]["dialogId"])
            if dialog is None:
                raise BadRequest(f"DialogChange: the conversation has no dialog {change['dialog']['dialogId']!r}")
            if dialog.state == CLOSE:
                raise validation.closed()
            self.state.close_dialog(conversation, dialog, CONSUMER, change["dialog"].get("closedCause"))
        else:
            self.state.close_conversation(conversation, CONSUMER)
        return RESOLVED

    def _dialog(self, consumer: Consumer, body: dict[str, Any]) -> tuple[Conversation, Dialog]:
        dialog_id = body.get("dialogId")
        expect(isinstance(dialog_id, str) and dialog_id != "", "dialogId must be a non-empty string")
        named = "conversationId" if "conversationId" in body else "dialogId"
        conversation = self._conversation(consumer, body[named], named)
        dialog = conversation.dialog(str(dialog_id))
        if dialog is None:
            raise BadRequest(f"the conversation {conversation.conversation_id} has no dialog {dialog_id!r}")
        return conversation, dialog

    def _conversation(self, consumer: Consumer, conversation_id: Any, named: str) -> Conversation:
        expect(isinstance(conversation_id, str), f"{named} must be a string")
        conversation = self.state.conversations.get(conversation_id)
        if conversation is None or conversation.account_id != consumer.account_id:
            hint = " (beside the dialogId of a survey, conversationId is needed)" if named == "dialogId" else ""
            raise BadRequest(f"{named}: there is no conversation {conversation_id!r}{hint}")
        if conversation.consumer is not consumer:
            raise consumer_refused("the conversation belongs to another consumer")
        return conversation

    def _upload_types(self, consumer: Consumer) -> tuple[str, ...]:
        return self.state.accounts.made(consumer.account_id).upload_types()

    def _owns_file(self, consumer: Consumer, path: str) -> bool:
        return f"/{consumer.account_id}/" in path and self.state.files.get(path) is not None

    def _unauthorised(self, request: web.Request, call: str, refusal: TokenRefused) -> web.Response:
        self._record(request, call, refusal.status, str(refusal))
        return web.json_response(refusal.body(), status=refusal.status)

    def _bad_request(
        self, request: web.Request, call: str, refusal: BadRequest, item: Any = None, *, is_array: bool = False
    ) -> web.Response:
        answer: dict[str, Any] = {"code": "BAD_REQUEST", "body": {"msg": refusal.msg}}
        if isinstance(item, dict) and isinstance(item.get("id"), (str, int)):
            answer["reqId"] = str(item["id"])
        self._record(request, call, 400, refusal.reason)
        return web.json_response([answer] if is_array else answer, status=400)

    def _record(self, request: web.Request, call: str, status: int, reason: str) -> None:
        account_id = request.match_info["account_id"]
        self.state.kernel.ledger.record("liveperson.refused", call=call, accountId=account_id, status=status, reason=reason)


def _answer(request_id: str, body: dict[str, Any], code: str = "OK") -> dict[str, Any]:
    return {"code": code, "body": body, "reqId": request_id}
