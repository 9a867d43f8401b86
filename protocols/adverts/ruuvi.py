"""Ruuvi data format 5 (RAWv2): manufacturer data of company 0x0499 <-> values.

github.com/ruuvi/ruuvi-sensor-protocols, dataformat_05.md. All fields most significant byte first:
format u8 = 5, temperature s16 (0.005 C), humidity u16 (0.0025 %), pressure u16 (Pa above 50 000), acceleration x, y, z
s16 (mg), power u16 (11 bits: mV above 1600, 5 bits: 2 dBm steps above -40), movements u8, sequence u16, address.
Not available: the smallest number of a signed field, the largest of an unsigned one.
"""

from dataclasses import dataclass

from protocols.cursor import Cursor
from protocols.errors import ReservedValue

RUUVI_COMPANY = 0x0499
DATA_FORMAT = 5

_NO_S16, _NO_U8, _NO_U16 = -0x8000, 0xFF, 0xFFFF
_NO_VOLTAGE, _NO_TX_POWER = 0x7FF, 0x1F
_NO_ADDRESS = b"\xff" * 6
_STEPS_PER_C, _STEPS_PER_PERCENT = 200, 400
_LEAST_PA, _LEAST_MV, _LEAST_DBM, _DBM_PER_STEP = 50_000, 1_600, -40, 2
_TX_POWER_BITS = 5


@dataclass(frozen=True)
class RuuviAdvert:
    """One measurement. None: the tag does not have the value."""

    temperature_c: float | None
    """-163.835 to 163.835."""
    humidity_percent: float | None
    """0 to 163.835; above 100 the sensor is faulty or out of calibration."""
    pressure_pa: int | None
    """50 000 to 115 534."""
    acceleration_mg: tuple[int | None, int | None, int | None]
    """x, y, z in thousandths of standard gravity."""
    battery_mv: int | None
    """1600 to 3646."""
    tx_power_dbm: int | None
    """-40 to 20, even."""
    movements: int | None
    """0 to 254, then from 0 again: how often the tag itself was moved."""
    sequence: int | None
    """0 to 65534, then from 0 again. The same for repetitions of one measurement."""
    address: str | None
    """`AA:BB:CC:DD:EE:FF`, as the tag says it."""


def decode_ruuvi(manufacturer_data: bytes) -> RuuviAdvert:
    """`manufacturer_data` as it came behind company 0x0499. What stands behind its 24 bytes is not read.

    Raises Truncated; ReservedValue for every other data format.
    """
    cursor = Cursor(manufacturer_data)
    data_format = cursor.u8()
    if data_format != DATA_FORMAT:
        raise ReservedValue(f"Ruuvi data format {data_format}; only format {DATA_FORMAT} is read", offset=0)
    temperature = _present(cursor.i16_be(), _NO_S16)
    humidity = _present(cursor.u16_be(), _NO_U16)
    pressure = _present(cursor.u16_be(), _NO_U16)
    x, y, z = (_present(cursor.i16_be(), _NO_S16) for _ in range(3))
    power = cursor.u16_be()
    voltage = _present(power >> _TX_POWER_BITS, _NO_VOLTAGE)
    tx_power = _present(power & _NO_TX_POWER, _NO_TX_POWER)
    movements = _present(cursor.u8(), _NO_U8)
    sequence = _present(cursor.u16_be(), _NO_U16)
    address = cursor.take(len(_NO_ADDRESS))
    return RuuviAdvert(
        temperature_c=None if temperature is None else temperature / _STEPS_PER_C,
        humidity_percent=None if humidity is None else humidity / _STEPS_PER_PERCENT,
        pressure_pa=None if pressure is None else pressure + _LEAST_PA,
        acceleration_mg=(x, y, z),
        battery_mv=None if voltage is None else voltage + _LEAST_MV,
        tx_power_dbm=None if tx_power is None else tx_power * _DBM_PER_STEP + _LEAST_DBM,
        movements=movements,
        sequence=sequence,
        address=None if address == _NO_ADDRESS else address.hex(":").upper(),
    )


def encode_ruuvi(advert: RuuviAdvert) -> bytes:
    """The 24 bytes of a tag that says `advert`, each value rounded to its field's step.

    Raises OverflowError for a value that its field cannot hold, ValueError where the address is not of its form.
    """
    x, y, z = (_field(value, _NO_S16, -0x7FFF, 0x7FFF) for value in advert.acceleration_mg)
    voltage = None if advert.battery_mv is None else advert.battery_mv - _LEAST_MV
    tx_power = None if advert.tx_power_dbm is None else (advert.tx_power_dbm - _LEAST_DBM) / _DBM_PER_STEP
    temperature = None if advert.temperature_c is None else advert.temperature_c * _STEPS_PER_C
    humidity = None if advert.humidity_percent is None else advert.humidity_percent * _STEPS_PER_PERCENT
    pressure = None if advert.pressure_pa is None else advert.pressure_pa - _LEAST_PA
    power = _unsigned(voltage, _NO_VOLTAGE) << _TX_POWER_BITS | _unsigned(tx_power, _NO_TX_POWER)
    return b"".join(
        (
            bytes((DATA_FORMAT,)),
            _field(temperature, _NO_S16, -0x7FFF, 0x7FFF).to_bytes(2, "big", signed=True),
            _unsigned(humidity, _NO_U16).to_bytes(2, "big"),
            _unsigned(pressure, _NO_U16).to_bytes(2, "big"),
            *(axis.to_bytes(2, "big", signed=True) for axis in (x, y, z)),
            power.to_bytes(2, "big"),
            _unsigned(advert.movements, _NO_U8).to_bytes(1, "big"),
            _unsigned(advert.sequence, _NO_U16).to_bytes(2, "big"),
            _address(advert.address),
        )
    )


def _present(raw: int, absent: int) -> int | None:
    return None if raw == absent else raw


def _field(value: float | None, absent: int, least: int, most: int) -> int:
    if value is None:
        return absent
    raw = round(value)
    if not least <= raw <= most:
        raise OverflowError(f"{raw} steps; the field holds {least} to {most}")
    return raw


def _unsigned(value: float | None, absent: int) -> int:
    return _field(value, absent, 0, absent - 1)


def _address(address: str | None) -> bytes:
    if address is None:
        return _NO_ADDRESS
    try:
        raw = bytes.fromhex(address.replace(":", ""))
    except ValueError:
        raw = b""
    if len(raw) != len(_NO_ADDRESS):
        raise ValueError(f"{address!r} is not a Bluetooth address of the form AA:BB:CC:DD:EE:FF")
    return raw
