"""What Infobip's OpenAPI (3.210.0, generated July 2026, read 2026-11) says of the bodies that its Python SDK has no models for: MMS v2 and
subscriptions. Nothing that it does not name is allowed.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _object(required: str = "", **properties: Schema) -> Schema:
    return {"type": "object", "additionalProperties": False, "required": required.split(), "properties": properties}


def _text(shortest: int = 0, longest: int | None = None) -> Schema:
    return {"type": "string", "minLength": shortest, **({} if longest is None else {"maxLength": longest})}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_ID = {"type": "string", "pattern": r"^[A-Za-z0-9._~-]{1,255}$"}  # "must not include any characters that require URL encoding"

_SEGMENT = {
    "oneOf": [
        _object("type text", type={"const": "TEXT"}, contentId=_text(), text=_text(0, 4096)),
        _object("type contentUrl", type={"const": "LINK"}, contentId=_text(), contentType=_text(), contentUrl=_text()),
    ]
}
_DELIVERY = _object(url=_text(), intermediateReport={"type": "boolean"}, notify={"type": "boolean"})
MMS_REQUEST = _object(
    "messages",
    messages=_list(
        _object(
            "destinations content",
            sender=_text(),
            destinations=_list(_object("to", to=_text(), messageId=_text(0, 200))),
            content=_object("messageSegments", title=_text(0, 66), messageSegments=_list(_SEGMENT)),
            webhooks=_object(delivery=_DELIVERY, contentType=_text(), callbackData=_text(0, 4000)),
        )
    ),
)

_PRICE = _object(pricePerMessage={"type": "number"}, currency=_text())
_GROUP = _list({"oneOf": [_object("to", to=_text()), _object("cc", cc=_text())]})
_NAMED = {name: _text() for name in ("from", "to", "receivedAt", "messageId", "callbackData", "applicationId", "entityId")}
_MMS = _object(
    pairedMessageId=_text(),
    userAgent=_text(),
    message=_list(_object("contentType", contentType=_text(), value=_text(), url=_text())),
    group=_GROUP,
    price=_PRICE,
    **_NAMED,
)
# As fetched, and in older set-ups of numbers: the words only.
_MMS_IN_WORDS = _object(message=_text(), mmsCount={"type": "integer"}, group=_GROUP, price=_PRICE, **_NAMED)
MMS_INBOUND = _object(
    results=_list({"oneOf": [_MMS, _MMS_IN_WORDS]}), messageCount={"type": "integer"}, pendingMessageCount={"type": "integer"}
)

_BASIC = _object("username password", username=_text(1, 255), password=_text(1, 255))
_HMAC = _object(
    "secretKey algorithm",
    secretKey=_text(1, 255),
    algorithm={"enum": [f"HMAC_{name}" for name in ("MD5", "SHA_1", "SHA_224", "SHA_256", "SHA_384", "SHA_512")]},
)
_CREDENTIALS = {"type": {"enum": ["BASIC", "HMAC"]}, "credentials": {"oneOf": [_BASIC, _HMAC]}}
_WEBHOOK = _object("notifyUrl", contentType=_text(0, 255), notifyUrl=_text(0, 512))
_OWN_SECURITY = _object("authId", authId=_ID)
_SUBSCRIPTION = {
    "name": _text(1, 255),
    "events": _list({"enum": ["CLICK", "DELIVERY", "INBOUND_MESSAGE"]}),
    "resources": _list(_text(0, 255)),
    "profile": _object("profileId", profileId=_ID),
}
SUBSCRIPTION_CALLS: dict[tuple[str, str], Schema] = {
    ("POST", "security"): _object("authId", authId=_ID, **_CREDENTIALS),
    ("PUT", "security/*"): _object(**_CREDENTIALS),
    ("POST", "profiles"): _object("profileId", profileId=_ID, webhook=_WEBHOOK, security=_OWN_SECURITY),
    ("PUT", "profiles/*"): _object(webhook=_WEBHOOK, security=_OWN_SECURITY),
    **{
        (method, path): _object(f"events profile{more}", **({"subscriptionId": _ID} if more else {}), **_SUBSCRIPTION)
        for channel in ("SMS", "MMS")
        for method, path, more in (
            ("POST", f"subscription/{channel}", " subscriptionId"),
            ("PUT", f"subscription/{channel}/*", ""),
        )
    },
}
