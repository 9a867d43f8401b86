from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ChecksumMismatch, DecodeError, ProtocolError, Truncated, UnexpectedReply
from protocols.reading import Flag, Metric
from protocols.record import Record
from protocols.serial.abbott.dump import LITE, OPTIUM, Dialect, decode_dump, encode_dump, encode_result
from protocols.serial.abbott.session import AnswerSplitter, LiteSession, OptiumSession
from protocols.serial.never_set import NEVER_SET
from protocols.serial.session import ClockRead, Finished, Identified, LineSettings, RecordRead, Send
from protocols.serial.sum16 import sum16

AT = datetime(2026, 6, 22, 7, 30)
CLOCK = datetime(2026, 7, 22, 7, 33, 12)
each_dialect = pytest.mark.parametrize("dialect", [OPTIUM, LITE], ids=lambda dialect: dialect.model)


def create_dump(dialect: Dialect, count: int = 3) -> bytes:
    """`count` records, newest first, an hour apart."""
    results = [encode_result(dialect, AT - timedelta(hours=place), 100 + place) for place in range(count)]
    return encode_dump(dialect, "XMGT304-P0123", version_of(dialect), CLOCK, results)


def version_of(dialect: Dialect) -> str:
    return "0.22" if dialect is OPTIUM else "1.43     -P"


def create_text(dialect: Dialect, *lines: str) -> bytes:
    """A memory with these record lines, and a sum that fits."""
    head = f"\r\nXMGT304-P0123\r\n{version_of(dialect)}\r\nApr  22 2014 02:14:37\r\n{len(lines):03d}\r\n"
    text = (head + dialect.after_count + "".join(f"{line}\r\n" for line in lines)).encode()
    return text + b"0x%04X  END\r\n" % sum16(text)


def only_record(dialect: Dialect, line: str) -> Record:
    (record,) = decode_dump(create_text(dialect, line), dialect).records
    return record


def test_form_of_the_specification() -> None:
    """glucometer-protocols abbott/freestyle-optium: dates of two forms, two spaces, three digits, a sum in four."""
    dump = decode_dump(create_text(OPTIUM, "093  Apr  22 2014 02:14 G 0x00", "003  July 10 2013 14:26 K 0x00"), OPTIUM)
    assert (dump.serial_number, dump.version, dump.clock) == ("XMGT304-P0123", "0.22", datetime(2014, 4, 22, 2, 14, 37))
    assert dump.records == (
        Record(((Metric.KETONE, 0.2),), datetime(2013, 7, 10, 14, 26)),  # "where the display shows 0.2, it is 003"
        Record(((Metric.GLUCOSE, 93.0),), datetime(2014, 4, 22, 2, 14)),
    )


@each_dialect
def test_empty_memory(dialect: Dialect) -> None:
    assert decode_dump(create_dump(dialect, 0), dialect).records == ()
    head = create_dump(dialect, 1).split(b"001")[0]
    for end in (b"Log Empty\r\nEND\r\n", b"Log Empty END"):  # as Tidepool's driver and as the specification have it
        assert decode_dump(head + end, dialect).records == ()


@each_dialect
def test_records_are_told_oldest_first_whichever_way_they_come(dialect: Dialect) -> None:
    lines = [encode_result(dialect, AT + timedelta(hours=place), 100) for place in range(4)]
    for written in (lines, lines[::-1]):
        dump = decode_dump(encode_dump(dialect, "XMGT304-P0123", version_of(dialect), CLOCK, written), dialect)
        assert [record.device_time for record in dump.records] == [AT + timedelta(hours=place) for place in range(4)]


@each_dialect
def test_records_of_one_minute_are_told_apart(dialect: Dialect) -> None:
    lines = [encode_result(dialect, AT, value) for value in (103, 102, 101)]  # newest first
    dump = decode_dump(encode_dump(dialect, "XMGT304-P0123", version_of(dialect), CLOCK, lines), dialect)
    assert [(record.sequence, record.values[0][1]) for record in dump.records] == [(None, 101), (1, 102), (2, 103)]


