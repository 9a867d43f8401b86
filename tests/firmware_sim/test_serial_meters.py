"""Every serial glucometer of the simulator, spoken to by the gateway's session for it, on good lines and bad ones."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from edge.catalogue import load_catalogue
from edge.sources.serial_meter import SESSION_OF_DRIVER
from firmware_sim.device_clock import DeviceClock
from firmware_sim.serial.faults import FAULTS, FaultyLine, UnknownFault, fault_of
from firmware_sim.serial.meter import GlucoseMemory, SerialMeter, SpeaksFirst, StoredGlucose
from firmware_sim.serial.models import MODELS, MeterModel, another_model, model_of
from protocols.errors import ProtocolError, UnexpectedReply
from protocols.reading import Flag, Meal, Metric
from protocols.record import Record
from protocols.serial.session import ClockRead, Event, Finished, Identified, RecordRead, Send, Session
from tests.edge.conftest import CATALOGUE
from tests.firmware_sim.conftest import WALL

MEALS = (None, Meal.BEFORE_MEAL, Meal.AFTER_MEAL)
MAX_ROUNDS = 20_000


@dataclass(frozen=True)
class Abilities:
    """What a model's protocol can say."""

    clock: bool = True
    serial_number: bool = True
    meals: bool = True
    control_solution: bool = True
    bounds_mg_dl: tuple[float, float] = (20.0, 600.0)


ABILITIES = {
    "onetouch-ultraeasy": Abilities(meals=False, control_solution=False),
    "onetouch-verio-iq": Abilities(),
    "onetouch-ultra2": Abilities(),
    "sd-codefree": Abilities(clock=False, serial_number=False, control_solution=False, bounds_mg_dl=(10.0, 600.0)),
    "glucomen-areo": Abilities(clock=False, control_solution=False),
    "taidoc-td42xx": Abilities(),
    "freestyle-optium": Abilities(meals=False, bounds_mg_dl=(20.0, 500.0)),
    "freestyle-lite": Abilities(meals=False, bounds_mg_dl=(20.0, 500.0)),
    "contour": Abilities(),
}
each_model = pytest.mark.parametrize("model", ABILITIES)


def create_records(count: int) -> list[StoredGlucose]:
    """Oldest first, six hours apart, on whole minutes."""
    start = WALL - timedelta(hours=6 * count)
    return [
        StoredGlucose(start + timedelta(hours=6 * number), 100 + number % 200, meal=MEALS[number % 3])
        for number in range(count)
    ]


def create_meter(model: str, records: list[StoredGlucose], offset_s: float = 0.0) -> SerialMeter:
    return plug_in(MODELS[model], records, offset_s)


def plug_in(chosen: MeterModel, records: list[StoredGlucose], offset_s: float = 0.0) -> SerialMeter:
    memory = GlucoseMemory(DeviceClock(lambda: WALL, offset_s), chosen.capacity)
    memory.fill(records)
    return chosen.create(memory, chosen.example_serial_number)


def create_session(model: str, known: set[datetime] | None = None) -> Session:
    driver = load_catalogue(CATALOGUE)[model].driver
    return SESSION_OF_DRIVER[driver]((known or set()).__contains__)


@dataclass
class Line:
    """A cable without a clock: nothing said means that the reader's patience ends."""

    meter: SerialMeter
    faulty: FaultyLine = field(default_factory=FaultyLine)
    chunk: int = 1 << 16
    heard: list[Event] = field(default_factory=list)

    def read_out(self, session: Session) -> list[Event]:
        """All that the session told; also kept in `heard` as it comes."""
        due, late = session.begin(), b""
        for _ in range(MAX_ROUNDS):
            self.heard += [event for event in due if not isinstance(event, Send)]
            if any(isinstance(event, Finished) for event in due):
                return self.heard
            answer, after = self._answers(due)
            due = [
                event
                for at in range(0, len(answer), self.chunk)
                for event in session.receive(answer[at:][: self.chunk])
            ]
            if not due:
                due = session.timed_out()
                if late:
                    due += session.receive(late)
                    late = b""
            late += after
        raise AssertionError("the session does not end")

    def _answers(self, due: list[Event]) -> tuple[bytes, bytes]:
        """What arrives at once, and what arrives after the reader's patience."""
        said = [self.meter.receive(event.data) for event in due if isinstance(event, Send)]
        if isinstance(self.meter, SpeaksFirst):
            said.append(self.meter.switched_on())
        carried = [self.faulty.carry(answer) for answer in said if answer]
        return b"".join(data for data, late_s in carried if not late_s), b"".join(
            data for data, late_s in carried if late_s
        )


def records_of(events: list[Event]) -> list[Record]:
    return [event.record for event in events if isinstance(event, RecordRead)]


def told_of(events: list[Event]) -> list[tuple[datetime | None, float]]:
    return sorted((record.device_time, dict(record.values)[Metric.GLUCOSE]) for record in records_of(events))


def stored_in(meter: SerialMeter) -> list[tuple[datetime, float]]:
    return [(record.at, float(record.glucose_mg_dl)) for record in meter.memory.records]


def test_every_meter_is_in_the_catalogue_under_the_same_name() -> None:
    assert set(ABILITIES) <= set(MODELS)
    assert set(MODELS) <= set(load_catalogue(CATALOGUE))


