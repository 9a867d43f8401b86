"""What is wrong with the parts of the alarm's process, told to the gateway's through the journal: once a change."""

import threading

import structlog

from edge.alarm.journal import AlarmJournal
from edge.errors import Temporary

_log = structlog.get_logger()


class Troubles:
    """From any thread."""

    def __init__(self, journal: AlarmJournal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._told: dict[str, str | None] = {}

    def tell(self, part: str, sentence: str | None) -> None:
        """`sentence` None: the part is well."""
        with self._lock:
            if part in self._told and self._told[part] == sentence:
                return
            if sentence is not None:
                _log.warning("part_silent", part=part, problem=sentence)
            try:
                self._journal.set_trouble(part, sentence)
            except Temporary as error:
                _log.error("alarm_journal", problem=str(error))
                return  # told again with the next word
            self._told[part] = sentence
