"""Which records of a glucometer a Record Access command means, or with which code it is refused. Pure.

Glucose Service 1.0, section 3.4. Deleting is refused: no client should be able to empty an elder's meter.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from protocols.gatt.record_access import FILTER_SEQUENCE, OpCode, Operator, RecordAccessCommand, ResponseCode

_WHOLE_MEMORY = {Operator.ALL: slice(None), Operator.FIRST: slice(1), Operator.LAST: slice(-1, None)}


class Numbered(Protocol):
    sequence: int


R = TypeVar("R", bound=Numbered)


def selected(command: RecordAccessCommand, records: Sequence[R]) -> list[R] | ResponseCode:
    """The records (`records` oldest first) that a report or a count asks for, or the code of the refusal."""
    if command.op_code not in (OpCode.REPORT_RECORDS, OpCode.REPORT_COUNT):
        return ResponseCode.OP_CODE_NOT_SUPPORTED
    if command.operator == Operator.GREATER_OR_EQUAL:
        return _from_sequence(command, records)
    if command.operator in _WHOLE_MEMORY:
        part = _WHOLE_MEMORY[Operator(command.operator)]
        return ResponseCode.INVALID_OPERAND if command.operand else list(records[part])
    if command.operator in (Operator.LESS_OR_EQUAL, Operator.WITHIN_RANGE):
        return ResponseCode.OPERATOR_NOT_SUPPORTED
    return ResponseCode.INVALID_OPERATOR


def _from_sequence(command: RecordAccessCommand, records: Sequence[R]) -> list[R] | ResponseCode:
    if command.operand and command.operand[0] != FILTER_SEQUENCE:
        return ResponseCode.OPERAND_NOT_SUPPORTED
    bound = command.from_sequence
    if bound is None:
        return ResponseCode.INVALID_OPERAND
    return [record for record in records if record.sequence >= bound]
