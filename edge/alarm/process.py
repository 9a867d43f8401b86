"""The alarm's own process: journal -> line -> feedback. `doorstep-edge run` starts it and keeps it alive.

A line on standard input says that the journal has news; where the journal takes nothing, the line is the call itself
(`pipe_words`). The end of standard input says that the gateway is gone, and this process with it. Polling the journal
is the truth, the line only wakes.
"""

import os
import queue
import threading
import time
from collections.abc import Sequence

import structlog

from edge.alarm.asking import Asking
from edge.alarm.call import Call
from edge.alarm.calls import Action, Answered, CallBeside, Calls, Journal, Publish, Show
from edge.alarm.feedback import Feedback
from edge.alarm.journal import AlarmJournal
from edge.alarm.line import AlarmLine, BrokerTook, CentreSays, LineDown, LineUp, Word
from edge.alarm.path import Path, PathSays, PathTook, PathWord
from edge.alarm.pipe_words import PipeReader
from edge.config import EdgeConfig
from edge.errors import Temporary

_log = structlog.get_logger()

POLL_S = 1.0


class Woken:
    """There may be a new press. `unkept`: calls that the journal does not take."""

    def __init__(self, unkept: Sequence[Call] = ()) -> None:
        self.unkept = unkept


class Ended:
    """Standard input or a signal says that it is time to go."""


class AlarmProcess:
    def __init__(
        self,
        config: EdgeConfig,
        journal: AlarmJournal,
        feedback: Feedback,
        paths: Sequence[Path] = (),
        asking: Asking | None = None,
    ) -> None:
        """`paths`: those beside the MQTT connection. `asking`: what the home is asked when nobody calls."""
        self._journal = journal
        self._feedback = feedback
        self._paths = paths
        self._asking = asking
        self._words: queue.SimpleQueue[Word | PathWord | Woken | Ended] = queue.SimpleQueue()
        self._line = AlarmLine(config, self._words.put)
        self._sent: dict[int, str] = {}
        self._journalled: list[Call] = []
        self._unkept: dict[str, Call] = {}
        self._calls = Calls(resend_s=config.alarm.resend_s, no_answer_s=config.alarm.no_answer_s)

    def wake(self) -> None:
        self._words.put(Woken())

    def end(self) -> None:
        self._words.put(Ended())

    def follow(self, wake_pipe: int) -> None:
        """Reads `wake_pipe` in a thread of its own until its end."""

        def read() -> None:
            lines = PipeReader()
            while heard := os.read(wake_pipe, 4096):
                self._words.put(Woken(lines.calls(heard)))
            self.end()

        threading.Thread(target=read, name="wake", daemon=True).start()

    def run(self) -> None:
        """Until `end`."""
        self._note_line(False)
        self._line.start()
        for path in self._paths:
            path.start(self._words.put)
        try:
            while True:
                now_s = time.monotonic()
                known = self._known()
                self._carry_out(self._calls.look(known, now_s))
                if self._asking is not None:
                    self._asking.look(free=not any(call.kind.is_call for call in known))
                pause_s = max(0.0, min(POLL_S, self._calls.next_due_s() - time.monotonic()))
                try:
                    word = self._words.get(timeout=pause_s)
                except queue.Empty:
                    continue
                if isinstance(word, Ended):
                    return
                self._hear(word)
        finally:
            self._line.stop()
            for path in self._paths:
                path.stop()
            self._note_line(False)

    def _hear(self, word: Word | PathWord | Woken) -> None:
        match word:
            case BrokerTook(publication):
                alarm = self._sent.pop(publication, None)
                if alarm is not None:
                    self._carry_out(self._calls.carrier_has(alarm, time.monotonic()))
            case CentreSays(message, arrived):
                _log.info("centre_says", alarm=message.alarm, state=message.state)
                self._carry_out(self._calls.centre_says(message))
                self._line.acknowledge(arrived)
            case PathTook(alarm):
                self._carry_out(self._calls.carrier_has(alarm, time.monotonic()))
            case PathSays(message):
                _log.info("centre_says", alarm=message.alarm, state=message.state, beside=True)
                self._carry_out(self._calls.centre_says(message))
            case LineUp():
                self._note_line(True)
                self._carry_out(self._calls.line_up(time.monotonic()))
            case LineDown():
                self._carry_out(self._calls.line_down(time.monotonic()))
                self._note_line(False)
            case Woken():
                self._unkept |= {call.alarm: call for call in word.unkept}

    def _known(self) -> list[Call]:
        """All that is open, in the journal or in memory alone."""
        try:
            self._journalled = self._journal.open_calls()
        except Temporary as error:  # what was read before is still true
            _log.error("alarm_journal", problem=str(error))
        for call in self._journalled:
            self._unkept.pop(call.alarm, None)
        return [*self._journalled, *self._unkept.values()]

    def _carry_out(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case Publish(message):
                    self._sent[self._line.send(message)] = message.alarm
                    _log.info("alarm_sent", alarm=message.alarm, attempt=message.attempt)
                case CallBeside(message):
                    for path in self._paths:
                        _log.info("alarm_beside", alarm=message.alarm, path=path.name)
                        path.call(message)
                case Answered(message):
                    for path in self._paths:
                        path.heard(message)
                case Journal(call):
                    self._keep(call)
                case Show(call):
                    _log.info("alarm_state", alarm=call.alarm, state=call.state)
                    self._show(call)

    def _keep(self, call: Call) -> None:
        if not call.kept:
            return  # its row is still to come
        try:
            self._journal.move(call)
        except Temporary as error:  # a full disk must not silence the call: memory goes on, a restart would repeat
            _log.error("alarm_journal", alarm=call.alarm, problem=str(error))

    def _note_line(self, connected: bool) -> None:
        try:
            self._journal.set_line_connected(connected)
        except Temporary as error:  # it is for /health only: the call goes on
            _log.error("alarm_journal", problem=str(error))

    def _show(self, call: Call) -> None:
        try:
            self._feedback.show(call)
        except OSError as error:
            _log.error("feedback", alarm=call.alarm, problem=str(error))
