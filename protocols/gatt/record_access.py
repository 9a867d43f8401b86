"""Record Access Control Point (0x2A52): how a client asks for records, and what the server answers.

command: op code u8, operator u8, operand. The operand of a comparison is filter type u8 (1: sequence number) and
the bounds u16. answer: `05 00 count u16`, or `06 00 asked-op-code code`. Glucose Service 1.0, section 3.4.
Both sides are here: the gateway is the client, the simulated glucometer the server.
"""

from dataclasses import dataclass
from enum import IntEnum

from protocols.cursor import Cursor
from protocols.errors import ReservedValue

FILTER_SEQUENCE = 1
FILTER_USER_FACING_TIME = 2


class OpCode(IntEnum):
    REPORT_RECORDS = 1
    DELETE_RECORDS = 2
    ABORT = 3
    REPORT_COUNT = 4
    COUNT = 5
    RESPONSE = 6


class Operator(IntEnum):
    NULL = 0
    ALL = 1
    LESS_OR_EQUAL = 2
    GREATER_OR_EQUAL = 3
    WITHIN_RANGE = 4
    FIRST = 5
    LAST = 6


class ResponseCode(IntEnum):
    SUCCESS = 1
    OP_CODE_NOT_SUPPORTED = 2
    INVALID_OPERATOR = 3
    OPERATOR_NOT_SUPPORTED = 4
    INVALID_OPERAND = 5
    NO_RECORDS_FOUND = 6
    ABORT_UNSUCCESSFUL = 7
    PROCEDURE_NOT_COMPLETED = 8
    OPERAND_NOT_SUPPORTED = 9


@dataclass(frozen=True)
class RecordAccessCommand:
    """A question. Codes that are not named stay numbers, so that a server can answer "not supported"."""

    op_code: int
    operator: int = Operator.NULL
    operand: bytes = b""

    @property
    def sequence_bound(self) -> int | None:
        """The one bound of a comparison of sequence numbers; None for other operators, filters or operand lengths."""
        one_bound = self.operator in (Operator.GREATER_OR_EQUAL, Operator.LESS_OR_EQUAL)
        if not one_bound or len(self.operand) != 3 or self.operand[0] != FILTER_SEQUENCE:
            return None
        return int.from_bytes(self.operand[1:], "little")


@dataclass(frozen=True)
class RecordCount:
    """Answer to REPORT_COUNT."""

    count: int


@dataclass(frozen=True)
class RecordAccessResponse:
    """Answer at the end of any other command, or a refusal of it."""

    asked_op_code: int
    code: int
    """A ResponseCode where it is a named one."""

    @property
    def succeeded(self) -> bool:
        return self.code == ResponseCode.SUCCESS


RecordAccessAnswer = RecordCount | RecordAccessResponse

REPORT_ALL = RecordAccessCommand(OpCode.REPORT_RECORDS, Operator.ALL)
REPORT_LAST = RecordAccessCommand(OpCode.REPORT_RECORDS, Operator.LAST)
COUNT_ALL = RecordAccessCommand(OpCode.REPORT_COUNT, Operator.ALL)
DELETE_ALL = RecordAccessCommand(OpCode.DELETE_RECORDS, Operator.ALL)
ABORT = RecordAccessCommand(OpCode.ABORT, Operator.NULL)


def report_from(sequence: int) -> RecordAccessCommand:
    """Report the records with this sequence number (0 to 65535) and all above it."""
    return RecordAccessCommand(OpCode.REPORT_RECORDS, Operator.GREATER_OR_EQUAL, _sequence_operand(sequence))


def count_from(sequence: int) -> RecordAccessCommand:
    """Count the records with this sequence number (0 to 65535) and all above it."""
    return RecordAccessCommand(OpCode.REPORT_COUNT, Operator.GREATER_OR_EQUAL, _sequence_operand(sequence))


def delete_through(sequence: int) -> RecordAccessCommand:
    """Delete the records with this sequence number (0 to 65535) and all below it."""
    return RecordAccessCommand(OpCode.DELETE_RECORDS, Operator.LESS_OR_EQUAL, _sequence_operand(sequence))


def encode_record_access_command(command: RecordAccessCommand) -> bytes:
    return bytes((command.op_code, command.operator)) + command.operand


def decode_record_access_command(data: bytes) -> RecordAccessCommand:
    """What a server hears. Raises Truncated below 2 bytes; whether it makes sense is the server's to answer."""
    cursor = Cursor(data)
    return RecordAccessCommand(cursor.u8(), cursor.u8(), cursor.rest())


def encode_record_access_answer(answer: RecordAccessAnswer) -> bytes:
    if isinstance(answer, RecordCount):
        return bytes((OpCode.COUNT, Operator.NULL)) + answer.count.to_bytes(2, "little")
    return bytes((OpCode.RESPONSE, Operator.NULL, answer.asked_op_code, answer.code))


def decode_record_access_answer(data: bytes) -> RecordAccessAnswer:
    """What a client hears. Raises Truncated below 4 bytes, ReservedValue where it is no answer."""
    cursor = Cursor(data)
    op_code, operator = cursor.u8(), cursor.u8()
    if op_code not in (OpCode.COUNT, OpCode.RESPONSE):
        raise ReservedValue(f"op code {op_code} is not an answer of a record access control point", offset=0)
    if operator != Operator.NULL:
        raise ReservedValue(f"an answer has operator 0, not {operator}", offset=1)
    if op_code == OpCode.COUNT:
        return RecordCount(cursor.u16_le())
    return RecordAccessResponse(cursor.u8(), cursor.u8())


def _sequence_operand(sequence: int) -> bytes:
    return bytes((FILTER_SEQUENCE,)) + sequence.to_bytes(2, "little")
