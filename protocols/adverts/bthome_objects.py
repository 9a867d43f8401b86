"""The object table of BTHome v2 (bthome.io/format): id -> length, sign, factor, and the metric where it is one of ours.

The whole table stands here although few objects concern us: a packet has no lengths, so an object can only be
skipped by knowing its own.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum

from protocols.reading import Metric

PACKET_ID = 0x00
BATTERY = 0x01
TEMPERATURE = 0x02
HUMIDITY = 0x03
WET = 0x20
MOTION = 0x21
BUTTON = 0x3A
VIBRATION = 0x2C
VOLUME_FLOW_RATE = 0x49


class ButtonPress(IntEnum):
    """Events of object 0x3A."""

    NONE = 0x00
    """This button of several was not pressed."""
    PRESS = 0x01
    DOUBLE = 0x02
    TRIPLE = 0x03
    LONG = 0x04
    LONG_DOUBLE = 0x05
    LONG_TRIPLE = 0x06
    HOLD = 0x80


class Form(Enum):
    """How the bytes behind the id are laid out; integers are little-endian."""

    UNSIGNED = "unsigned"
    SIGNED = "signed"
    BYTES = "bytes"
    COUNTED = "counted"
    """A length byte, then as many bytes."""
    COMMAND = "command"
    """A byte whose low five bits count the arguments, an op code, the arguments."""


@dataclass(frozen=True)
class ObjectType:
    form: Form
    length: int = 0
    """In bytes, without the id; 0 where the object carries its own."""
    factor: Decimal = Decimal(1)
    """The integer times this is the value in the table's unit."""
    metric: Metric | None = None
    to_canonical: float = 1.0
    """The table's unit in the canonical one of the metric."""

    def value(self, raw: int) -> float:
        """`raw` in the canonical unit of the metric, or in the table's unit where it has none."""
        stated = float(raw * self.factor)
        return stated if self.to_canonical == 1.0 else stated * self.to_canonical

    def raw(self, value: float) -> int:
        """The integer nearest to `value`. Raises OverflowError where the object cannot hold it."""
        raw = int((Decimal(repr(value / self.to_canonical)) / self.factor).to_integral_value())
        raw.to_bytes(self.length, "little", signed=self.form is Form.SIGNED)
        return raw


def _unsigned(length: int, factor: str = "1", metric: Metric | None = None, to_canonical: float = 1.0) -> ObjectType:
    return ObjectType(Form.UNSIGNED, length, Decimal(factor), metric, to_canonical)


def _signed(length: int, factor: str = "1", metric: Metric | None = None) -> ObjectType:
    return ObjectType(Form.SIGNED, length, Decimal(factor), metric)


_BINARY = _unsigned(1)

