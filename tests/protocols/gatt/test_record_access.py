import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import ProtocolError, ReservedValue, Truncated
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
    count_from,
    decode_record_access_answer,
    decode_record_access_command,
    encode_record_access_answer,
    encode_record_access_command,
    report_from,
)

octets = st.integers(0, 0xFF)
commands = st.builds(RecordAccessCommand, octets, octets, st.binary(max_size=8))
answers: st.SearchStrategy[RecordAccessAnswer] = st.builds(RecordCount, st.integers(0, 0xFFFF)) | st.builds(
    RecordAccessResponse, octets, octets
)


@pytest.mark.parametrize(
    ("command", "packet"),
    [
        (REPORT_ALL, "0101"),
        (REPORT_LAST, "0106"),
        (report_from(0x1234), "0103013412"),
        (COUNT_ALL, "0401"),
        (count_from(7), "0403010700"),
        (DELETE_ALL, "0201"),
        (ABORT, "0300"),
    ],
)
def test_commands_as_they_stand_in_the_specification(command: RecordAccessCommand, packet: str) -> None:
    assert encode_record_access_command(command) == bytes.fromhex(packet)
    assert decode_record_access_command(bytes.fromhex(packet)) == command


@given(commands)
def test_command_goes_there_and_back(command: RecordAccessCommand) -> None:
    assert decode_record_access_command(encode_record_access_command(command)) == command


@given(answers)
def test_answer_goes_there_and_back(answer: RecordAccessAnswer) -> None:
    assert decode_record_access_answer(encode_record_access_answer(answer)) == answer


def test_answers_as_they_stand_in_the_specification() -> None:
    assert decode_record_access_answer(bytes.fromhex("05002a00")) == RecordCount(42)
    success = decode_record_access_answer(bytes.fromhex("06000101"))
    assert success == RecordAccessResponse(OpCode.REPORT_RECORDS, ResponseCode.SUCCESS)
    assert isinstance(success, RecordAccessResponse)
    assert success.succeeded
    none_found = decode_record_access_answer(bytes.fromhex("06000106"))
    assert none_found == RecordAccessResponse(OpCode.REPORT_RECORDS, ResponseCode.NO_RECORDS_FOUND)
    assert not RecordAccessResponse(OpCode.REPORT_RECORDS, ResponseCode.NO_RECORDS_FOUND).succeeded


@given(st.integers(0, 0xFFFF))
def test_server_reads_the_bound(sequence: int) -> None:
    assert decode_record_access_command(encode_record_access_command(report_from(sequence))).sequence_bound == sequence


@pytest.mark.parametrize(
    "command",
    [
        REPORT_ALL,
        RecordAccessCommand(OpCode.REPORT_RECORDS, Operator.GREATER_OR_EQUAL, b"\x01\x05"),
        RecordAccessCommand(OpCode.REPORT_RECORDS, Operator.GREATER_OR_EQUAL, b"\x02\x05\x00"),
        RecordAccessCommand(OpCode.REPORT_RECORDS, Operator.WITHIN_RANGE, b"\x01\x05\x00"),
    ],
)
def test_other_commands_have_no_bound(command: RecordAccessCommand) -> None:
    assert command.sequence_bound is None


@given(answers, st.integers(0, 3))
def test_cut_answer_is_truncated(answer: RecordAccessAnswer, length: int) -> None:
    with pytest.raises(Truncated):
        decode_record_access_answer(encode_record_access_answer(answer)[:length])


@pytest.mark.parametrize("packet", ["", "01"])
def test_cut_command_is_truncated(packet: str) -> None:
    with pytest.raises(Truncated):
        decode_record_access_command(bytes.fromhex(packet))


@pytest.mark.parametrize(("packet", "offset"), [("01010000", 0), ("05012a00", 1), ("06060101", 1)])
def test_what_is_no_answer_is_refused(packet: str, offset: int) -> None:
    with pytest.raises(ReservedValue) as raised:
        decode_record_access_answer(bytes.fromhex(packet))
    assert raised.value.offset == offset


@given(st.binary(max_size=12))
def test_any_bytes_are_an_answer_or_a_protocol_error(data: bytes) -> None:
    try:
        answer = decode_record_access_answer(data)
    except ProtocolError:
        return
    assert encode_record_access_answer(answer) == data[:4]
