"""From an agent's message to the gateway's requests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from urllib.parse import urlencode

from channels_app.providers._sms import gsm7
from channels_app.providers._sms.outbound import Limits, Message, Rendered, part_id, render
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.sms_gateway.config import SmsGatewayConfig
from channels_app.providers.sms_gateway.config_outbound import OutboundConfig
from channels_app.providers.sms_gateway.credentials import credential_headers, template_credentials, with_query_credentials
from channels_app.providers.sms_gateway.errors import GatewayCall, message_id_of
from channels_app.providers.sms_gateway.fields import clean
from channels_app.providers.sms_gateway.numbers import formatted_number
from channels_app.providers.sms_gateway.templates import Encoding, Value, fill
from channels_app.providers.sms_gateway.verify import callback_token
from connector_platform.core.calls import Steps
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import Content, File
from connector_platform.core.rich import Loss, LossKind

MAX_SEGMENTS = 10
"""What one request may hold where the gateway concatenates; longer texts become several requests. Few networks join more parts."""

_WEB = frozenset({"https", "http"})


def send(content: Content, config: SmsGatewayConfig, context: SendContext) -> Steps[Sent]:
    """One call for each message: an SMS, a run of up to ten parts where the gateway concatenates, or an MMS where it takes files.

    Raises:
        UnsupportedContent: SMS has no form for it, or there is nothing in it. RecipientGone: the recipient is a name, not a number.
    """
    outbound = config.outbound
    if isinstance(content, File) and outbound.media == "none":
        raise UnsupportedContent("this channel is set not to send files")
    rendered = spelled(numbered(content, outbound), outbound)
    parts: list[tuple[str, ...]] = []
    for number, message in enumerate(rendered.messages, 1):
        our_id = part_id(context.message_id, number)
        response = yield build_call(message, values_for(message, config, context, part=number, parts=len(rendered.messages)), outbound)
        their_id = message_id_of(outbound.message_id, response)
        parts.append((their_id, our_id) if their_id else (our_id,))
    return Sent(parts=tuple(parts), losses=rendered.losses, shown=rendered.shown)


def limits_for(config: OutboundConfig, *, mark: int = 0) -> Limits:
    """What one message may hold, less ``mark`` letters: ten joined SMS, or one of ``max_length`` where we cut.

    In the second case it is measured so that the room of both alphabets is the same number, whichever a text needs.
    """
    if config.split == "gateway":
        room, each = MAX_SEGMENTS, {}
    else:
        septets, units = (gsm7.limit_for(config.max_length, alphabet) - mark for alphabet in gsm7.Alphabet)
        room, each = septets * units, {gsm7.Alphabet.GSM7: units, gsm7.Alphabet.UNICODE: septets}

    def measure(text: str) -> int:
        text = in_alphabet(text, config)
        alphabet = alphabet_for(text, config)
        return gsm7.measure(text, alphabet) * each[alphabet] if each else gsm7.segment_count(text, alphabet)

    return Limits(
        max_text=room,
        measure=measure,
        image_schemes=_WEB if config.media == "variable" else frozenset(),
        max_caption=room,
        quick_replies="quick_replies" in config.variables,
    )


def numbered(content: Content, config: OutboundConfig) -> Rendered:
    """The messages that ``content`` becomes; with (1/3) in front of each of several where we cut and are to number them."""
    rendered = render(content, limits_for(config))
    digits = 1
    while config.split == "us" and config.number_parts and (count := len(rendered.messages)) > 1:
        # "(n/n) " with every number at its widest; a longer count than planned asks for wider marks, at most a few rounds.
        rendered = render(content, limits_for(config, mark=2 * digits + 4))
        if len(str(count := len(rendered.messages))) <= digits:
            marked = [replace(message, text=f"({at}/{count}) {message.text}") for at, message in enumerate(rendered.messages, 1)]
            return replace(rendered, messages=marked)
        digits += 1
    return rendered


def spelled(rendered: Rendered, config: OutboundConfig) -> Rendered:
    """``rendered`` in the configured alphabet, with the report of letters that it does not have."""
    messages = [replace(message, text=in_alphabet(message.text, config)) for message in rendered.messages]
    before, after = ("\n".join(message.text for message in found) for found in (rendered.messages, messages))
    if before == after:
        return rendered
    reason = "letters that the GSM alphabet does not have are replaced; set the encoding to auto to keep them"
    loss = Loss(path="", kind=LossKind.REDUCED, reason=reason, before=before, after=after)
    return replace(rendered, messages=messages, losses=(*rendered.losses, loss))


def in_alphabet(text: str, config: OutboundConfig) -> str:
    """``text`` in letters that the configured alphabet has."""
    return gsm7.to_gsm7(text) if config.encoding == "gsm7" else text


def alphabet_for(text: str, config: OutboundConfig) -> gsm7.Alphabet:
    """The alphabet in which ``text`` leaves."""
    return gsm7.Alphabet.UNICODE if config.encoding == "unicode" else gsm7.alphabet_of(text)


def values_for(message: Message, config: SmsGatewayConfig, context: SendContext, *, part: int, parts: int) -> dict[str, Value]:
    """Every variable of a request.

    Raises:
        RecipientGone: the recipient is a name, not a number.
    """
    outbound, text = config.outbound, clean(message.text)
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
        "media_url": clean(message.file.url) if message.file else "",
        "quick_replies": message.quick_replies,
        "now_iso": now.isoformat().replace("+00:00", "Z"),
        "now_unix": str(int(now.timestamp())),
        "coding": outbound.coding_values.gsm7 if alphabet is gsm7.Alphabet.GSM7 else outbound.coding_values.unicode,
        "text_hex": utf16.hex(),
        "coded_hex": gsm7.encode(text).hex() if alphabet is gsm7.Alphabet.GSM7 else utf16.hex(),
        **template_credentials(outbound),
    }


def build_call(message: Message, values: dict[str, Value], config: OutboundConfig) -> GatewayCall:
    """The request with ``values`` filled in and the credentials added; an MMS by its own templates where there are any."""
    url, body = (config.mms_url or config.url, config.mms_body or config.body) if message.file else (config.url, config.body)
    headers: dict[str, str] = {}
    if config.content_type != "none":
        charset = "; charset=utf-8" if config.body_encoding is Encoding.XML else ""
        headers["Content-Type"] = config.content_type + charset
    for name, template in config.headers.items():
        headers = {known: value for known, value in headers.items() if known.lower() != name.lower()}
        headers[name] = fill(template, values, Encoding.PLAIN)
    return GatewayCall(
        method=config.method,
        url=with_query_credentials(fill(url, values, Encoding.URL), config),
        headers={**headers, **credential_headers(config)},
        body=fill(body, values, config.body_encoding).encode(),
        purpose="send_media" if message.file else "send_text",
        timeout_s=config.timeout_s,
        rules=config,
    )


def build_check(config: OutboundConfig) -> GatewayCall:
    """The request to ``check_url`` with the same credentials; any 2xx answer is a success."""
    return GatewayCall(
        method="GET",
        url=with_query_credentials(fill(config.check_url, template_credentials(config), Encoding.URL), config),
        headers=credential_headers(config),
        purpose="check",
        effect=False,
        timeout_s=config.timeout_s,
    )
