"""The words that stop and start, as the SMS channels' forms ask for them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

STOP_WORDS = ["STOP", "STOPALL", "UNSUBSCRIBE"]
MORE_STOP_WORDS = [*STOP_WORDS, "CANCEL", "END", "QUIT"]
START_WORDS = ["START", "UNSTOP"]

StopWords = Annotated[
    list[str],
    Field(
        title="Stop words",
        description="A message of just this word stops all sending to its sender, whatever its letter case. Add your own languages'.",
    ),
]
StartWords = Annotated[list[str], Field(title="Start words", description="A message of just this word allows sending again.")]
