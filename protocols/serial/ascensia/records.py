r"""The upper layer: records of a Contour meter (LIS2, once ASTM E1394), fields parted by `|`, components by `^`.

    H|\^&||7w3LBL|Bayer7150^02.04\20.00^7150-1155328|A=1^U=0...|209||||||1|201902142249     header, with the clock
    P|1                                                                                      patient: tells nothing
    O|2||||||||||Q                                                                           the next is a control
    R|3|^^^Glucose|93|mg/dL^P||A/M0/T1||201505261150                                         result
    L|1||N                                                                                   end

The time of a result is its last field. Marks stand in the fields between unit and time, parted by `/` or `\`: `<` and
`>` beyond the range, `B` before and `A` after a meal, `C` (newer meters) or `E` (older ones) control solution; others
are left out. Sources: Tidepool bayerContour.js and bayerContourNext.js, glucometerutils support/contourusb.py,
glucodump test/test_contourusb.py.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from protocols.errors import DecodeError, Truncated, UnexpectedReply
from protocols.reading import Flag, Meal, Metric, Unit, in_canonical_unit
from protocols.record import Record
from protocols.serial.glucose_range import GlucoseRange
from protocols.serial.never_set import NEVER_SET

MODEL = "Contour"
RANGE = GlucoseRange(lowest_mg_dl=10, highest_mg_dl=600)
"""What any of the meters measures; some say `<` from 20 on."""
BELOW_MG_DL = 20.0
"""Recorded for `<`: an upper bound for meters of either range."""
AVERAGE_FIRST = ("7150", "7160", "7220")
"""Meters whose first result is an average over days and no measurement (Tidepool's bayerContour.js leaves it out)."""

_DELIMITERS = r"\^&"
_PRODUCT = re.compile(r"(?:Bayer|Contour)(\d{4})")
_TIME = re.compile(r"\d{12}(?:\d\d)?")
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,2})?")
_UNITS = {"mg/dL": Unit.MG_DL, "mmol/L": Unit.MMOL_L}
_CONTROL_MARKS = {"C", "E"}
_MEALS = {"B": Meal.BEFORE_MEAL, "A": Meal.AFTER_MEAL}
_FIELDS_BEFORE_MARKS = 6
_LEAST_RESULT_FIELDS = 8
_HEADER_FIELDS = 14
_CONTROL_ORDER_FIELD = 11


@dataclass(frozen=True)
class Header:
    product: str
    """Four digits, like `7150`."""
    version: str
    serial_number: str
    clock: datetime | None

    @property
    def average_first(self) -> bool:
        return self.product in AVERAGE_FIRST


def encode_header(product: str, serial_number: str, clock: datetime, results: int) -> str:
    return (
        rf"H|\^&||-7880|Bayer{product}^02.04\20.00^{serial_number}|A=1^C=00^U=0^V=20600|{results}"
        f"|||||P|1|{clock:%Y%m%d%H%M}"
    )


def encode_order(number: int, *, control_solution: bool) -> str:
    return f"O|{number}" + ("|" * 10 + "Q" if control_solution else "")


def encode_result(number: int, at: datetime, glucose_mg_dl: int, meal: Meal | None = None) -> str:
    marks = [mark for mark, named in _MEALS.items() if named is meal]
    if glucose_mg_dl > RANGE.highest_mg_dl:
        glucose_mg_dl, marks = int(RANGE.highest_mg_dl) + 1, [">", *marks]
    elif glucose_mg_dl < BELOW_MG_DL:
        glucose_mg_dl, marks = int(BELOW_MG_DL) - 1, ["<", *marks]
    return f"R|{number}|^^^Glucose|{glucose_mg_dl}|mg/dL^P||{'/'.join(marks)}||{at:%Y%m%d%H%M}"


def decode_header(record: str) -> Header:
    """Raises Truncated for too few fields, UnexpectedReply for the header of another instrument."""
    fields = record.split("|")
    if fields[0] != "H":
        raise UnexpectedReply(f"the meter begins with {record[:20]!r}, not with a header")
    if len(fields) < _HEADER_FIELDS:
        raise Truncated(f"a header has {_HEADER_FIELDS} fields, {len(fields)} are there", offset=len(record))
    if fields[1] != _DELIMITERS:
        raise UnexpectedReply(rf"the header's delimiters are {fields[1][:8]!r}; a Contour's are '\^&'")
    product, version, serial_number, *_ = (*fields[4].split("^"), "", "")
    known = _PRODUCT.fullmatch(product)
    if known is None:
        raise UnexpectedReply(f"the meter calls itself {product[:20]!r}, not Bayer or Contour and a number")
    if not serial_number.isprintable() or not serial_number.isascii() or not serial_number:
        raise UnexpectedReply(f"the meter's serial number is {serial_number[:20]!r}")
    if not _TIME.fullmatch(fields[13]):
        raise DecodeError(f"the meter's clock is {fields[13][:20]!r}, not twelve digits", offset=record.rindex("|"))
    return Header(known[1], version, serial_number, _decode_time(fields[13]))


def is_control_order(record: str) -> bool:
    """Of an `O` record: the result that follows is that of a control solution."""
    fields = record.split("|")
    return len(fields) > _CONTROL_ORDER_FIELD and fields[_CONTROL_ORDER_FIELD] == "Q"


def decode_result(record: str, *, control_solution: bool = False) -> Record | None:
    """None for a result that is no glucose. `control_solution` as the order before it says.

    Raises Truncated, DecodeError.
    """
    fields = record.split("|")
    if len(fields) < _LEAST_RESULT_FIELDS or not _TIME.fullmatch(fields[-1]):
        raise Truncated("a result ends with its time in twelve digits", offset=len(record))
    if fields[2] != "^^^Glucose":
        return None
    number, unit = fields[3], _UNITS.get(fields[4].split("^")[0])
    if unit is None or not _NUMBER.fullmatch(number):
        raise DecodeError(f"value {number[:12]!r} {fields[4][:12]!r} is no number of mg/dL or mmol/L", offset=0)
    marks = {mark for field in fields[_FIELDS_BEFORE_MARKS:-1] for mark in re.split(r"[/\\]", field)}
    glucose_mg_dl, flags = RANGE.bound(round(in_canonical_unit(Metric.GLUCOSE, float(number), unit), 1))
    if ">" in marks:
        glucose_mg_dl, flags = RANGE.highest_mg_dl, (Flag.ABOVE_RANGE,)
    elif "<" in marks:
        glucose_mg_dl, flags = BELOW_MG_DL, (Flag.BELOW_RANGE,)
    at = _decode_time(fields[-1])
    return Record(
        ((Metric.GLUCOSE, glucose_mg_dl),),
        NEVER_SET if at is None else at,
        flags=flags if at is not None else (*flags, Flag.DEVICE_TIME_FAULT),
        meal=next((meal for mark, meal in _MEALS.items() if mark in marks), None),
        control_solution=control_solution or bool(marks & _CONTROL_MARKS),
    )


def _decode_time(digits: str) -> datetime | None:
    """None for a time that there is not."""
    try:
        return datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - the meter's clock has no zone
    except ValueError:
        return None
