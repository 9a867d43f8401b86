"""Glucose Feature (0x2A51), u16: what a glucometer can tell (Glucose Service 1.0, section 3.3)."""

from enum import IntFlag

from protocols.cursor import Cursor


class GlucoseFeature(IntFlag):
    """Bits outside this list are kept as they came."""

    LOW_BATTERY_DETECTION = 1 << 0
    SENSOR_MALFUNCTION_DETECTION = 1 << 1
    SAMPLE_SIZE = 1 << 2
    STRIP_INSERTION_ERROR_DETECTION = 1 << 3
    STRIP_TYPE_ERROR_DETECTION = 1 << 4
    RESULT_HIGH_LOW_DETECTION = 1 << 5
    TEMPERATURE_HIGH_LOW_DETECTION = 1 << 6
    READ_INTERRUPT_DETECTION = 1 << 7
    GENERAL_DEVICE_FAULT = 1 << 8
    TIME_FAULT = 1 << 9
    MULTIPLE_BONDS = 1 << 10


def decode_glucose_feature(data: bytes) -> GlucoseFeature:
    """Raises Truncated below 2 bytes."""
    return GlucoseFeature(Cursor(data).u16_le())


def encode_glucose_feature(feature: GlucoseFeature) -> bytes:
    return feature.to_bytes(2, "little")
