"""Kinds of alarm and their codes in the social-care alarm vocabulary (SCAIP device types, PROTOCOLS B7)."""

from enum import StrEnum


class AlarmKind(StrEnum):
    PERSONAL_TRIGGER = "personal_trigger"
    FIXED_TRIGGER = "fixed_trigger"
    FALL = "fall"
    PANIC = "panic"
    INACTIVITY = "inactivity"
    FLOOD = "flood"
    LONG_STAY = "long_stay"


SCAIP_DEVICE_TYPE: dict[AlarmKind, str] = {
    AlarmKind.PERSONAL_TRIGGER: "0003",
    AlarmKind.FIXED_TRIGGER: "0004",
    AlarmKind.FALL: "0005",
    AlarmKind.PANIC: "0007",
    AlarmKind.INACTIVITY: "0010",
    AlarmKind.FLOOD: "0033",
    AlarmKind.LONG_STAY: "0034",
}
