"""What agents are told about the person: engagement attributes (SDEs) and the flat fields of the consumer's profile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from connector_platform.core.events import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """The person, and what the channel knows; empty fields are not sent.

    ``social_id`` is the vendor's id of the person. The others land in the agent's Consumer Info widget under LivePerson's own
    headings: customer type, customer id, company branch, account name, role.
    """

    profile: Profile = field(default_factory=Profile)
    social_id: str = ""
    customer_type: str = ""
    customer_id: str = ""
    company_branch: str = ""
    account_name: str = ""
    role: str = ""


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
    profile = consumer.profile
    first_name, last_name = _names(profile)
    info = _present(
        {
            "socialId": consumer.social_id,
            "userName": profile.username,
            "ctype": consumer.customer_type,
            "customerId": consumer.customer_id,
            "companyBranch": consumer.company_branch,
            "accountName": consumer.account_name,
            "role": consumer.role,
        }
    )
    contact = _present({"email": profile.email, "phone": profile.phone, "phoneType": "MOBILE" if profile.phone else ""})
    personal = _present(
        {
            # Lower case here, camel case in the profile's flat fields: LivePerson's own spelling of each.
            "firstname": first_name,
            "lastname": last_name,
            "language": language_tag(profile.locale) or language,
            "contacts": [contact] if contact else [],
        }
    )
    sdes: list[dict[str, Any]] = []
    if info:
        sdes.append({"type": "ctmrinfo", "info": info})
    if personal:
        sdes.append({"type": "personal", "personal": personal})
    return sdes


def language_tag(locale: str) -> str:
    """``locale`` (``en_US``, ``pt-BR.UTF-8``) in LivePerson's form (``en-US``, ``pt-BR``)."""
    return locale.partition(".")[0].partition("@")[0].strip().replace("_", "-")


def _names(profile: Profile) -> tuple[str, str]:
    """First and last name. A name that came whole stays whole, as the first name: where to cut it differs between cultures."""
    if profile.first_name or profile.last_name:
        return profile.first_name, profile.last_name
    return profile.name, ""


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
