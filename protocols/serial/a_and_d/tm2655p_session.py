"""Asking an A&D TM-2655P for its last result, then listening for the ones to come.

Times have minutes only. Two results of one minute with other values are two measurements; the same values are the
same result said again.
"""

from collections.abc import Callable
from datetime import datetime

from protocols.record import Record
from protocols.serial.a_and_d import tm2655p
from protocols.serial.a_and_d.listening import ListeningSession
from protocols.serial.session import LineSettings
from protocols.serial.within_minute import is_known, number_within_minute

LINE = LineSettings(baud=2400)


class Tm2655PSession(ListeningSession):
    """`known` says whether a result of this time was taken before; such a first result is left out."""

    def __init__(self, known: Callable[[datetime], bool] | None = None) -> None:
        self._known = known
        self._minute: list[Record] = []
        super().__init__(tm2655p.MODEL, LINE, tm2655p.FrameSplitter(), self._new, first_word=tm2655p.READ_LAST_RESULT)

    def _new(self, text: bytes) -> list[Record]:
        record = tm2655p.decode_result(text)
        if self._minute and self._minute[-1].device_time != record.device_time:
            self._minute = []
        if any(told.values == record.values for told in self._minute):
            return []
        self._minute.append(record)
        numbered = number_within_minute(self._minute)[-1]
        return [] if is_known(numbered, self._known) else [numbered]
