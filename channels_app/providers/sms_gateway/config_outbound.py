"""What an operator fills in about sending: the request, its credentials, and how the answer is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator

from channels_app.providers.sms_gateway.fields import parse_json_path, read_xml
from channels_app.providers.sms_gateway.templates import HEADER_VARIABLES, VARIABLES, Encoding, check_template, fill, variables_of
from connector_platform.core.errors import PayloadMalformed

DEFAULT_BODIES = {
    "application/json": '{"to":{{to}},"from":{{from}},"text":{{text}},"ref":{{id}},"dlr":{{status_url}}}',
    "application/x-www-form-urlencoded": "to={{to}}&from={{from}}&text={{text}}&ref={{id}}&dlr={{status_url}}",
}
_ENCODINGS = {
    "application/json": Encoding.JSON,
    "application/x-www-form-urlencoded": Encoding.URL,
    "text/xml": Encoding.XML,
    "application/xml": Encoding.XML,
}
_REPEAT = re.compile(r"[*+]|\{\d*,\d*\}")
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[*+]|\{\d*,\d*\}|.", re.DOTALL)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


class Section(BaseModel):
    """Base of the nested parts: unknown names are refused, blanks are kept (an acknowledgement may end in one)."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, hide_input_in_errors=True)


def header_name(value: str) -> str:
    """``value``, if HTTP allows it as a header's name.

    Raises:
        ValueError: it does not.
    """
    if not _HEADER_NAME.fullmatch(value):
        raise ValueError(f"“{value}” is not a header name")
    return value


def _regex(value: str) -> str:
    if len(value) > 300:
        raise ValueError("an expression may have 300 characters")
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as err:
        raise ValueError(f"not a regular expression: {err}") from err
    if _may_explode(value):
        raise ValueError("a repeat or a choice inside a repeated group is not allowed: it could take forever")
    return value


def _may_explode(pattern: str) -> bool:
    """Whether a repeated group holds a repeat or a choice: ``(a+)+`` and ``(a|a)*`` can take hours, and Python sets no time limit."""
    pieces = _PIECE.findall(pattern)
    risky = [False]
    for piece, following in pairwise([*pieces, ""]):
        if piece == "(":
            risky.append(False)
        elif piece == ")" and len(risky) > 1:
            inside = risky.pop()
            if inside and _REPEAT.fullmatch(following):
                return True
            risky[-1] = risky[-1] or inside
        elif piece == "|" or _REPEAT.fullmatch(piece):
            risky[-1] = True
    return False


def _json_path(value: str) -> str:
    if value:
        parse_json_path(value)
    return value


def _status(value: int) -> int:
    if not 100 <= value <= 599:
        raise ValueError("an HTTP status is 100 to 599")
    return value


def _url(value: str, allowed: frozenset[str]) -> str:
    value = value.strip()
    check_template(value, allowed)
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as err:
        raise ValueError("this is not a URL") from err
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ValueError("a URL that starts with https:// or http:// and a host is needed")
    if "{{" in parts.netloc:
        raise ValueError("the host must be fixed: variables may stand in the path and the query only")
    if "@" in parts.netloc:
        raise ValueError("credentials do not belong in the host part; use auth")
    fixed = re.sub(r"\{\{.*?\}\}", "", value)
    if not fixed.isascii() or not fixed.isprintable() or " " in fixed or "#" in fixed:
        raise ValueError("a URL has no blanks, no # and no characters beyond ASCII; write them as %20 and so on")
    return value


def _header_secret(value: SecretStr) -> SecretStr:
    secret = value.get_secret_value()
    if not secret or not secret.isascii() or not secret.isprintable():
        raise ValueError("printable ASCII characters are needed")
    return value


HeaderSecret = Annotated[SecretStr, AfterValidator(_header_secret)]
Regex = Annotated[str, AfterValidator(_regex)]
JsonPath = Annotated[str, AfterValidator(_json_path)]
Status = Annotated[int, AfterValidator(_status)]


