"""Blood Pressure Feature (0x2A49), u16: what a sphygmomanometer can tell (Blood Pressure Service 1.0, section 3.3)."""

from enum import IntFlag

from protocols.cursor import Cursor


class BloodPressureFeature(IntFlag):
    """Bits outside this list are kept as they came."""

    BODY_MOVEMENT_DETECTION = 1 << 0
    CUFF_FIT_DETECTION = 1 << 1
    IRREGULAR_PULSE_DETECTION = 1 << 2
    PULSE_RANGE_DETECTION = 1 << 3
    POSITION_DETECTION = 1 << 4
    MULTIPLE_BONDS = 1 << 5


def decode_blood_pressure_feature(data: bytes) -> BloodPressureFeature:
    """Raises Truncated below 2 bytes."""
    return BloodPressureFeature(Cursor(data).u16_le())


def encode_blood_pressure_feature(feature: BloodPressureFeature) -> bytes:
    return feature.to_bytes(2, "little")
