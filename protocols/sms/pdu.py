"""The PDUs that a modem takes and gives: TS 23.040 section 9.2.2, with the service centre before them (27.005 3.1).

SUBMIT: first octet, reference u8, recipient, protocol u8, coding u8, [validity u8], user data.
DELIVER: first octet, sender, protocol u8, coding u8, centre's time, user data.
STATUS-REPORT: first octet, reference u8, recipient, centre's time, time of discharge, status u8, [...].
What stands behind the last field is not read.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from protocols.cursor import Cursor
from protocols.errors import ProtocolError, ReservedValue
from protocols.sms.address import encode_address, encode_service_centre, read_address, read_service_centre
from protocols.sms.timestamp import encode_timestamp, read_timestamp
from protocols.sms.user_data import UserData, encode_user_data, read_user_data

_TYPE = 0x03
_DELIVER, _SUBMIT, _STATUS_REPORT = 0, 1, 2
_NO_MORE = 0x04
_HAS_HEADER = 0x40
_WANTS_REPORT = 0x20
_VALIDITY_FORMAT, _VALIDITY_RELATIVE, _VALIDITY_OCTETS = 0x18, 0x10, 7
_MINUTES_A_STEP = 5
_LONGEST_IN_STEPS_MIN = 720


@dataclass(frozen=True)
class Submit:
    """A message on its way to the network."""

    recipient: str
    data: UserData
    wants_report: bool = True
    validity_min: int | None = None
    """How long the network tries; 5 to 720, in steps of 5. None: as long as it likes."""
    reference: int = 0
    """Modems put their own in its place and say it (+CMGS)."""


@dataclass(frozen=True)
class Deliver:
    """A message that came."""

    sender: str
    at: datetime | None
    """When the service centre took it; None where its stamp is no time."""
    data: UserData
    service_centre: str = ""


class Delivery(Enum):
    """What a status report says, TS 23.040 section 9.2.3.15."""

    DELIVERED = "delivered"
    STILL_TRYING = "still_trying"
    FAILED = "failed"


@dataclass(frozen=True)
class StatusReport:
    """The network's word on a message of ours. That the phone has it says nothing of any person."""

    reference: int
    recipient: str
    at: datetime | None
    discharged_at: datetime | None
    status: int

    @property
    def delivery(self) -> Delivery:
        if self.status < 0x20:
            return Delivery.DELIVERED
        return Delivery.STILL_TRYING if self.status < 0x40 else Delivery.FAILED


def decode_hex(line: str) -> bytes:
    """The octets of a line that a modem wrote. Raises ProtocolError for what is not hexadecimal."""
    try:
        return bytes.fromhex(line.strip())
    except ValueError as error:
        raise ProtocolError("a PDU that is not hexadecimal") from error


def decode_incoming(pdu: bytes) -> Deliver | StatusReport:
    """A PDU with its service centre, as +CMGR, +CMGL, +CMT and +CDS give it.

    Raises Truncated; ReservedValue for another type, and for fields that the standard does not allow.
    """
    cursor = Cursor(pdu)
    centre = read_service_centre(cursor)
    begin = cursor.offset
    first = cursor.u8()
    match first & _TYPE:
        case 0:
            return _read_deliver(cursor, first, centre)
        case 2:
            return _read_report(cursor)
    raise ReservedValue(f"a message of type {first & _TYPE} does not come from a network", offset=begin)


def decode_submit(pdu: bytes) -> Submit:
    """A PDU with its service centre, as +CMGS takes it. Raises Truncated, ReservedValue."""
    cursor = Cursor(pdu)
    read_service_centre(cursor)
    begin = cursor.offset
    first = cursor.u8()
    if first & _TYPE != _SUBMIT:
        raise ReservedValue(f"a message of type {first & _TYPE} is not one to be sent", offset=begin)
    reference = cursor.u8()
    recipient = read_address(cursor)
    cursor.u8()  # the protocol: telematic services that nobody has
    coding_scheme = cursor.u8()
    validity_min = None
    validity_format = first & _VALIDITY_FORMAT
    if validity_format == _VALIDITY_RELATIVE:
        steps = cursor.u8()
        validity_min = (steps + 1) * _MINUTES_A_STEP if steps < _LONGEST_IN_STEPS_MIN // _MINUTES_A_STEP else None
    elif validity_format:
        cursor.take(_VALIDITY_OCTETS)
    data = read_user_data(cursor, coding_scheme, has_header=bool(first & _HAS_HEADER))
    return Submit(recipient, data, bool(first & _WANTS_REPORT), validity_min, reference)


def encode_submit(submit: Submit) -> bytes:
    """Without a service centre: the SIM's is taken. Raises ValueError where a field cannot hold its value."""
    first = _SUBMIT
    validity = b""
    if submit.validity_min is not None:
        if not _MINUTES_A_STEP <= submit.validity_min <= _LONGEST_IN_STEPS_MIN:
            raise ValueError(f"validity_min: expected {_MINUTES_A_STEP} to {_LONGEST_IN_STEPS_MIN}")
        first |= _VALIDITY_RELATIVE
        validity = bytes((submit.validity_min // _MINUTES_A_STEP - 1,))
    first |= _WANTS_REPORT if submit.wants_report else 0
    first |= _HAS_HEADER if submit.data.part is not None else 0
    return b"".join(
        (
            encode_service_centre(""),
            bytes((first, submit.reference)),
            encode_address(submit.recipient),
            bytes((0, submit.data.alphabet)),
            validity,
            encode_user_data(submit.data),
        )
    )


def encode_deliver(deliver: Deliver) -> bytes:
    """As a network does it. Raises ValueError where `at` is None or a field cannot hold its value."""
    if deliver.at is None:
        raise ValueError("at: a service centre stamps every message")
    first = _DELIVER | _NO_MORE | (_HAS_HEADER if deliver.data.part is not None else 0)
    return b"".join(
        (
            encode_service_centre(deliver.service_centre),
            bytes((first,)),
            encode_address(deliver.sender),
            bytes((0, deliver.data.alphabet)),
            encode_timestamp(deliver.at),
            encode_user_data(deliver.data),
        )
    )


def encode_status_report(report: StatusReport) -> bytes:
    """As a network does it. Raises ValueError where a time is None."""
    if report.at is None or report.discharged_at is None:
        raise ValueError("at, discharged_at: a service centre stamps every report")
    return b"".join(
        (
            encode_service_centre(""),
            bytes((_STATUS_REPORT | _NO_MORE, report.reference)),
            encode_address(report.recipient),
            encode_timestamp(report.at),
            encode_timestamp(report.discharged_at),
            bytes((report.status,)),
        )
    )


def _read_deliver(cursor: Cursor, first: int, centre: str) -> Deliver:
    sender = read_address(cursor)
    cursor.u8()  # the protocol, as above
    coding_scheme = cursor.u8()
    at = read_timestamp(cursor)
    return Deliver(sender, at, read_user_data(cursor, coding_scheme, has_header=bool(first & _HAS_HEADER)), centre)


def _read_report(cursor: Cursor) -> StatusReport:
    reference = cursor.u8()
    recipient = read_address(cursor)
    return StatusReport(reference, recipient, read_timestamp(cursor), read_timestamp(cursor), cursor.u8())
