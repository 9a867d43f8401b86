"""A meter on a serial port: opened by pyserial, spoken to by its sans-IO session, in a thread of its own.

The port is looked at as soon as it appears, at whatever path its cable is plugged in, and then every
`poll_interval_s`. A meter that is away or asleep is the normal case: said once, tried again.
"""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import serial
import structlog
from serial.tools import list_ports

from edge.catalogue import (
    A_AND_D_TM2655P,
    A_AND_D_UA767PC,
    CONTOUR,
    FREESTYLE_LITE,
    FREESTYLE_OPTIUM,
    LIFESCAN_ULTRA2,
    LIFESCAN_ULTRAEASY,
    LIFESCAN_VERIO_IQ,
    MENARINI_AREO,
    SD_CODEFREE,
    TAIDOC_GLUCOSE,
    TAIDOC_PRESSURE,
)
from edge.config import Device
from edge.errors import EdgeError, Temporary
from edge.reasons import reason_of
from edge.sources.meter_session import MeterSession, MeterSessions
from edge.usb_ports import NoSuchPort, Ports, find_port
from protocols.errors import ProtocolError
from protocols.serial.a_and_d.tm2655p_session import Tm2655PSession
from protocols.serial.a_and_d.ua767pc_session import Ua767PcSession
from protocols.serial.abbott.session import LiteSession, OptiumSession
from protocols.serial.ascensia.session import ContourSession
from protocols.serial.lifescan.ultra2_session import Ultra2Session
from protocols.serial.lifescan.ultraeasy_session import UltraEasySession
from protocols.serial.lifescan.verio_iq_session import VerioIqSession
from protocols.serial.menarini.areo_session import AreoSession
from protocols.serial.sd_biosensor.codefree_session import CodefreeSession
from protocols.serial.session import (
    ClockRead,
    Event,
    Finished,
    Identified,
    LineSettings,
    Listening,
    RecordRead,
    Send,
    Session,
    Wait,
)
from protocols.taidoc.session import TaiDocGlucoseSession, TaiDocPressureSession

_log = structlog.get_logger()

LOOK_S = 1.0
READ_SLICE_S = 0.2
"""How long one read may wait before the stop event is looked at."""
OLDEST_SESSION_S = 600.0
SPEAKING_S = 1.0
"""A line on which something came so lately is speaking still."""
LONGEST_MEMORY_S = 30.0
"""The longest memory that comes in one go: 32 KiB at 19200 baud take 17 s."""

_PARITY = {"none": serial.PARITY_NONE, "odd": serial.PARITY_ODD, "even": serial.PARITY_EVEN}
_STOP_BITS = {1: serial.STOPBITS_ONE, 2: serial.STOPBITS_TWO}

SessionMaker = Callable[[Callable[[datetime], bool]], Session]
SESSION_OF_DRIVER: Mapping[str, SessionMaker] = MappingProxyType(
    {
        LIFESCAN_ULTRAEASY: UltraEasySession,
        LIFESCAN_VERIO_IQ: VerioIqSession,
        LIFESCAN_ULTRA2: Ultra2Session,
        SD_CODEFREE: CodefreeSession,
        MENARINI_AREO: AreoSession,
        TAIDOC_GLUCOSE: TaiDocGlucoseSession,
        TAIDOC_PRESSURE: TaiDocPressureSession,
        A_AND_D_UA767PC: lambda _known: Ua767PcSession(),
        A_AND_D_TM2655P: Tm2655PSession,
        FREESTYLE_OPTIUM: OptiumSession,
        FREESTYLE_LITE: LiteSession,
        CONTOUR: ContourSession,
    }
)


class MeterAway(Temporary):
    """No port, or no answer on it."""


def open_port(path: str, line: LineSettings) -> serial.Serial:
    """Raises MeterAway with a sentence."""
    try:
        return serial.Serial(
            path,
            line.baud,
            parity=_PARITY[line.parity],
            stopbits=_STOP_BITS[line.stop_bits],
            xonxoff=line.xon_xoff,
            timeout=READ_SLICE_S,
            write_timeout=5.0,
            exclusive=True,
        )
    except (OSError, ValueError) as error:  # SerialException is an OSError
        raise MeterAway(f"port {path} cannot be opened: {reason_of(error)}", retry_after_s=LOOK_S) from error


@dataclass(frozen=True)
class Patience:
    """How long one conversation may last; seconds."""

    identify_within_s: float = math.inf
    """The meter has to say by then who it is, or be about to: some tell it with their whole memory."""
    session_s: float = OLDEST_SESSION_S
    listen_s: float = math.inf
    """The first word has to come by then from a meter that speaks by itself, when it is switched on or has measured."""
    quiet_s: float = math.inf
    """A meter that speaks when it has measured, and is quiet for so long after that, has said all."""