@pytest.mark.parametrize(
    ("line", "values", "flags"),
    [
        ("HI   Apr  22 2014 02:14 G 0x00", ((Metric.GLUCOSE, 500.0),), (Flag.ABOVE_RANGE,)),
        ("LO   Apr  22 2014 02:14 G 0x00", ((Metric.GLUCOSE, 20.0),), (Flag.BELOW_RANGE,)),
        ("019  Apr  22 2014 02:14 G 0x00", ((Metric.GLUCOSE, 20.0),), (Flag.BELOW_RANGE,)),
        ("HI   Apr  22 2014 02:14 K 0x00", ((Metric.KETONE, 8.0),), (Flag.ABOVE_RANGE,)),
        ("LO   Apr  22 2014 02:14 K 0x00", ((Metric.KETONE, 0.0),), (Flag.BELOW_RANGE,)),
        ("027  Apr  22 2014 02:14 K 0x00", ((Metric.KETONE, 1.5),), ()),
    ],
)
def test_hi_and_lo_are_bounds(line: str, values: tuple[tuple[Metric, float], ...], flags: tuple[Flag, ...]) -> None:
    record = only_record(OPTIUM, line)
    assert (record.values, record.flags) == (values, flags)


@pytest.mark.parametrize(
    ("status", "control", "flags"),
    [
        ("00", False, ()),
        ("01", True, ()),
        ("02", False, (Flag.DEVICE_TIME_FAULT,)),
        ("03", True, (Flag.DEVICE_TIME_FAULT,)),
    ],
)
def test_status_tells_control_solution_and_a_lost_clock(status: str, control: bool, flags: tuple[Flag, ...]) -> None:
    for dialect, kind in ((OPTIUM, "G"), (LITE, "00")):
        record = only_record(dialect, f"093  Apr  22 2014 02:14 {kind} 0x{status}")
        assert (record.control_solution, record.flags) == (control, flags)


def test_day_that_is_none_is_kept_and_flagged() -> None:
    record = only_record(LITE, "093  Feb  30 2014 02:14 00 0x00")
    assert (record.device_time, record.flags) == (NEVER_SET, (Flag.DEVICE_TIME_FAULT,))


def test_clock_that_is_no_date_is_none() -> None:
    text = create_dump(LITE, 0).replace(b"July 22", b"Feb  31")
    assert decode_dump(text, LITE).clock is None


@each_dialect
def test_memory_of_the_other_dialect_is_refused(dialect: Dialect) -> None:
    other = LITE if dialect is OPTIUM else OPTIUM
    for count in (0, 3):
        with pytest.raises(UnexpectedReply, match=f"not that of a {dialect.model}"):
            decode_dump(create_dump(other, count), dialect)


def test_records_of_the_other_dialect_are_refused() -> None:
    with pytest.raises(
        UnexpectedReply, match="record '093  Apr  22 2014 02:14 00 0x00' is not that of a FreeStyle Optium"
    ):
        only_record(OPTIUM, "093  Apr  22 2014 02:14 00 0x00")


def test_number_of_records_is_checked() -> None:
    text = create_text(OPTIUM, "093  Apr  22 2014 02:14 G 0x00").replace(b"\r\n001", b"\r\n002")
    text = text.replace(text[-11:-7], b"%04X" % sum16(text[: text.index(b"0x", text.index(b"G 0x") + 4)]))
    with pytest.raises(DecodeError, match="2 records are said, 1 come"):
        decode_dump(text, OPTIUM)


@each_dialect
def test_sum_is_cut_to_sixteen_bits(dialect: Dialect) -> None:
    assert len(decode_dump(create_dump(dialect, 450), dialect).records) == 450


@each_dialect
@pytest.mark.parametrize("before", [b"$xmem\r\n", b"\r\n\r\n", b"\x02\x00noise"])
def test_what_stands_before_the_memory_is_left_out(dialect: Dialect, before: bytes) -> None:
    assert len(decode_dump(before + create_dump(dialect), dialect).records) == 3


@given(st.sampled_from([OPTIUM, LITE]), st.integers(0, 4), st.data())
def test_any_truncation_is_told(dialect: Dialect, count: int, data: st.DataObject) -> None:
    text = create_dump(dialect, count).removesuffix(b"\r\n")
    with pytest.raises(Truncated) as told:
        decode_dump(text[: data.draw(st.integers(0, len(text) - 1))], dialect)
    assert told.value.offset < len(text)


