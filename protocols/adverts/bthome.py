"""BTHome v2 advertisements (bthome.io/format): service data of UUID 0xFCD2 <-> values.

information byte: b0 encrypted, b1 the address follows (6 bytes, reversed), b2 trigger-based, b5-7 version (2).
Then objects: id u8, value. Ids ascend, so that a reader may stop at the first one it does not know, and keep what
came before it. Encrypted: the objects' ciphertext, counter u32, tag 4 bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from protocols.adverts.bthome_encryption import COUNTER_LENGTH, TAG_LENGTH, decrypt, encrypt
from protocols.adverts.bthome_objects import BUTTON, OBJECT_TYPES, PACKET_ID, ButtonPress, Form, ObjectType
from protocols.cursor import Cursor
from protocols.errors import ProtocolError, ReservedValue, Truncated
from protocols.reading import Metric

BTHOME_UUID = "0000fcd2-0000-1000-8000-00805f9b34fb"
VERSION = 2

_ENCRYPTED, _WITH_ADDRESS, _TRIGGER_BASED = 0x01, 0x02, 0x04
_VERSION_SHIFT = 5
_ADDRESS_LENGTH = 6
_COMMAND_ARGUMENTS = 0x1F
_BUTTON_EVENTS = frozenset(ButtonPress)


class PlaintextRefused(ProtocolError):
    """A device whose key is known spoke in the clear: somebody else may have, with its address."""


class BindKeyNeeded(ProtocolError):
    """The advertisement is encrypted, and no key of the device is known."""


@dataclass(frozen=True)
class BThomeAdvert:
    encrypted: bool
    counter: int | None
    """Of an encrypted advertisement; the caller asks a CounterGuard before it believes anything in here."""
    packet_id: int | None
    """The same for repetitions of one advertisement, 0 to 255, where the device sends one."""
    measurements: tuple[tuple[Metric, float], ...]
    """In canonical units, in the order sent; a metric may occur more than once."""
    buttons: tuple[ButtonPress, ...]
    """One for each button of the device, in its order."""
    trigger_based: bool
    """Sent when something happens, not at intervals: silence says nothing."""
    others: tuple[tuple[int, float | bytes], ...] = ()
    """(object id, value in the table's unit) of what is no metric of ours; bytes where it is no number."""
    unread: bytes = b""
    """From the first object whose id is not in the table; its length is unknown, so all behind it is."""


def decode_bthome(service_data: bytes, *, mac: str, bind_key: bytes | None) -> BThomeAdvert:
    """`service_data` as it came with BTHOME_UUID, from the device at `mac` (`AA:BB:CC:DD:EE:FF`).

    Raises Truncated; ReservedValue for another version; PlaintextRefused where a key is given and the data is clear;
    BindKeyNeeded; ChecksumMismatch for a wrong key or changed bytes (a cut encrypted advertisement is one of those);
    ValueError where `mac` or `bind_key` is not of its form.
    """
    cursor = Cursor(service_data)
    information = cursor.u8()
    version = information >> _VERSION_SHIFT
    if version != VERSION:
        raise ReservedValue(f"BTHome version {version}; only version {VERSION} is read", offset=0)
    encrypted = bool(information & _ENCRYPTED)
    if not encrypted and bind_key is not None:
        raise PlaintextRefused(f"advertisement of {mac} is not encrypted, although its key is known")
    address = cursor.take(_ADDRESS_LENGTH)[::-1] if information & _WITH_ADDRESS else _address(mac)
    counter = None
    if encrypted:
        if bind_key is None:
            raise BindKeyNeeded(f"advertisement of {mac} is encrypted; its bind key is needed")
        ciphertext_length = cursor.remaining - COUNTER_LENGTH - TAG_LENGTH
        if ciphertext_length < 0:
            raise Truncated("an encrypted advertisement ends with counter and tag", offset=len(service_data))
        ciphertext, counter, tag = cursor.take(ciphertext_length), cursor.u32_le(), cursor.take(TAG_LENGTH)
        plain = decrypt(ciphertext + tag, key=bind_key, address=address, information=information, counter=counter)
        cursor = Cursor(plain)
    return _read_objects(cursor, encrypted, counter, bool(information & _TRIGGER_BASED))


def encode_bthome(
    objects: Iterable[tuple[int, float | bytes]],
    *,
    trigger_based: bool = False,
    mac: str | None = None,
    bind_key: bytes | None = None,
    counter: int | None = None,
) -> bytes:
    """The service data of a device that says `objects`: (object id, value), put into ascending order of ids.

    Values are those that `decode_bthome` gives: canonical for our metrics, else the table's unit; bytes without their
    length. With `bind_key`, `mac` and `counter` are needed and it is encrypted. Raises ValueError for an id that is
    not in the table or a missing counter, OverflowError for a value that its object cannot hold.
    """
    information = VERSION << _VERSION_SHIFT | (_TRIGGER_BASED if trigger_based else 0)
    plain = b"".join(_encode_object(*item) for item in sorted(objects, key=lambda item: item[0]))
    if bind_key is None:
        return bytes((information,)) + plain
    if mac is None or counter is None:
        raise ValueError("an encrypted advertisement needs mac and counter")
    information |= _ENCRYPTED
    sealed = encrypt(plain, key=bind_key, address=_address(mac), information=information, counter=counter)
    ciphertext, tag = sealed[:-TAG_LENGTH], sealed[-TAG_LENGTH:]
    return bytes((information,)) + ciphertext + counter.to_bytes(COUNTER_LENGTH, "little") + tag


def _read_objects(cursor: Cursor, encrypted: bool, counter: int | None, trigger_based: bool) -> BThomeAdvert:
    packet_id: int | None = None
    measurements: list[tuple[Metric, float]] = []
    buttons: list[ButtonPress] = []
    others: list[tuple[int, float | bytes]] = []
    unread = b""
    while cursor.remaining:
        object_id = cursor.u8()
        object_type = OBJECT_TYPES.get(object_id)
        if object_type is None:
            unread = bytes((object_id,)) + cursor.rest()
            break
        value = _read_value(cursor, object_type)
        if isinstance(value, bytes):
            others.append((object_id, value))
        elif object_id == PACKET_ID:
            packet_id = int(value)
        elif object_id == BUTTON and value in _BUTTON_EVENTS:
            buttons.append(ButtonPress(int(value)))
        elif object_type.metric is not None:
            measurements.append((object_type.metric, value))
        else:
            others.append((object_id, value))
    return BThomeAdvert(
        encrypted=encrypted,
        counter=counter,
        packet_id=packet_id,
        measurements=tuple(measurements),
        buttons=tuple(buttons),
        trigger_based=trigger_based,
        others=tuple(others),
        unread=unread,
    )


def _read_value(cursor: Cursor, object_type: ObjectType) -> float | bytes:
    match object_type.form:
        case Form.UNSIGNED:
            return object_type.value(cursor.uint_le(object_type.length))
        case Form.SIGNED:
            return object_type.value(cursor.int_le(object_type.length))
        case Form.BYTES:
            return cursor.take(object_type.length)
        case Form.COUNTED:
            return cursor.take(cursor.u8())
        case Form.COMMAND:
            return cursor.take((cursor.u8() & _COMMAND_ARGUMENTS) + 1)


def _encode_object(object_id: int, value: float | bytes) -> bytes:
    object_type = OBJECT_TYPES.get(object_id)
    if object_type is None:
        raise ValueError(f"object id {object_id:#04x} is not in BTHome's table")
    start = bytes((object_id,))
    if isinstance(value, bytes):
        match object_type.form:
            case Form.COUNTED:
                return start + bytes((len(value),)) + value
            case Form.COMMAND if 1 <= len(value) <= _COMMAND_ARGUMENTS + 1:
                return start + bytes((len(value) - 1,)) + value
            case Form.BYTES if len(value) == object_type.length:
                return start + value
    elif object_type.length and object_type.form is not Form.BYTES:
        raw = object_type.raw(value)
        return start + raw.to_bytes(object_type.length, "little", signed=object_type.form is Form.SIGNED)
    raise ValueError(f"{value!r} is not of the form of object {object_id:#04x}")


def _address(mac: str) -> bytes:
    try:
        address = bytes.fromhex(mac.replace(":", ""))
    except ValueError:
        address = b""
    if len(address) != _ADDRESS_LENGTH:
        raise ValueError(f"{mac!r} is not a Bluetooth address of the form AA:BB:CC:DD:EE:FF")
    return address