class Conversation:
    """Drives `talk` over `port` and carries out its events in their order."""

    def __init__(
        self,
        port: serial.Serial,
        talk: Session,
        session: MeterSession,
        put: Callable[[RecordRead], None],
        patience: Patience = Patience(),
    ) -> None:
        self.identified: Identified | None = None
        self._patience = patience
        self._port = port
        self._talk = talk
        self._session = session
        self._put = put
        self._deadline_s = 0.0
        self._heard_s = -math.inf
        self._told_s: float | None = None
        self._asked = False
        self._finished = False

    def run(self, stop: threading.Event) -> None:
        """Until the meter is let go. Raises MeterAway, ProtocolError, or Temporary from the disk."""
        self._began_s = time.monotonic()
        try:
            self._carry_out(self._talk.begin())
            while not self._finished:
                if stop.is_set():
                    raise MeterAway("the gateway is stopping", retry_after_s=0.0)
                if isinstance(self._talk, Listening) and self._has_listened_enough():
                    self._carry_out(self._talk.listened())
                    break
                self._need_progress()
                heard = self._port.read(max(1, self._port.in_waiting))
                if heard:
                    self._heard_s = time.monotonic()
                    self._carry_out(self._talk.receive(heard))
                elif time.monotonic() >= self._deadline_s:
                    self._carry_out(self._talk.timed_out())
        except OSError as error:  # a hung-up line reads as an error in pyserial, never as endless silence
            raise MeterAway(f"the line broke: {reason_of(error)}", retry_after_s=LOOK_S) from error

    def _has_listened_enough(self) -> bool:
        if self._told_s is None:
            until_s = self._began_s + self._patience.listen_s
        else:
            until_s = self._told_s + self._patience.quiet_s
        return math.isinf(self._deadline_s) and time.monotonic() > until_s

    def _need_progress(self) -> None:
        """Raises MeterAway where it takes too long."""
        now_s = time.monotonic()
        passed_s = now_s - self._began_s
        is_speaking = now_s < self._heard_s + SPEAKING_S and passed_s < LONGEST_MEMORY_S
        if self.identified is None and passed_s > self._patience.identify_within_s and not is_speaking:
            raise MeterAway(f"nobody said who it is within {passed_s:.0f} s", retry_after_s=LOOK_S)
        if passed_s > self._patience.session_s and math.isfinite(self._deadline_s):
            raise MeterAway(f"no end after {passed_s:.0f} s", retry_after_s=LOOK_S)

    def _carry_out(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case Send(data):
                    self._port.write(data)
                    self._asked = True
                case Wait(seconds):
                    is_for_first_word = not self._asked and math.isfinite(seconds)
                    within_s = min(seconds, self._patience.listen_s) if is_for_first_word else seconds
                    self._deadline_s = time.monotonic() + within_s
                case Identified():
                    _log.debug("meter_identified", device=self._session.device.name, model=event.model)
                    self.identified = event
                    self._session.identified(event.serial_number)
                case ClockRead(device_time):
                    self._session.clock_read(device_time)
                case RecordRead():
                    self._put(event)
                    self._told_s = time.monotonic()
                case Finished():
                    self._finished = True


class SerialMeter:
    def __init__(self, device: Device, sessions: MeterSessions, ports: Ports = list_ports.comports) -> None:
        self._device = device
        self._sessions = sessions
        self._ports = ports
        self._stop = threading.Event()
        self._log = _log.bind(device=device.name)

    async def run(self) -> None:
        """Until cancelled."""
        done = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()

        def tell(error: BaseException | None) -> None:
            if not done.done():
                done.set_result(None) if error is None else done.set_exception(error)

        def work() -> None:
            error: BaseException | None = None
            try:
                self._poll()
            except Exception as crash:  # noqa: BLE001 - handed to the task that waits for this thread
                error = crash
            loop.call_soon_threadsafe(tell, error)

        thread = threading.Thread(target=work, name=f"serial {self._device.port}", daemon=True)
        thread.start()
        try:
            await asyncio.shield(done)
        finally:
            self._stop.set()
            if not done.done():
                await asyncio.shield(done)

    def _poll(self) -> None:
        due_s = 0.0
        was_at: str | None = None
        while not self._stop.is_set():
            at = self._find_port()
            if at is not None and (at != was_at or time.monotonic() >= due_s):
                self._read_once(at)
                due_s = time.monotonic() + self._device.poll_interval_s
            was_at = at
            self._stop.wait(LOOK_S)

    def _find_port(self) -> str | None:
        try:
            return find_port(self._device.port, self._ports)
        except NoSuchPort as error:
            self._tell_away(str(error))
            return None

    def _read_once(self, path: str) -> None:
        figures = self._sessions.figures
        session = self._sessions.begin(self._device)
        talk = SESSION_OF_DRIVER[self._device.model.driver](session.knows_record_at)

        def put(event: RecordRead) -> None:
            new = self._sessions.intake.put(session.readings([event.record]))
            session.is_durable([event.record], new)
            figures.heard(self._device.name)
            figures.trouble(self._device.name, None)

        try:
            with open_port(path, talk.line) as port:
                Conversation(port, talk, session, put).run(self._stop)
            session.finish()
        except (ProtocolError, EdgeError) as error:
            if not self._stop.is_set():
                figures.sessions.labels(self._device.name, "failed").inc()
                self._tell_away(str(error))
            return
        figures.sessions.labels(self._device.name, "read").inc()
        figures.heard(self._device.name)
        figures.trouble(self._device.name, None)

    def _tell_away(self, sentence: str) -> None:
        if self._sessions.figures.trouble(self._device.name, sentence):
            self._log.warning("meter_away", problem=sentence)
