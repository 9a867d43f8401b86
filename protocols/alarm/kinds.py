"""Kinds of alarm, and their codes in the social-care alarm vocabulary (SCAIP device types and states, PROTOCOLS B7)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class AlarmKind(StrEnum):
    PERSONAL_TRIGGER = "personal_trigger"
    """A button that is worn."""
    FIXED_TRIGGER = "fixed_trigger"
    """A pull cord or a button on the wall."""
    FALL = "fall"
    PANIC = "panic"
    INACTIVITY = "inactivity"
    FLOOD = "flood"
    LONG_STAY = "long_stay"
    """In the bathroom, without moving."""

    MAINS_LOST = "mains_lost"
    """The gateway runs on its battery."""
    BATTERY_LOW = "battery_low"
    """The gateway's."""
    TRIGGER_BATTERY_LOW = "trigger_battery_low"
    """Of a device that calls for help."""
    TRIGGER_SILENT = "trigger_silent"
    """A device that calls for help was not heard for its supervision time."""
    RADIO_LOST = "radio_lost"
    """The gateway has no Bluetooth adapter, or a deaf one."""
    DRILL_FAILED = "drill_failed"
    """Raised by the centre itself: the home's daily drill did not arrive."""

    TEXT_FAILED = "text_failed"
    """Raised by the centre itself: the home's test text did not arrive, calls may not go by text."""

    TWO_GATEWAYS = "two_gateways"
    """Raised by the centre itself: two gateways are alive under the home's name, as from a copied card."""

    SAID = "said"
    """A call for help in free words, on a page or by telephone. Of no gateway: no home is told of it."""

    DRILL = "drill"
    """Walks the way of a call each day; nobody is disturbed and no alarm is made of it."""

    @property
    def is_call(self) -> bool:
        """A person may be in need; what remains is technical, or a drill."""
        return self in CALLS


CALLS = frozenset(
    {
        AlarmKind.PERSONAL_TRIGGER,
        AlarmKind.FIXED_TRIGGER,
        AlarmKind.FALL,
        AlarmKind.PANIC,
        AlarmKind.INACTIVITY,
        AlarmKind.FLOOD,
        AlarmKind.LONG_STAY,
        AlarmKind.SAID,
    }
)


class ScaipStatus(NamedTuple):
    """State codes (stc), four digits each."""

    raised: str
    taken_back: str
    """By the elder; of a technical alarm: what it told is over."""


SCAIP_DEVICE_TYPE: Mapping[AlarmKind, str] = MappingProxyType(
    {
        AlarmKind.PERSONAL_TRIGGER: "0003",
        AlarmKind.FIXED_TRIGGER: "0004",
        AlarmKind.FALL: "0005",
        AlarmKind.PANIC: "0007",
        AlarmKind.INACTIVITY: "0010",
        AlarmKind.FLOOD: "0033",
        AlarmKind.LONG_STAY: "0034",
        AlarmKind.SAID: "0045",
        AlarmKind.MAINS_LOST: "0041",
        AlarmKind.BATTERY_LOW: "0041",
        AlarmKind.TRIGGER_BATTERY_LOW: "0003",
        AlarmKind.TRIGGER_SILENT: "0003",
        AlarmKind.RADIO_LOST: "0045",
        AlarmKind.DRILL_FAILED: "0045",
        AlarmKind.TEXT_FAILED: "0045",
        AlarmKind.TWO_GATEWAYS: "0045",
        AlarmKind.DRILL: "0045",
    }
)
"""Device types (dty): 0041 power supply, 0045 controller (and the centre itself, where nothing in the home called), the
rest what called."""

_MANUAL, _AUTOMATIC, _CANCELLED, _RESET = "0010", "0009", "0019", "0092"

SCAIP_STATUS: Mapping[AlarmKind, ScaipStatus] = MappingProxyType(
    {
        AlarmKind.PERSONAL_TRIGGER: ScaipStatus(_MANUAL, _CANCELLED),
        AlarmKind.FIXED_TRIGGER: ScaipStatus(_MANUAL, _CANCELLED),
        AlarmKind.PANIC: ScaipStatus(_MANUAL, _CANCELLED),
        AlarmKind.SAID: ScaipStatus(_MANUAL, _CANCELLED),
        AlarmKind.FALL: ScaipStatus(_AUTOMATIC, _CANCELLED),
        AlarmKind.INACTIVITY: ScaipStatus(_AUTOMATIC, _CANCELLED),
        AlarmKind.FLOOD: ScaipStatus(_AUTOMATIC, _CANCELLED),
        AlarmKind.LONG_STAY: ScaipStatus(_AUTOMATIC, _CANCELLED),
        AlarmKind.MAINS_LOST: ScaipStatus("0085", "0086"),  # mains lost, restored
        AlarmKind.BATTERY_LOW: ScaipStatus("0016", "0015"),  # battery low, ok
        AlarmKind.TRIGGER_BATTERY_LOW: ScaipStatus("0016", "0015"),
        AlarmKind.TRIGGER_SILENT: ScaipStatus("0123", "0124"),  # radio test missing, back
        AlarmKind.RADIO_LOST: ScaipStatus("0123", "0124"),
        AlarmKind.DRILL_FAILED: ScaipStatus("0123", "0124"),
        AlarmKind.TEXT_FAILED: ScaipStatus("0123", "0124"),
        AlarmKind.TWO_GATEWAYS: ScaipStatus("0123", "0124"),
        AlarmKind.DRILL: ScaipStatus("0102", _RESET),  # test transmission; automatic reset
    }
)
