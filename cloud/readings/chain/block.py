"""What the database holds of a stretch of one outbox, column by column. Pure.

A proof goes over every reading there ever was: an object for each would cost more than the proof itself. Where all of a
block is as it should be, its numbers and digests are taken as they lie; objects are made of the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from cloud.readings.chain.model import TAKEN, Head, Piece, Why
from protocols.telemetry.chain import LINK_BYTES

ROW = np.dtype([("number", ">i8"), ("at_us", ">i8"), ("digest", "u1", LINK_BYTES)])
"""A row: its number, microseconds since 2000, and its digest as it is now."""
NOTE = np.dtype([("number", ">i8"), ("sent", "u1", LINK_BYTES), ("sent_row", "u1", LINK_BYTES), ("why", "S9")])
"""What was noted of a number apart; a digest of zeros is none, and a shorter word is filled up with spaces."""
HEAD = np.dtype([("number", ">i8"), ("link", "u1", LINK_BYTES), ("disputed", "u1")])
_SINCE = datetime(2000, 1, 1, tzinfo=UTC)
_WHYS = {why: why.value.encode().ljust(NOTE["why"].itemsize) for why in Why}
_OF_WHY = {said: why for why, said in _WHYS.items()}
_TAKEN = np.array([_WHYS[why] for why in TAKEN])


@dataclass(frozen=True)
class Run:
    """Numbers that follow each other, each with one digest and nothing to be said against it."""

    first: int
    digests: bytes
    """`LINK_BYTES` of each."""
    rows: NDArray[np.void]
    """Those that have one (`ROW`)."""
    whats: Sequence[str]
    """Device and metric of each of `rows`."""
    notes: NDArray[np.void]
    """Those that have one (`NOTE`)."""

    @property
    def last(self) -> int:
        return self.first + len(self.digests) // LINK_BYTES - 1

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """Earliest and latest time of measuring; None without a row."""
        times = self.rows["at_us"]
        return (_instant(times.min()), _instant(times.max())) if len(times) else None

    @property
    def why(self) -> dict[Why, int]:
        whys, counts = np.unique(self.notes["why"], return_counts=True)
        return {_OF_WHY[why]: count for why, count in zip(whys, counts.tolist(), strict=True)}

    def piece(self, number: int) -> Piece:
        at, note_at = _place(self.rows, number), _place(self.notes, number)
        note = None if note_at is None else self.notes[note_at]
        if at is None:
            return _piece(number, None, "", note)
        return _piece(number, self.rows[at], self.whats[at], note)


@dataclass(frozen=True)
class Block:
    """Each in rising order of its numbers."""

    rows: NDArray[np.void]
    """`ROW`; of one number there may be several."""
    whats: Sequence[str]
    """Device and metric of each row."""
    notes: NDArray[np.void]
    """`NOTE`"""
    heads: Sequence[Head] = ()

    def runs(self) -> list[Run] | None:
        """All of it, where nothing is to be said against it by itself; None where each piece has to be looked at."""
        rows, notes = self.rows, self.notes
        if (np.diff(rows["number"]) == 0).any():
            return None
        numbers = np.union1d(rows["number"], notes["number"]).astype(np.int64)
        digests = np.zeros((len(numbers), LINK_BYTES), np.uint8)
        digests[np.searchsorted(numbers, rows["number"])] = rows["digest"]
        if len(notes):
            at = np.searchsorted(numbers, notes["number"])
            if not _as_noted(digests[at], np.isin(notes["number"], rows["number"]), notes):
                return None
            digests[at] = notes["sent"]
        edges = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1).tolist(), len(numbers)]
        return [self._run(numbers[begin:end], digests[begin:end]) for begin, end in pairwise(edges) if begin < end]

    def _run(self, numbers: NDArray[np.int64], digests: NDArray[np.uint8]) -> Run:
        ends = (numbers[0], numbers[-1] + 1)
        rows = slice(*np.searchsorted(self.rows["number"], ends).tolist())
        notes = slice(*np.searchsorted(self.notes["number"], ends).tolist())
        return Run(int(numbers[0]), digests.tobytes(), self.rows[rows], self.whats[rows], self.notes[notes])

    def pieces(self, first: int = 0, last: int = 2**62) -> Iterator[Piece]:
        """One by one, from number `first` to `last`."""
        noted = {int(note["number"]): note for note in self.notes}
        found = [(int(row["number"]), row, what) for row, what in zip(self.rows, self.whats, strict=True)]
        found += [(number, None, "") for number in noted.keys() - {number for number, *_ in found}]
        for number, row, what in sorted(found, key=itemgetter(0)):
            if first <= number <= last:
                yield _piece(number, row, what, noted.get(number))


def _piece(number: int, row: np.void | None, what: str, note: np.void | None) -> Piece:
    sent_row = None if note is None or not note["sent_row"].any() else note["sent_row"].tobytes()
    return Piece(
        number,
        row=None if row is None else row["digest"].tobytes(),
        at=None if row is None else _instant(row["at_us"]),
        what=what,
        sent=None if note is None else note["sent"].tobytes(),
        sent_row=sent_row,
        why=None if note is None else _OF_WHY[note["why"]],
    )


def _place(table: NDArray[np.void], number: int) -> int | None:
    at = int(np.searchsorted(table["number"], number))
    return at if at < len(table) and table["number"][at] == number else None


def _as_noted(digests: NDArray[np.uint8], has_row: NDArray[np.bool_], notes: NDArray[np.void]) -> bool:
    """Whether there is a row where one was noted, as it was then, and none where none was or it was taken rightly."""
    noted = notes["sent_row"].any(axis=1)
    same = (digests == notes["sent_row"]).all(axis=1)
    return bool(np.where(has_row, noted & same, ~noted | np.isin(notes["why"], _TAKEN)).all())


def _instant(microseconds_since_2000: int) -> datetime:
    return _SINCE + timedelta(microseconds=int(microseconds_since_2000))
