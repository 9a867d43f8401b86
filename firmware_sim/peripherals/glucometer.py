"""A Bluetooth glucometer: Glucose Service 1.0, bonded, keeping its records also after they were read out.

Records are handed over on request (record_access_point.py), each as a measurement notification followed, where the
meal is known, by its context.
"""

import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from bumble.device import Connection, Device
from bumble.gatt import Service

from firmware_sim.bonding import PairingMode, set_pairing
from firmware_sim.device_clock import DeviceClock
from firmware_sim.nonvolatile import Nonvolatile
from firmware_sim.peripherals.assigned import assigned
from firmware_sim.peripherals.device_services import (
    NOTIFY,
    Identity,
    announced,
    battery,
    bonded_access,
    current_time,
    device_information,
    fixed,
)
from firmware_sim.peripherals.meter_advertiser import MeterAdvertiser
from firmware_sim.peripherals.record_access_point import RecordAccessPoint
from protocols.gatt import uuids
from protocols.gatt.glucose import (
    Annunciation,
    GlucoseMeasurement,
    SampleLocation,
    SampleType,
    encode_glucose_measurement,
)
from protocols.gatt.glucose_context import MEAL_CODE, GlucoseContext, encode_glucose_context
from protocols.gatt.glucose_feature import GlucoseFeature, encode_glucose_feature
from protocols.reading import Meal

CAPACITY = 500
RANGE_MG_DL = (20, 600)
"""Outside it the display says LO or HI, and so does the record."""
_KG_PER_L_OF_MG_DL = 1e-5
_BATTERY_PERCENT = 87


class GlucoseRecord(msgspec.Struct):
    sequence: int
    at: datetime
    """The meter's own clock, naive."""
    glucose_mg_dl: int
    meal: Meal | None = None
    control_solution: bool = False
    handed_over: bool = False


class GlucometerState(msgspec.Struct, kw_only=True):
    clock_offset_s: float
    next_sequence: int = 1
    records: list[GlucoseRecord] = []
    """Oldest first."""


class Glucometer:
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
        lets_delete: bool = False,
    ) -> None:
        """`state` is a file; None forgets with the process. `passkey`: six digits on its display, for pairing.

        `lets_delete`: clients may delete records; most real meters refuse it.
        """
        self.device = device
        self.clock = clock
        self._kept = Nonvolatile(state, GlucometerState)
        kept = self._kept.load()
        self.is_new = kept is None
        """Out of the box: nothing was ever measured with it."""
        self._state = kept or GlucometerState(clock_offset_s=clock.offset_s)
        clock.offset_s = self._state.clock_offset_s
        set_pairing(device, passkey, pairing_mode)
        access = bonded_access(passkey)
        self._measurement = announced(uuids.GLUCOSE_MEASUREMENT, NOTIFY, access)
        self._context = announced(uuids.GLUCOSE_MEASUREMENT_CONTEXT, NOTIFY, access)
        self._access = RecordAccessPoint(
            device,
            self._measurement,
            access,
            records=lambda: self.records,
            send=self._send,
            handed_over=self._sent,
            deleted=self._delete if lets_delete else None,
        )
        feature = encode_glucose_feature(
            GlucoseFeature.RESULT_HIGH_LOW_DETECTION | GlucoseFeature.LOW_BATTERY_DETECTION | GlucoseFeature.TIME_FAULT
        )
        glucose = Service(
            assigned(uuids.GLUCOSE_SERVICE),
            [self._measurement, self._context, fixed(uuids.GLUCOSE_FEATURE, feature), self._access.characteristic],
        )
        device.add_services(
            [
                glucose,
                device_information(identity),
                battery(lambda: _BATTERY_PERCENT),
                current_time(clock, access, self.save),
            ]
        )
        self._advertiser = MeterAdvertiser(device, [uuids.GLUCOSE_SERVICE], lambda: self.unsent > 0, pairing_mode)

    def start(self) -> None:
        self._advertiser.start()

    async def stop(self) -> None:
        await self._advertiser.stop()
        await self._access.stop()

    @property
    def records(self) -> tuple[GlucoseRecord, ...]:
        """Oldest first."""
        return tuple(self._state.records)

    @property
    def handed_over(self) -> int:
        """Records in the memory that a client has had at least once."""
        return sum(record.handed_over for record in self._state.records)

    @property
    def unsent(self) -> int:
        return len(self._state.records) - self.handed_over

    def measure(self, glucose_mg_dl: int, meal: Meal | None = None, *, control_solution: bool = False) -> GlucoseRecord:
        """A strip was read just now: stored, and on the air for a while."""
        record = self.fill(self.clock.now(), glucose_mg_dl, meal, control_solution=control_solution)
        self.save()
        self._advertiser.measured()
        return record

    def fill(
        self, at: datetime, glucose_mg_dl: int, meal: Meal | None = None, *, control_solution: bool = False
    ) -> GlucoseRecord:
        """Puts an earlier record (`at` by the meter's clock) into the memory; `save` once after the last."""
        record = GlucoseRecord(self._state.next_sequence, at, glucose_mg_dl, meal, control_solution)
        self._state.next_sequence = (record.sequence + 1) & 0xFFFF
        self._state.records = [*self._state.records, record][-CAPACITY:]
        return record

    def wipe(self) -> None:
        """Somebody emptied the memory by its menu: the records are gone, and the next is number 1 again."""
        self._state.records, self._state.next_sequence = [], 1
        self.save()

    def save(self) -> None:
        self._state.clock_offset_s = self.clock.offset_s
        self._kept.save(self._state)
        self._advertiser.look_again()

    async def _send(self, connection: Connection, record: GlucoseRecord) -> None:
        server = self.device.gatt_server
        await server.notify_subscriber(connection, self._measurement, encode_glucose_measurement(_as_sent(record)))
        if record.meal is not None:
            context = GlucoseContext(record.sequence, meal_code=MEAL_CODE[record.meal])
            await server.notify_subscriber(connection, self._context, encode_glucose_context(context))

    def _delete(self, records: Sequence[GlucoseRecord]) -> None:
        self._state.records = [record for record in self._state.records if record not in records]
        self.save()

    def _sent(self, records: Sequence[GlucoseRecord]) -> None:
        for record in records:
            record.handed_over = True
        self.save()


def _as_sent(record: GlucoseRecord) -> GlucoseMeasurement:
    low, high = RANGE_MG_DL
    concentration, annunciation = record.glucose_mg_dl * _KG_PER_L_OF_MG_DL, None
    if record.glucose_mg_dl > high:
        concentration, annunciation = math.inf, Annunciation.RESULT_TOO_HIGH
    elif record.glucose_mg_dl < low:
        concentration, annunciation = -math.inf, Annunciation.RESULT_TOO_LOW
    control = record.control_solution
    return GlucoseMeasurement(
        sequence=record.sequence,
        base_time=record.at,
        time_offset_min=0,
        concentration=concentration,
        sample_type=SampleType.CONTROL_SOLUTION if control else SampleType.CAPILLARY_PLASMA,
        sample_location=SampleLocation.CONTROL_SOLUTION if control else SampleLocation.FINGER,
        annunciation=annunciation,
        context_follows=record.meal is not None,
    )
