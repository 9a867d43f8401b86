"""What is broken when, from a seed alone: the same seed and length give the same plan on every machine."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Kind(StrEnum):
    """A way to break it."""

    GATEWAY_KILLED = "gateway_killed"
    ALARM_CHILD_KILLED = "alarm_child_killed"
    BROKER_KILLED = "broker_killed"
    BROKER_STORE_WIPED = "broker_store_wiped"
    INGEST_KILLED = "ingest_killed"
    SECOND_INGEST_KILLED = "second_ingest_killed"
    DETECT_KILLED = "detect_killed"
    VISITS_KILLED = "visits_killed"
    ALARMS_KILLED = "alarms_killed"
    WEB_KILLED = "web_killed"
    DATABASE_KILLED = "database_killed"
    DATABASE_BACKEND_KILLED = "database_backend_killed"
    CENTRE_KILLED = "centre_killed"
    CENTRE_CLOCK_JUMPED = "centre_clock_jumped"
    LINK_CUT = "link_cut"
    LINK_DELAYED = "link_delayed"
    LINK_STALLED = "link_stalled"
    LINK_THROTTLED = "link_throttled"
    LINK_HALF_OPEN = "link_half_open"
    LINK_LOSSY = "link_lossy"
    OUTBOX_DISK_FULL = "outbox_disk_full"
    DATABASE_DISK_FULL = "database_disk_full"
    GATEWAY_CLOCK_JUMPED = "gateway_clock_jumped"
    DUPLICATE_GATEWAY = "duplicate_gateway"
    CLONED_CARD = "cloned_card"
    OUTAGE_72H = "outage_72h"
    DAYLIGHT_SAVING_LEAP = "daylight_saving_leap"


ORDINARY, FAR, LEAPING, BACKLOG = "gw-chaos-1", "gw-chaos-2", "gw-chaos-3", "gw-chaos-4"
"""An ordinary home; one on a fast time line, whose outage lasts 72 h; one whose clocks are changed; a full outbox."""
GATEWAYS = (ORDINARY, FAR, LEAPING, BACKLOG)
HOMES = (ORDINARY, FAR, LEAPING)
"""Those with meters and a button."""

OUTAGE_H = 72.0
JUMP_S = 7200.0


@dataclass(frozen=True)
class Way:
    """How one kind is drawn."""

    targets: tuple[str, ...] = ("",)
    """A gateway, or nothing where there is one of it."""
    lasts_s: tuple[float, float] = (0.0, 0.0)
    """Shortest and longest; 0: an instant."""
    amounts: tuple[float, ...] = (0.0,)
    """Seconds, a fraction or bytes a second, whichever the kind has."""


WAYS: dict[Kind, Way] = {
    Kind.GATEWAY_KILLED: Way(GATEWAYS),
    Kind.ALARM_CHILD_KILLED: Way(HOMES),
    Kind.BROKER_KILLED: Way(),
    Kind.BROKER_STORE_WIPED: Way(),
    Kind.INGEST_KILLED: Way(),
    Kind.SECOND_INGEST_KILLED: Way(),
    Kind.DETECT_KILLED: Way(),
    Kind.VISITS_KILLED: Way(),
    Kind.ALARMS_KILLED: Way(),
    Kind.WEB_KILLED: Way(),
    Kind.DATABASE_KILLED: Way(),
    Kind.DATABASE_BACKEND_KILLED: Way(),
    Kind.CENTRE_KILLED: Way(),
    Kind.CENTRE_CLOCK_JUMPED: Way(amounts=(JUMP_S, -JUMP_S)),
    Kind.LINK_CUT: Way((ORDINARY, LEAPING, BACKLOG), (3, 12)),
    Kind.LINK_DELAYED: Way((ORDINARY, LEAPING, BACKLOG), (5, 12), (0.2, 0.8)),
    Kind.LINK_STALLED: Way((ORDINARY, LEAPING, BACKLOG), (3, 10)),
    Kind.LINK_THROTTLED: Way((LEAPING, BACKLOG), (5, 12), (2_000.0, 10_000.0)),
    Kind.LINK_HALF_OPEN: Way((ORDINARY, LEAPING, BACKLOG), (3, 8)),
    Kind.LINK_LOSSY: Way((ORDINARY,), (6, 14), (0.1, 0.25)),
    Kind.OUTBOX_DISK_FULL: Way((ORDINARY,), (4, 10)),
    Kind.DATABASE_DISK_FULL: Way(lasts_s=(4, 10)),
    Kind.GATEWAY_CLOCK_JUMPED: Way((ORDINARY,), amounts=(JUMP_S, -JUMP_S)),
    Kind.DUPLICATE_GATEWAY: Way((ORDINARY, BACKLOG), (10, 20)),
    Kind.CLONED_CARD: Way((ORDINARY, BACKLOG), (10, 20)),
}
"""All but the two that happen once in every run."""

_MEAN_GAP_S = 4.0
_EXCLUDES = (
    {Kind.CENTRE_KILLED, Kind.CENTRE_CLOCK_JUMPED, Kind.DATABASE_DISK_FULL},
    {Kind.LINK_CUT, Kind.LINK_DELAYED, Kind.LINK_STALLED, Kind.LINK_THROTTLED, Kind.LINK_HALF_OPEN, Kind.LINK_LOSSY},
)
"""Of each set one at a time (links: a gateway); else one would undo the other."""
_APART_S = 8.0
QUIET_START_S, QUIET_END_S = 3.0, 6.0


@dataclass(frozen=True)
class Break:
    at_s: float
    """From the beginning of the breaking."""
    kind: Kind
    target: str = ""
    lasts_s: float = 0.0
    amount: float = 0.0


@dataclass(frozen=True)
class Measurement:
    at_s: float
    gateway: str
    glucose_mg_dl: int
    bluetooth: bool


@dataclass(frozen=True)
class ButtonPress:
    at_s: float
    gateway: str


@dataclass(frozen=True)
class Plan:
    seed: int
    length_s: float
    outage_speed: float
    """How many times as fast the far home lives, so that its outage is 72 h long."""
    breaks: tuple[Break, ...]
    measurements: tuple[Measurement, ...]
    presses: tuple[ButtonPress, ...]


def create_plan(seed: int, length_s: float) -> Plan:
    """`length_s` is that of the breaking; starting, settling and judging come on top. Raises ValueError below 20 s."""
    if length_s < 20:
        raise ValueError(f"{length_s:g} s are too short to break anything in; at least 20")
    random = Random(seed)
    outage_s = min(90.0, length_s * 0.3)
    outage_at_s = random.uniform(QUIET_START_S, length_s - outage_s - QUIET_END_S)
    once = [
        Break(outage_at_s, Kind.OUTAGE_72H, FAR, outage_s),
        Break(length_s / 2, Kind.DAYLIGHT_SAVING_LEAP, LEAPING),
    ]
    breaks = _draw_breaks(Random(random.random()), length_s)
    return Plan(
        seed=seed,
        length_s=length_s,
        outage_speed=OUTAGE_H * 3600 / outage_s,
        breaks=tuple(sorted([*once, *breaks], key=lambda item: item.at_s)),
        measurements=_draw_measurements(Random(random.random()), length_s),
        presses=_draw_presses(Random(random.random()), length_s),
    )


def _draw_breaks(random: Random, length_s: float) -> list[Break]:
    """Kinds come from a shuffled deck, dealt again when it is empty: in a long run all come about equally often."""
    drawn: list[Break] = []
    deck: list[Kind] = []
    at_s = QUIET_START_S
    while True:
        at_s += random.uniform(0.2, 2 * _MEAN_GAP_S)
        if at_s > length_s - QUIET_END_S:
            return drawn
        if not deck:
            deck = list(WAYS)
            random.shuffle(deck)
        way = WAYS[deck[-1]]
        one = Break(
            round(at_s, 3),
            deck.pop(),
            random.choice(way.targets),
            round(min(random.uniform(*way.lasts_s), length_s - QUIET_END_S / 2 - at_s), 3),
            random.choice(way.amounts),
        )
        if any(_in_each_others_way(one, earlier) for earlier in drawn):
            deck.insert(0, one.kind)
        else:
            drawn.append(one)


def _in_each_others_way(one: Break, earlier: Break) -> bool:
    if one.at_s > earlier.at_s + earlier.lasts_s + _APART_S or one.target != earlier.target:
        return False
    return any(one.kind in kinds and earlier.kind in kinds for kinds in _EXCLUDES)


def _draw_measurements(random: Random, length_s: float) -> tuple[Measurement, ...]:
    """At most one a second and meter: a meter without record numbers has one record for two of the same second."""
    drawn = []
    for gateway in HOMES:
        for bluetooth in (False, True) if gateway == ORDINARY else (False,):
            at_s = 0.0
            while (at_s := at_s + random.uniform(1.1, 2.5)) < length_s:
                drawn.append(Measurement(round(at_s, 3), gateway, random.randrange(70, 300), bluetooth))
    return tuple(sorted(drawn, key=lambda item: item.at_s))


def _draw_presses(random: Random, length_s: float) -> tuple[ButtonPress, ...]:
    drawn = []
    for gateway in HOMES:
        at_s = 0.0
        while (at_s := at_s + random.uniform(6.0, 16.0)) < length_s:
            drawn.append(ButtonPress(round(at_s, 3), gateway))
    return tuple(sorted(drawn, key=lambda item: item.at_s))
