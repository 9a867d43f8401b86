"""All SQL of detection. Each function works in the caller's transaction."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from cloud.db.names import ALERT, NOTIFY
from cloud.db.pool import Connection
from cloud.detection.budget.risk import may_wait
from cloud.detection.model import (
    OWN_NORMAL,
    Baseline,
    Cause,
    ClosedEpisode,
    Episode,
    Observation,
    Priority,
    Reason,
)
from protocols.reading import Flag, Meal, Metric


@dataclass(frozen=True)
class DueElder:
    elder_id: int
    time_zone: str
    """IANA name of the home's zone."""
    team: int
    """The home's community, whose nurses are sent."""
    events_only: bool = False
    """Sensors of the home told something, and nothing was measured."""


def claim(connection: Connection) -> DueElder | None:
    """The elder who has waited longest, held until the transaction ends; None where nobody waits or all are held."""
    row = connection.execute(
        "SELECT due.elder_id, home.time_zone, home.region_id, due.events_only FROM detection_due AS due "
        "JOIN elder USING (elder_id) JOIN home USING (home_id) "
        "ORDER BY due.asked_at LIMIT 1 FOR UPDATE OF due SKIP LOCKED"
    ).fetchone()
    if row is None:
        return None
    # Who goes the round at the same elder holds this row too, and alerts after it: whoever comes second waits here.
    connection.execute("SELECT FROM detection_timer WHERE elder_id = %s FOR UPDATE", (row[0],))
    return DueElder(*row)


def claim_round(connection: Connection, now: datetime) -> DueElder | None:
    """The elder whose round is over for longest, held until the transaction ends; None where it is nobody's turn."""
    row = connection.execute(
        "SELECT timer.elder_id, home.time_zone, home.region_id FROM detection_timer AS timer "
        "JOIN elder USING (elder_id) JOIN home USING (home_id) WHERE timer.round_at <= %s "
        "ORDER BY timer.round_at LIMIT 1 FOR UPDATE OF timer SKIP LOCKED",
        (now,),
    ).fetchone()
    return None if row is None else DueElder(*row)


def set_round(connection: Connection, elder_id: int, round_at: datetime | None) -> None:
    """When weeks of the elder are looked at next; None: not before there is news."""
    connection.execute("UPDATE detection_timer SET round_at = %s WHERE elder_id = %s", (round_at, elder_id))


def forget(connection: Connection, elder_id: int) -> None:
    """The claimed elder has been looked at."""
    connection.execute("DELETE FROM detection_due WHERE elder_id = %s", (elder_id,))


def put_back(connection: Connection, elder_id: int, now: datetime) -> None:
    """The elder waits behind all others."""
    connection.execute("UPDATE detection_due SET asked_at = %s WHERE elder_id = %s", (now, elder_id))


def wake(connection: Connection, now: datetime) -> int:
    """Whoever's timer is over waits to be looked at; gives how many."""
    return connection.execute(
        "WITH over AS (SELECT elder_id, look_at FROM detection_timer WHERE look_at <= %(now)s "
        "ORDER BY look_at FOR UPDATE SKIP LOCKED), "
        "taken AS (UPDATE detection_timer SET look_at = NULL WHERE elder_id IN (SELECT elder_id FROM over)) "
        "INSERT INTO detection_due (elder_id, since, asked_at) SELECT elder_id, look_at, %(now)s FROM over "
        "ON CONFLICT (elder_id) DO UPDATE SET since = least(detection_due.since, EXCLUDED.since), events_only = false",
        {"now": now},
    ).rowcount


def set_timer(connection: Connection, elder_id: int, look_at: datetime | None, now: datetime) -> None:
    """When to look at the elder although nothing arrives; None: not. Who never had a round has one from `now` on."""
    connection.execute(
        "INSERT INTO detection_timer (elder_id, look_at, round_at) VALUES (%s, %s, %s) ON CONFLICT (elder_id) "
        "DO UPDATE SET look_at = EXCLUDED.look_at, round_at = coalesce(detection_timer.round_at, EXCLUDED.round_at)",
        (elder_id, look_at, now),
    )


