"""Rows of a CSV file with a header, by the columns that are wanted."""

import csv
import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from cloud.detection.replay.dirt import Dirt, Dirty
from cloud.errors import CloudError

_EARLIEST_S = datetime.fromisoformat("1971-01-01T00:00:00+00:00").timestamp()
_LATEST_S = datetime.fromisoformat("2100-01-01T00:00:00+00:00").timestamp()
_MOST_BYTES = 1 << 17


def rows_of(path: Path, needed: Sequence[str], optional: Sequence[str], dirt: Dirt) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells in the order `needed`, `optional` of each row; a cell that is not there is empty.

    A row with too few cells is left out. Raises CloudError, one sentence, for a file or a header that is no such file.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            reader = csv.reader(_without_nul(file))
            header = [cell.strip().lower() for cell in next(reader, [])]
            missing = [name for name in needed if name not in header]
            if missing:
                raise CloudError(
                    f"{path}: expected a first line with {', '.join(needed)}; {', '.join(missing)} not found"
                )
            places = [header.index(name) for name in needed]
            spare = [header.index(name) if name in header else -1 for name in optional]
            least = max(places) + 1
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    dirt.rows += 1
                    dirt.leave_out("cannot be read as CSV", reader.line_num, [])
                    continue
                if not cells:
                    continue
                dirt.rows += 1
                if len(cells) < least:
                    dirt.leave_out("has too few columns", reader.line_num, cells)
                    continue
                yield (
                    reader.line_num,
                    [cells[place] for place in places]
                    + [cells[place] if 0 <= place < len(cells) else "" for place in spare],
                )
    except OSError as error:
        raise CloudError(f"{path}: cannot be read: {error.strerror}") from error


def moment_us(text: str) -> tuple[int, int]:
    """UTC microseconds of an ISO 8601 instant, and its offset in seconds. Raises Dirty."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Dirty("time is no date and time of the calendar") from error
    offset = moment.utcoffset()
    if offset is None:
        raise Dirty("time has no offset from UTC")
    try:
        second = moment.timestamp()
    except (OverflowError, ValueError) as error:
        raise Dirty("time is far off: a clock that was never set") from error
    if not _EARLIEST_S <= second < _LATEST_S:
        raise Dirty("time is far off: a clock that was never set")
    return round(second * 1_000_000), round(offset.total_seconds())


def number(text: str) -> float:
    """A finite number. Raises Dirty."""
    try:
        value = float(text)
    except ValueError as error:
        raise Dirty("value is no number") from error
    if not math.isfinite(value):
        raise Dirty("value is no number")
    return value


def elder_of(text: str) -> str:
    """The id of a person. Raises Dirty."""
    elder = text.strip()
    if not elder:
        raise Dirty("elder_id is empty")
    return elder


def _without_nul(file: Iterator[str]) -> Iterator[str]:
    return (line.replace("\0", "") for line in file)
