"""What the SMS channels' forms ask for alike: a vendor's key, the words that stop and start."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

STOP_WORDS = ["STOP", "STOPALL", "UNSUBSCRIBE"]
MORE_STOP_WORDS = [*STOP_WORDS, "CANCEL", "END", "QUIT"]
START_WORDS = ["START", "UNSTOP"]


def _credential(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if len(text) < 8 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("needs 8 characters or more, without blanks, line breaks and letters outside ASCII; copy it again")
    return SecretStr(text)


Credential = Annotated[SecretStr, AfterValidator(_credential)]
StopWords = Annotated[
    list[str],
    Field(
        title="Stop words",
        description="A message of just this word stops all sending to its sender, whatever its letter case. Add your own languages'.",
    ),
]
StartWords = Annotated[list[str], Field(title="Start words", description="A message of just this word allows sending again.")]