def hasten_timer(connection: Connection, elder_id: int, look_at: datetime | None, now: datetime) -> None:
    """The same, where what waits already goes on waiting: the earlier moment holds."""
    connection.execute(
        "INSERT INTO detection_timer (elder_id, look_at, round_at) VALUES (%s, %s, %s) ON CONFLICT (elder_id) "
        "DO UPDATE SET look_at = least(detection_timer.look_at, EXCLUDED.look_at), "
        "round_at = coalesce(detection_timer.round_at, EXCLUDED.round_at)",
        (elder_id, look_at, now),
    )


def next_timer(connection: Connection) -> datetime | None:
    """When the next timer, or round, is over."""
    row = connection.execute("SELECT least(min(look_at), min(round_at)) FROM detection_timer").fetchone()
    return None if row is None else row[0]


def waiting(connection: Connection) -> int:
    """How many elders are due."""
    row = connection.execute("SELECT count(*) FROM detection_due").fetchone()
    return 0 if row is None else int(row[0])


def observations(
    connection: Connection, elder_id: int, metrics: Collection[Metric], since: datetime
) -> list[Observation]:
    """What is filed to the elder. Where a person said that it is theirs, it arrived when they said so."""
    rows = connection.execute(
        "SELECT metric, value, measured_at, COALESCE((SELECT max(ruled_at) FROM ruling "
        "WHERE reading.wearer_why = 'said' AND ruling.device_id = reading.device_id "
        "AND ruling.record_key = reading.record_key), stored_at), flags, meal FROM reading "
        "WHERE elder_id = %s AND metric = ANY(%s) AND measured_at >= %s",
        (elder_id, sorted(metrics), since),
    )
    known, meals = frozenset(Flag), frozenset(Meal)
    return [
        Observation(
            Metric(metric),
            value,
            measured_at,
            stored_at,
            frozenset(Flag(one) for one in flags if one in known),
            Meal(meal) if meal in meals else None,
        )
        for metric, value, measured_at, stored_at, flags, meal in rows
    ]


def open_episodes(connection: Connection, elder_id: int) -> dict[Cause, Episode]:
    """The elder's open alerts, locked, so that no report closes one while it is being judged."""
    rows = connection.execute(
        "SELECT alert_id, cause, priority, reasons, raised_at, evidence_from, evidence_to, told_at, score FROM alert "
        "WHERE elder_id = %s AND state = 'open' AND cause = ANY(%s) ORDER BY alert_id FOR UPDATE",
        (elder_id, sorted(Cause)),
    )
    return {
        Cause(cause): Episode(
            cause=Cause(cause),
            priority=Priority(priority),
            reasons=_reasons(reasons),
            raised_at=raised_at,
            evidence_from=evidence_from,
            evidence_to=evidence_to,
            told_at=told_at,
            score=score,
            alert_id=alert_id,
        )
        for alert_id, cause, priority, reasons, raised_at, evidence_from, evidence_to, told_at, score in rows
    }


def closed_episodes(connection: Connection, elder_id: int, since: datetime) -> dict[Cause, list[ClosedEpisode]]:
    rows = connection.execute(
        "SELECT cause, evidence_to, coalesce(seen_through, raised_at), closed_at, reasons, cleared FROM alert "
        "WHERE elder_id = %s AND state = 'closed' AND closed_at >= %s AND cause = ANY(%s)",
        (elder_id, since, sorted(Cause)),
    )
    closed: dict[Cause, list[ClosedEpisode]] = {}
    for cause, evidence_to, seen_through, closed_at, reasons, cleared in rows:
        rules = frozenset(str(reason.get("rule")) for reason in reasons)
        closed.setdefault(Cause(cause), []).append(
            ClosedEpisode(evidence_to, seen_through, closed_at, rules, cleared=cleared)
        )
    return closed


