"""Bluetooth meters with their makers' protocols, read by a plain client that carries out our sessions."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
import pytest_asyncio
from bumble.att import ATT_Error, ErrorCode
from bumble.core import ProtocolError as PairingRefused

from firmware_sim.bonding import PairingMode
from firmware_sim.device_clock import DeviceClock
from firmware_sim.peripherals.device_services import Identity
from firmware_sim.peripherals.microlife_meter import MicrolifeMeter
from firmware_sim.peripherals.omron_meter import OmronMeter
from firmware_sim.peripherals.vendor_meter import GattMeter, VendorMeter
from firmware_sim.peripherals.verio_meter import VerioMeter
from firmware_sim.peripherals.wired_over_gatt import WiredOverGatt
from firmware_sim.radio import Radio
from firmware_sim.serial.meter import GlucoseMemory, PressureMemory, StoredGlucose, StoredPressure
from firmware_sim.serial.taidoc_meter import TaiDocGlucoseMeter, TaiDocPressureMeter
from protocols.errors import UnexpectedReply
from protocols.gatt import uuids
from protocols.gatt.device_information import decode_text
from protocols.gatt.vendor import taidoc
from protocols.gatt.vendor.microlife.session import MicrolifeSession
from protocols.gatt.vendor.omron.models import MODELS as OMRON_MODELS
from protocols.gatt.vendor.omron.session import OmronSession
from protocols.gatt.vendor.session import GattSession, Remembered, Write
from protocols.gatt.vendor.verio.session import VerioBleSession
from protocols.reading import Flag, Metric
from protocols.record import Record
from protocols.serial.session import Finished, RecordRead
from protocols.taidoc.frame import FRAME_LENGTH
from tests.firmware_sim.conftest import WALL, GattClient

ADDRESS = "C0:FF:EE:00:01:07"
KEY = bytes(range(16))
MINUTE = timedelta(minutes=1)


class Model(NamedTuple):
    glucose: bool
    meter: Callable[[DeviceClock, PairingMode], GattMeter]
    session: Callable[[Remembered], GattSession]


def create_glucose(clock: DeviceClock, records: int = 5) -> GlucoseMemory:
    memory = GlucoseMemory(clock, 500)
    memory.fill([StoredGlucose(WALL - (records - place) * MINUTE, 100 + place) for place in range(records)])
    return memory


def create_pressures(clock: DeviceClock, records: int = 5) -> PressureMemory:
    memory = PressureMemory(clock, 14)
    memory.fill([StoredPressure(WALL - (records - n) * MINUTE, 120 + n, 80, 60) for n in range(records)])
    return memory


def _omron(name: str) -> Model:
    model = OMRON_MODELS[name]
    return Model(
        False,
        lambda clock, mode: OmronMeter(create_pressures(clock), model, mode),
        lambda remembered: OmronSession(model, KEY, b"\1\2\3\4", remembered),
    )


MODELS = {
    "taidoc glucose": Model(
        True,
        lambda clock, _mode: WiredOverGatt(
            TaiDocGlucoseMeter(create_glucose(clock), "4277000012345678"), taidoc.SERVICE, taidoc.FRAMES, FRAME_LENGTH
        ),
        taidoc.taidoc_glucose_over_gatt,
    ),
    "taidoc pressure": Model(
        False,
        lambda clock, _mode: WiredOverGatt(
            TaiDocPressureMeter(create_pressures(clock), "3128000012345678"),
            taidoc.SERVICE,
            taidoc.FRAMES,
            FRAME_LENGTH,
        ),
        taidoc.taidoc_pressure_over_gatt,
    ),
    "verio": Model(True, lambda clock, _mode: VerioMeter(create_glucose(clock)), VerioBleSession),
    "microlife": Model(
        False, lambda clock, _mode: MicrolifeMeter(create_pressures(clock)), lambda _remembered: MicrolifeSession()
    ),
    **{name: _omron(name) for name in OMRON_MODELS},
}


class OnAir(NamedTuple):
    model: Model
    device: VendorMeter
    mode: PairingMode


@pytest_asyncio.fixture(params=MODELS)
async def on_air(request: pytest.FixtureRequest, radio: Radio, wall_clock: DeviceClock) -> AsyncIterator[OnAir]:
    model, mode = MODELS[request.param], PairingMode()
    device = VendorMeter(
        await radio.peripheral(ADDRESS, "OneTouch J7RG and a long name"),
        model.meter(wall_clock, mode),
        Identity("M-1", "SN1"),
        pairing_mode=mode,
    )
    device.start()
    yield OnAir(model, device, mode)
    await device.stop()


async def read_out(client: GattClient, session: GattSession, *, listens: bool = False) -> list[Record]:
    """Bonded and subscribed, the whole session; a meter that falls silent fails the test."""
    await client.peer.request_mtu(247)  # as bluetoothd does; a modern Omron sends its packets whole
    if not listens:
        await client.subscribe(*session.notifying)
    records: list[Record] = []
    due = session.begin()
    while True:
        for event in due:
            match event:
                case Write(characteristic, value):
                    await client.write(characteristic, value)
                case RecordRead(record):
                    records.append(record)
                case Finished():
                    return records
        due = session.receive(*await client.next()) if not _says_good_bye(due) else session.timed_out()


def _says_good_bye(events: Sequence[object]) -> bool:
    return any(getattr(event, "seconds", None) == 0.0 for event in events)


async def test_memory_is_read_whole(on_air: OnAir, client: GattClient) -> None:
    await client.connect(ADDRESS)
    await client.pair()
    records = await read_out(client, on_air.model.session(Remembered()))
    metric, first = (Metric.GLUCOSE, 100) if on_air.model.glucose else (Metric.SYSTOLIC, 120)
    values = sorted((record.device_time, dict(record.values)[metric]) for record in records)
    assert values == [(WALL - (5 - place) * MINUTE, first + place) for place in range(5)]
    assert (on_air.device.meter.memory.handed_over, on_air.device.unsent) == (5, 0)


async def test_stranger_may_know_the_model_and_nothing_else(on_air: OnAir, client: GattClient) -> None:
    await client.connect(ADDRESS)
    assert decode_text(await client.read(uuids.MODEL_NUMBER)) == "M-1"
    session = on_air.model.session(Remembered())
    with pytest.raises(ATT_Error) as refused:
        await client.subscribe(session.notifying[0])
    assert refused.value.error_code == ErrorCode.INSUFFICIENT_AUTHENTICATION


async def test_out_of_pairing_mode_nobody_new_is_let_in(on_air: OnAir, client: GattClient) -> None:
    on_air.mode.on = False
    await client.connect(ADDRESS)
    with pytest.raises(PairingRefused):
        await client.pair()


async def test_omron_out_of_pairing_mode_takes_no_key(
    radio: Radio, wall_clock: DeviceClock, client: GattClient
) -> None:
    mode = PairingMode()
    model = OMRON_MODELS["omron-hem-7361t"]
    meter = OmronMeter(create_pressures(wall_clock), model, mode)
    device = VendorMeter(await radio.peripheral(ADDRESS, "BLESmart"), meter, Identity("M-1", "SN1"), pairing_mode=mode)
    device.start()
    await client.connect(ADDRESS)
    await client.pair()
    mode.on = False
    with pytest.raises(UnexpectedReply, match="-P- blinks"):
        await read_out(client, OmronSession(model, KEY, b"\1\2\3\4"))
    await device.stop()


async def test_verio_numbers_go_on_when_the_oldest_give_way(
    radio: Radio, wall_clock: DeviceClock, client: GattClient
) -> None:
    memory = GlucoseMemory(wall_clock, 3)
    memory.fill([StoredGlucose(WALL - (9 - place) * MINUTE, 100 + place) for place in range(9)])
    device = VendorMeter(await radio.peripheral(ADDRESS, "OneTouch"), VerioMeter(memory), Identity("M-1", "SN1"))
    device.start()
    await client.connect(ADDRESS)
    await client.pair()
    assert [record.sequence for record in await read_out(client, VerioBleSession())] == [7, 8, 9]
    memory.measure(222)
    (newest,) = await read_out(client, VerioBleSession(Remembered(last_sequence=9)), listens=True)
    assert (newest.sequence, newest.values) == (10, ((Metric.GLUCOSE, 222.0),))
    await device.stop()


async def test_users_and_flags_of_an_omron(radio: Radio, wall_clock: DeviceClock, client: GattClient) -> None:
    model = OMRON_MODELS["omron-hem-7361t"]
    memory = PressureMemory(wall_clock, 200)
    memory.fill(
        [
            StoredPressure(WALL - 2 * MINUTE, 150, 90, 70, user=2, flags=(Flag.IRREGULAR_PULSE,)),
            StoredPressure(WALL - MINUTE, 130, 80, 60, user=1, flags=(Flag.BODY_MOVED,)),
        ]
    )
    meter = OmronMeter(memory, model, PairingMode())
    device = VendorMeter(await radio.peripheral(ADDRESS, "BLESmart"), meter, Identity("M-1", "SN1"))
    device.start()
    await client.connect(ADDRESS)
    await client.pair()
    records = await read_out(client, OmronSession(model, KEY, b"\1\2\3\4"))
    assert [(record.user_slot, record.flags) for record in records] == [
        (1, (Flag.BODY_MOVED,)),
        (2, (Flag.IRREGULAR_PULSE,)),
    ]
    await device.stop()


async def test_clock_of_a_microlife_is_set(radio: Radio, wall_clock: DeviceClock, client: GattClient) -> None:
    wall_clock.offset_s = 3600
    meter = MicrolifeMeter(create_pressures(wall_clock))
    device = VendorMeter(await radio.peripheral(ADDRESS, "BP3GY1-2N"), meter, Identity("M-1", "SN1"))
    device.start()
    await client.connect(ADDRESS)
    await client.pair()
    await read_out(client, MicrolifeSession(lambda: datetime(2026, 11, 22, 8, 0)))
    assert wall_clock.offset_s == 0
    await device.stop()