class NoCredentials(Section):
    """The gateway asks for nothing, or takes the credentials from the headers."""

    kind: Literal["none"]


class BasicCredentials(Section):
    """``Authorization: Basic``."""

    kind: Literal["basic"]
    username: str = Field(title="User name", description="From the gateway's account page.")
    password: SecretStr = Field(title="Password", description="From the gateway's account page.")


class BearerCredentials(Section):
    """``Authorization: Bearer``."""

    kind: Literal["bearer"]
    token: HeaderSecret = Field(title="Token", description="From the gateway's account page.")


class HeaderCredentials(Section):
    """A header with a key."""

    kind: Literal["header"]
    header: Annotated[str, AfterValidator(header_name)] = Field(title="Header", description="For example X-Api-Key.")
    value: HeaderSecret = Field(title="Value", description="From the gateway's account page.")


class QueryCredentials(Section):
    """A parameter with a key, added to the URL."""

    kind: Literal["query"]
    name: str = Field(min_length=1, title="Parameter", description="For example api_key.")
    value: SecretStr = Field(title="Value", description="From the gateway's account page.")


class TemplateCredentials(Section):
    """The URL or the body has them where ``{{username}}`` and ``{{password}}`` stand."""

    kind: Literal["template"]
    username: str = Field(default="", title="User name", description="What {{username}} becomes.")
    password: SecretStr = Field(title="Password", description="What {{password}} becomes.")


Credentials = Annotated[
    NoCredentials | BasicCredentials | BearerCredentials | HeaderCredentials | QueryCredentials | TemplateCredentials,
    Field(discriminator="kind"),
]


class SuccessTest(Section):
    """When an answer means “accepted”: the status is listed, and the body passes whatever is set."""

    status: list[Status] = Field(default=[200, 201, 202], min_length=1, title="Statuses", description="HTTP statuses of a success.")
    body_regex: Regex = Field(
        default="", title="Body expression", description="Must be found in the body. Many gateways answer 200 to everything."
    )
    json_path: JsonPath = Field(default="", title="JSON path", description="Must lead to a value, for example messages[0].status.")
    equals: str = Field(default="", title="Equals", description="The value that the JSON path must lead to; empty takes any.")

    @property
    def tests_body(self) -> bool:
        """Whether more than the status tells a success."""
        return bool(self.body_regex or self.json_path)

    @model_validator(mode="after")
    def _path(self) -> Self:
        if self.equals and not self.json_path:
            raise ValueError("equals needs a json_path to compare")
        return self


class MessageIdRule(Section):
    """Where the gateway's own message id stands in its answer; nothing set: it gives none and reports name ours."""

    json_path: JsonPath = Field(default="", title="JSON path", description="For example messages[0].id.")
    regex: Regex = Field(default="", title="Expression", description="Its first group is the id, for example id=(\\S+).")
    header: str = Field(default="", title="Header", description="For example X-Id.")

    @property
    def is_set(self) -> bool:
        """Whether the gateway gives an id."""
        return bool(self.json_path or self.regex or self.header)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(map(bool, (self.json_path, self.regex, self.header))) > 1:
            raise ValueError("only one of json_path, regex and header can be set")
        if self.regex and not re.compile(self.regex).groups:
            raise ValueError("the regex needs a group in parentheses around the id")
        return self


