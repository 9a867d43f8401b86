"""A Bluetooth blood pressure cuff: Blood Pressure Service 1.0, bonded to its host.

It indicates what it has stored as soon as a client subscribes, oldest first, and forgets each measurement once the
client has confirmed it, as some real ones do: what a client loses after that is lost.
"""

import asyncio
import math
from datetime import datetime
from pathlib import Path

import msgspec
import structlog
from bumble.device import Connection, Device
from bumble.gatt import Characteristic, Service

from firmware_sim.bonding import PairingMode, set_pairing
from firmware_sim.device_clock import DeviceClock
from firmware_sim.nonvolatile import Nonvolatile
from firmware_sim.peripherals.assigned import assigned
from firmware_sim.peripherals.device_services import (
    INDICATE,
    NOTIFY,
    Identity,
    announced,
    battery,
    bonded_access,
    date_time,
    device_information,
    fixed,
)
from firmware_sim.peripherals.meter_advertiser import MeterAdvertiser
from protocols.gatt import uuids
from protocols.gatt.blood_pressure import (
    BloodPressureMeasurement,
    PressureStatus,
    encode_blood_pressure_measurement,
)
from protocols.gatt.blood_pressure_feature import BloodPressureFeature, encode_blood_pressure_feature
from protocols.reading import Flag

CAPACITY = 200
_BATTERY_PERCENT = 74
_STATUS_OF: dict[Flag, PressureStatus] = {
    Flag.BODY_MOVED: PressureStatus.BODY_MOVED,
    Flag.CUFF_LOOSE: PressureStatus.CUFF_LOOSE,
    Flag.IRREGULAR_PULSE: PressureStatus.IRREGULAR_PULSE,
    Flag.PULSE_ABOVE_RANGE: PressureStatus.PULSE_ABOVE_RANGE,
    Flag.PULSE_BELOW_RANGE: PressureStatus.PULSE_BELOW_RANGE,
    Flag.BAD_POSITION: PressureStatus.BAD_POSITION,
}
_log = structlog.get_logger()


class PressureRecord(msgspec.Struct, frozen=True):
    at: datetime
    """The cuff's own clock, naive."""
    systolic_mm_hg: int
    diastolic_mm_hg: int
    pulse_per_minute: int
    flags: tuple[Flag, ...] = ()
    user_id: int | None = None
    """Of the service, from 0; None on a cuff for one person."""


class CuffState(msgspec.Struct, kw_only=True):
    clock_offset_s: float
    handed_over: int = 0
    records: list[PressureRecord] = []
    """Oldest first; only what no client has confirmed."""


class CannotSay(ValueError):
    """A flag for which the Blood Pressure Service has no bit."""


