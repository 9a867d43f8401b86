"""Which room a sensor stands in, by what its home calls it: sensors of one room are one place. Pure."""

import re

from cloud.detection.shower.rooms import is_bathroom
from protocols.device_kind import DeviceKind

_WHAT_IT_IS = re.compile(
    r"sensors?|detectors?|motion|movement|presence|humidity|temperature|water|flow|doors?|contact"
    r"|传感器|感应器|探测器|人体|移动|温湿度|湿度|温度|水流|门磁|门",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\W_]+")
_BATHROOM = "bathroom"


def place_of(kind: str, label: str, name: str) -> str:
    """The room of a device: its label without the words that say what it is; its name where nothing is left.

    A shower's sensor stands in a bathroom, whatever it is called.
    """
    room = _BETWEEN.sub(" ", _WHAT_IT_IS.sub(" ", label)).strip().casefold()
    if kind == DeviceKind.SHOWER_SENSOR and not is_bathroom(room):
        return f"{_BATHROOM} {room}".strip()
    return room or name
