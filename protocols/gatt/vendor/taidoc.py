"""TaiDoc meters (Fora, GlucoRx ...) over Bluetooth: the frames of the cable (`protocols.taidoc`) on one characteristic.

It is written to and notifies, eight bytes at a time. Source: advmeds-bluetooth-lib, TaiDocTD3140Variable.
"""

from collections.abc import Callable
from datetime import datetime

from protocols.gatt.vendor.session import OverGatt, PlainWire, Remembered
from protocols.taidoc.frame import FRAME_LENGTH
from protocols.taidoc.session import TaiDocGlucoseSession, TaiDocPressureSession, TaiDocSession

SERVICE = "00001523-1212-efde-1523-785feabcd123"
FRAMES = "00001524-1212-efde-1523-785feabcd123"

_NOTHING = Remembered()


def _over_gatt(
    create: Callable[[Callable[[datetime], bool] | None], TaiDocSession], remembered: Remembered
) -> OverGatt:
    return OverGatt(create(remembered.has_record_at), PlainWire(FRAMES, FRAMES, FRAME_LENGTH))


def taidoc_glucose_over_gatt(remembered: Remembered = _NOTHING) -> OverGatt:
    """TD-41xx and TD-42xx; a `protocols.gatt.vendor.session.GattSession`."""
    return _over_gatt(TaiDocGlucoseSession, remembered)


def taidoc_pressure_over_gatt(remembered: Remembered = _NOTHING) -> OverGatt:
    """TD-31xx; a `protocols.gatt.vendor.session.GattSession`."""
    return _over_gatt(TaiDocPressureSession, remembered)
