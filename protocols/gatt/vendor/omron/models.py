"""The Omron monitors whose memory maps are known. No other is read, and none is ever written.

Addresses and record layouts: userx14/omblepy (deviceSpecific/*.py), eigger/hass-omron (device_catalog.py), which name
more models of the same map than stand here. A model is only added with bytes of a real one, or where both agree.
"""

from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType

from protocols.gatt.vendor.omron.records import Layout

CLASSIC_SERVICE = "ecbe3980-c9a2-11e1-b1bd-0002a5d5c51b"
MODERN_SERVICE = "0000fe4a-0000-1000-8000-00805f9b34fb"


class Unlocking(Enum):
    KEY = auto()
    """A key of 16 bytes that was programmed while the monitor was in pairing mode."""
    TOKEN = auto()
    """Any 4 bytes, which the monitor repeats; the Bluetooth bond is what protects it."""


@dataclass(frozen=True)
class OmronModel:
    title: str
    service: str
    channels: int
    """Pairs of characteristics that share a packet, 16 bytes each; 1 where one characteristic carries it whole."""
    unlocking: Unlocking
    layout: Layout
    user_addresses: tuple[int, ...]
    """Where the memory of each user begins, user 1 first."""
    records_per_user: int
    record_length: int
    block_length: int
    """So many bytes are read at once."""


MODELS = MappingProxyType(
    {
        "omron-hem-7322t": OmronModel(
            "Omron M700 Intelli IT, M500 Intelli IT (HEM-7322T)",
            CLASSIC_SERVICE,
            4,
            Unlocking.KEY,
            Layout.BIG,
            (0x02AC, 0x0824),
            100,
            14,
            0x2C,
        ),
        "omron-hem-7600t": OmronModel(
            "Omron Evolv (HEM-7600T)", CLASSIC_SERVICE, 4, Unlocking.KEY, Layout.BIG, (0x02AC,), 100, 14, 0x2C
        ),
        "omron-hem-7361t": OmronModel(
            "Omron M7 Intelli IT (HEM-7361T)",
            CLASSIC_SERVICE,
            4,
            Unlocking.KEY,
            Layout.LITTLE,
            (0x0098, 0x06D8),
            100,
            16,
            0x10,
        ),
        "omron-hem-7142t2": OmronModel(
            "Omron HEM-7142T2", MODERN_SERVICE, 1, Unlocking.TOKEN, Layout.LITTLE, (0x02E8,), 14, 14, 0x2C
        ),
    }
)
"""By the name under which the gateway's catalogue knows them."""