class Sphygmomanometer:
    """Runs on `device`, which is powered on; `start` makes it audible."""

    def __init__(
        self,
        device: Device,
        clock: DeviceClock,
        identity: Identity,
        *,
        state: Path | None = None,
        passkey: int | None = None,
        pairing_mode: PairingMode | None = None,
    ) -> None:
        """`state` is a file; None forgets with the process. `passkey`: six digits on its display, for pairing."""
        self.device = device
        self.clock = clock
        self._kept = Nonvolatile(state, CuffState)
        kept = self._kept.load()
        self.is_new = kept is None
        """Out of the box: nothing was ever measured with it."""
        self._state = kept or CuffState(clock_offset_s=clock.offset_s)
        clock.offset_s = self._state.clock_offset_s
        self._more = asyncio.Event()
        self._sending: dict[Connection, asyncio.Task[None]] = {}
        set_pairing(device, passkey, pairing_mode)
        access = bonded_access(passkey)
        self._measurement = announced(uuids.BLOOD_PRESSURE_MEASUREMENT, INDICATE, access)
        self._cuff_pressure = announced(uuids.INTERMEDIATE_CUFF_PRESSURE, NOTIFY, access)
        self._measurement.on(Characteristic.EVENT_SUBSCRIPTION, self._subscribed)
        feature = encode_blood_pressure_feature(
            BloodPressureFeature.BODY_MOVEMENT_DETECTION
            | BloodPressureFeature.CUFF_FIT_DETECTION
            | BloodPressureFeature.IRREGULAR_PULSE_DETECTION
            | BloodPressureFeature.PULSE_RANGE_DETECTION
            | BloodPressureFeature.POSITION_DETECTION
        )
        pressure = Service(
            assigned(uuids.BLOOD_PRESSURE_SERVICE),
            [
                self._measurement,
                self._cuff_pressure,
                fixed(uuids.BLOOD_PRESSURE_FEATURE, feature),
                date_time(clock, access, self.save),
            ],
        )
        device.add_services([pressure, device_information(identity), battery(lambda: _BATTERY_PERCENT)])
        device.on(Device.EVENT_CONNECTION, self._connected)
        self._advertiser = MeterAdvertiser(
            device, [uuids.BLOOD_PRESSURE_SERVICE], lambda: bool(self._state.records), pairing_mode
        )

    def start(self) -> None:
        self._advertiser.start()

    async def stop(self) -> None:
        await self._advertiser.stop()
        sending = list(self._sending.values())
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    @property
    def records(self) -> tuple[PressureRecord, ...]:
        """What no client has confirmed yet, oldest first."""
        return tuple(self._state.records)

    @property
    def handed_over(self) -> int:
        """Measurements that a client confirmed, ever."""
        return self._state.handed_over

    def measure(
        self,
        systolic_mm_hg: int,
        diastolic_mm_hg: int,
        pulse_per_minute: int,
        flags: tuple[Flag, ...] = (),
        user_id: int | None = None,
    ) -> PressureRecord:
        """The cuff was on just now. Raises CannotSay for a flag that cuffs do not know."""
        unknown = [flag for flag in flags if flag not in _STATUS_OF]
        if unknown:
            raise CannotSay(f"a cuff cannot say {', '.join(unknown)}; it knows {', '.join(_STATUS_OF)}")
        record = PressureRecord(self.clock.now(), systolic_mm_hg, diastolic_mm_hg, pulse_per_minute, flags, user_id)
        self.fill(record)
        self.save()
        self._more.set()
        self._advertiser.measured()
        return record

    def fill(self, record: PressureRecord) -> None:
        """Puts an earlier record into the memory; `save` once after the last."""
        self._state.records = [*self._state.records, record][-CAPACITY:]

    def save(self) -> None:
        self._state.clock_offset_s = self.clock.offset_s
        self._kept.save(self._state)
        self._advertiser.look_again()

    def _connected(self, connection: Connection) -> None:
        connection.on(Connection.EVENT_DISCONNECTION, lambda _reason: self._stop_sending(connection))

    def _subscribed(self, connection: Connection, _notifications: bool, indications: bool) -> None:
        if not indications:
            self._stop_sending(connection)
        elif connection not in self._sending:
            self._sending[connection] = asyncio.get_running_loop().create_task(self._hand_over(connection))

    def _stop_sending(self, connection: Connection) -> None:
        task = self._sending.pop(connection, None)
        if task is not None:
            task.cancel()

    async def inflate(self, *pressures_mm_hg: int) -> None:
        """The cuff tightens: who is connected and listens sees its pressure. No measurement comes of that alone."""
        for pressure_mm_hg in pressures_mm_hg:
            rising = BloodPressureMeasurement(systolic=pressure_mm_hg, diastolic=math.nan, mean=math.nan)
            packet = encode_blood_pressure_measurement(rising)
            await self.device.gatt_server.notify_subscribers(self._cuff_pressure, packet)

    async def _hand_over(self, connection: Connection) -> None:
        """Indicates all there is and all that comes, each once the one before is confirmed.

        It asks each time whether it is still wanted: a confirmation that arrives with the cancellation swallows it
        (asyncio.wait_for before Python 3.12), and without a subscriber bumble "indicates" into the void.
        """
        while self._sending.get(connection) is asyncio.current_task():
            if not self._state.records:
                self._more.clear()
                await self._more.wait()
                continue
            record = self._state.records[0]
            try:
                await self.device.gatt_server.indicate_subscriber(connection, self._measurement, _as_sent(record))
            except TimeoutError:
                _log.warning("indication not confirmed", device=str(self.device.random_address))
                return
            self._confirmed(record)

    def _confirmed(self, record: PressureRecord) -> None:
        if record in self._state.records:
            self._state.records.remove(record)
        self._state.handed_over += 1
        self.save()


def _as_sent(record: PressureRecord) -> bytes:
    status = PressureStatus(0)
    for flag in record.flags:
        status |= _STATUS_OF[flag]
    mean = record.diastolic_mm_hg + round((record.systolic_mm_hg - record.diastolic_mm_hg) / 3)
    return encode_blood_pressure_measurement(
        BloodPressureMeasurement(
            systolic=record.systolic_mm_hg,
            diastolic=record.diastolic_mm_hg,
            mean=mean,
            time_stamp=record.at,
            pulse_per_min=record.pulse_per_minute,
            user_id=record.user_id,
            status=status,
        )
    )
