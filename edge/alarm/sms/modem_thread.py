"""The modem on its port: opened by pyserial, spoken to by its session, in a thread of its own.

What is unplugged, hangs or is no modem is closed and tried again; a text that was under way then is told as not sent.

Nearly the same stands in cloud/sms/modem_thread.py: gateway and centre share nothing but `protocols`, and that
opens no port, knows no thread and reads no clock. What is said to a modem is there, in `protocols.sms.modem`.
"""

import queue
import threading
import time
from collections.abc import Callable
from itertools import count

import serial
import structlog
from serial.tools import list_ports

from edge.reasons import reason_of
from edge.usb_ports import NoSuchPort, Ports, find_port
from protocols.sms.modem import ModemSession, ModemSilent
from protocols.sms.modem_events import ModemStatus, NotSent, Sent, StatusIs, Step, Write
from protocols.sms.pdu import Submit
from protocols.sms.user_data import split

_log = structlog.get_logger()

REOPEN_S = 2.0
SLICE_S = 0.5
STOP_WITHIN_S = 3.0
WRITE_WITHIN_S = 5.0
VALIDITY_MIN = 60
"""A call that the network could not pass on for so long is told by another one."""
_CHUNK_BYTES = 512

_Order = tuple[int, str, str] | int
"""A text (job, number, text), or a place to delete."""


class ModemThread:
    def __init__(
        self,
        port: str,
        baud: int,
        pin: Callable[[], str],
        tell: Callable[[Step], None],
        *,
        ports: Ports = list_ports.comports,
    ) -> None:
        """`pin` is asked at each opening. `tell` is called in the thread with every step but `Write`."""
        self._port = port
        self._baud = baud
        self._pin = pin
        self._tell = tell
        self._ports = ports
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._references = count()
        self._under_way: set[int] = set()
        self._stop = threading.Event()
        self._line: serial.Serial | None = None
        self._thread = threading.Thread(target=self._run, name="modem", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._wake()
        self._thread.join(STOP_WITHIN_S)

    def send(self, job: int, number: str, text: str) -> None:
        """From any thread. `Sent` or `NotSent` will name `job`; without a modem it is `NotSent` at once."""
        self._orders.put((job, number, text))
        self._wake()

    def delete(self, place: int) -> None:
        """From any thread: what came with this place is safe."""
        self._orders.put(place)
        self._wake()

    def _wake(self) -> None:
        line = self._line
        if line is not None:
            line.cancel_read()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                problem = self._serve()
            except Exception:  # noqa: BLE001 - the thread's outermost loop: whatever it was, the modem is tried again
                _log.exception("modem_session_failed")
                problem = "the modem's session failed; it is begun anew"
            if self._stop.is_set():
                return
            self._tell(StatusIs(ModemStatus(problem)))
            for job in sorted(self._under_way):
                self._tell(NotSent(job, problem, permanent=False))
            self._under_way.clear()
            self._refuse_orders(problem, time.monotonic() + REOPEN_S)

    def _serve(self) -> str:
        """Until the modem is lost or the thread is stopped; a sentence of why."""
        try:
            path = find_port(self._port, self._ports)
            with serial.Serial(
                path, self._baud, timeout=SLICE_S, write_timeout=WRITE_WITHIN_S, exclusive=True
            ) as self._line:
                self._converse(self._line)
        except (NoSuchPort, ModemSilent) as error:
            return f"the modem: {error}"
        except (OSError, ValueError) as error:  # SerialException is an OSError
            return f"the modem at {self._port}: {reason_of(error)}"
        finally:
            self._line = None
        return "stopped"

    def _converse(self, line: serial.Serial) -> None:
        session = ModemSession(self._pin())
        self._carry_out(line, session.begin(time.monotonic()))
        while not self._stop.is_set():
            self._take_orders(line, session)
            line.timeout = max(0.0, min(SLICE_S, session.next_due_s - time.monotonic()))
            data = line.read(max(1, min(line.in_waiting, _CHUNK_BYTES)))
            now_s = time.monotonic()
            if data:
                self._carry_out(line, session.receive(data, now_s))
            self._carry_out(line, session.due(now_s))

    def _take_orders(self, line: serial.Serial, session: ModemSession) -> None:
        while (order := self._next_order(0.0)) is not None:
            now_s = time.monotonic()
            if isinstance(order, int):
                self._carry_out(line, session.delete(order, now_s))
                continue
            job, number, text = order
            reference = next(self._references) & 0xFF
            parts = [Submit(number, data, validity_min=VALIDITY_MIN) for data in split(text, reference)]
            self._under_way.add(job)
            self._carry_out(line, session.send(job, parts, now_s))

    def _refuse_orders(self, problem: str, until_s: float) -> None:
        """Texts that come while there is no modem are not sent; who asked decides when to try again."""
        while not self._stop.is_set() and (left_s := until_s - time.monotonic()) > 0:
            order = self._next_order(min(left_s, SLICE_S))
            if isinstance(order, tuple):
                self._tell(NotSent(order[0], problem, permanent=False))

    def _next_order(self, within_s: float) -> _Order | None:
        try:
            return self._orders.get(timeout=within_s) if within_s else self._orders.get_nowait()
        except queue.Empty:
            return None

    def _carry_out(self, line: serial.Serial, steps: list[Step]) -> None:
        for step in steps:
            if isinstance(step, Write):
                line.write(step.data)
                continue
            if isinstance(step, Sent | NotSent):
                self._under_way.discard(step.job)
            self._tell(step)
