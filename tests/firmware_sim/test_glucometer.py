"""The Bluetooth glucometer, read by a plain client."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from bumble.att import ATT_Error, ErrorCode
from bumble.core import ProtocolError

from firmware_sim.device_clock import DeviceClock
from firmware_sim.peripherals.device_services import Identity
from firmware_sim.peripherals.glucometer import CAPACITY, Glucometer
from firmware_sim.radio import Radio
from protocols.gatt import uuids
from protocols.gatt.current_time import decode_current_time, encode_current_time
from protocols.gatt.device_information import decode_text
from protocols.gatt.glucose import GlucoseMeasurement, decode_glucose_measurement
from protocols.gatt.glucose_context import decode_glucose_context
from protocols.gatt.record_access import (
    ABORT,
    COUNT_ALL,
    DELETE_ALL,
    REPORT_ALL,
    REPORT_LAST,
    OpCode,
    Operator,
    RecordAccessAnswer,
    RecordAccessCommand,
    RecordAccessResponse,
    RecordCount,
    ResponseCode,
    decode_record_access_answer,
    encode_record_access_command,
    report_from,
)
from protocols.reading import Flag, Meal, Metric
from tests.firmware_sim.conftest import WALL, GattClient

ADDRESS = "C0:FF:EE:00:01:01"
PASSKEY = 294016
SUBSCRIBED = (uuids.GLUCOSE_MEASUREMENT, uuids.GLUCOSE_MEASUREMENT_CONTEXT, uuids.RECORD_ACCESS_CONTROL_POINT)


async def create_glucometer(
    radio: Radio, clock: DeviceClock, state: Path | None = None, passkey: int | None = None
) -> Glucometer:
    device = await radio.peripheral(ADDRESS, "Glucometer")
    return Glucometer(device, clock, Identity("GM-1", "GM0001"), state=state, passkey=passkey)


@pytest_asyncio.fixture
async def glucometer(radio: Radio, wall_clock: DeviceClock) -> AsyncIterator[Glucometer]:
    glucometer = await create_glucometer(radio, wall_clock)
    glucometer.start()
    yield glucometer
    await glucometer.stop()


@pytest_asyncio.fixture
async def reader(glucometer: Glucometer, client: GattClient) -> GattClient:
    """A client that is bonded and listens."""
    await client.connect(ADDRESS)
    await client.pair()
    await client.subscribe(*SUBSCRIBED)
    return client


async def ask(
    reader: GattClient, command: RecordAccessCommand
) -> tuple[list[GlucoseMeasurement], dict[int, Meal | None], RecordAccessAnswer]:
    """Measurements, meals by sequence number, and the closing answer."""
    await reader.write(uuids.RECORD_ACCESS_CONTROL_POINT, encode_record_access_command(command))
    measurements: list[GlucoseMeasurement] = []
    meals: dict[int, Meal | None] = {}
    while True:
        uuid, value = await reader.next()
        if uuid == uuids.RECORD_ACCESS_CONTROL_POINT:
            return measurements, meals, decode_record_access_answer(value)
        if uuid == uuids.GLUCOSE_MEASUREMENT:
            measurements.append(decode_glucose_measurement(value))
        else:
            context = decode_glucose_context(value)
            meals[context.sequence] = context.meal


async def test_all_records_come_in_order_with_their_context(glucometer: Glucometer, reader: GattClient) -> None:
    for number in range(40):
        meal = Meal.FASTING if number % 2 else None
        glucometer.fill(WALL - timedelta(hours=40 - number), 100 + number, meal)
    glucometer.save()
    measurements, meals, answer = await ask(reader, REPORT_ALL)
    records = [measurement.to_record() for measurement in measurements]
    assert [record.values for record in records] == [((Metric.GLUCOSE, 100.0 + number),) for number in range(40)]
    assert [record.sequence for record in records] == list(range(1, 41))
    assert records[0].device_time == WALL - timedelta(hours=40)
    assert meals == dict.fromkeys(range(2, 41, 2), Meal.FASTING)
    assert answer == RecordAccessResponse(OpCode.REPORT_RECORDS, ResponseCode.SUCCESS)


async def test_records_from_a_sequence_number_on_and_the_last_one(glucometer: Glucometer, reader: GattClient) -> None:
    for value in (101, 102, 103):
        glucometer.measure(value)
    assert [m.sequence for m in (await ask(reader, report_from(2)))[0]] == [2, 3]
    assert [m.sequence for m in (await ask(reader, REPORT_LAST))[0]] == [3]
    assert (await ask(reader, report_from(4)))[2] == RecordAccessResponse(
        OpCode.REPORT_RECORDS, ResponseCode.NO_RECORDS_FOUND
    )
    assert (await ask(reader, COUNT_ALL))[2] == RecordCount(3)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (DELETE_ALL, ResponseCode.OP_CODE_NOT_SUPPORTED),
        (RecordAccessCommand(99, Operator.ALL), ResponseCode.OP_CODE_NOT_SUPPORTED),
        (RecordAccessCommand(OpCode.REPORT_RECORDS, Operator.NULL), ResponseCode.INVALID_OPERATOR),
        (RecordAccessCommand(OpCode.REPORT_RECORDS, 77), ResponseCode.INVALID_OPERATOR),
        (
            RecordAccessCommand(OpCode.REPORT_RECORDS, Operator.WITHIN_RANGE, bytes(5)),
            ResponseCode.OPERATOR_NOT_SUPPORTED,
        ),
        (RecordAccessCommand(OpCode.REPORT_RECORDS, Operator.ALL, b"\1"), ResponseCode.INVALID_OPERAND),
        (
            RecordAccessCommand(OpCode.REPORT_RECORDS, Operator.GREATER_OR_EQUAL, b"\1\1"),
            ResponseCode.INVALID_OPERAND,
        ),
        (
            RecordAccessCommand(OpCode.REPORT_RECORDS, Operator.GREATER_OR_EQUAL, b"\2\1\0"),
            ResponseCode.OPERAND_NOT_SUPPORTED,
        ),
        (ABORT, ResponseCode.SUCCESS),
    ],
)
async def test_a_command_it_does_not_know_is_refused_with_the_code_of_the_service(
    glucometer: Glucometer, reader: GattClient, command: RecordAccessCommand, code: ResponseCode
) -> None:
    glucometer.measure(110)
    measurements, _, answer = await ask(reader, command)
    assert answer == RecordAccessResponse(command.op_code, code)
    assert measurements == []
    assert len(glucometer.records) == 1


async def test_an_abort_ends_a_long_report(glucometer: Glucometer, reader: GattClient) -> None:
    for number in range(300):
        glucometer.fill(WALL - timedelta(hours=300 - number), 120)
    command = encode_record_access_command(REPORT_ALL)
    await reader.write(uuids.RECORD_ACCESS_CONTROL_POINT, command)
    with pytest.raises(ATT_Error) as refused:
        await reader.write(uuids.RECORD_ACCESS_CONTROL_POINT, command)
    measurements, _, answer = await ask(reader, ABORT)
    assert refused.value.error_code == ErrorCode.PROCEDURE_ALREADY_IN_PROGRESS
    assert answer == RecordAccessResponse(OpCode.ABORT, ResponseCode.SUCCESS)
    assert len(measurements) < 300
    assert glucometer.handed_over == 0


async def test_nothing_is_asked_before_its_answer_is_subscribed(glucometer: Glucometer, client: GattClient) -> None:
    await client.connect(ADDRESS)
    await client.pair()
    with pytest.raises(ATT_Error) as refused:
        await client.write(uuids.RECORD_ACCESS_CONTROL_POINT, encode_record_access_command(REPORT_ALL))
    assert refused.value.error_code == ErrorCode.CCCD_IMPROPERLY_CONFIGURED


async def test_a_stranger_may_know_the_model_and_nothing_else(glucometer: Glucometer, client: GattClient) -> None:
    await client.connect(ADDRESS)
    assert decode_text(await client.read(uuids.MODEL_NUMBER)) == "GM-1"
    with pytest.raises(ATT_Error) as refused:
        await client.subscribe(uuids.GLUCOSE_MEASUREMENT)
    assert refused.value.error_code == ErrorCode.INSUFFICIENT_AUTHENTICATION
    with pytest.raises(ATT_Error):
        await client.write(uuids.RECORD_ACCESS_CONTROL_POINT, encode_record_access_command(REPORT_ALL))


async def test_with_a_passkey_only_the_right_digits_open_it(
    radio: Radio, wall_clock: DeviceClock, client: GattClient
) -> None:
    glucometer = await create_glucometer(radio, wall_clock, passkey=PASSKEY)
    glucometer.start()
    glucometer.measure(123)
    await client.connect(ADDRESS)
    with pytest.raises(ProtocolError):
        await client.pair(PASSKEY + 1)
    with pytest.raises(ATT_Error):
        await client.subscribe(uuids.GLUCOSE_MEASUREMENT)
    await client.disconnect()
    await client.connect(ADDRESS)
    await client.pair(PASSKEY)
    await client.subscribe(*SUBSCRIBED)
    assert len((await ask(client, REPORT_ALL))[0]) == 1
    await glucometer.stop()


async def test_its_clock_is_read_and_set(glucometer: Glucometer, reader: GattClient) -> None:
    glucometer.clock.offset_s = -95
    assert decode_current_time(await reader.read(uuids.CURRENT_TIME)) == WALL - timedelta(seconds=95)
    await reader.write(uuids.CURRENT_TIME, encode_current_time(WALL))
    assert glucometer.clock.offset_s == 0
    with pytest.raises(ATT_Error) as refused:
        await reader.write(uuids.CURRENT_TIME, b"\1\2")
    assert refused.value.error_code == ErrorCode.VALUE_NOT_ALLOWED


@pytest.mark.parametrize(("value", "flag"), [(640, Flag.ABOVE_RANGE), (12, Flag.BELOW_RANGE)])
async def test_what_it_cannot_measure_is_said_to_be_high_or_low(
    glucometer: Glucometer, reader: GattClient, value: int, flag: Flag
) -> None:
    glucometer.measure(value)
    (measurement,), _, _ = await ask(reader, REPORT_ALL)
    assert measurement.to_record().flags == (flag,)


async def test_control_solution_is_marked(glucometer: Glucometer, reader: GattClient) -> None:
    glucometer.measure(105, control_solution=True)
    (measurement,), _, _ = await ask(reader, REPORT_ALL)
    assert measurement.to_record().control_solution


async def test_records_and_numbers_survive_a_battery_change(
    radio: Radio, wall_clock: DeviceClock, tmp_path: Path
) -> None:
    state = tmp_path / "glucometer.json"
    first = await create_glucometer(radio, wall_clock, state)
    assert first.is_new
    first.measure(140, Meal.BEFORE_MEAL)
    second = Glucometer(
        await radio.peripheral("C0:FF:EE:00:01:99", "Glucometer"),
        DeviceClock(lambda: WALL),
        Identity("", ""),
        state=state,
    )
    assert not second.is_new
    assert second.records == first.records
    assert second.measure(150).sequence == 2


async def test_the_oldest_records_give_way(radio: Radio, wall_clock: DeviceClock) -> None:
    glucometer = await create_glucometer(radio, wall_clock)
    for number in range(CAPACITY + 3):
        glucometer.fill(datetime(2026, 1, 1) + timedelta(hours=number), 100)
    assert len(glucometer.records) == CAPACITY
    assert glucometer.records[0].sequence == 4


async def test_handing_over_is_counted_and_heard_again_after_a_disconnect(
    glucometer: Glucometer, reader: GattClient
) -> None:
    glucometer.measure(110)
    await ask(reader, REPORT_ALL)
    await reader.disconnect()
    assert (glucometer.handed_over, glucometer.unsent) == (1, 0)
    glucometer.measure(111)
    await reader.connect(ADDRESS)  # waits for an advertisement
    assert glucometer.unsent == 1
