"""The path by text: calls go to the numbers of the configuration, the centre's answers come back.

A delivery report is kept and believed for what it is, the network's word about a telephone. That the centre has a
call, the home says only when a text with the centre's own code is here, or its answer by the other path.
"""

import queue
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import structlog

from edge.alarm.path import PathSays, PathTook, PathWord
from edge.alarm.sms.config import SmsSettings
from edge.alarm.sms.memory import SmsMemory, SmsTest
from edge.alarm.sms.modem_thread import ModemThread
from edge.alarm.sms.plan import Plan, Sending
from protocols.alarm.code import AlarmCode, StateCode, decode_code, device_tag, key_id, open_code
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.alarm.text import compose_text
from protocols.errors import ProtocolError
from protocols.sms.joining import Joiner, WholeText
from protocols.sms.modem_events import (
    Came,
    ModemStatus,
    NotSent,
    PinRefused,
    Reported,
    Sent,
    StatusIs,
    Step,
    Unreadable,
)
from protocols.sms.pdu import Delivery
from protocols.telemetry.messages import AlarmMessage, AlarmStateMessage

_log = structlog.get_logger()

LOOK_S = 30.0
_AFTER_FAULT_S = 1.0
_STOP_WITHIN_S = 3.0
_DAY_S = 86_400.0
_TEST_DEVICE = "modem"
_TEST_AGAIN_S = _DAY_S
"""A test that was not answered goes again after a day."""


@dataclass(frozen=True)
class _Call:
    message: AlarmMessage


@dataclass(frozen=True)
class _Heard:
    message: AlarmStateMessage


class _Stop:
    pass


