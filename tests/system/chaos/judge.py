"""The ledger against the database: what was lost, what was doubled, which calls were shown and closed."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg

from tests.system.chaos.desk import Shown
from tests.system.chaos.ledger import CALL, Called, Handed, Ledger, Source

Connection = psycopg.Connection[tuple[Any, ...]]

_METERS = """
SELECT reading.gateway_id, device.name, device_time, value, count(*)
FROM reading JOIN device USING (device_id)
WHERE device_time IS NOT NULL AND metric = 'glucose'
GROUP BY reading.gateway_id, device.name, device_time, value
"""
_SENSORS = """
SELECT device.gateway_id, device.name, measured_at, value, count(*)
FROM reading JOIN device USING (device_id)
WHERE device_time IS NULL AND sequence IS NULL AND metric = 'humidity'
GROUP BY device.gateway_id, device.name, measured_at, value
"""
_DOUBLED = """
SELECT device.gateway_id, device.name, metric, coalesce(device_time, measured_at AT TIME ZONE 'UTC'), count(*)
FROM reading JOIN device USING (device_id)
GROUP BY 1, 2, 3, 4, sequence
HAVING count(*) > 1
"""
_ALARMS = """
SELECT alarm.alarm_id::text, alarm.state,
       (SELECT count(*) FROM alarm_event e WHERE e.alarm_id = alarm.alarm_id AND e.state = 'closed'),
       (SELECT count(*) FROM alarm_event e WHERE e.alarm_id = alarm.alarm_id AND e.told_home_at IS NULL)
FROM alarm
WHERE alarm.kind = %s
"""
_NEARLY = 0.5
"""mg/dL: a Bluetooth meter sends kg/L in a short float."""


@dataclass
class Verdict:
    handed_over: int = 0
    stored: int = 0
    """Of those handed over, exactly once in the database."""
    lost: list[tuple[str, float]] = field(default_factory=list)
    """What, and Unix seconds at which it was seen handed over."""
    doubled: list[str] = field(default_factory=list)
    alarms_pressed: int = 0
    alarms_shown_once: int = 0
    alarms_lost: list[tuple[str, float]] = field(default_factory=list)
    alarms_doubled: list[str] = field(default_factory=list)
    announced_again: int = 0
    """Alarms that came as new on one and the same page more than once."""
    dead_letters: int = 0
    gaps: list[str] = field(default_factory=list)
    """Outboxes of which the database does not have every number."""


def judge(
    connection: Connection, ledger: Ledger, shown: Mapping[str, Shown], left: Collection[int] = frozenset()
) -> Verdict:
    """`left` are the epochs of cloned cards that both have left: what was missing went under others."""
    verdict = Verdict()
    _judge_books(verdict, ledger.meters, connection.execute(_METERS).fetchall(), _nearly)
    _judge_books(verdict, ledger.sensors, connection.execute(_SENSORS).fetchall(), _exactly)
    for gateway, device, metric, at, count in connection.execute(_DOUBLED).fetchall():
        verdict.doubled.append(f"{gateway} {device} {metric} of {at}: {count} rows")
    _judge_alarms(verdict, connection, ledger, shown)
    (verdict.dead_letters,) = connection.execute("SELECT count(*) FROM dead_letter").fetchone() or (0,)
    for gateway, epoch, ranges in connection.execute(
        "SELECT gateway_id, epoch, stored::text FROM outbox_stream WHERE (SELECT count(*) FROM unnest(stored)) > 1"
    ).fetchall():
        if epoch not in left:
            verdict.gaps.append(f"{gateway} epoch {epoch}: {ranges}")
    return verdict


def _nearly(one: float, other: float) -> bool:
    return abs(one - other) < _NEARLY


def _exactly(one: float, other: float) -> bool:
    return one == other


def _judge_books(
    verdict: Verdict,
    books: Mapping[Source, Mapping[datetime, Handed]],
    rows: list[tuple[Any, ...]],
    same: Callable[[float, float], bool],
) -> None:
    found: dict[tuple[str, str, datetime], list[tuple[float, int]]] = {}
    for gateway, device, at, value, count in rows:
        found.setdefault((gateway, device, at), []).append((value, count))
    for (gateway, device), book in books.items():
        for at, handed in book.items():
            verdict.handed_over += 1
            there = [count for value, count in found.get((gateway, device, at), []) if same(value, handed.value)]
            if not there:
                verdict.lost.append((f"{gateway} {device} {handed.value:g} of {at}", handed.seen_at_s))
            elif sum(there) == 1:
                verdict.stored += 1


def _judge_alarms(verdict: Verdict, connection: Connection, ledger: Ledger, shown: Mapping[str, Shown]) -> None:
    rows = {row[0]: row[1:] for row in connection.execute(_ALARMS, (CALL,)).fetchall()}
    unknown = {alarm: Called(alarm, "", 0.0) for alarm in rows if alarm not in ledger.calls}
    for alarm, called in {**ledger.calls, **unknown}.items():
        verdict.alarms_pressed += 1
        state, closings, untold = rows.get(alarm, ("no row", 0, 0))
        seen = shown.get(alarm)
        what = f"{called.gateway} alarm {alarm}"
        if seen is None:
            verdict.alarms_lost.append((f"{what}: never shown, in the database {state}", called.at_s))
        elif state != "closed":
            verdict.alarms_lost.append((f"{what}: shown, in the database {state}", called.at_s))
        elif untold:
            verdict.alarms_lost.append((f"{what}: {untold} steps were never told to the home", called.at_s))
        elif closings > 1:
            verdict.alarms_doubled.append(f"{what}: closed {closings} times")
        else:
            verdict.alarms_shown_once += 1
        if seen is not None and any(times > 1 for times in Counter(seen.announced).values()):
            verdict.announced_again += 1
            verdict.alarms_doubled.append(f"{what}: came as new twice on one page")
    for gateway, at_s in ledger.never_heard:
        verdict.alarms_pressed += 1
        verdict.alarms_lost.append((f"{gateway}: a button was pressed again and again and nobody took it", at_s))
