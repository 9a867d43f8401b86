"""Messages of contract version 1, and their one way to bytes and back.

Unknown fields are ignored, so that a newer gateway can talk to an older centre; missing or ill-typed ones are refused.
"""

from datetime import MAXYEAR, datetime
from typing import TypeVar

import msgspec

from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.errors import DecodeError
from protocols.reading import Reading
from protocols.telemetry.measuring_again import MAX_ASKED, MAX_WHY, Asked, MeasureAgainMessage
from protocols.telemetry.worth import Worth

MAX_READINGS = 1000
MAX_GIVEN_UP_RANGES = 1000
MAX_MESSAGE_BYTES = 1_048_576
_LINK_BYTES = 32


class ReadingsMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A run of readings as they lie in one gateway's outbox.

    Reading i has the sequence number `first + i`. (gateway, epoch, number) names a place in one outbox for ever:
    a new outbox (a replaced card) draws a new `epoch`. `gateway` is not in the message: it is the topic's.
    """

    epoch: int
    """Random 63-bit number drawn when the outbox file was made."""
    first: int
    """Sequence number of `readings[0]`; numbering starts at 1. Without readings it says nothing."""
    sent_at: datetime
    readings: tuple[Reading, ...]
    given_up: tuple[tuple[int, int], ...] = ()
    """Closed ranges of numbers whose readings the gateway deleted undelivered, because its outbox was full. A message
    may hold only these. Receipts count them as stored: nobody is to wait for them."""
    chain_before: bytes = b""
    """The running hash over all readings with numbers below `first` (protocols.telemetry.chain); 32 bytes. Empty from
    gateways that do not know it, and without readings."""
    chain_after: bytes = b""
    """The same with these readings too."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the database holds of one outbox: all numbers up to `through`, and the closed ranges in `beyond`."""

    epoch: int
    through: int
    beyond: tuple[tuple[int, int], ...] = ()
    store: int = 0
    """Which database says so: grows each time an older copy of it was restored. 0 from centres that do not count it."""
    key: bytes = b""
    """Ed25519 public key of the centre, 32 bytes; empty from centres that do not sign."""
    signature: bytes = b""
    """By `key`, as protocols.telemetry.signed_receipt says; 64 bytes."""
    way: tuple[bytes, ...] = ()
    """To the root of the hash tree that was signed, from this receipt's leaf on; 33 bytes a step."""
    links: tuple[tuple[int, bytes], ...] = ()
    """Numbers, and the running hash over all up to each as the database has it (protocols.telemetry.chain; 32 bytes).
    An outbox whose own hash is another one was copied: these numbers are the other gateway's. Where any are named, a
    range says of readings above the highest in it nothing. Empty from centres that name none."""
    given_up: tuple[tuple[int, int], ...] = ()
    """Closed ranges within those above of which no reading ever came: it was told that they were given up. An outbox
    that has some of them nevertheless, because its card was copied before, sends them. The highest where there are
    many; empty from centres that name none."""


class AlarmMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A person calls, or the home tells of a technical trouble. Sent again until the centre answers; `alarm` makes all
    copies one."""

    alarm: str
    """UUID drawn by the gateway at the press."""
    kind: AlarmKind
    device: str
    raised_at: datetime
    attempt: int = 1
    cancelled: bool = False
    """The elder took it back; a technical trouble is over. Sent again until the centre says `cancelled` too."""
    test: bool = False
    kept: bool = True
    """False: the gateway's disk takes nothing, so a power cut there forgets this call."""


class AlarmStateMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the centre truly did with an alarm; the home says nothing that did not come from here."""

    alarm: str
    state: AlarmState
    at: datetime
    by: str | None = None
    """Name of the person, as the elder may hear it."""
    minutes: int | None = None
    """With ON_THE_WAY: until somebody is at the door."""
    cancelled: bool = False
    """The centre knows that the home took it back."""


class ConfigurationMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What the centre changes in a gateway's configuration, signed; the newest stays with the broker."""

    text: str
    """JSON of protocols.remote.signed.HomeConfiguration, character by character what was signed."""
    key: bytes
    """Ed25519 public key of the centre, 32 bytes."""
    signature: bytes
    """By `key`, as protocols.remote.signed says; 64 bytes."""


