"""How the home tells what became of a press. One small interface; here it is written down, line by line.

A lamp on a pin and a voice on a loudspeaker take the same interface.
"""

import os
import time
from pathlib import Path
from typing import Protocol

import msgspec

from edge.alarm.ask_journal import OpenAsk
from edge.alarm.call import Call
from edge.alarm.words import LAMP, Voice, voice
from edge.clock import Clock


class Feedback(Protocol):
    def show(self, call: Call) -> None:
        """Shows and says `call.state`. Called after that state is in the journal; must not block for long."""
        ...


class FeedbackLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the feedback file."""

    at: str
    """ISO 8601, UTC, by the gateway's clock."""
    wall: float
    """Unix seconds of the wall clock, for measuring."""
    alarm: str
    state: str
    lamp: str
    voice: dict[str, str]
    """By language: en, zh."""
    ask: int = 0
    """Number of the request to measure again; 0: the line tells of a call."""


class FeedbackLog:
    """Appends each word and lamp to a file of JSON lines."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def show(self, call: Call) -> None:
        said = voice(call)
        line = FeedbackLine(
            at=self._clock.now().isoformat(),
            wall=time.time(),
            alarm=call.alarm,
            state=call.state.value,
            lamp=LAMP[call.state].value,
            voice={"en": said.en, "zh": said.zh},
        )
        self._append(line)

    def note_ask(self, ask: OpenAsk, said: Voice) -> None:
        """A request to measure again, as it is being said. Raises OSError."""
        self._append(
            FeedbackLine(
                at=self._clock.now().isoformat(),
                wall=time.time(),
                alarm="",
                state="measure_again",
                lamp="",
                voice={"en": said.en, "zh": said.zh},
                ask=ask.ask,
            )
        )

    def _append(self, line: FeedbackLine) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, msgspec.json.encode(line) + b"\n")  # one write: readers never see half a line
        finally:
            os.close(file)