OBJECT_TYPES: dict[int, ObjectType] = {
    PACKET_ID: _unsigned(1),
    BATTERY: _unsigned(1, "1", Metric.DEVICE_BATTERY),  # %
    TEMPERATURE: _signed(2, "0.01", Metric.AMBIENT_TEMPERATURE),  # Cel
    HUMIDITY: _unsigned(2, "0.01", Metric.HUMIDITY),  # %
    0x04: _unsigned(3, "0.01"),  # pressure, hPa
    0x05: _unsigned(3, "0.01"),  # illuminance, lux
    0x06: _unsigned(2, "0.01"),  # mass, kg; not said of whom
    0x07: _unsigned(2, "0.01"),  # mass, lb
    0x08: _signed(2, "0.01"),  # dew point, Cel
    0x09: _unsigned(1),  # count
    0x0A: _unsigned(3, "0.001"),  # energy, kWh
    0x0B: _unsigned(3, "0.01"),  # power, W
    0x0C: _unsigned(2, "0.001"),  # voltage, V
    0x0D: _unsigned(2),  # PM2.5, ug/m3
    0x0E: _unsigned(2),  # PM10, ug/m3
    0x0F: _BINARY,  # generic
    0x10: _BINARY,  # power on
    0x11: _unsigned(1, "1", Metric.CONTACT),  # opening, 1 open
    0x12: _unsigned(2),  # CO2, ppm
    0x13: _unsigned(2),  # volatile organic compounds, ug/m3
    0x14: _unsigned(2, "0.01"),  # moisture of soil, %
    0x15: _BINARY,  # battery low
    0x16: _BINARY,  # battery charging
    0x17: _BINARY,  # carbon monoxide
    0x18: _BINARY,  # cold
    0x19: _BINARY,  # connected
    0x1A: _unsigned(1, "1", Metric.CONTACT),  # door, 1 open
    0x1B: _BINARY,  # garage door
    0x1C: _BINARY,  # gas
    0x1D: _BINARY,  # heat
    0x1E: _BINARY,  # light
    0x1F: _BINARY,  # lock
    WET: _unsigned(1, "1", Metric.MOISTURE),  # 1 wet
    MOTION: _unsigned(1, "1", Metric.MOTION),  # 1 seen
    0x22: _BINARY,  # moving
    0x23: _BINARY,  # occupancy
    0x24: _BINARY,  # plug
    0x25: _BINARY,  # presence
    0x26: _BINARY,  # problem
    0x27: _BINARY,  # running
    0x28: _BINARY,  # safety
    0x29: _BINARY,  # smoke
    0x2A: _BINARY,  # sound
    0x2B: _BINARY,  # tamper
    VIBRATION: _BINARY,  # vibration
    0x2D: _unsigned(1, "1", Metric.CONTACT),  # window, 1 open
    0x2E: _unsigned(1, "1", Metric.HUMIDITY),  # %
    0x2F: _unsigned(1),  # moisture of soil, %
    BUTTON: _unsigned(1),
    0x3B: ObjectType(Form.COMMAND),
    0x3C: ObjectType(Form.BYTES, 2),  # dimmer: event, steps
    0x3D: _unsigned(2),  # count
    0x3E: _unsigned(4),  # count
    0x3F: _signed(2, "0.1"),  # rotation, degrees
    0x40: _unsigned(2),  # distance, mm
    0x41: _unsigned(2, "0.1"),  # distance, m
    0x42: _unsigned(3, "0.001"),  # duration, s
    0x43: _unsigned(2, "0.001"),  # current, A
    0x44: _unsigned(2, "0.01"),  # speed, m/s
    0x45: _signed(2, "0.1", Metric.AMBIENT_TEMPERATURE),  # Cel
    0x46: _unsigned(1, "0.1"),  # UV index
    0x47: _unsigned(2, "0.1"),  # volume, L
    0x48: _unsigned(2),  # volume, mL
    VOLUME_FLOW_RATE: _unsigned(2, "0.001", Metric.FLOW, 1000 / 60),  # m3/h
    0x4A: _unsigned(2, "0.1"),  # voltage, V
    0x4B: _unsigned(3, "0.001"),  # gas, m3
    0x4C: _unsigned(4, "0.001"),  # gas, m3
    0x4D: _unsigned(4, "0.001"),  # energy, kWh
    0x4E: _unsigned(4, "0.001"),  # volume, L
    0x4F: _unsigned(4, "0.001"),  # water, L
    0x50: _unsigned(4),  # time stamp, s since 1970
    0x51: _unsigned(2, "0.001"),  # acceleration, m/s2
    0x52: _unsigned(2, "0.001"),  # gyroscope, degrees/s
    0x53: ObjectType(Form.COUNTED),  # text, UTF-8
    0x54: ObjectType(Form.COUNTED),  # raw
    0x55: _unsigned(4, "0.001"),  # stored volume, L
    0x56: _unsigned(2),  # conductivity, uS/cm
    0x57: _signed(1, "1", Metric.AMBIENT_TEMPERATURE),  # Cel
    0x58: _signed(1, "0.35", Metric.AMBIENT_TEMPERATURE),  # Cel
    0x59: _signed(1),  # count
    0x5A: _signed(2),  # count
    0x5B: _signed(4),  # count
    0x5C: _signed(4, "0.01"),  # power, W
    0x5D: _signed(2, "0.001"),  # current, A
    0x5E: _unsigned(2, "0.01"),  # direction, degrees
    0x5F: _unsigned(2, "0.1"),  # precipitation, mm
    0x60: _unsigned(1),  # channel
    0x61: _unsigned(2),  # rotational speed, /min
    0x62: _signed(4, "0.000001"),  # speed, m/s
    0x63: _signed(4, "0.000001"),  # acceleration, m/s2
    0x64: _unsigned(1),  # light level
    0x65: _unsigned(1),  # revision of the device's settings
    0xF0: _unsigned(2),  # device type
    0xF1: ObjectType(Form.BYTES, 4),  # firmware version, least significant part first
    0xF2: ObjectType(Form.BYTES, 3),  # firmware version, least significant part first
}
