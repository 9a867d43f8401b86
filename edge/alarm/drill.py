"""The daily silent drill: a frame walks the way of a call to the centre's database and back, and disturbs nobody.

A button's own heartbeat is the better frame: it was on the air. Where none comes in time the gateway makes one with a
key of its own and hands it to a listener like a button's; then antenna and bluetoothd are not walked, the rest is.
"""

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

import structlog

from edge.alarm.button import ButtonListener
from edge.alarm.calling import Calling
from edge.alarm.drill_log import DrillLog
from edge.alarm.journal import AlarmJournal
from edge.catalogue import BTHOME_BUTTON, Model
from edge.clock import Clock
from edge.config import Device
from edge.errors import Temporary
from edge.figures import Figures
from edge.hours import ALL_DAY, Hours
from protocols.adverts.bthome import encode_bthome
from protocols.adverts.bthome_objects import BUTTON, ButtonPress
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.device_kind import DeviceKind
from protocols.telemetry.messages import DrillStatus

_log = structlog.get_logger()

OWN_NAME = "drill"
"""The device that an own frame names; the configuration may not."""
ANSWER_WITHIN_S = 60.0
LOOK_S = 1.0
FIRST_AFTER = (timedelta(minutes=2), timedelta(minutes=30))
NEXT_AFTER = (timedelta(hours=22), timedelta(hours=26))
AGAIN_AFTER = (timedelta(minutes=30), timedelta(minutes=60))
HEARTBEAT_EARLIER = timedelta(hours=4)
"""A heartbeat so long before the drill is due takes its place."""
_OWN_ADDRESS = "02:00:00:00:00:D1"
_DRILL_BUTTON = Model(
    title="The drill's own frame",
    kinds=(DeviceKind.EMERGENCY_BUTTON,),
    driver=BTHOME_BUTTON,
    proven_against=(),
)


class Drill:
    """On the event loop."""

    def __init__(
        self,
        journal: AlarmJournal,
        calling: Calling,
        clock: Clock,
        *,
        hours: Hours = ALL_DAY,
        zone: tzinfo = UTC,
        answer_within_s: float = ANSWER_WITHIN_S,
        draw: random.Random | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """The daily drill begins within `hours` of the day in `zone`; one that failed is tried again at any hour.

        `draw` picks the minutes; None: the system's randomness, so that homes do not drill together.
        """
        self._journal = journal
        self._calling = calling
        self._clock = clock
        self._hours = hours
        self._zone = zone
        self._answer_within_s = answer_within_s
        self._draw = draw or random.SystemRandom()
        self._monotonic_s = monotonic_s
        self._open: tuple[str, float] | None = None
        """Its alarm, and when it must be answered."""
        self._key = secrets.token_bytes(16)
        device = _own_device(self._key)
        self._listener = ButtonListener(device, calling, Figures((device,), clock), heartbeat=self._walk)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                self.look()
            except Temporary as error:  # it is seen at the centre that no drill came
                _log.error("drill_journal", problem=str(error))
            await asyncio.sleep(LOOK_S)

    def look(self) -> None:
        """Begins what is due, and judges what is under way. Raises Temporary."""
        log = self._remembered()
        if self._open is None:
            self._take_up()
        if self._open is not None:
            self._judge(log, *self._open)
        elif self._clock.now() >= log.next_at:
            self._send_own_frame()

    def heartbeat(self, device: str) -> None:
        """A button said that it lives: a frame that was on the air walks on from here, where a drill is near."""
        try:
            log = self._remembered()
        except Temporary:
            return
        now = self._clock.now()
        is_near = now >= max(log.not_before, log.next_at - HEARTBEAT_EARLIER)
        if self._open is None and is_near and self._hours.has(now, self._zone):
            self._walk(device)

    def status(self) -> DrillStatus:
        """From any thread."""
        try:
            log = self._journal.drill_log()
        except Temporary:
            log = None
        if log is None:
            return DrillStatus()
        return DrillStatus(answered_at=log.answered_at, by=log.answered_by, failed_at=log.failed_at)

    def _walk(self, device: str) -> None:
        alarm = self._calling.notice(device, AlarmKind.DRILL)
        if alarm is not None:
            self._open = (alarm, self._monotonic_s() + self._answer_within_s)
            _log.info("drill", alarm=alarm, device=device)

    def _send_own_frame(self) -> None:
        counter = max(int(time.time()) & 0xFFFF_FFFF, (self._journal.counter(OWN_NAME) or 0) + 1)
        frame = encode_bthome(
            [(BUTTON, ButtonPress.NONE)],
            mac=_OWN_ADDRESS,
            bind_key=self._key,
            counter=counter,
            trigger_based=True,
        )
        self._listener.heard(frame, None)
        if self._open is None:
            _log.error("drill_refused", counter=counter)
            self._put(self._remembered().failed(self._clock.now(), self._after(AGAIN_AFTER)))

    def _judge(self, log: DrillLog, alarm: str, answer_by_s: float) -> None:
        now = self._clock.now()
        state, device = self._journal.state_of(alarm)
        if state is AlarmState.CLOSED:
            self._open = None
            by = "" if device == OWN_NAME else device
            self._put(log.answered(now, by, self._within_hours(NEXT_AFTER)))
            _log.info("drill_answered", alarm=alarm)
        elif self._monotonic_s() >= answer_by_s and (state is None or self._journal.give_up(alarm)):
            self._calling.wake()
            self._open = None
            self._put(log.failed(now, self._after(AGAIN_AFTER)))
            _log.warning("drill_failed", alarm=alarm)

    def _take_up(self) -> None:
        """A drill that this process does not know: its gateway was started anew in the midst of it."""
        for call in self._journal.open_calls():
            if call.kind is AlarmKind.DRILL:
                self._open = (call.alarm, self._monotonic_s() + self._answer_within_s)

    def _remembered(self) -> DrillLog:
        log = self._journal.drill_log()
        if log is None:
            log = DrillLog(
                not_before=self._after((FIRST_AFTER[0], FIRST_AFTER[0])), next_at=self._within_hours(FIRST_AFTER)
            )
            self._put(log)
        return log

    def _put(self, log: DrillLog) -> None:
        self._journal.put_drill_log(log)

    def _within_hours(self, within: tuple[timedelta, timedelta]) -> datetime:
        """Of the day before or after rather than a day later: the centre counts 27 hours from drill to drill."""
        at, now = self._after(within), self._clock.now()
        return self._hours.nearest(at, self._zone, after=now + FIRST_AFTER[0], share=self._draw.random())

    def _after(self, within: tuple[timedelta, timedelta]) -> datetime:
        shortest, longest = within
        return self._clock.now() + shortest + self._draw.random() * (longest - shortest)


def _own_device(key: bytes) -> Device:
    return Device(
        name=OWN_NAME,
        kind=DeviceKind.EMERGENCY_BUTTON,
        model=_DRILL_BUTTON,
        address=_OWN_ADDRESS,
        port="",
        poll_interval_s=60.0,
        passkey=None,
        pair=False,
        heard_within_s=0.0,
        bind_key=key,
    )