def false_verdicts(connection: Connection, elder_id: int, since: datetime) -> dict[Metric, int]:
    """How often a nurse called an own-normal alert of each metric false since then."""
    rows = connection.execute(
        "SELECT reason->>'metric', count(DISTINCT alert_id) FROM alert, jsonb_array_elements(reasons) AS reason "
        "WHERE elder_id = %s AND verdict = 'false' AND verdict_at >= %s AND reason->>'rule' = %s GROUP BY 1",
        (elder_id, since, OWN_NORMAL),
    )
    known = frozenset(Metric)
    return {Metric(metric): count for metric, count in rows if metric in known}


def open_alert(connection: Connection, elder_id: int, episode: Episode, raised_at: datetime) -> int:
    row = connection.execute(
        "INSERT INTO alert (elder_id, cause, priority, reasons, raised_at, evidence_from, evidence_to, score, held) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING alert_id",
        (
            elder_id,
            episode.cause,
            episode.priority,
            _json(episode.reasons),
            raised_at,
            episode.evidence_from,
            episode.evidence_to,
            episode.score,
            may_wait(episode),
        ),
    ).fetchone()
    if row is None:
        raise AssertionError("INSERT ... RETURNING gave no row")
    _notify(connection, row[0])
    return int(row[0])


def extend_alert(connection: Connection, alert_id: int, episode: Episode, told_at: datetime | None) -> None:
    """More evidence; with `told_at` it is told again."""
    connection.execute(
        "UPDATE alert SET priority = %(priority)s, reasons = %(reasons)s, evidence_from = %(from)s, "
        "evidence_to = %(to)s, score = %(score)s, told_at = coalesce(%(told_at)s, told_at), "
        "times_told = times_told + (%(told_at)s::timestamptz IS NOT NULL)::integer, held = held AND %(may_wait)s, "
        "shown_at = CASE WHEN held AND NOT %(may_wait)s THEN %(told_at)s ELSE shown_at END "
        "WHERE alert_id = %(alert_id)s AND state = 'open'",
        {
            "priority": episode.priority,
            "reasons": _json(episode.reasons),
            "from": episode.evidence_from,
            "to": episode.evidence_to,
            "score": episode.score,
            "told_at": told_at,
            "may_wait": may_wait(episode),
            "alert_id": alert_id,
        },
    )
    _notify(connection, alert_id)


def clear_alert(connection: Connection, alert_id: int, now: datetime) -> None:
    """Closes an episode whose evidence is gone: without a verdict, since nobody gave one."""
    connection.execute(
        "UPDATE alert SET state = 'closed', closed_at = %s, cleared = true WHERE alert_id = %s AND state = 'open'",
        (now, alert_id),
    )
    _notify(connection, alert_id)


def note_seen(connection: Connection, elder_id: int, causes: Collection[Cause], newest: datetime) -> None:
    """The open alerts of these causes were judged with all before us that had arrived by `newest`."""
    connection.execute(
        "UPDATE alert SET seen_through = greatest(seen_through, %s) "
        "WHERE elder_id = %s AND state = 'open' AND cause = ANY(%s)",
        (newest, elder_id, sorted(causes)),
    )


def keep_baselines(
    connection: Connection, elder_id: int, bands: Mapping[Metric, Baseline], computed_at: datetime
) -> None:
    for band in bands.values():
        connection.execute(
            "INSERT INTO baseline (elder_id, metric, centre, low, high, count, computed_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (elder_id, metric) DO UPDATE SET centre = excluded.centre, low = excluded.low, "
            "high = excluded.high, count = excluded.count, computed_at = excluded.computed_at",
            (elder_id, band.metric, band.centre, band.low, band.high, band.count, computed_at),
        )


def _json(reasons: Iterable[Reason]) -> Jsonb:
    return Jsonb(msgspec.to_builtins(list(reasons)))


def _reasons(value: Any) -> tuple[Reason, ...]:
    return msgspec.convert(value, tuple[Reason, ...])


def _notify(connection: Connection, alert_id: int) -> None:
    connection.execute(NOTIFY, (ALERT, str(alert_id)))
