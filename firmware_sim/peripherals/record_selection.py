"""Which records of a glucometer a Record Access command means, or with which code it is refused. Pure.

Glucose Service 1.0, section 3.4. Deleting is refused unless the meter lets it happen.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from protocols.gatt.record_access import FILTER_SEQUENCE, OpCode, Operator, RecordAccessCommand, ResponseCode

_WHOLE_MEMORY = {Operator.ALL: slice(None), Operator.FIRST: slice(1), Operator.LAST: slice(-1, None)}


class Numbered(Protocol):
    sequence: int


R = TypeVar("R", bound=Numbered)


def selected(
    command: RecordAccessCommand, records: Sequence[R], *, lets_delete: bool = False
) -> list[R] | ResponseCode:
    """The records (`records` oldest first) that a report, count or deletion means, or the code of the refusal."""
    deletes = lets_delete and command.op_code == OpCode.DELETE_RECORDS
    if command.op_code not in (OpCode.REPORT_RECORDS, OpCode.REPORT_COUNT) and not deletes:
        return ResponseCode.OP_CODE_NOT_SUPPORTED
    if command.operator in (Operator.GREATER_OR_EQUAL, Operator.LESS_OR_EQUAL):
        return _by_sequence(command, records)
    if command.operator in _WHOLE_MEMORY:
        part = _WHOLE_MEMORY[Operator(command.operator)]
        return ResponseCode.INVALID_OPERAND if command.operand else list(records[part])
    if command.operator == Operator.WITHIN_RANGE:
        return ResponseCode.OPERATOR_NOT_SUPPORTED
    return ResponseCode.INVALID_OPERATOR


def _by_sequence(command: RecordAccessCommand, records: Sequence[R]) -> list[R] | ResponseCode:
    if command.operand and command.operand[0] != FILTER_SEQUENCE:
        return ResponseCode.OPERAND_NOT_SUPPORTED
    bound = command.sequence_bound
    if bound is None:
        return ResponseCode.INVALID_OPERAND
    if command.operator == Operator.LESS_OR_EQUAL:
        return [record for record in records if record.sequence <= bound]
    return [record for record in records if record.sequence >= bound]
