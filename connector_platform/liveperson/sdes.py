"""What agents are told about the person: engagement attributes (SDEs) and the flat fields of the consumer's profile."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from connector_platform.core.events import Profile

DEFAULT_ATTRIBUTES: Mapping[str, str] = {
    "ctmrinfo.socialId": "{id}",
    "ctmrinfo.userName": "{username}",
    "ctmrinfo.companyBranch": "{channel}",
    "personal.firstname": "{first_name}",
    "personal.lastname": "{last_name}",
    "personal.language": "{locale}",
    "personal.contacts.email": "{email}",
    "personal.contacts.phone": "{phone}",
}
"""What each attribute is filled with unless an operator says otherwise."""

_MAX_TEMPLATE = 200
_PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """The person, and what the channel knows; what is empty is not sent.

    ``external_id`` is the vendor's id of the person. ``attributes`` maps an attribute (``ctmrinfo.customerId``) to a template of words and
    facts (``crm-{id}``); an attribute with a fact that is not known is left out, unless it has others that are.
    """

    profile: Profile = field(default_factory=Profile)
    external_id: str = ""
    channel: str = ""
    provider: str = ""
    brand: str = ""
    attributes: Mapping[str, str] = field(default_factory=lambda: DEFAULT_ATTRIBUTES)


FACTS: Mapping[str, str] = {
    "id": "the platform's id of the person",
    "name": "the whole name",
    "first_name": "the first name; the whole name where it came whole",
    "last_name": "the last name",
    "phone": "the phone number",
    "email": "the e-mail address",
    "locale": "the language, such as pt-BR",
    "avatar_url": "the address of the picture",
    "username": "the name on the platform",
    "reference": "what brought the person here: an ad, a link's parameter",
    "channel": "the channel's name",
    "provider": "the platform's name",
    "brand": "the brand's name",
}
"""What a template can hold in braces."""


def _whole(value: str) -> int | None:
    return int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None


def _decimal(value: str) -> float | None:
    return float(value) if re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,6})?", value) else None


def _date(value: str) -> dict[str, int] | None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return {"day": day.day, "month": day.month, "year": day.year}


def _gender(value: str) -> str | None:
    return value.upper() if value.upper() in ("MALE", "FEMALE", "OTHER") else None


def _phone_type(value: str) -> str | None:
    kinds = ("HOME", "MOBILE", "WORK", "FAX", "MAIN", "HOME_FAX", "WORK_FAX", "PAGER", "OTHER")
    return value.upper() if value.upper() in kinds else None


def _words(value: str) -> str | None:
    return value[:256]


_READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(
        ("socialId", "ctype", "cstatus", "customerId", "currency", "imei", "userName", "companyBranch", "accountName", "role"), _words
    ),
    "balance": _decimal,
    "companySize": _whole,
    "loginStatus": _whole,
    "lastPaymentDate": _date,
    "registrationDate": _date,
}
_PERSONAL_READERS: Mapping[str, Callable[[str], Any]] = {
    **dict.fromkeys(
        ("firstname", "lastname", "company", "language", "contacts.email", "contacts.phone", "contacts.country", "contacts.region"), _words
    ),
    "gender": _gender,
    "contacts.phoneType": _phone_type,
    **dict.fromkeys(("age.age", "age.year", "age.month", "age.day"), _whole),
}
ATTRIBUTES: Mapping[str, Callable[[str], Any]] = {
    **{f"ctmrinfo.{name}": reader for name, reader in _READERS.items()},
    **{f"personal.{name}": reader for name, reader in _PERSONAL_READERS.items()},
}
"""The attributes that the Connector API takes, each with what reads its value. It takes no others.

