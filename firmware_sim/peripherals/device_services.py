"""The services that every Bluetooth meter has beside its own: who it is, its battery, its clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bumble.att import ATT_Error, AttributeValue, ErrorCode
from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from firmware_sim.device_clock import DeviceClock
from firmware_sim.peripherals.assigned import assigned
from protocols.errors import ProtocolError
from protocols.gatt import uuids
from protocols.gatt.battery import encode_battery_level
from protocols.gatt.current_time import decode_current_time, encode_current_time
from protocols.gatt.date_time import decode_date_time, encode_date_time
from protocols.gatt.device_information import encode_text

READ = Characteristic.Properties.READ
WRITE = Characteristic.Properties.WRITE
NOTIFY = Characteristic.Properties.NOTIFY
INDICATE = Characteristic.Properties.INDICATE

_Permissions = Characteristic.Permissions
READABLE = _Permissions.READABLE


@dataclass(frozen=True)
class Access:
    """Permissions of what is not for everybody: refused with an ATT error, which is what makes a client pair."""

    read: Characteristic.Permissions
    write: Characteristic.Permissions


def bonded_access(passkey: int | None) -> Access:
    """For bonded clients; with a passkey, for those that were bonded by it (firmware_sim/gatt_server.py)."""
    if passkey is None:
        return Access(
            READABLE | _Permissions.READ_REQUIRES_ENCRYPTION,
            _Permissions.WRITEABLE | _Permissions.WRITE_REQUIRES_ENCRYPTION,
        )
    return Access(
        READABLE | _Permissions.READ_REQUIRES_AUTHENTICATION,
        _Permissions.WRITEABLE | _Permissions.WRITE_REQUIRES_AUTHENTICATION,
    )


_DATA_FIELD_IGNORED = 0x80  # Current Time Service 1.1, table 1.1


@dataclass(frozen=True)
class Identity:
    """Device Information of an invented maker: these devices are like real ones, and none of them."""

    model: str
    serial_number: str
    manufacturer: str = "Doorstep Simulated"
    firmware: str = "1.0"


def announced(uuid: str, how: Characteristic.Properties, access: Access) -> Characteristic[bytes]:
    """A value that is only ever notified or indicated, to those with `access`."""
    return Characteristic(assigned(uuid), how, access.write)


def fixed(uuid: str, value: bytes) -> Characteristic[bytes]:
    """A value that everybody may read and nobody changes."""
    return Characteristic(assigned(uuid), READ, READABLE, value)


def device_information(identity: Identity) -> Service:
    texts = {
        uuids.MANUFACTURER_NAME: identity.manufacturer,
        uuids.MODEL_NUMBER: identity.model,
        uuids.SERIAL_NUMBER: identity.serial_number,
        uuids.FIRMWARE_REVISION: identity.firmware,
    }
    return Service(
        assigned(uuids.DEVICE_INFORMATION_SERVICE), [fixed(uuid, encode_text(text)) for uuid, text in texts.items()]
    )


def battery(percent: Callable[[], int]) -> Service:
    value = AttributeValue[bytes](read=lambda _connection: encode_battery_level(percent()))
    return Service(
        assigned(uuids.BATTERY_SERVICE), [Characteristic(assigned(uuids.BATTERY_LEVEL), READ, READABLE, value)]
    )


def current_time(clock: DeviceClock, access: Access, changed: Callable[[], None]) -> Service:
    """Readable and settable; `changed` is called after it was set."""
    return Service(assigned(uuids.CURRENT_TIME_SERVICE), [_clock_value(uuids.CURRENT_TIME, clock, access, changed)])


def date_time(clock: DeviceClock, access: Access, changed: Callable[[], None]) -> Characteristic[bytes]:
    """Date Time (0x2A08), as cuffs carry it inside their own service."""
    return _clock_value(uuids.DATE_TIME, clock, access, changed)


def _clock_value(uuid: str, clock: DeviceClock, access: Access, changed: Callable[[], None]) -> Characteristic[bytes]:
    encode: Callable[[datetime], bytes] = encode_current_time if uuid == uuids.CURRENT_TIME else encode_date_time
    decode = decode_current_time if uuid == uuids.CURRENT_TIME else decode_date_time

    def read(_connection: Connection) -> bytes:
        return encode(clock.now())

    def write(_connection: Connection, value: bytes) -> None:
        try:
            shown = decode(value)
        except ProtocolError as error:
            raise ATT_Error(ErrorCode.VALUE_NOT_ALLOWED) from error
        if shown is None:
            raise ATT_Error(_DATA_FIELD_IGNORED)
        clock.set(shown)
        changed()

    return Characteristic(
        assigned(uuid), READ | WRITE, access.read | access.write, AttributeValue(read=read, write=write)
    )
