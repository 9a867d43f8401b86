"""`doorstep-cloud dead-letters`: what could not be stored, listed, shown and tried again."""

import base64
import json
from typing import Any

from cloud.readings.letters.model import DeadLetter, Outcome, Replayed

_SAYS = {
    Outcome.TAKEN: "taken",
    Outcome.TAKEN_BEFORE: "taken before",
    Outcome.PASSED: "settled",
    Outcome.REFUSED: "still refused",
}


def as_json(letter: DeadLetter) -> dict[str, Any]:
    """The letter for other programs; `payload` is its bytes in base64."""
    return {
        "id": letter.dead_letter_id,
        "topic": letter.topic,
        "reason": letter.reason,
        "first_at": letter.first_at.isoformat(),
        "last_at": letter.last_at.isoformat(),
        "times": letter.times,
        "replayed_at": letter.replayed_at and letter.replayed_at.isoformat(),
        "payload": base64.b64encode(letter.payload).decode(),
    }


def line_of(letter: DeadLetter) -> str:
    times = "once" if letter.times == 1 else f"{letter.times} times"
    return (
        f"{letter.dead_letter_id}  {letter.last_at:%Y-%m-%d %H:%M}Z  {times}  {letter.topic}  {_plain(letter.reason)}"
    )


def shown(letter: DeadLetter) -> str:
    """All of one letter: its facts, and its bytes as offset, hexadecimal and text."""
    from cloud.readings.letters.hexdump import hexdump  # noqa: PLC0415

    facts = {key: value for key, value in as_json(letter).items() if key != "payload" and value is not None}
    head = "\n".join(f"{name:12} {_plain(str(value))}" for name, value in facts.items())
    return f"{head}\n{'bytes':12} {len(letter.payload)}\n\n{hexdump(letter.payload)}"


def said(replayed: Replayed) -> str:
    """One line on what a replay made of a letter."""
    counts = ""
    if replayed.readings or replayed.duplicates:
        counts = f"{replayed.readings} new, {replayed.duplicates} there already"
    rest = "; ".join(part for part in (counts, _plain(replayed.why)) if part)
    return f"{replayed.dead_letter_id}  {replayed.topic}  {_SAYS[replayed.outcome]}{': ' if rest else ''}{rest}"


def listed(letters: list[DeadLetter], *, in_json: bool) -> str:
    if in_json:
        return json.dumps([as_json(letter) for letter in letters], indent=2, ensure_ascii=False)
    return "\n".join(map(line_of, letters)) or "no dead letters are waiting"


def _plain(text: str) -> str:
    """A reason may quote what a stranger sent: no control character of it reaches the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
