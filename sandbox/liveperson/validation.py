"""What LivePerson demands of a connector's requests: the form of each body, checked before anything takes effect.

The published texts of refusals are few; the others name the field, so that a developer sees what to mend.
Sources: https://developers.liveperson.com/connector-api-send-api-overview.html and the schemas of the Messaging Window API it refers to.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.liveperson.conversations import CLOSE, TTR_SECONDS
from sandbox.liveperson.files import FILE_TYPE, MAX_FILE_BYTES, UPLOAD_TYPES

MAX_REQUEST_CHARS = 5000  # of the JSON text, in UTF-16 units
MAX_DEPTH = 100  # of nested objects and arrays
MAX_PREVIEW_BYTES = 30 * 1024
CHAT_STATES = ("ACTIVE", "INACTIVE", "GONE", "COMPOSING", "PAUSE")
ACCEPT_STATUSES = ("ACCEPT", "READ", "ACCESS", "NACK", "ACTION")
SDE_PARTS = {"ctmrinfo": "info", "personal": "personal"}
GENDERS = ("MALE", "FEMALE", "OTHER", 0, 1, 2, "0", "1", "2")  # the words in every sample, the numbers in the table of attributes
CSAT_STATUSES = ("FILLED", "PARTIALLY_FILLED", "SKIPPED")
CLIENT_PROPERTIES_TYPES = (".ClientProperties", ".ams.headers.ClientProperties")
CLIENT_ENUMS = {
    "deviceFamily": ("DESKTOP", "TABLET", "MOBILE", "OTHER"),
    "os": ("WINDOWS", "LINUX", "OSX", "ANDROID", "IOS", "OTHER"),
    "integration": ("WEB_SDK", "MOBILE_SDK", "BRAND_SDK"),
}
PROFILE_TEXTS = ("firstName", "lastName", "userId", "avatarUrl", "role", "backgndImgUri", "description")
AGENT_ONLY_FIELDS = ("ParticipantsChange", "Skill")


class BadRequest(Exception):
    """A request that LivePerson answers with 400; ``msg`` is what the answer says, ``reason`` what the ledger says."""

    def __init__(self, reason: str, msg: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.msg = f"Bad Request: {reason}" if msg is None else msg


def closed() -> BadRequest:
    """The published answer to an event for a conversation that is closed."""
    return BadRequest("the conversation is closed", "Bad Request, Conversation is close")


def expect(is_met: bool, reason: str) -> None:
    """
    Raises:
        BadRequest: ``is_met`` is false.
    """
    if not is_met:
        raise BadRequest(reason)


def element(data: Any, where: str = "the request") -> dict[str, Any]:
    """One request object: ``kind``, ``id``, ``type`` and ``body`` of the right form; a field of the body that is null counts as absent."""
    expect(isinstance(data, dict), f"{where} must be a JSON object")
    expect(data.get("kind") == "req", f'{where}: kind must be "req"')
    request_id = data.get("id")
    expect(_is_id(request_id) and 1 <= len(str(request_id)) <= 64, f"{where}: id must be a string of 1 to 64 characters")
    expect(isinstance(data.get("type"), str), f"{where}: type must be a string")
    expect(isinstance(data.get("body"), dict), f"{where}: body must be an object")
    metadata = data.get("metadata")
    is_metadata = metadata is None or (isinstance(metadata, list) and all(isinstance(item, dict) for item in metadata))
    expect(is_metadata, f"{where}: metadata must be an array of objects")
    expect("metadata" not in data["body"], f"{where}: metadata belongs beside body, not in it")
    return {**data, "body": _without_nulls(data["body"])}


def _without_nulls(value: Any, depth: int = 0) -> Any:
    expect(depth <= MAX_DEPTH, "the request is nested too deeply")
    if isinstance(value, dict):
        return {name: _without_nulls(inner, depth + 1) for name, inner in value.items() if inner is not None}
    return [_without_nulls(item, depth + 1) for item in value] if isinstance(value, list) else value


def request_size(text: str, body: dict[str, Any]) -> None:
    """Refuse a request over the limit. A file's preview may be larger than the limit, so it does not count."""
    units = len(text.encode("utf-16-le")) // 2
    event = body.get("event")
    message = event.get("message") if isinstance(event, dict) else None
    preview = message.get("preview") if isinstance(message, dict) else None
    if isinstance(preview, str):
        units -= len(preview)
    if units > MAX_REQUEST_CHARS:
        raise BadRequest(f"the request has {units} characters, more than {MAX_REQUEST_CHARS}", "Bad Request")


