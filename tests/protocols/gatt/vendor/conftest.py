"""A driver without a radio: carries a session's events out against a meter's side that is a function."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from protocols.gatt.vendor.session import GattEvent, GattSession, Write
from protocols.record import Record
from protocols.serial.session import Finished, RecordRead, Wait

Answer = Callable[[Write], Iterable[tuple[str, bytes]]]
"""What the meter notifies after a write, in order: characteristic and value."""


@dataclass
class Transcript:
    writes: list[Write] = field(default_factory=list)
    events: list[GattEvent] = field(default_factory=list)
    silences: int = 0

    @property
    def records(self) -> list[Record]:
        return [event.record for event in self.events if isinstance(event, RecordRead)]

    @property
    def finished(self) -> bool:
        return any(isinstance(event, Finished) for event in self.events)


def converse(session: GattSession, answer: Answer, transcript: Transcript | None = None) -> Transcript:
    """The whole session. When the meter has said all and the session waits, time is up at once."""
    told = Transcript() if transcript is None else transcript
    pending: list[tuple[str, bytes]] = []

    def carry_out(events: list[GattEvent]) -> None:
        for event in events:
            told.events.append(event)
            if isinstance(event, Write):
                told.writes.append(event)
                pending.extend(answer(event))

    carry_out(session.begin())
    while not told.finished:
        if pending:
            carry_out(session.receive(*pending.pop(0)))
        else:
            assert any(isinstance(event, Wait) for event in told.events), "the session waits for nothing"
            told.silences += 1
            carry_out(session.timed_out())
    return told