class ErrorRule(Section):
    """One kind of answer and what it means. All conditions that are set must hold; the first rule that matches decides."""

    status: list[Status] = Field(default=[], title="Statuses", description="HTTP statuses.")
    body_regex: Regex = Field(default="", title="Body expression", description="Found in the body.")
    json_path: JsonPath = Field(default="", title="JSON path", description="Leads to a code; with “in”, to one of these.")
    codes: list[str] = Field(default=[], alias="in", title="Codes", description="The codes meant; empty takes any.")
    error_class: Literal["retry", "rate_limited", "auth", "permanent", "recipient", "unknown"] = Field(
        alias="class",
        title="Meaning",
        description="retry, rate_limited (both try again), auth (pause the channel), permanent, recipient (no such number), unknown.",
    )
    reason: str = Field(
        default="",
        max_length=200,
        title="Reason",
        description="What it means, in your words: agents read why their message was not delivered.",
    )

    @field_validator("codes", mode="before")
    @classmethod
    def _texts(cls, value: object) -> object:
        return [str(item) if isinstance(item, int) else item for item in value] if isinstance(value, list) else value

    @model_validator(mode="after")
    def _condition(self) -> Self:
        if not (self.status or self.body_regex or self.json_path):
            raise ValueError("an error rule needs a condition: status, body_regex or json_path")
        if self.codes and not self.json_path:
            raise ValueError("“in” needs a json_path to compare")
        return self


class RetryAfter(Section):
    """Where the gateway says how long to wait."""

    header: str = Field(default="Retry-After", title="Header", description="The header that says how many seconds to wait.")


class CodingValues(Section):
    """What ``{{coding}}`` becomes."""

    gsm7: str = Field(default="0", title="GSM", description="For texts in the GSM alphabet.")
    unicode: str = Field(default="8", title="Unicode", description="For all others.")