@each_model
@pytest.mark.parametrize("count", [0, 1, 7, 60])
def test_whole_memory_is_read(model: str, count: int) -> None:
    meter = create_meter(model, create_records(count))
    events = Line(meter).read_out(create_session(model))
    assert told_of(events) == stored_in(meter)
    assert events[-1] == Finished(count)
    assert meter.memory.handed_over == count


@each_model
def test_full_memory_is_read(model: str) -> None:
    meter = create_meter(model, create_records(MODELS[model].capacity))
    assert told_of(Line(meter).read_out(create_session(model))) == stored_in(meter)


@each_model
def test_who_it_is_and_what_its_clock_says_come_before_the_records(model: str) -> None:
    meter = create_meter(model, create_records(2), offset_s=3600)
    able = ABILITIES[model]
    told = [
        event
        for event in Line(meter).read_out(create_session(model))
        if isinstance(event, Identified | ClockRead | RecordRead)
    ]
    assert isinstance(told[0], Identified)
    assert told[0].serial_number == (MODELS[model].example_serial_number if able.serial_number else "")
    assert told[1] == ClockRead(WALL + timedelta(hours=1) if able.clock else None)
    assert all(isinstance(event, RecordRead) for event in told[2:])


@each_model
def test_meal_marks_come_along(model: str) -> None:
    meter = create_meter(model, create_records(6))
    meals = {record.device_time: record.meal for record in records_of(Line(meter).read_out(create_session(model)))}
    assert meals == {record.at: record.meal if ABILITIES[model].meals else None for record in meter.memory.records}


@each_model
def test_control_solution_is_marked(model: str) -> None:
    meter = create_meter(model, [StoredGlucose(WALL, 118, control_solution=True)])
    (record,) = records_of(Line(meter).read_out(create_session(model)))
    assert record.control_solution == ABILITIES[model].control_solution


@each_model
def test_hi_and_lo_are_bounds_with_a_flag(model: str) -> None:
    lowest, highest = ABILITIES[model].bounds_mg_dl
    meter = create_meter(
        model,
        [
            StoredGlucose(WALL - timedelta(hours=3), int(lowest) - 1),
            StoredGlucose(WALL - timedelta(hours=2), int(lowest)),
            StoredGlucose(WALL - timedelta(hours=1), int(highest)),
            StoredGlucose(WALL, int(highest) + 1),
        ],
    )
    records = records_of(Line(meter).read_out(create_session(model)))
    found = {record.device_time: (dict(record.values)[Metric.GLUCOSE], record.flags) for record in records}
    assert [found[record.at] for record in meter.memory.records] == [
        (lowest, (Flag.BELOW_RANGE,)),
        (lowest, ()),
        (highest, ()),
        (highest, (Flag.ABOVE_RANGE,)),
    ]


@each_model
def test_only_what_is_new_is_told_the_second_time(model: str) -> None:
    meter = create_meter(model, create_records(30))
    known = {at for at, _ in told_of(Line(meter).read_out(create_session(model))) if at is not None}
    assert told_of(Line(meter).read_out(create_session(model, known))) == []
    meter.memory.fill([StoredGlucose(WALL, 212)])
    assert told_of(Line(meter).read_out(create_session(model, known))) == [(WALL, 212.0)]


@each_model
@pytest.mark.parametrize("chunk", [1, 3, 7])
def test_bytes_may_come_in_any_pieces(model: str, chunk: int) -> None:
    meter = create_meter(model, create_records(5))
    assert told_of(Line(meter, chunk=chunk).read_out(create_session(model))) == stored_in(meter)


@each_model
def test_memory_is_the_same_after_reading(model: str) -> None:
    meter = create_meter(model, create_records(9))
    before = stored_in(meter)
    Line(meter).read_out(create_session(model))
    assert stored_in(meter) == before


@each_model
@pytest.mark.parametrize("fault", ["silent", "garbage", "bad_checksum", "cut_short"])
def test_bad_line_gives_no_value_and_a_sentence(model: str, fault: str) -> None:
    line = Line(create_meter(model, create_records(5)), FaultyLine(fault_of(fault)))
    with pytest.raises(UnexpectedReply, match=r"\w+ \w+ \w+"):
        line.read_out(create_session(model))
    assert records_of(line.heard) == []


@each_model
@pytest.mark.parametrize("fault", ["noisy", "slow"])
@pytest.mark.parametrize("count", [4, 5, 6, 40])
def test_line_that_is_bad_now_and_then_gives_all_once_or_gives_up(model: str, fault: str, count: int) -> None:
    meter = create_meter(model, create_records(count))
    line = Line(meter, FaultyLine(fault_of(fault)))
    try:
        line.read_out(create_session(model))
    except ProtocolError:
        assert set(told_of(line.heard)) <= set(stored_in(meter))
    else:
        assert told_of(line.heard) == stored_in(meter)


@each_model
@pytest.mark.parametrize("other", ABILITIES)
def test_every_other_meter_is_refused_without_a_value(model: str, other: str) -> None:
    if other == model:
        return
    line = Line(create_meter(other, create_records(5)))
    with pytest.raises(ProtocolError):
        line.read_out(create_session(model))
    assert records_of(line.heard) == []


@pytest.mark.parametrize("model", MODELS)
def test_wrong_model_is_another_one(model: str) -> None:
    assert another_model(model) is not model_of(model)


def test_unknown_fault_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownFault, match=f"there are: {', '.join(FAULTS)}"):
        fault_of("tired")
