"""The alarm code: what a text of a home or of the centre says to a machine, beside the sentence for a person.

    Doorstep alarm: somebody at home calls for help. Please call back. D1A-7K3QZ-...

A code is `D`, the version `1`, what it is (`A` an alarm, `S` a state), a dash, and base-32 letters (Crockford's
alphabet: no I, L, O, U; read with either case, dashes and spaces ignored, O as 0, I and L as 1). They hold, most
significant byte first:

    key id u32 | counter u32 | alarm, 16 bytes of its UUID | fields | MAC, 8 bytes
    fields of A: kind u8 | flags u8 (1 cancelled, 2 test, 4 not kept) | attempt u8 | device tag u24 | raised at u32
    fields of S: state u8 | flags u8 (1 cancelled) | minutes u16 (0xFFFF: none) | at u32

Times are Unix seconds. Then come two letters of check: the value of all letters before modulo 1021, so that one wrong
letter, or two that changed places, is told apart from a forgery. The MAC is the first 8 bytes of HMAC-SHA-256 with the
home's key of the text `doorstep-sms-1`, the letter of what it is, and all bytes before. The counter rises with every
code of one direction: who hears it twice hears an echo. A code names nobody: the key id stands for the home, the tag
for the device.
"""

import hashlib
import hmac
import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID

from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.errors import ChecksumMismatch, ProtocolError, ReservedValue, Truncated

KEY_BYTES = 32
MOST_COUNTER = 2**32 - 1
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {letter: value for value, letter in enumerate(_LETTERS)} | {"O": 0, "I": 1, "L": 1}
_CHECK_MODULUS = 1021  # the largest prime that two letters hold
_CHECK_LETTERS = 2
_MAC_BYTES = 8
_GROUP = 5
_NO_MINUTES = 0xFFFF
_CANCELLED, _TEST, _NOT_KEPT = 1, 2, 4
_MOST_ATTEMPTS = 0xFF

_ALARM = struct.Struct(">4sI16sBBB3sI")
_STATE = struct.Struct(">4sI16sBBHI")
_WHAT = MappingProxyType({"A": _ALARM, "S": _STATE})
_CODE = re.compile(r"\bD(?P<version>[0-9])(?P<what>[A-Z])-(?P<letters>[0-9A-Z][0-9A-Z \-\n]*)", re.IGNORECASE)

_NUMBER_OF_KIND: MappingProxyType[str, int] = MappingProxyType(
    {
        "personal_trigger": 1,
        "fixed_trigger": 2,
        "fall": 3,
        "panic": 4,
        "inactivity": 5,
        "flood": 6,
        "long_stay": 7,
        "said": 8,
        "mains_lost": 20,
        "battery_low": 21,
        "trigger_battery_low": 22,
        "trigger_silent": 23,
        "radio_lost": 24,
        "drill_failed": 25,
        "text_failed": 26,
        "two_gateways": 27,
        "drill": 30,
    }
)
"""Numbers on the wire, by the value of AlarmKind: never given to another kind. A test finds every kind here."""
_NUMBER_OF_STATE: MappingProxyType[AlarmState, int] = MappingProxyType(
    {AlarmState.AT_CENTRE: 1, AlarmState.TAKEN: 2, AlarmState.ON_THE_WAY: 3, AlarmState.CLOSED: 4}
)
_KIND = {_NUMBER_OF_KIND[kind.value]: kind for kind in AlarmKind}
_STATE_OF = {number: state for state, number in _NUMBER_OF_STATE.items()}


@dataclass(frozen=True)
class AlarmCode:
    """From a home: a person calls."""

    counter: int
    alarm: UUID
    kind: AlarmKind
    raised_at: datetime
    """Whole seconds, UTC."""
    device_tag: bytes
    """`device_tag` of the device's name."""
    attempt: int = 1
    cancelled: bool = False
    test: bool = False
    kept: bool = True
    """False: the gateway's disk does not take it; a power cut there forgets the call."""


@dataclass(frozen=True)
class StateCode:
    """From the centre: what it did with the alarm. No name travels by text."""

    counter: int
    alarm: UUID
    state: AlarmState
    """AT_CENTRE, TAKEN, ON_THE_WAY or CLOSED."""
    at: datetime
    minutes: int | None = None
    cancelled: bool = False
    """The centre knows that the home took it back."""


Code = AlarmCode | StateCode


class Forged(ProtocolError):
    """A whole code whose MAC is not of this key."""


@dataclass(frozen=True)
class SealedCode:
    """A code whose letters are in order; who made it is known when `open_code` was asked with a key."""

    what: str
    key_id: bytes
    body: bytes
    mac: bytes


def key_id(key: bytes) -> bytes:
    """4 bytes that stand for a key, and for the home that has it."""
    return hashlib.sha256(b"doorstep-sms-key-id" + key).digest()[:4]


def device_tag(device: str) -> bytes:
    """3 bytes that stand for a device's name among the few of its home."""
    return hashlib.sha256(b"doorstep-device" + device.encode()).digest()[:3]


def encode_code(code: Code, key: bytes) -> str:
    """The code in letters, grouped by dashes. Raises ValueError where a field cannot hold its value."""
    if not 0 <= code.counter <= MOST_COUNTER:
        raise ValueError(f"counter: expected 0 to {MOST_COUNTER}, got {code.counter}")
    what, body = _body(code, key_id(key))
    letters = _base32(body + _mac(what, body, key))
    letters += _check(letters)
    groups = [letters[place : place + _GROUP] for place in range(0, len(letters), _GROUP)]
    return f"D1{what}-" + "-".join(groups)