def client_properties(header: str | None) -> dict[str, Any] | None:
    """The ``Client-Properties`` header, which holds JSON; None without one."""
    if header is None:
        return None
    try:
        data = json.loads(header)
    except ValueError as err:
        raise BadRequest("the Client-Properties header is not JSON") from err
    expect(isinstance(data, dict), "the Client-Properties header must be a JSON object")
    expect(data.get("type") in CLIENT_PROPERTIES_TYPES, f"Client-Properties: type must be {CLIENT_PROPERTIES_TYPES[0]}")
    features = data.get("features", [])
    is_words = isinstance(features, list) and all(isinstance(word, str) for word in features)
    expect(is_words, "Client-Properties: features must be an array of strings")
    for name, allowed in CLIENT_ENUMS.items():
        expect(data.get(name, allowed[0]) in allowed, f"Client-Properties: {name} must be one of {', '.join(allowed)}")
    return dict(data)


def profile(body: dict[str, Any]) -> None:
    """The body of ``userprofile.SetUserProfile``; it may be empty."""
    for name in PROFILE_TEXTS:
        expect(isinstance(body.get(name, ""), str), f"{name} must be a string")
    expect(isinstance(body.get("privateData", {}), dict), "privateData must be an object")
    data = body.get("authenticatedData", {})
    expect(isinstance(data, dict), "authenticatedData must be an object")
    sdes = data.get("lp_sdes", [])
    expect(isinstance(sdes, list), "authenticatedData.lp_sdes must be an array")
    for sde in sdes:
        kind = sde.get("type") if isinstance(sde, dict) else None
        expect(kind in tuple(SDE_PARTS), f"authenticatedData.lp_sdes: type must be one of {', '.join(SDE_PARTS)}")
        part = SDE_PARTS[str(kind)]
        expect(isinstance(sde.get(part), dict), f"authenticatedData.lp_sdes: a {kind} needs an object {part}")
        gender = sde[part].get("gender")
        expect(gender is None or gender in GENDERS, "authenticatedData.lp_sdes: gender must be MALE, FEMALE or OTHER")


def conversation_request(body: dict[str, Any], account_id: str) -> None:
    """The body of ``cm.ConsumerRequestConversation``."""
    expect(_is_id(body.get("brandId")) and str(body["brandId"]) == account_id, f"brandId must be the account of the path, {account_id!r}")
    expect(body.get("channelType", "MESSAGING") == "MESSAGING", "channelType must be MESSAGING")
    expect(body.get("ttrDefName") in (None, *TTR_SECONDS), f"ttrDefName must be null or one of {', '.join(TTR_SECONDS)}")
    skill_id = body.get("skillId", "-1")
    expect(_is_id(skill_id) and skill_id != "", 'skillId must be a string, "-1" for unassigned')
    campaign = body.get("campaignInfo")
    if campaign is not None:
        expect(isinstance(campaign, dict), "campaignInfo must be an object")
        for name in ("campaignId", "engagementId"):
            expect(_is_id(campaign.get(name)), f"campaignInfo.{name} must be a string or a number")
    context = body.get("conversationContext")
    if context is not None:
        is_typed = isinstance(context, dict) and isinstance(context.get("type"), str)
        expect(is_typed, "conversationContext must be an object with a type, such as SharkContext")


def first_message(body: dict[str, Any]) -> None:
    """The body of the ``ms.PublishEvent`` that may be the third element of CONVERSATION: a text, for a dialog that has no id yet."""
    event = body.get("event")
    expect(body.get("dialogId") in (None, "") and body.get("conversationId") in (None, ""), "element 2: dialogId must be empty")
    is_text = isinstance(event, dict) and event.get("type") == "ContentEvent" and event.get("contentType") == "text/plain"
    expect(is_text, "element 2: event must be a ContentEvent of text/plain")
    published_event(event)


def _is_id(value: Any) -> bool:
    """Ids are strings in the documentation, and numbers in some of LivePerson's samples and software."""
    return isinstance(value, str) or type(value) is int


def published_event(event: Any, types: tuple[str, ...] = UPLOAD_TYPES) -> None:
    """``event`` of ``ms.PublishEvent``, as a consumer may send it whose account allows files of ``types``."""
    expect(isinstance(event, dict), "event must be an object")
    kind = event.get("type")
    if kind == "ContentEvent":
        _content(event, types)
    elif kind == "ChatStateEvent":
        expect(event.get("chatState") in CHAT_STATES, f"event.chatState must be one of {', '.join(CHAT_STATES)}")
    elif kind == "AcceptStatusEvent":
        expect(event.get("status") in ACCEPT_STATUSES, f"event.status must be one of {', '.join(ACCEPT_STATUSES)}")
        numbers = event.get("sequenceList")
        is_list = isinstance(numbers, list) and all(type(number) is int and number >= 0 for number in numbers)
        expect(is_list and bool(numbers), "event.sequenceList must be a non-empty array of whole numbers")
    else:
        raise BadRequest(f"event.type must be ContentEvent, ChatStateEvent or AcceptStatusEvent, not {kind!r}")


