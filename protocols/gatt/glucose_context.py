"""Glucose Measurement Context (0x2A34), notified after its measurement; Glucose Service 1.0, section 3.2.

flags u8: b0 carbohydrate, b1 meal, b2 tester and health, b3 exercise, b4 medication, b5 medication unit (0 kg, 1 L),
b6 HbA1c, b7 extended flags. Then sequence u16, [extended flags u8], [carbohydrate id u8, mass SFLOAT kg], [meal u8],
[tester low nibble, health high nibble], [exercise duration u16 s, intensity u8 %],
[medication id u8, amount SFLOAT], [HbA1c SFLOAT %].
"""

from dataclasses import dataclass
from enum import Enum

from protocols.cursor import Cursor
from protocols.gatt.sfloat import decode_sfloat, encode_sfloat
from protocols.reading import Meal

EXERCISE_DURATION_OVERRUN_S = 0xFFFF

_CARBOHYDRATE, _MEAL, _HEALTH, _EXERCISE, _MEDICATION, _LITRES, _HBA1C, _EXTENDED = (1 << bit for bit in range(8))

_MEAL_OF: dict[int, Meal] = {
    1: Meal.BEFORE_MEAL,
    2: Meal.AFTER_MEAL,
    3: Meal.FASTING,
    4: Meal.CASUAL,
    5: Meal.BEDTIME,
}
MEAL_CODE: dict[Meal, int] = {meal: code for code, meal in _MEAL_OF.items()}


class MedicationUnit(Enum):
    KILOGRAM = 0
    LITRE = 1


@dataclass(frozen=True)
class GlucoseContext:
    """What was around the measurement with the same sequence number. Absent fields are None; codes stay numbers."""

    sequence: int
    extended_flags: int | None = None
    carbohydrate: tuple[int, float] | None = None
    """(code, kg); codes: 1 breakfast, 2 lunch, 3 dinner, 4 snack, 5 drink, 6 supper, 7 brunch."""
    meal_code: int | None = None
    """0 and 6 to 255 are reserved."""
    tester_and_health: tuple[int, int] | None = None
    """Nibbles; tester: 1 self, 2 professional, 3 laboratory. Health: 1 minor, 2 major, 3 menses, 4 stress, 5 none."""
    exercise: tuple[int, int] | None = None
    """(seconds, percent of the greatest effort)."""
    medication: tuple[int, float] | None = None
    """(code, amount in `medication_unit`); codes: 1 rapid, 2 short, 3 intermediate, 4 long acting, 5 mixed insulin."""
    medication_unit: MedicationUnit = MedicationUnit.KILOGRAM
    hba1c_percent: float | None = None

    @property
    def meal(self) -> Meal | None:
        """None where the packet names none, or a reserved one."""
        return None if self.meal_code is None else _MEAL_OF.get(self.meal_code)


def decode_glucose_context(data: bytes) -> GlucoseContext:
    """Raises Truncated."""
    cursor = Cursor(data)
    flags = cursor.u8()
    sequence = cursor.u16_le()
    extended_flags = cursor.u8() if flags & _EXTENDED else None
    carbohydrate = (cursor.u8(), decode_sfloat(cursor.u16_le())) if flags & _CARBOHYDRATE else None
    meal_code = cursor.u8() if flags & _MEAL else None
    health = cursor.u8() if flags & _HEALTH else None
    exercise = (cursor.u16_le(), cursor.u8()) if flags & _EXERCISE else None
    medication = (cursor.u8(), decode_sfloat(cursor.u16_le())) if flags & _MEDICATION else None
    return GlucoseContext(
        sequence=sequence,
        extended_flags=extended_flags,
        carbohydrate=carbohydrate,
        meal_code=meal_code,
        tester_and_health=None if health is None else (health & 0x0F, health >> 4),
        exercise=exercise,
        medication=medication,
        medication_unit=MedicationUnit.LITRE if flags & _LITRES else MedicationUnit.KILOGRAM,
        hba1c_percent=decode_sfloat(cursor.u16_le()) if flags & _HBA1C else None,
    )


def encode_glucose_context(context: GlucoseContext) -> bytes:
    flags = _LITRES if context.medication_unit is MedicationUnit.LITRE else 0
    body = context.sequence.to_bytes(2, "little")
    if context.extended_flags is not None:
        flags |= _EXTENDED
        body += bytes((context.extended_flags,))
    if context.carbohydrate is not None:
        flags |= _CARBOHYDRATE
        body += _coded_amount(context.carbohydrate)
    if context.meal_code is not None:
        flags |= _MEAL
        body += bytes((context.meal_code,))
    if context.tester_and_health is not None:
        flags |= _HEALTH
        tester, health = context.tester_and_health
        body += bytes((health << 4 | tester,))
    if context.exercise is not None:
        flags |= _EXERCISE
        duration_s, intensity_percent = context.exercise
        body += duration_s.to_bytes(2, "little") + bytes((intensity_percent,))
    if context.medication is not None:
        flags |= _MEDICATION
        body += _coded_amount(context.medication)
    if context.hba1c_percent is not None:
        flags |= _HBA1C
        body += encode_sfloat(context.hba1c_percent).to_bytes(2, "little")
    return bytes((flags,)) + body


def _coded_amount(coded: tuple[int, float]) -> bytes:
    code, amount = coded
    return bytes((code,)) + encode_sfloat(amount).to_bytes(2, "little")
