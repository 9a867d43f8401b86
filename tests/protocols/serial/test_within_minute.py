from datetime import datetime

from protocols.reading import Metric
from protocols.record import Record
from protocols.serial.within_minute import number_within_minute

AT = datetime(2026, 11, 22, 7, 30)


def create_record(at: datetime | None, mg_dl: float = 100.0) -> Record:
    return Record(((Metric.GLUCOSE, mg_dl),), at)


def test_second_of_one_minute_gets_a_number() -> None:
    records = [create_record(AT), create_record(AT), create_record(AT), create_record(AT.replace(minute=31))]
    assert [record.sequence for record in number_within_minute(records)] == [None, 1, 2, None]


def test_number_stays_while_the_memory_fills() -> None:
    before = number_within_minute([create_record(AT, 100)])
    after = number_within_minute([create_record(AT, 100), create_record(AT, 140)])
    assert after[0] == before[0]
    assert after[1].sequence == 1


def test_records_without_a_time_are_left_alone() -> None:
    assert [record.sequence for record in number_within_minute([create_record(None), create_record(None)])] == [
        None,
        None,
    ]