def _content(event: dict[str, Any], types: tuple[str, ...]) -> None:
    message: Any = event.get("message")
    if event.get("contentType") == "text/plain":
        expect(isinstance(message, str) and message != "", "event.message must be a non-empty string")
    elif event.get("contentType") == "hosted/file":
        expect(isinstance(message, dict), "event.message of a hosted/file must be an object")
        expect(isinstance(message.get("caption", ""), str), "event.message.caption must be a string")
        expect(isinstance(message.get("relativePath"), str), "event.message.relativePath must be a string")
        allowed = ("IMG", *types)  # the schema's word for any picture
        expect(message.get("fileType") in allowed, f"event.message.fileType must be one of {', '.join(allowed)}")
        preview = message.get("preview", "")
        expect(isinstance(preview, str), "event.message.preview must be a string")
        expect(len(preview) < MAX_PREVIEW_BYTES, f"event.message.preview must be under {MAX_PREVIEW_BYTES} bytes")
    else:
        raise BadRequest(f"event.contentType must be text/plain or hosted/file, not {event.get('contentType')!r}")


def upload_request(body: dict[str, Any], types: tuple[str, ...]) -> None:
    """The body of a consumer's ``ms.GenerateURLForUploadFile``."""
    file_size(body.get("fileSize"))
    expect(body.get("fileType") in types, f"fileType must be one of {', '.join(types)}")


def conversation_fields(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The changes of ``cm.UpdateConversationField``; ``conversationField`` may be one object or an array of them."""
    given: Any = body.get("conversationField")
    fields: list[Any] = given if isinstance(given, list) else [given]
    expect(bool(fields) and all(isinstance(item, dict) for item in fields), "conversationField must be an object or an array of objects")
    for item in fields:
        _conversation_field(item)
    return fields


def _conversation_field(item: dict[str, Any]) -> None:
    name = item.get("field")
    if name in ("ConversationStateField", "Stage"):
        expect(item.get("conversationState") == CLOSE, f"{name}: conversationState must be CLOSE")
    elif name == "DialogChange":
        dialog = item.get("dialog")
        expect(item.get("type") == "UPDATE", "DialogChange: type must be UPDATE")
        expect(isinstance(dialog, dict) and isinstance(dialog.get("dialogId"), str), "DialogChange: dialog needs a dialogId")
        expect(isinstance(dialog, dict) and dialog.get("state") == CLOSE, "DialogChange: dialog.state must be CLOSE")
    elif name == "CSATRate":
        rate = item.get("csatRate")
        expect(type(rate) is int and 1 <= rate <= 5, "CSATRate: csatRate must be a whole number from 1 to 5")
        expect(isinstance(item.get("csatResolutionConfirmation"), bool), "CSATRate: csatResolutionConfirmation must be true or false")
        expect(item.get("status") in CSAT_STATUSES, f"CSATRate: status must be one of {', '.join(CSAT_STATUSES)}")
    elif name == "TTRField":
        expect(item.get("ttrType") in tuple(TTR_SECONDS), f"TTRField: ttrType must be one of {', '.join(TTR_SECONDS)}")
        value = item.get("value")
        expect(type(value) is int and value >= 0, "TTRField: value must be a whole number of seconds")
    elif name in AGENT_ONLY_FIELDS:
        raise BadRequest(f"{name} may be changed by agents only")
    else:
        raise BadRequest(f"conversationField.field {name!r} is not known")


def file_size(size: Any) -> None:
    """``fileSize``: a string of digits in the documentation, a number in LivePerson's software."""
    is_text = isinstance(size, str) and size.isascii() and size.isdigit() and len(size) <= 12
    expect(is_text or type(size) is int, "fileSize must be a number of bytes, or a string of digits")
    expect(0 < int(size) <= MAX_FILE_BYTES, f"fileSize must be from 1 to {MAX_FILE_BYTES} bytes")


def agent_file_type(file_type: Any) -> None:
    """``fileType`` of an agent's file: agents may send more kinds than consumers, so any word of the right form is taken."""
    expect(isinstance(file_type, str) and bool(FILE_TYPE.fullmatch(file_type.upper())), "fileType must be a word such as PNG or PDF")


def agent_event(event: Any) -> None:
    """``event`` of ``.ams.ms.PublishEvent``, as an agent may send it: what a consumer may, structured content, and other content types."""
    expect(isinstance(event, dict), "event must be an object")
    replies = event.get("quickReplies")
    expect(replies is None or (isinstance(replies, dict) and isinstance(replies.get("replies"), list)), "event.quickReplies needs replies")
    if event.get("type") == "RichContentEvent":
        content = event.get("content")
        expect(isinstance(content, dict) and isinstance(content.get("type"), str), "event.content must be an object with a type")
    elif event.get("type") == "ContentEvent" and event.get("contentType") != "text/plain":
        message = event.get("message")
        expect(isinstance(event.get("contentType"), str), "event.contentType must be a string")
        expect(isinstance(message, (str, dict)), "event.message must be a string or an object")
        if event["contentType"] == "hosted/file":
            is_file = isinstance(message, dict) and isinstance(message.get("relativePath"), str)
            expect(is_file, "event.message of a hosted/file must be an object with a relativePath")
            agent_file_type(message["fileType"] if isinstance(message, dict) and "fileType" in message else None)
    else:
        published_event(event)
