"""What a centre may change of a gateway's configuration, by the names of configs/edge.toml. All else is refused.

Not here, so that nobody can change it from afar: which gateway this is, whom it believes (`receipts`,
`broker.identity`, the keys of devices and of releases), where its files, devices and ports are. What is left out stays
as the home's own file says.
"""

import re
from typing import Annotated, Literal

import msgspec

Positive = Annotated[float, msgspec.Meta(gt=0, le=31_536_000)]
NotNegative = Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]
PhoneNumber = Annotated[str, msgspec.Meta(pattern=r"^\+[1-9][0-9]{4,14}$")]
_MAX_DEVICES = 200
_HOURS = r"^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$"
_RELEASE = re.compile(r"[0-9][0-9A-Za-z.+!-]{0,40}")


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A table of the file; None: as the file says."""


class BrokerPart(Part, frozen=True):
    url: Annotated[str, msgspec.Meta(max_length=300)] | None = None
    """Of the same scheme as before: who came by TLS is not led away from it."""


class OutboxPart(Part, frozen=True):
    keep_days: Positive | None = None
    keep_mb: Annotated[float, msgspec.Meta(ge=8, le=1_000_000)] | None = None
    kept_days: NotNegative | None = None


class UplinkPart(Part, frozen=True):
    batch_readings: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    linger_ms: NotNegative | None = None
    window_messages: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    resend_s: Positive | None = None
    status_s: Positive | None = None


class BluetoothPart(Part, frozen=True):
    rest_s: NotNegative | None = None
    silence_s: Positive | None = None
    connect_s: Positive | None = None
    session_s: Positive | None = None


class SmsPart(Part, frozen=True):
    numbers: Annotated[tuple[PhoneNumber, ...], msgspec.Meta(min_length=1, max_length=10)] | None = None
    """Who is told by text, the centre's modem first."""
    language: Literal["en", "zh"] | None = None
    next_number_s: Positive | None = None
    test_days: NotNegative | None = None


class AlarmPart(Part, frozen=True):
    resend_s: Positive | None = None
    no_answer_s: Positive | None = None
    same_press_s: NotNegative | None = None
    long_stay_still_min: NotNegative | None = None
    long_stay_min: NotNegative | None = None
    bathroom_still_min: NotNegative | None = None
    cancel_within_s: NotNegative | None = None
    drill_hours: Annotated[str, msgspec.Meta(pattern=_HOURS)] | None = None
    measure_again_hours: Annotated[str, msgspec.Meta(pattern=f"^$|{_HOURS}")] | None = None
    """Empty: the voice never asks to measure again."""
    voice: tuple[Literal["zh", "en"], ...] | None = None
    sms: SmsPart | None = None


class PowerPart(Part, frozen=True):
    lost_s: NotNegative | None = None
    battery_low_percent: Annotated[float, msgspec.Meta(ge=0, le=90)] | None = None


class DevicePart(Part, frozen=True):
    """Of one device, by its name."""

    poll_interval_s: Positive | None = None
    set_clock: bool | None = None
    heard_within_s: NotNegative | None = None
    canary: bool | None = None


class UpdatesPart(Part, frozen=True):
    release: Annotated[str, msgspec.Meta(max_length=41)] | None = None
    """The version of Doorstep that the gateway is to run; empty: the one that was installed by hand."""


class Wanted(Part, frozen=True):
    """All that may differ from the home's own file."""

    broker: BrokerPart | None = None
    outbox: OutboxPart | None = None
    uplink: UplinkPart | None = None
    bluetooth: BluetoothPart | None = None
    alarm: AlarmPart | None = None
    power: PowerPart | None = None
    updates: UpdatesPart | None = None
    device: Annotated[dict[str, DevicePart], msgspec.Meta(max_length=_MAX_DEVICES)] | None = None
    """By the device's name, as the registry and the file know it."""

    def __post_init__(self) -> None:
        release = None if self.updates is None else self.updates.release
        if release and not _RELEASE.fullmatch(release):
            raise ValueError("updates.release: expected a version such as 0.2.0")