class SmsPath:
    """Implements edge.alarm.path.Path. Its thread plans; the modem has one of its own."""

    name = "sms"

    def __init__(self, settings: SmsSettings, memory: SmsMemory) -> None:
        self._settings = settings
        self._memory = memory
        self._words: queue.SimpleQueue[_Call | _Heard | Step | _Stop] = queue.SimpleQueue()
        self._modem = ModemThread(
            settings.port, settings.baud, lambda: memory.usable_pin(settings.pin), self._words.put
        )
        self._plan = Plan(len(settings.numbers), settings.next_number_s)
        self._under_way: dict[int, Sending] = {}
        self._joiner = Joiner()
        self._ready = False
        self._status: ModemStatus | None = None
        self._tell: Callable[[PathWord], None] = lambda _: None
        self._thread = threading.Thread(target=self._run, name="sms", daemon=True)

    def start(self, tell: Callable[[PathWord], None]) -> None:
        self._tell = tell
        self._modem.start()
        self._thread.start()

    def call(self, message: AlarmMessage) -> None:
        self._words.put(_Call(message))

    def heard(self, message: AlarmStateMessage) -> None:
        self._words.put(_Heard(message))

    def stop(self) -> None:
        self._words.put(_Stop())
        self._thread.join(_STOP_WITHIN_S)
        self._modem.stop()

    def _run(self) -> None:
        while True:
            try:
                if self._stopped():
                    return
            except Exception:  # noqa: BLE001 - the thread's outermost loop: one call's fault must not silence the next
                _log.exception("sms_path_failed")
                time.sleep(_AFTER_FAULT_S)

    def _stopped(self) -> bool:
        """One turn: sends what is due, and waits for the next word."""
        now_s = time.monotonic()
        self._test_if_due(now_s)
        for sending in self._plan.due(now_s):
            self._send(sending)
        try:
            word = self._words.get(timeout=max(0.0, min(LOOK_S, self._plan.next_due_s() - time.monotonic())))
        except queue.Empty:
            for place in self._joiner.stale_places(time.monotonic()):
                self._modem.delete(place)
            return False
        if isinstance(word, _Stop):
            return True
        self._hear(word, time.monotonic())
        return False

    def _hear(self, word: "_Call | _Heard | Step", now_s: float) -> None:
        match word:
            case _Call(message):
                self._plan.call(message, now_s)
            case _Heard(message):
                self._answered(message)
            case Sent(job, references):
                self._sent(job, references, now_s)
            case NotSent(job, problem, permanent):
                sending = self._under_way.pop(job, None)
                if sending is not None:
                    _log.warning("sms_not_sent", alarm=sending.message.alarm, number=sending.number, problem=problem)
                self._plan.not_sent(job, now_s, permanent=permanent)
            case Came(deliver, place):
                text = self._joiner.add(deliver, -1 if place is None else place, now_s)
                if text is not None:
                    self._read(text)
            case Reported(report):
                self._report(report.recipient, report.reference, report.delivery)
            case Unreadable(_, problem):
                _log.warning("sms_unreadable", problem=problem)
            case PinRefused():
                self._memory.pin_refused(self._settings.pin)
            case StatusIs(status):
                self._note(status)

    def _send(self, sending: Sending) -> None:
        message = sending.message
        code = AlarmCode(
            self._memory.next_counter(),
            UUID(message.alarm),
            message.kind,
            message.raised_at,
            device_tag(message.device),
            message.attempt,
            cancelled=message.cancelled,
            test=message.test,
            kept=message.kept,
        )
        try:
            text = compose_text(code, self._settings.key, self._settings.language)
        except ValueError as error:  # a clock in a year that no code holds
            _log.error("sms_not_made", alarm=message.alarm, problem=str(error))
            self._plan.not_sent(sending.job, time.monotonic(), permanent=False)
            return
        self._under_way[sending.job] = sending
        self._modem.send(sending.job, self._settings.numbers[sending.number], text)

    def _sent(self, job: int, references: tuple[int, ...], now_s: float) -> None:
        self._plan.sent(job, now_s)
        sending = self._under_way.pop(job, None)
        if sending is None:
            return
        message = sending.message
        _log.info("sms_sent", alarm=message.alarm, number=sending.number, parts=len(references))
        self._memory.sent(message.alarm, sending.number, references)
        if message.kind is AlarmKind.DRILL and self._is_test(message.alarm):
            self._plan.give_up(message.alarm)  # once; no answer is news enough
        else:
            self._tell(PathTook(message.alarm))

    def _report(self, recipient: str, reference: int, delivery: Delivery) -> None:
        if delivery is Delivery.STILL_TRYING or recipient not in self._settings.numbers:
            return
        number = self._settings.numbers.index(recipient)
        alarm = self._memory.reported(number, reference, delivered=delivery is Delivery.DELIVERED)
        _log.info("sms_report", alarm=alarm, number=number, delivery=delivery.value)

    def _read(self, text: WholeText) -> None:
        """Whoever sent it: the code says whether it is the centre's. Everything else is not for us."""
        try:
            self._obey(text.text)
        except ProtocolError as error:
            _log.info("sms_not_for_us", problem=str(error))
        for place in text.places:
            if place >= 0:
                self._modem.delete(place)

    def _obey(self, text: str) -> None:
        sealed = decode_code(text)
        if sealed.key_id != key_id(self._settings.key):
            raise ProtocolError("a code of another home")
        code = open_code(sealed, self._settings.key)
        if not isinstance(code, StateCode):
            raise ProtocolError("a call, and this is a home")
        if not self._memory.accept(code.counter):
            raise ProtocolError("a code that is not newer than the last one")
        alarm = str(code.alarm)
        if self._is_test(alarm):
            test = self._memory.test
            if test is not None:
                self._memory.set_test(SmsTest(alarm=alarm, sent_at=test.sent_at, answered_at=time.time()))
            return
        message = AlarmStateMessage(
            alarm=alarm, state=code.state, at=code.at, minutes=code.minutes, cancelled=code.cancelled
        )
        self._answered(message)
        self._tell(PathSays(message))

    def _answered(self, message: AlarmStateMessage) -> None:
        closed = message.state is AlarmState.CLOSED
        self._plan.heard(message.alarm, cancelled=message.cancelled, closed=closed)

    def _note(self, status: ModemStatus) -> None:
        if self._status is None or status.trouble != self._status.trouble:
            if status.trouble is None:
                _log.info("modem_ready", operator=status.operator, signal_dbm=status.signal_dbm)
            else:
                _log.warning("modem", problem=status.trouble)
        if status != self._status:
            self._memory.set_modem(status)
        self._status = status
        self._ready = status.trouble is None

    def _is_test(self, alarm: str) -> bool:
        test = self._memory.test
        return test is not None and test.alarm == alarm

    def _test_if_due(self, now_s: float) -> None:
        """Walks the whole way of a text and back, and disturbs nobody."""
        test, every_s = self._memory.test, self._settings.test_days * _DAY_S
        if not self._ready or not self._plan.idle:
            return
        wanted = self._memory.take_wanted_test()
        if not wanted and not every_s:
            return
        if test is not None and not wanted:
            pause_s = every_s if test.answered_at is not None else min(_TEST_AGAIN_S, every_s)
            if time.time() - test.sent_at < pause_s:
                return
        alarm = str(uuid.uuid4())
        self._memory.set_test(SmsTest(alarm=alarm, sent_at=time.time()))
        self._plan.call(
            AlarmMessage(
                alarm=alarm, kind=AlarmKind.DRILL, device=_TEST_DEVICE, raised_at=datetime.now(UTC), test=True
            ),
            now_s,
        )


def create_paths(settings: SmsSettings | None, memory: Path) -> list[SmsPath]:
    """The paths beside MQTT that this home has; `memory` is the file of the one by text."""
    return [] if settings is None else [SmsPath(settings, SmsMemory(memory))]