@given(st.sampled_from([OPTIUM, LITE]), st.data())
def test_any_wrong_byte_before_the_sum_is_told(dialect: Dialect, data: st.DataObject) -> None:
    text = bytearray(create_dump(dialect))
    place = data.draw(st.integers(2, len(text) - 14))
    text[place] ^= data.draw(st.integers(1, 127))
    with pytest.raises(ProtocolError):
        decode_dump(bytes(text), dialect)


def test_wrong_sum_is_told() -> None:
    with pytest.raises(ChecksumMismatch):
        decode_dump(create_dump(OPTIUM).replace(b"101  ", b"109  "), OPTIUM)


@given(st.sampled_from([OPTIUM, LITE]), st.binary(max_size=80), st.booleans(), st.booleans())
def test_any_bytes_decode_or_are_a_protocol_error(dialect: Dialect, noise: bytes, head: bool, end: bool) -> None:
    whole = create_dump(dialect)
    data = (whole[:60] if head else b"") + noise + (whole[-20:] if end else b"")
    try:
        decode_dump(data, dialect)
    except ProtocolError:
        return


@given(st.integers(1, 200))
def test_stream_is_cut_behind_the_last_words(chunk: int) -> None:
    sent = [create_dump(LITE, 2), b"CMD OK\r\n", create_dump(LITE, 0), b"CMD Fail!\r\n"]
    stream = b"".join(sent)
    splitter = AnswerSplitter()
    found = [part for at in range(0, len(stream), chunk) for part in splitter.feed(stream[at : at + chunk])]
    assert [part.strip() for part in found] == [part.strip() for part in sent]


def test_line_is_that_of_the_meters() -> None:
    assert OptiumSession().line == LiteSession().line == LineSettings(baud=19200)


def test_first_answer_may_be_missing_or_empty() -> None:
    session = OptiumSession()
    assert session.begin()[0] == Send(b"$xmem\r\n")
    assert session.timed_out()[0] == Send(b"$xmem\r\n")
    assert Send(b"$xmem\r\n") in session.receive(b"CMD OK\r\n")
    told = session.receive(create_dump(OPTIUM))
    assert Identified("FreeStyle Optium", "XMGT304-P0123", "0.22") in told
    assert ClockRead(CLOCK) in told
    assert len([event for event in told if isinstance(event, RecordRead)]) == 3
    assert told[-1] == Finished(3)


def test_full_memory_may_come_in_any_pieces() -> None:
    session = LiteSession()
    session.begin()
    text = create_dump(LITE, 450)
    told = [event for at in range(0, len(text), 32) for event in session.receive(text[at : at + 32])]
    assert told[-1] == Finished(450)


def test_damaged_memory_is_asked_for_again_after_silence() -> None:
    session = LiteSession()
    session.begin()
    damaged = create_dump(LITE).replace(b"101  ", b"109  ")
    assert not any(isinstance(event, Send | RecordRead) for event in session.receive(damaged))
    assert session.timed_out()[0] == Send(b"$mem\r\n")
    assert session.receive(create_dump(LITE))[-1] == Finished(3)


def test_meter_that_does_not_know_the_command_is_refused() -> None:
    session = OptiumSession()
    session.begin()
    assert Send(b"$xmem\r\n") in session.receive(b"CMD Fail!\r\n")  # it may have heard half a word before ours
    with pytest.raises(UnexpectedReply, match="another one than a FreeStyle Optium"):
        session.receive(b"CMD Fail!\r\n")


def test_second_record_of_a_known_minute_is_told_again() -> None:
    session = LiteSession({AT}.__contains__)
    session.begin()
    lines = [encode_result(LITE, AT, value) for value in (102, 101)]
    told = session.receive(encode_dump(LITE, "DAGT304-P0123", "1.43 -P", CLOCK, lines))
    (record,) = [event.record for event in told if isinstance(event, RecordRead)]
    assert (record.sequence, record.values) == (1, ((Metric.GLUCOSE, 102.0),))
