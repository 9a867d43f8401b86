"""What the centre asks of the home: requests to measure again, from the uplink to the alarm's process, which speaks."""

from collections.abc import Callable
from pathlib import Path

import structlog

from edge.alarm.ask_journal import AskJournal
from edge.clock import Clock
from edge.errors import Temporary
from protocols.errors import DecodeError
from protocols.telemetry.measuring_again import Asked, Became, MeasureAgainMessage
from protocols.telemetry.messages import decode

_log = structlog.get_logger()


class AskedOfHome:
    """From any thread."""

    def __init__(self, journal_path: Path, clock: Clock, wake: Callable[[], object], *, has_voice: bool) -> None:
        """`wake`: the alarm's process has something to look at. A home without a voice says so at once."""
        self._has_voice = has_voice
        self._journal = AskJournal(journal_path)
        self._clock = clock
        self._wake = wake

    def arrived(self, payload: bytes) -> None:
        """What the disk does not take the centre sends again."""
        try:
            message = decode(MeasureAgainMessage, payload)
            if self._journal.take(message, self._clock.now()):
                if not self._has_voice:
                    self._journal.settle(message.ask, Became.SILENT, self._clock.now())
                    return
                _log.info("asked_to_measure_again", ask=message.ask, why=message.why)
                self._wake()
        except DecodeError as error:
            _log.warning("ask_refused", problem=str(error))
        except Temporary as error:
            _log.warning("ask_waits", problem=str(error))

    def settled(self) -> tuple[Asked, ...]:
        """For the heartbeat: what became of the last ones."""
        try:
            return self._journal.settled()
        except Temporary:
            return ()

    def close(self) -> None:
        self._journal.close()
