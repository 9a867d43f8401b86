"""The blood pressure cuff, read by a plain client."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from bumble.att import ATT_Error, ErrorCode

from firmware_sim.device_clock import DeviceClock
from firmware_sim.peripherals.device_services import Identity
from firmware_sim.peripherals.sphygmomanometer import CannotSay, PressureRecord, Sphygmomanometer
from firmware_sim.radio import Radio
from protocols.gatt import uuids
from protocols.gatt.battery import decode_battery_level
from protocols.gatt.blood_pressure import BloodPressureMeasurement, decode_blood_pressure_measurement
from protocols.gatt.date_time import decode_date_time, encode_date_time
from protocols.reading import Flag, Metric
from tests.firmware_sim.conftest import WALL, GattClient

ADDRESS = "C0:FF:EE:00:01:02"


async def create_cuff(radio: Radio, clock: DeviceClock, state: Path | None = None) -> Sphygmomanometer:
    device = await radio.peripheral(ADDRESS, "Cuff")
    return Sphygmomanometer(device, clock, Identity("BP-1", "BP0001"), state=state)


@pytest_asyncio.fixture
async def cuff(radio: Radio, wall_clock: DeviceClock) -> AsyncIterator[Sphygmomanometer]:
    cuff = await create_cuff(radio, wall_clock)
    cuff.start()
    yield cuff
    await cuff.stop()


async def next_measurement(client: GattClient) -> BloodPressureMeasurement:
    uuid, value = await client.next()
    assert uuid == uuids.BLOOD_PRESSURE_MEASUREMENT
    return decode_blood_pressure_measurement(value)


async def listen(client: GattClient) -> None:
    await client.connect(ADDRESS)
    await client.pair()
    await client.subscribe(uuids.BLOOD_PRESSURE_MEASUREMENT)


async def test_stored_measurements_come_oldest_first_and_are_forgotten(
    cuff: Sphygmomanometer, client: GattClient
) -> None:
    cuff.fill(PressureRecord(WALL - timedelta(hours=2), 165, 84, 59))
    cuff.fill(PressureRecord(WALL - timedelta(hours=1), 167, 76, 57, (Flag.IRREGULAR_PULSE, Flag.BODY_MOVED)))
    cuff.save()
    await listen(client)
    first, second = [(await next_measurement(client)).to_record() for _ in range(2)]
    assert dict(first.values) == {
        Metric.SYSTOLIC: 165,
        Metric.DIASTOLIC: 84,
        Metric.MEAN_ARTERIAL_PRESSURE: 111,
        Metric.PULSE: 59,
    }
    assert first.device_time == WALL - timedelta(hours=2)
    assert first.user_slot is None
    assert set(second.flags) == {Flag.IRREGULAR_PULSE, Flag.BODY_MOVED}
    cuff.measure(121, 66, 57)
    assert (await next_measurement(client)).systolic == 121
    await client.read(uuids.BLOOD_PRESSURE_FEATURE)  # behind the last confirmation
    assert cuff.records == ()
    assert cuff.handed_over == 3


async def test_a_measurement_that_was_not_confirmed_is_kept(cuff: Sphygmomanometer, client: GattClient) -> None:
    await listen(client)
    client.device.gatt_server.device.l2cap_channel_manager.send_pdu = lambda *_arguments: None  # type: ignore[method-assign]  # the client falls mute
    cuff.measure(150, 90, 70)
    await next_measurement(client)
    assert len(cuff.records) == 1
    assert cuff.handed_over == 0


async def test_a_stranger_gets_no_measurement(cuff: Sphygmomanometer, client: GattClient) -> None:
    cuff.measure(150, 90, 70)
    await client.connect(ADDRESS)
    with pytest.raises(ATT_Error) as refused:
        await client.subscribe(uuids.BLOOD_PRESSURE_MEASUREMENT)
    assert refused.value.error_code == ErrorCode.INSUFFICIENT_AUTHENTICATION
    assert decode_battery_level(await client.read(uuids.BATTERY_LEVEL)) == 74
    assert len(cuff.records) == 1


async def test_the_bond_lets_a_client_in_again(cuff: Sphygmomanometer, client: GattClient) -> None:
    await listen(client)
    await client.disconnect()
    cuff.measure(150, 90, 70)
    await client.connect(ADDRESS)
    await client.connection.encrypt()
    await client.subscribe(uuids.BLOOD_PRESSURE_MEASUREMENT)
    assert (await next_measurement(client)).systolic == 150


async def test_its_clock_is_read_and_set(cuff: Sphygmomanometer, client: GattClient) -> None:
    cuff.clock.offset_s = 140
    await client.connect(ADDRESS)
    await client.pair()
    assert decode_date_time(await client.read(uuids.DATE_TIME)) == WALL + timedelta(seconds=140)
    await client.write(uuids.DATE_TIME, encode_date_time(WALL))
    assert cuff.clock.offset_s == 0


async def test_what_waits_survives_a_battery_change(radio: Radio, wall_clock: DeviceClock, tmp_path: Path) -> None:
    state = tmp_path / "cuff.json"
    first = await create_cuff(radio, wall_clock, state)
    first.measure(150, 90, 70, (Flag.CUFF_LOOSE,))
    device = await radio.peripheral("C0:FF:EE:00:01:99", "Cuff")
    second = Sphygmomanometer(device, DeviceClock(lambda: WALL), Identity("BP-1", "BP0001"), state=state)
    assert not second.is_new
    assert second.records == first.records


async def test_a_flag_that_cuffs_do_not_know_is_refused_in_a_sentence(cuff: Sphygmomanometer) -> None:
    with pytest.raises(CannotSay, match="cannot say strip_error; it knows body_moved"):
        cuff.measure(150, 90, 70, (Flag.STRIP_ERROR,))
    assert cuff.records == ()
