"""A serial meter read once: the named one, or whichever of the catalogue answers.

`auto` begins with the models whose cable has the USB id that is plugged in, then those of the same vendor. It asks
only with words that read: who are you, what is your clock. Two kinds of meter are never tried, and have to be named:
those that never say who they are, and those that take a word for the order to inflate a cuff.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from zoneinfo import ZoneInfo

from serial.tools import list_ports

from edge.catalogue import (
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
    Catalogue,
    Model,
)
from edge.clock import Clock
from edge.errors import EdgeError
from edge.readout.once import Tell, create_device, sessions_of
from edge.readout.read_meter import NotRead, ReadMeter
from edge.sources.meter_session import MeterSession, MeterSessions
from edge.sources.serial_meter import LOOK_S, SESSION_OF_DRIVER, Conversation, Patience, open_port
from edge.usb_ports import Ports, find_port, usb_id_at, vendor_of
from protocols.errors import ProtocolError
from protocols.serial.session import RecordRead

TRIED_BY_AUTO = (
    SD_CODEFREE,  # says the first word itself: nothing is written
    LIFESCAN_VERIO_IQ,
    LIFESCAN_ULTRAEASY,
    LIFESCAN_ULTRA2,
    MENARINI_AREO,
    TAIDOC_GLUCOSE,
    TAIDOC_PRESSURE,
    FREESTYLE_OPTIUM,
    FREESTYLE_LITE,
    CONTOUR,
)
"""In this order. A driver that is not here has to be named."""
TRIAL_S = 2.6
"""Enough for a question, a silence of 2 s in which the meter forgets the last stranger's words, and the question again.

A meter that is speaking when it is over is heard to its end.
"""
LONGER_TRIALS_S = MappingProxyType(
    {
        SD_CODEFREE: 5.0,  # a finger has to switch it on meanwhile
        FREESTYLE_OPTIUM: 3.6,  # its silence is 3 s, and the first command after waking is sometimes ignored
        FREESTYLE_LITE: 3.6,
    }
)
QUIET_S = 5.0
"""A meter that speaks when it has measured has said all when nothing follows for so long."""


def models_to_try(catalogue: Catalogue, usb_id: str | None) -> list[str]:
    """Models for `auto`: those of the USB id first, those of its vendor next, then one for each other driver."""
    candidates = [name for name, model in catalogue.items() if model.driver in TRIED_BY_AUTO]
    candidates.sort(key=lambda name: _rank(catalogue[name], usb_id))
    by_driver = {catalogue[name].driver: name for name in reversed(candidates)}
    return [name for name in candidates if by_driver[catalogue[name].driver] == name]


def _rank(model: Model, usb_id: str | None) -> tuple[bool, bool, int]:
    vendors = {vendor_of(known) for known in model.usb}
    is_other_vendor = usb_id is None or vendor_of(usb_id) not in vendors
    return usb_id not in model.usb, is_other_vendor, TRIED_BY_AUTO.index(model.driver)


@dataclass(frozen=True)
class SerialReader:
    port: str
    """A path, or usb:VENDOR:PRODUCT."""
    catalogue: Catalogue
    zone: ZoneInfo
    clock: Clock
    tell: Tell
    listen_s: float = 60.0
    trial_s: float | None = None
    """For each model that is tried; None: what its driver needs."""
    quiet_s: float = QUIET_S
    ports: Ports = list_ports.comports

    def read(self, name: str) -> ReadMeter:
        """The whole memory of the meter of this model. Raises NotRead."""
        path = find_port(self.port, self.ports)
        try:
            return self._converse(path, name, Patience(listen_s=self.listen_s, quiet_s=self.quiet_s))
        except _NobodyThere as error:
            raise NotRead(f"{path}: {error}", retry_after_s=LOOK_S) from error

    def read_any(self) -> ReadMeter:
        """The whole memory of whatever meter answers. Raises NotRead when none does."""
        path = find_port(self.port, self.ports)
        tried = models_to_try(self.catalogue, usb_id_at(path, self.ports))
        for name in tried:
            try:
                return self._converse(path, name, Patience(identify_within_s=self._trial_s(name)))
            except _NobodyThere:
                continue
        raise NotRead(
            f"{path}: no meter that was tried has answered ({', '.join(tried)}); is it switched on? "
            f"Not tried, name it with --driver: {', '.join(self._untried(tried)) or 'none'}",
            retry_after_s=LOOK_S,
        )

    def _trial_s(self, name: str) -> float:
        needed_s = LONGER_TRIALS_S.get(self.catalogue[name].driver, TRIAL_S)
        return needed_s if self.trial_s is None else self.trial_s

    def _untried(self, tried: Iterable[str]) -> list[str]:
        return [
            name for name, model in self.catalogue.items() if model.driver in SESSION_OF_DRIVER and name not in tried
        ]

    def _converse(self, path: str, name: str, patience: Patience) -> ReadMeter:
        """Raises _NobodyThere where the meter did not say that it is of this model, else NotRead."""
        model: Model = self.catalogue[name]
        device = create_device(f"serial:{name}", model, port=path)
        with sessions_of(device, self.zone, self.clock, self.tell) as sessions:
            session = sessions.begin(device)
            talk = SESSION_OF_DRIVER[model.driver](lambda _device_time: False)
            records = _Records(sessions, session)
            conversation = None
            try:
                with open_port(path, talk.line) as port:
                    port.reset_input_buffer()  # what a meter still says to the question of another driver
                    conversation = Conversation(port, talk, session, records.put, patience)
                    conversation.run(threading.Event())
            except (ProtocolError, EdgeError) as error:
                if conversation is None:
                    raise NotRead(str(error), retry_after_s=LOOK_S) from error
                if conversation.identified is None:
                    raise _NobodyThere(str(error)) from error
                raise NotRead(f"{path}: {name}: {error}", retry_after_s=LOOK_S) from error
            return ReadMeter(
                name, session.serial_number, session.records, records.control_solutions, session.clock_offset_s
            )


class _NobodyThere(Exception):
    """The line does not speak as this model."""


class _Records:
    def __init__(self, sessions: MeterSessions, session: MeterSession) -> None:
        self._sessions = sessions
        self._session = session
        self.control_solutions = 0

    def put(self, event: RecordRead) -> None:
        self.control_solutions += event.record.control_solution
        self._sessions.intake.put(self._session.readings([event.record]))
