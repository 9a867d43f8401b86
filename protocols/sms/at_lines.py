"""What a modem says, line by line: TS 27.007 section 4 (V.250); errors of 27.007 section 9 and 27.005 section 3.2.5.

A line ends with CR LF; the prompt `> ` (27.005 section 3.5.1) ends with nothing.
"""

import re
from dataclasses import dataclass

PROMPT = "> "
_LONGEST_LINE = 2048
_FINAL = re.compile(r"OK|ERROR|ABORTED|COMMAND NOT SUPPORT|\+CM[ES] ERROR:.*")
_ERROR_NUMBER = re.compile(r"\+(CM[ES]) ERROR:\s*(\d{1,5})")

NO_SIM = {("CME", 10), ("CMS", 310), ("CMS", 302)}
BUSY = {("CME", 14), ("CMS", 314), ("CMS", 515), ("CMS", 512), ("CMS", 47), ("CMS", 42), ("CME", 515)}
"""Comes right by itself: SIM busy, the modem still starting, congestion."""
NO_NETWORK = {("CMS", 331), ("CMS", 332), ("CMS", 38), ("CME", 30), ("CME", 31), ("CMS", 27)}
PERMANENT = {("CMS", 1), ("CMS", 8), ("CMS", 10), ("CMS", 28), ("CMS", 29), ("CMS", 30), ("CMS", 50)}
"""The number does not exist, or the SIM may not send to it."""

_MEANING = {
    ("CME", 10): "no SIM is in the modem",
    ("CME", 11): "the SIM asks for its PIN",
    ("CME", 12): "the SIM is locked and asks for its PUK",
    ("CME", 13): "the SIM does not work",
    ("CME", 14): "the SIM is busy",
    ("CME", 16): "the PIN is wrong",
    ("CME", 30): "no network",
    ("CMS", 1): "the number does not exist",
    ("CMS", 8): "the network operator bars this number",
    ("CMS", 21): "the network rejected the text",
    ("CMS", 27): "the phone cannot be reached",
    ("CMS", 28): "the number is not known",
    ("CMS", 38): "the network is out of order",
    ("CMS", 42): "the network is congested",
    ("CMS", 310): "no SIM is in the modem",
    ("CMS", 311): "the SIM asks for its PIN",
    ("CMS", 314): "the SIM is busy",
    ("CMS", 322): "the modem's memory for texts is full",
    ("CMS", 331): "no network",
    ("CMS", 332): "the network did not answer in time",
    ("CMS", 500): "the modem does not say why",
}


class AtLines:
    """Bytes in, lines out; empty lines are left out. A prompt comes as the line `PROMPT`."""

    def __init__(self) -> None:
        self._unread = b""

    def feed(self, data: bytes) -> list[str]:
        *whole, rest = re.split(rb"[\r\n]+", self._unread + data)
        lines = [line.decode("ascii", errors="replace").strip() for line in whole]
        lines = [PROMPT if line == PROMPT.strip() else line for line in lines]  # a report may come right behind it
        if rest.strip(b"\0") == PROMPT.encode():
            lines.append(PROMPT)
            rest = b""
        self._unread = rest[-_LONGEST_LINE:]
        return [line for line in lines if line]


@dataclass(frozen=True)
class Answer:
    """What came to one command: the lines with its prefix (and the PDUs behind them), then the final result."""

    lines: tuple[str, ...]
    final: str | None
    """`OK`, `ERROR`, `+CMS ERROR: 38`, the prompt; None where the modem was silent for too long."""

    @property
    def ok(self) -> bool:
        return self.final == "OK"

    @property
    def error(self) -> tuple[str, int] | None:
        """`("CMS", 38)`; None where it is no error, or one without a number."""
        match = _ERROR_NUMBER.fullmatch(self.final or "")
        return None if match is None else (match[1], int(match[2]))

    @property
    def problem(self) -> str:
        """A sentence's part for a person."""
        if self.final is None:
            return "the modem did not answer in time"
        error = self.error
        if error is None:
            return f"the modem said {self.final}"
        return _MEANING.get(error, f"the modem said +{error[0]} ERROR: {error[1]}")

    def values(self) -> list[str]:
        """The first line's values behind its colon, without quotes; empty where no line came."""
        if not self.lines:
            return []
        return [value.strip().strip('"') for value in self.lines[0].partition(":")[2].split(",")]


def is_final(line: str) -> bool:
    return line == PROMPT or _FINAL.fullmatch(line) is not None
