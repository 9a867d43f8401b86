"""The time stamp inside a measurement: a clock that shows nonsense must not cost the measured value."""

from datetime import datetime

from protocols.cursor import Cursor
from protocols.errors import ReservedValue
from protocols.gatt.date_time import read_date_time


def read_measurement_time(cursor: Cursor) -> tuple[datetime | None, bool]:
    """The next 7 bytes as naive time, and whether they lie outside the calendar (the time is None then).

    Some devices forget a record once it was sent, so refusing the packet would lose the value for good.
    Raises Truncated.
    """
    try:
        return read_date_time(cursor), False
    except ReservedValue:
        return None, True