class ConfigurationRefused(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration that this gateway did not take, or took back; the one before stays in force."""

    version: int
    why: str


class DeviceStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    device: str
    heard_at: datetime | None = None
    rssi_dbm: int | None = None
    battery_percent: float | None = None
    trouble: str | None = None


class RadioStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the gateway heard with its Bluetooth radio, and did to it."""

    heard_at: datetime | None = None
    """When anything at all was heard last."""
    power_cycles: int = 0
    """Since the gateway started: the adapter switched off and on because no canary was heard."""
    last_power_cycle_at: datetime | None = None
    trouble: str | None = None


class PowerStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the gateway lives on."""

    mains: bool
    """False: on its battery."""
    battery_percent: float | None = None
    since: datetime | None = None
    """When the mains came or went, as far as this gateway has seen it."""


class DrillStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The daily drill, as the home has seen it."""

    answered_at: datetime | None = None
    """When the centre last answered to one."""
    by: str = ""
    """The device whose frame it walked in on; empty: one that the gateway put in at its receiver."""
    failed_at: datetime | None = None
    """When one was not answered in time, if none was answered since."""


class GivenUp(msgspec.Struct, frozen=True, kw_only=True):
    """Readings that an outbox deleted undelivered, because it was full; counted since the outbox was made."""

    worth: Worth
    readings: int
    since: datetime
    """When the first was given up."""
    last_at: datetime


class StatusMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Heartbeat. `online=False` is the broker's last will, or a farewell with its `reason`."""

    online: bool
    at: datetime
    reason: str | None = None
    version: str = ""
    epoch: int = 0
    backlog_rows: int = 0
    backlog_bytes: int = 0
    oldest_backlog_at: datetime | None = None
    readings_taken: int = 0
    """Readings ever written to this outbox."""
    store: int = 0
    """`Receipt.store` of the newest receipt that was taken; another database answers with a receipt of its own."""
    session: int = 0
    """Counts the connections of this outbox (`epoch`) to the broker: of two statuses the later session's is the news. 0
    from gateways that do not count."""
    sequence: int = 0
    """Counts the statuses within a session; the session's last will comes after all of them."""
    run: int = 0
    """Random 63-bit number drawn when the gateway's program started: two that take turns are two gateways under one
    name. 0 from gateways that draw none."""
    receipts_refused: int = 0
    """Receipts whose signature was not the centre's, since the gateway started."""
    config_version: int = 0
    """Of the centre's configuration that is in force; 0: the home's own file alone."""
    config_refused: ConfigurationRefused | None = None
    """The last that was refused, until another is taken."""
    given_up: tuple[GivenUp, ...] = ()
    devices: tuple[DeviceStatus, ...] = ()
    radio: RadioStatus | None = None
    """None where the gateway has no Bluetooth device to hear."""
    power: PowerStatus | None = None
    """None where nothing tells the gateway of its power."""
    drill: DrillStatus | None = None
    """None where nothing in the home calls for help."""
    asked: tuple[Asked, ...] = ()
    """What became of the last requests to measure again."""


Message = (
    ReadingsMessage
    | Receipt
    | AlarmMessage
    | AlarmStateMessage
    | ConfigurationMessage
    | MeasureAgainMessage
    | StatusMessage
)
M = TypeVar(
    "M",
    ReadingsMessage,
    Receipt,
    AlarmMessage,
    AlarmStateMessage,
    ConfigurationMessage,
    MeasureAgainMessage,
    StatusMessage,
)

_encoder = msgspec.json.Encoder()
_decoders: dict[type, msgspec.json.Decoder[Message]] = {
    kind: msgspec.json.Decoder(kind)
    for kind in (
        ReadingsMessage,
        Receipt,
        AlarmMessage,
        AlarmStateMessage,
        ConfigurationMessage,
        MeasureAgainMessage,
        StatusMessage,
    )
}


def encode(message: Message) -> bytes:
    return _encoder.encode(message)


def decode(kind: type[M], data: bytes) -> M:
    """`data` as a message of `kind`.

    Raises DecodeError that says which field was wrong; a naive time is refused, since its zone would be a guess. What
    an alarm or a status says of time is from 1970 to 9998: no clock shows another year, and not every zone can.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise DecodeError(
            f"message of {len(data)} bytes, at most {MAX_MESSAGE_BYTES} are allowed", offset=MAX_MESSAGE_BYTES
        )
    try:
        message = _decoders[kind].decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:  # ValidationError is a DecodeError
        raise DecodeError(f"not a {kind.__name__}: {error}", offset=0) from error
    except RecursionError as error:  # brackets within brackets, which even an unknown field may hold
        raise DecodeError(f"not a {kind.__name__}: nested too deeply", offset=0) from error
    assert isinstance(message, kind)  # noqa: S101 - what the decoder of this very type returned
    _check(message)
    return message


def _check(message: Message) -> None:
    if isinstance(message, ReadingsMessage):
        _check_readings(message)
    elif isinstance(message, Receipt):
        _need_numbers(message, "store")
        if any(not 0 <= number < 2**63 or len(link) != _LINK_BYTES for number, link in message.links):
            raise DecodeError(f"links: a number and {_LINK_BYTES} bytes each are expected", offset=0)
        _check_given_up(message.given_up)
    elif isinstance(message, AlarmMessage):
        _need_instant(message.raised_at, "raised_at")
    elif isinstance(message, MeasureAgainMessage):
        _need_instant(message.until, "until")
        _need_numbers(message, "ask")
        if len(message.why) > MAX_WHY:
            raise DecodeError(f"why has {len(message.why)} characters, at most {MAX_WHY} are allowed", offset=0)
    elif isinstance(message, StatusMessage):
        _check_status(message)


def _check_status(message: StatusMessage) -> None:
    _need_instant(message.at, "at")
    _need_numbers(message, "epoch", "store", "session", "sequence", "run", "config_version")
    if message.oldest_backlog_at is not None:
        _need_instant(message.oldest_backlog_at, "oldest_backlog_at")
    for field, at in (
        ("power.since", None if message.power is None else message.power.since),
        ("drill.answered_at", None if message.drill is None else message.drill.answered_at),
        ("drill.failed_at", None if message.drill is None else message.drill.failed_at),
    ):
        if at is not None:
            _need_instant(at, field)
    for place, device in enumerate(message.devices):
        if device.heard_at is not None:
            _need_instant(device.heard_at, f"devices[{place}].heard_at")
    if len(message.asked) > MAX_ASKED or any(not 0 <= asked.ask < 2**63 for asked in message.asked):
        raise DecodeError(f"asked: at most {MAX_ASKED} numbers from 0 to 2**63 - 1 are expected", offset=0)
    for place, asked in enumerate(message.asked):
        _need_instant(asked.at, f"asked[{place}].at")
    for place, given_up in enumerate(message.given_up):
        _need_instant(given_up.since, f"given_up[{place}].since")
        _need_instant(given_up.last_at, f"given_up[{place}].last_at")


def _check_readings(message: ReadingsMessage) -> None:
    if not (message.given_up or message.readings) or len(message.readings) > MAX_READINGS:
        raise DecodeError(f"{len(message.readings)} readings in a message, expected 1 to {MAX_READINGS}", offset=0)
    if message.first < 1 or message.epoch < 0 or message.first > 2**62 or message.epoch >= 2**63:
        raise DecodeError(f"sequence number {message.first} or epoch {message.epoch} out of range", offset=0)
    _check_given_up(message.given_up)
    links = {len(message.chain_before), len(message.chain_after)}
    if links not in ({0}, {_LINK_BYTES}):
        raise DecodeError(f"chain_before and chain_after have 0 or {_LINK_BYTES} bytes each, both the same", offset=0)
    for place, reading in enumerate(message.readings):
        if reading.measured_at.tzinfo is None or reading.received_at.tzinfo is None:  # a name costs more than the look
            _need_zone(reading.measured_at, f"readings[{place}].measured_at")
            _need_zone(reading.received_at, f"readings[{place}].received_at")
        if reading.device_time is not None and reading.device_time.tzinfo is not None:
            raise DecodeError(f"readings[{place}].device_time has a zone; a meter's clock has none", offset=0)


def _check_given_up(ranges: tuple[tuple[int, int], ...]) -> None:
    if len(ranges) > MAX_GIVEN_UP_RANGES:
        raise DecodeError(f"{len(ranges)} ranges given up, at most {MAX_GIVEN_UP_RANGES} are allowed", offset=0)
    for place, (first, last) in enumerate(ranges):
        if not 1 <= first <= last <= 2**62:
            raise DecodeError(f"given_up[{place}]: {first} to {last} is no range of sequence numbers", offset=0)


def _need_numbers(message: Message, *fields: str) -> None:
    for field in fields:
        if not 0 <= getattr(message, field) < 2**63:
            raise DecodeError(f"{field} is not from 0 to 2**63 - 1", offset=0)


def _need_zone(at: datetime, field: str) -> None:
    if at.tzinfo is None:
        raise DecodeError(f"{field} has no zone; times on the wire are UTC", offset=0)


def _need_instant(at: datetime, field: str) -> None:
    _need_zone(at, field)
    if not 1970 <= at.year < MAXYEAR:
        raise DecodeError(f"{field} lies in the year {at.year}; is a clock unset?", offset=0)