class OutboundConfig(Section):
    """How messages are handed to the gateway."""

    url: str = Field(title="URL", description="Where messages are sent. {{variables}} may stand in the path and query.")
    method: Literal["GET", "POST", "PUT"] = Field(default="POST", title="Method", description="As the gateway's manual says.")
    content_type: Literal["application/json", "application/x-www-form-urlencoded", "text/xml", "application/xml", "none"] = Field(
        default="application/json", title="Content type", description="Decides how values are encoded; “none” puts everything in the URL."
    )
    headers: dict[str, str] = Field(default={}, title="Headers", description="Sent as they are. For keys and passwords use auth.")
    auth: Credentials = Field(default_factory=lambda: NoCredentials(kind="none"), title="Credentials", description="How we log in.")
    body: str = Field(default="", max_length=20_000, title="Body", description="A template. Empty takes a usual one for JSON and forms.")
    number_format: Literal["e164", "digits", "national"] = Field(
        default="e164", title="Numbers", description="+31612345678, 31612345678 or 0612345678."
    )
    encoding: Literal["auto", "gsm7", "unicode"] = Field(
        default="auto", title="Alphabet", description="gsm7 replaces what does not fit (cheaper); unicode sends everything as UCS-2."
    )
    coding_values: CodingValues = Field(default_factory=CodingValues, title="Coding", description="What {{coding}} becomes.")
    max_length: int = Field(
        default=160, ge=40, le=1530, title="Length of one SMS", description="In GSM characters; for other alphabets it follows (160 is 70)."
    )
    split: Literal["gateway", "us"] = Field(
        default="gateway", title="Long texts", description="The gateway joins parts, or we send separate SMS."
    )
    number_parts: bool = Field(
        default=False, title="Number the parts", description="Puts (1/3) in front of each SMS of a text that we cut."
    )
    success: SuccessTest = Field(default_factory=SuccessTest, title="Success", description="When an answer means “accepted”.")
    message_id: MessageIdRule = Field(default_factory=MessageIdRule, title="Message id", description="Where the gateway's id stands.")
    errors: list[ErrorRule] = Field(
        default=[], max_length=50, title="Errors", description="Known refusals; they win over the success test."
    )
    retry_after: RetryAfter = Field(default_factory=RetryAfter, title="Waiting time", description="How the gateway tells us to wait.")
    media: Literal["link", "variable", "none"] = Field(
        default="link", title="Files", description="link: in the text; variable: only as {{media_url}}, for MMS; none: refuse files."
    )
    mms_url: str = Field(
        default="", title="URL for files", description="Where messages with a file are sent, if that is another address than URL."
    )
    mms_body: str = Field(
        default="", max_length=20_000, title="Body for files", description="Of a message with a file, if it is another than Body."
    )
    timeout_s: float = Field(default=15, ge=1, le=60, title="Timeout", description="Seconds to wait for the answer.")
    dedupes_on_id: bool = Field(
        default=False,
        title="Drops repeats of {{id}}",
        description="Only if the gateway guarantees it: a send whose answer was lost is then repeated. Otherwise it could be billed twice.",
    )
    check_url: str = Field(
        default="", title="Check URL", description="An address that answers 2xx to good credentials and does nothing, such as a balance."
    )

    @property
    def body_encoding(self) -> Encoding:
        """How values are encoded in the body."""
        return _ENCODINGS.get(self.content_type, Encoding.PLAIN)

    @property
    def variables(self) -> frozenset[str]:
        """Every variable that the requests use."""
        return frozenset[str]().union(*map(variables_of, (self.url, self.body, self.mms_url, self.mms_body)))

    @field_validator("url", "mms_url")
    @classmethod
    def _send_url(cls, value: str, info: ValidationInfo) -> str:
        return _url(value, VARIABLES) if value or info.field_name == "url" else value

    @field_validator("check_url")
    @classmethod
    def _check_url(cls, value: str) -> str:
        return _url(value, frozenset({"username", "password"})) if value else value

    @field_validator("headers")
    @classmethod
    def _headers(cls, value: dict[str, str]) -> dict[str, str]:
        for name, content in value.items():
            header_name(name)
            check_template(content, HEADER_VARIABLES)
            if not content.isprintable() or not content.isascii():
                raise ValueError(f"the value of header {name} has characters that HTTP does not allow")
        return value

    @field_validator("body", "mms_body")
    @classmethod
    def _body(cls, value: str) -> str:
        return check_template(value)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        if self.content_type == "none":
            if self.body or self.mms_body:
                yield "content_type none has everything in the URL, so body must be empty"
        elif self.method == "GET":
            yield "a GET has no body: set content_type to none and put the values in the URL"
        elif not self.body:
            if self.content_type not in DEFAULT_BODIES:
                yield "body is needed for XML"
            self.body = DEFAULT_BODIES.get(self.content_type, "")
        yield from self._body_problems("body", self.body)
        if self.mms_body:
            yield from self._body_problems("mms_body", self.mms_body)
        mms = variables_of((self.mms_url or self.url) + (self.mms_body or self.body))
        requests = [variables_of(self.url + self.body), *([mms] if self.media == "variable" else [])]
        if not all({"to", "to_no_plus", "to_national"} & used for used in requests):
            yield "neither url nor body has {{to}}: the gateway would not know the recipient"
        if not all({"text", "text_hex", "coded_hex"} & used for used in requests):
            yield "neither url nor body has {{text}}: the message would be empty"
        if self.media == "variable" and "media_url" not in mms:
            yield "media “variable” needs {{media_url}} in url or body, or in those for files"
        if self.media != "variable" and "media_url" in self.variables:
            yield "{{media_url}} is filled in with media “variable” only"
        if {"username", "password"} & (self.variables | variables_of(self.check_url)) and not isinstance(self.auth, TemplateCredentials):
            yield "{{username}} and {{password}} need auth of kind template"
        in_headers = variables_of(" ".join(self.headers.values()))
        if self.dedupes_on_id and not all("id" in used | in_headers for used in requests):
            yield "dedupes_on_id needs {{id}} in url, body or headers: the gateway could not know the message again"

    def _body_problems(self, name: str, body: str) -> Iterator[str]:
        sample = fill(body, {}, self.body_encoding)
        if self.body_encoding is Encoding.JSON:
            try:
                json.loads(sample)
            except (ValueError, RecursionError) as err:
                yield f"{name} is not JSON once the variables are filled in (they bring their own quotes): {err}"
        if self.body_encoding is Encoding.XML:
            try:
                read_xml(sample.encode())
            except PayloadMalformed:
                yield f"{name} is not XML once the variables are filled in"
