"""Gateways that we know: the values that an operator need not type. Whatever the configuration says explicitly wins.

Source: Kannel user guide (sendsms, sms-service, dlr-mask) and Jasmin manual (HTTP API, httpccm), checked 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

KANNEL: dict[str, Any] = {
    "inbound": {
        "methods": ["GET"],
        "body_format": "form",
        "fields": {
            "sender": ["sender", "from"],
            "text": ["message", "text"],
            "recipient": ["to"],
            "message_id": ["id"],
            "timestamp": ["ts"],
            # %b is handed over in the charset that %C names: UTF-16BE as soon as one letter is not in the GSM alphabet.
            # Source: "%b", "%c", "%C", "%u" in the Kannel user guide and its gw/urltrans.c (read 2026-11).
            "charset": ["charset"],
            # Kannel joins long messages by itself; where it is told not to, %u is the header.
            "udh": ["udh"],
        },
        "timestamp_format": "unix",
        # Kannel texts our answer to the consumer unless it is empty.
        "ack_status": 200,
        "ack_body": "",
        "ack_content_type": "text/plain",
    },
    "status": {
        "scheme": "kannel_mask",
        "fields": {"message_id": ["uuid", "id"], "status": ["status"], "error": []},
        "reasons": {
            "2": "the operator could not deliver the message",
            "16": "the operator refused the message",
            "34": "the phone was switched off or out of reach for too long",
        },
    },
    "outbound": {
        # The address is the operator's own; the path and the parameters are Kannel's. dlr-url is a URL inside a parameter: Kannel
        # must see "%d" in it after decoding, hence "%25d" here.
        "url": "http://kannel:13013/cgi-bin/sendsms?username={{username}}&password={{password}}&from={{from}}&to={{to_no_plus}}"
        "&text={{text}}&coding={{coding}}&charset=UTF-8&dlr-mask=27&dlr-url={{status_url_with_id}}%26status%3D%25d",
        "method": "GET",
        "content_type": "none",
        "coding_values": {"gsm7": "0", "unicode": "2"},
        # 0: accepted, 3: queued for later. There is no message id: reports name ours.
        "success": {"status": [200, 202], "body_regex": r"^[03]:"},
        "message_id": {},
        "max_length": 160,
        "split": "gateway",
    },
}

JASMIN: dict[str, Any] = {
    "inbound": {
        "methods": ["GET", "POST"],
        "body_format": "form",
        "fields": {
            "sender": ["from"],
            "text": ["content"],
            "recipient": ["to"],
            "message_id": ["id"],
            "timestamp": [],
            "coding": ["coding"],
            "hex_text": ["binary"],
        },
        # Anything else, and Jasmin sends the message again.
        "ack_status": 200,
        "ack_body": "ACK/Jasmin",
        "ack_content_type": "text/plain",
    },
    "status": {
        "fields": {"message_id": ["id"], "status": ["message_status"], "error": ["err"], "delivered_count": ["dlvrd"]},
        "values": {
            "delivered": ["DELIVRD"],
            # A level 1 report says that the operator took it, no more.
            "sent": ["ACCEPTD", "ENROUTE", "ESME_ROK"],
            "failed": ["UNDELIV", "REJECTD", "EXPIRED", "DELETED", "UNKNOWN", "ESME_R*"],
        },
    },
    "outbound": {
        "url": "http://jasmin:1401/send",
        "method": "POST",
        "content_type": "application/x-www-form-urlencoded",
        # hex-content is passed on as it is, so it must be in the alphabet that "coding" announces.
        "body": "username={{username}}&password={{password}}&to={{to_no_plus}}&from={{from}}&coding={{coding}}&hex-content={{coded_hex}}"
        "&dlr=yes&dlr-url={{status_url}}&dlr-level=3&dlr-method=POST",
        "coding_values": {"gsm7": "0", "unicode": "8"},
        "success": {"status": [200], "body_regex": r"^Success"},
        "message_id": {"regex": r'^Success "([^"]+)"'},
        "max_length": 160,
        "split": "gateway",
    },
}

# The generic values are the defaults of the models in config.py.
PRESETS: Mapping[str, dict[str, Any]] = MappingProxyType({"generic": {}, "kannel": KANNEL, "jasmin": JASMIN})

# Values that make sense only as a whole: half of the preset's and half of the operator's would be neither.
_WHOLE = frozenset({"auth", "message_id", "reasons"})


def apply_preset(data: dict[str, Any]) -> dict[str, Any]:
    """``data`` over the values of the preset that it names; sections merge, lists and single values replace.

    An unknown preset changes nothing: the model refuses it with its own words.
    """
    name = data.get("preset", "generic")
    defaults = PRESETS.get(name, {}) if isinstance(name, str) else {}
    merged = _merge(defaults, data)
    outbound, usual = merged.get("outbound"), defaults.get("outbound", {})
    if isinstance(outbound, dict) and outbound.get("content_type") == "none" and usual.get("content_type") == "none":
        url, query = outbound.get("url"), str(usual["url"]).partition("?")[2]
        if isinstance(url, str) and "?" not in url:
            # The operator gave the address of their own Kannel; the parameters are the preset's.
            merged["outbound"] = {**outbound, "url": f"{url}?{query}"}
    return merged


def _merge(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**defaults, **given}
    for key, default in defaults.items():
        value = given.get(key)
        if isinstance(default, dict) and key not in _WHOLE:
            if isinstance(value, BaseModel):
                value = value.model_dump(exclude_unset=True)
            if isinstance(value, dict):
                merged[key] = _merge(default, value)
    return merged