Source: https://developers.liveperson.com/engagement-attributes-types-of-engagement-attributes.html (archived copy, checked 2026-11).
"""


def attribute_problem(name: str, template: str) -> str:
    """What is wrong with filling the attribute ``name`` with ``template``, in a sentence; empty where nothing is."""
    if name not in ATTRIBUTES:
        return f"“{name[:60]}” is no attribute of the Connector API; there are: {', '.join(ATTRIBUTES)}."
    if len(template) > _MAX_TEMPLATE:
        return f"“{name}”: at most {_MAX_TEMPLATE} characters."
    for fact in _PLACE.findall(template):
        if fact not in FACTS:
            return f"“{name}”: nothing is known as “{{{fact[:40]}}}”; there are: {', '.join(FACTS)}."
    if not _PLACE.search(template) and template.strip() and ATTRIBUTES[name](template.strip()) is None:
        return f"“{name}”: “{template[:40]}” is no value that it takes."
    return ""


def profile_body(consumer: Consumer, *, language: str = "") -> dict[str, Any]:
    """The body of ``userprofile.SetUserProfile``; ``{}``, which LivePerson takes, where nothing is known.

    ``language`` (``en-US``) stands in where the profile tells no locale.

    Source: https://developers.liveperson.com/connector-api-send-api-conversation.html (archived copy, checked 2026-11).
    """
    profile = consumer.profile
    first_name, last_name = _names(profile)
    sdes = lp_sdes(consumer, language=language)
    return _present(
        {
            "firstName": first_name,
            "lastName": last_name,
            "avatarUrl": profile.avatar_url,
            "privateData": _present({"mobileNum": profile.phone, "mail": profile.email}),
            "authenticatedData": {"lp_sdes": sdes} if sdes else {},
        }
    )


def lp_sdes(consumer: Consumer, *, language: str = "") -> list[dict[str, Any]]:
    """The attributes ``ctmrinfo`` and ``personal``, each only where it has something to say. The Connector API knows no others.

    Source: https://developers.liveperson.com/engagement-attributes-types-of-engagement-attributes.html (archived copy, checked 2026-11).
    """
    facts = _facts(consumer, language)
    info: dict[str, Any] = {}
    personal: dict[str, Any] = {}
    contact: dict[str, Any] = {}
    for name, template in consumer.attributes.items():
        value = _filled(template, facts)
        read = ATTRIBUTES[name](value) if value and name in ATTRIBUTES else None
        if read is None:
            continue
        kind, _, rest = name.partition(".")
        group, _, inner = rest.partition(".")
        if kind == "ctmrinfo":
            info[rest] = read
        elif group == "age":
            personal.setdefault("age", {})[inner] = read
        elif inner in ("country", "region"):
            contact.setdefault("address", {})[inner] = read
        elif group == "contacts":
            contact[inner] = read
        else:
            personal[rest] = read
    if contact:
        if "phone" in contact:
            contact.setdefault("phoneType", "MOBILE")
        personal["contacts"] = [contact]
    sdes: list[dict[str, Any]] = []
    if info:
        sdes.append({"type": "ctmrinfo", "info": info})
    if personal:
        sdes.append({"type": "personal", "personal": personal})
    return sdes


def language_tag(locale: str) -> str:
    """``locale`` (``en_US``, ``pt-BR.UTF-8``) in LivePerson's form (``en-US``, ``pt-BR``)."""
    return locale.partition(".")[0].partition("@")[0].strip().replace("_", "-")


def _facts(consumer: Consumer, language: str) -> dict[str, str]:
    profile = consumer.profile
    first_name, last_name = _names(profile)
    known = {one.name: str(getattr(profile, one.name)) for one in fields(profile)}
    return {
        **known,
        "name": profile.name or f"{profile.first_name} {profile.last_name}".strip(),
        "first_name": first_name,
        "last_name": last_name,
        "locale": language_tag(profile.locale) or language,
        "id": consumer.external_id,
        "channel": consumer.channel,
        "provider": consumer.provider,
        "brand": consumer.brand,
    }


def _filled(template: str, facts: Mapping[str, str]) -> str:
    """``template`` with its facts; empty where it has places for facts and none of them is known."""
    places = _PLACE.findall(template)
    if places and not any(facts.get(name) for name in places):
        return ""
    return _PLACE.sub(lambda place: facts.get(place[1], ""), template).strip()


def _names(profile: Profile) -> tuple[str, str]:
    """First and last name. A name that came whole stays whole, as the first name: where to cut it differs between cultures."""
    if profile.first_name or profile.last_name:
        return profile.first_name, profile.last_name
    return profile.name, ""


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