def decode_code(text: str) -> SealedCode:
    """The first code in a text, whatever stands around it.

    Raises ProtocolError where there is none; ReservedValue for another version or kind of code; Truncated;
    ChecksumMismatch where a letter is wrong.
    """
    match = _CODE.search(text)
    if match is None:
        raise ProtocolError("no alarm code in this text")
    begin = match.start()
    what = match["what"].upper()
    if match["version"] != "1" or what not in _WHAT:
        raise ReservedValue(f"a code of version {match['version']}{what}; this one knows 1A and 1S", offset=begin)
    size = _WHAT[what].size + _MAC_BYTES
    count = _letters_for(size) + _CHECK_LETTERS
    letters = "".join(letter for letter in match["letters"].upper() if letter.isalnum())[:count]
    if len(letters) < count:
        raise Truncated(f"a code of {len(letters)} letters; {count} are needed", offset=min(match.end(), len(text)))
    if any(letter not in _VALUE for letter in letters):
        raise ChecksumMismatch("a letter that no code has", offset=begin)
    value, check = letters[:-_CHECK_LETTERS], letters[-_CHECK_LETTERS:]
    plain = "".join(_LETTERS[_VALUE[letter]] for letter in check)
    if _check(value) != plain:
        raise ChecksumMismatch("a letter of the code is wrong, or two changed places", offset=begin)
    number = _number(value)
    surplus = 5 * len(value) - 8 * size
    if number & ((1 << surplus) - 1):
        raise ReservedValue("bits behind the code's last byte are set", offset=begin)
    body = (number >> surplus).to_bytes(size, "big")
    return SealedCode(what, body[:4], body[:-_MAC_BYTES], body[-_MAC_BYTES:])


def open_code(sealed: SealedCode, key: bytes) -> Code:
    """Raises Forged where the key did not make it; ReservedValue for a kind or state of a later version."""
    if not hmac.compare_digest(_mac(sealed.what, sealed.body, key), sealed.mac):
        raise Forged("the code was not made with this home's key")
    if sealed.what == "A":
        _, counter, alarm, number, flags, attempt, tag, at = _ALARM.unpack(sealed.body)
        if number not in _KIND:
            raise ReservedValue(f"an alarm of kind {number}, which this version does not know", offset=0)
        return AlarmCode(
            counter,
            UUID(bytes=alarm),
            _KIND[number],
            datetime.fromtimestamp(at, UTC),
            tag,
            attempt,
            cancelled=bool(flags & _CANCELLED),
            test=bool(flags & _TEST),
            kept=not flags & _NOT_KEPT,
        )
    _, counter, alarm, number, flags, minutes, at = _STATE.unpack(sealed.body)
    if number not in _STATE_OF:
        raise ReservedValue(f"an alarm state {number}, which this version does not know", offset=0)
    told = None if minutes == _NO_MINUTES else minutes
    return StateCode(
        counter,
        UUID(bytes=alarm),
        _STATE_OF[number],
        datetime.fromtimestamp(at, UTC),
        told,
        cancelled=bool(flags & _CANCELLED),
    )


def _body(code: Code, own_key_id: bytes) -> tuple[str, bytes]:
    if isinstance(code, AlarmCode):
        at = int(code.raised_at.timestamp())
        flags = _CANCELLED * code.cancelled | _TEST * code.test | _NOT_KEPT * (not code.kept)
        attempt = min(code.attempt, _MOST_ATTEMPTS)
        kind = _NUMBER_OF_KIND[code.kind.value]
        try:
            return "A", _ALARM.pack(
                own_key_id, code.counter, code.alarm.bytes, kind, flags, attempt, code.device_tag, at
            )
        except struct.error as error:
            raise ValueError(f"raised_at or attempt: {error}") from error
    if code.state not in _NUMBER_OF_STATE:
        raise ValueError(f"state: {code.state} is not the centre's to say")
    minutes = _NO_MINUTES if code.minutes is None else code.minutes
    try:
        return "S", _STATE.pack(
            own_key_id,
            code.counter,
            code.alarm.bytes,
            _NUMBER_OF_STATE[code.state],
            _CANCELLED * code.cancelled,
            minutes,
            int(code.at.timestamp()),
        )
    except struct.error as error:
        raise ValueError(f"minutes or at: {error}") from error


def _mac(what: str, body: bytes, key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"key: expected {KEY_BYTES} bytes")
    return hmac.digest(key, b"doorstep-sms-1" + what.encode() + body, "sha256")[:_MAC_BYTES]


def _letters_for(size: int) -> int:
    return (8 * size + 4) // 5


def _base32(data: bytes) -> str:
    count = _letters_for(len(data))
    number = int.from_bytes(data, "big") << (5 * count - 8 * len(data))
    return "".join(_LETTERS[number >> (5 * place) & 31] for place in reversed(range(count)))


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number << 5 | _VALUE[letter]
    return number


def _check(letters: str) -> str:
    remainder = _number(letters) % _CHECK_MODULUS
    return _LETTERS[remainder >> 5] + _LETTERS[remainder & 31]
