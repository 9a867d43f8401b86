"""Every serial pressure meter of the simulator, spoken to by the gateway's session for it."""

import contextlib
import math
from datetime import datetime, timedelta

import pytest

from edge.catalogue import load_catalogue
from edge.sources.serial_meter import SESSION_OF_DRIVER
from firmware_sim.device_clock import DeviceClock
from firmware_sim.serial.faults import FaultyLine, fault_of
from firmware_sim.serial.meter import PressureMemory, SerialCuff, SpeaksFirst, StoredPressure
from firmware_sim.serial.models import CUFFS, UnknownModel, another_cuff, cuff_of
from protocols.errors import ProtocolError, UnexpectedReply
from protocols.reading import Metric
from protocols.record import Record
from protocols.serial.session import Event, Finished, Identified, RecordRead, Send, Session, Wait
from tests.edge.conftest import CATALOGUE
from tests.firmware_sim.conftest import WALL

WITH_TIME = ("taidoc-td31xx", "a-and-d-tm2655p")
each_cuff = pytest.mark.parametrize("model", CUFFS)


def create_records(count: int) -> list[StoredPressure]:
    """Oldest first, six hours apart, on whole minutes."""
    start = WALL - timedelta(hours=6 * count)
    return [
        StoredPressure(start + timedelta(hours=6 * number), 120 + number % 60, 70 + number % 20, 60 + number % 30)
        for number in range(count)
    ]


def create_cuff(model: str, records: list[StoredPressure]) -> SerialCuff:
    memory = PressureMemory(DeviceClock(lambda: WALL), CUFFS[model].capacity)
    memory.fill(records)
    return CUFFS[model].create(memory, CUFFS[model].example_serial_number)


def create_session(model: str, known: set[datetime] | None = None) -> Session:
    return SESSION_OF_DRIVER[load_catalogue(CATALOGUE)[model].driver]((known or set()).__contains__)


def read_out(session: Session, cuff: SerialCuff, faulty: FaultyLine, chunk: int = 1 << 16) -> list[Event]:
    """Until the session ends or, where it listens without end, until the cuff has nothing more to say."""
    told: list[Event] = []
    due = session.begin()
    for _ in range(10_000):
        told += due
        if any(isinstance(event, Finished) for event in due):
            return told
        said = [cuff.receive(event.data) for event in due if isinstance(event, Send)]
        said += [cuff.switched_on()] if isinstance(cuff, SpeaksFirst) else []
        answer = b"".join(faulty.carry(part)[0] for part in said if part)
        if not any(said) and due[-1] == Wait(math.inf):
            return told
        pieces = [answer[at : at + chunk] for at in range(0, len(answer), chunk)]
        due = [event for piece in pieces for event in session.receive(piece)] if answer else session.timed_out()
    raise AssertionError("the session does not end")


def records_of(events: list[Event]) -> list[Record]:
    return [event.record for event in events if isinstance(event, RecordRead)]


def pressures_of(events: list[Event]) -> list[tuple[float, float, float]]:
    found = [dict(record.values) for record in records_of(events)]
    return sorted((one[Metric.SYSTOLIC], one[Metric.DIASTOLIC], one[Metric.PULSE]) for one in found)


def stored_in(cuff: SerialCuff) -> list[tuple[float, float, float]]:
    records = cuff.memory.records
    return sorted(
        (float(one.systolic_mm_hg), float(one.diastolic_mm_hg), float(one.pulse_per_minute)) for one in records
    )


@each_cuff
def test_every_cuff_is_in_the_catalogue_under_the_same_name(model: str) -> None:
    assert load_catalogue(CATALOGUE)[model].kinds == ("sphygmomanometer",)


@each_cuff
@pytest.mark.parametrize("count", [0, 1, 7, 60])
@pytest.mark.parametrize("chunk", [1, 7, 1 << 16])
def test_all_that_was_measured_is_told_once(model: str, count: int, chunk: int) -> None:
    cuff = create_cuff(model, create_records(count))
    told = read_out(create_session(model), cuff, FaultyLine(), chunk)
    assert pressures_of(told) == stored_in(cuff)
    assert cuff.memory.handed_over == count
    assert isinstance(next(event for event in told if not isinstance(event, Send | Wait)), Identified)


@pytest.mark.parametrize("model", WITH_TIME)
def test_times_come_along(model: str) -> None:
    cuff = create_cuff(model, create_records(9))
    told = records_of(read_out(create_session(model), cuff, FaultyLine()))
    assert sorted(str(record.device_time) for record in told) == [str(record.at) for record in cuff.memory.records]


@pytest.mark.parametrize("model", WITH_TIME)
def test_known_records_are_left_out(model: str) -> None:
    records = create_records(30)
    known = {record.at for record in records}
    cuff = create_cuff(model, [*records, StoredPressure(WALL, 151, 92, 77)])
    assert pressures_of(read_out(create_session(model, known), cuff, FaultyLine())) == [(151.0, 92.0, 77.0)]


@each_cuff
def test_what_cannot_be_measured_is_no_number(model: str) -> None:
    if model == "a-and-d-tm2655p":
        return  # it has an error code for that, shown in tests/protocols/serial/test_tm2655p.py
    told = read_out(create_session(model), create_cuff(model, [StoredPressure(WALL, 80, 90, 0)]), FaultyLine())
    assert all(math.isnan(value) for record in records_of(told) for _, value in record.values)


@pytest.mark.parametrize("model", WITH_TIME)
@pytest.mark.parametrize("fault", ["silent", "garbage", "bad_checksum", "cut_short"])
def test_bad_line_gives_no_value(model: str, fault: str) -> None:
    """The UA-767PC has no check value, so a bit that flips unseen cannot be told from a measurement."""
    heard: list[Record] = []
    with contextlib.suppress(ProtocolError):
        cuff = create_cuff(model, create_records(5))
        heard = records_of(read_out(create_session(model), cuff, FaultyLine(fault_of(fault))))
    assert heard == []


@each_cuff
@pytest.mark.parametrize("other", CUFFS)
def test_every_other_cuff_gives_no_value(model: str, other: str) -> None:
    """A meter that only listens cannot know that nobody will ever speak; the others refuse."""
    if other == model:
        return
    heard: list[Record] = []
    with contextlib.suppress(UnexpectedReply):
        heard = records_of(read_out(create_session(model), create_cuff(other, create_records(5)), FaultyLine()))
    assert heard == []


@each_cuff
def test_wrong_model_is_another_one(model: str) -> None:
    assert another_cuff(model) is not cuff_of(model)


def test_unknown_model_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownModel, match=r"taidoc-td42xx.*a-and-d-ua767pc"):
        cuff_of("sponge")
