"""From an agent's message to the gateway's requests."""

from __future__ import annotations

from datetime import UTC
from urllib.parse import urlencode

from channels_app.providers._sms import gsm7
from channels_app.providers._sms.outbound import AS_LINK, part_id
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.sms_gateway.config import SmsGatewayConfig
from channels_app.providers.sms_gateway.config_outbound import OutboundConfig
from channels_app.providers.sms_gateway.credentials import credential_headers, template_credentials, with_query_credentials
from channels_app.providers.sms_gateway.errors import GatewayCall, message_id_of
from channels_app.providers.sms_gateway.fields import clean
from channels_app.providers.sms_gateway.numbers import formatted_number
from channels_app.providers.sms_gateway.rich import Words, reduce_rich_content
from channels_app.providers.sms_gateway.templates import Encoding, Value, render
from channels_app.providers.sms_gateway.verify import callback_token
from connector_platform.core.calls import Steps
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import Content, File, RichContent, Text
from connector_platform.core.rich import Loss, LossKind, in_lines

MAX_SEGMENTS = 10
"""What one request may hold where the gateway concatenates; longer texts become several requests. Few networks join more parts."""


def send(content: Content, config: SmsGatewayConfig, context: SendContext) -> Steps[Sent]:
    """One call for each SMS, or for each run of up to ten parts where the gateway concatenates.

    Raises:
        UnsupportedContent: it is neither text nor can it be said in text.
        RecipientGone: the recipient is a name, not a number.
    """
    words = _in_words(content, config.outbound)
    pieces = split(words.text, config.outbound)
    if not pieces and not (words.media_url and config.outbound.media == "variable"):
        raise UnsupportedContent("the message has no text to send")
    parts: list[tuple[str, ...]] = []
    count = max(1, len(pieces))
    for number, piece in enumerate(pieces or [""], 1):
        last = number == count
        our_id = part_id(context.message_id, number)
        values = values_for(piece, config, context, part=number, parts=count)
        # Media and choices belong to the whole message: they go with its end, once.
        values |= {"media_url": words.media_url if last else "", "quick_replies": words.quick_replies if last else []}
        response = yield build_call(config.outbound, values)
        their_id = message_id_of(config.outbound.message_id, response)
        parts.append((their_id, our_id) if their_id else (our_id,))
    return Sent(parts=tuple(parts), losses=(*words.losses, *_letters_lost(words.text, config.outbound)), shown=words.shown)


def _in_words(content: Content, config: OutboundConfig) -> Words:
    if isinstance(content, Text):
        return Words(text=clean(content.text))
    if isinstance(content, RichContent):
        return reduce_rich_content(content, keep_quick_replies="quick_replies" in config.variables)
    if isinstance(content, File):
        if config.media == "none":
            raise UnsupportedContent("this channel is set not to send files")
        if not content.url:
            raise UnsupportedContent("the file has no public address that an SMS could link to")
        is_linked = config.media != "variable"
        text = in_lines((content.caption or content.name, content.url)) if is_linked else content.caption
        return Words(
            text=clean(text),
            media_url=clean(content.url) if "media_url" in config.variables else "",
            losses=(AS_LINK,) if is_linked else (),
        )
    raise UnsupportedContent(f"SMS has no form for {content.type}")


def _letters_lost(text: str, config: OutboundConfig) -> tuple[Loss, ...]:
    """The report of letters that the configured alphabet does not have."""
    if config.encoding != "gsm7" or (spelled := gsm7.to_gsm7(text)) == text:
        return ()
    reason = "letters that the GSM alphabet does not have are replaced; set the encoding to auto to keep them"
    return (Loss(path="", kind=LossKind.REDUCED, reason=reason, before=text, after=spelled),)


def split(text: str, config: OutboundConfig) -> list[str]:
    """The texts of the requests that ``text`` takes; ``[]`` for blank text."""
    if config.encoding == "gsm7":
        text = gsm7.to_gsm7(text)
    alphabet = alphabet_for(text, config)
    if config.split == "gateway":
        return gsm7.split_concatenated(text.strip(), max_segments=MAX_SEGMENTS, alphabet=alphabet)
    return gsm7.split_sms(text.strip(), max_septets=config.max_length, alphabet=alphabet, numbered=config.number_parts)


def alphabet_for(text: str, config: OutboundConfig) -> gsm7.Alphabet:
    """The alphabet in which ``text`` leaves."""
    return gsm7.Alphabet.UNICODE if config.encoding == "unicode" else gsm7.alphabet_of(text)


def values_for(text: str, config: SmsGatewayConfig, context: SendContext, *, part: int = 1, parts: int = 1) -> dict[str, Value]:
    """Every variable of a request but the media and the choices.

    Raises:
        RecipientGone: the recipient is a name, not a number.
    """
    outbound = config.outbound
    alphabet = alphabet_for(text, outbound)
    utf16 = text.encode("utf-16-be")
    our_id = part_id(context.message_id, part)
    token = callback_token(config.inbound)
    status_url = f"{context.callback_url}/status"
    now = context.now.astimezone(UTC).replace(microsecond=0)
    return {
        "id": our_id,
        "text": text,
        "to": formatted_number(context.to, outbound.number_format),
        "to_no_plus": formatted_number(context.to, "digits"),
        "to_national": formatted_number(context.to, "national"),
        "from": config.sender,
        "from_no_plus": config.sender.removeprefix("+"),
        "channel": context.channel_id,
        "status_url": f"{status_url}?{urlencode(token)}" if token else status_url,
        "status_url_with_id": f"{status_url}?{urlencode({**token, 'uuid': our_id})}",
        "part": str(part),
        "parts": str(parts),
        "now_iso": now.isoformat().replace("+00:00", "Z"),
        "now_unix": str(int(now.timestamp())),
        "coding": outbound.coding_values.gsm7 if alphabet is gsm7.Alphabet.GSM7 else outbound.coding_values.unicode,
        "text_hex": utf16.hex(),
        "coded_hex": gsm7.encode(text).hex() if alphabet is gsm7.Alphabet.GSM7 else utf16.hex(),
        **template_credentials(outbound),
    }


def build_call(config: OutboundConfig, values: dict[str, Value]) -> GatewayCall:
    """The request with ``values`` filled in and the credentials added."""
    headers: dict[str, str] = {}
    if config.content_type != "none":
        charset = "; charset=utf-8" if config.body_encoding is Encoding.XML else ""
        headers["Content-Type"] = config.content_type + charset
    for name, template in config.headers.items():
        headers = {known: value for known, value in headers.items() if known.lower() != name.lower()}
        headers[name] = render(template, values, Encoding.PLAIN)
    return GatewayCall(
        method=config.method,
        url=with_query_credentials(render(config.url, values, Encoding.URL), config),
        headers={**headers, **credential_headers(config)},
        body=render(config.body, values, config.body_encoding).encode(),
        purpose="send_text",
        timeout_s=config.timeout_s,
        rules=config,
    )


def build_check(config: OutboundConfig) -> GatewayCall:
    """The request to ``check_url`` with the same credentials; any 2xx answer is a success."""
    return GatewayCall(
        method="GET",
        url=with_query_credentials(render(config.check_url, template_credentials(config), Encoding.URL), config),
        headers=credential_headers(config),
        purpose="check",
        effect=False,
        timeout_s=config.timeout_s,
    )
