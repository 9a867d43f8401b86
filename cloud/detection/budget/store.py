"""All SQL of the budget. Each function works in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from cloud.db.names import ALERT, NOTIFY
from cloud.db.pool import Connection
from cloud.detection.budget.risk import Held, Said
from cloud.detection.model import Cause

_OF_TEAM = "elder_id IN (SELECT elder_id FROM elder JOIN home USING (home_id) WHERE region_id = %(team)s)"


def waiting_teams(connection: Connection) -> list[int]:
    """Communities whose nurses have alerts that wait."""
    rows = connection.execute(
        "SELECT DISTINCT region_id FROM alert JOIN elder USING (elder_id) JOIN home USING (home_id) "
        "WHERE held AND state = 'open' ORDER BY region_id"
    )
    return [int(team) for (team,) in rows]


def lock(connection: Connection, team: int) -> None:
    """One process at a time counts a team's week; until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('alert_budget'), %s)", (team,))


def patients(connection: Connection, team: int) -> int:
    row = connection.execute(
        "SELECT count(*) FROM elder JOIN home USING (home_id) WHERE region_id = %s", (team,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def sent(connection: Connection, team: int, since: datetime) -> int:
    """Alerts that the team was sent since then, urgent ones with them."""
    row = connection.execute(
        f"SELECT count(*) FROM alert WHERE NOT held AND coalesce(shown_at, raised_at) > %(since)s "  # noqa: S608 - ours
        f"AND cause = ANY(%(causes)s) AND {_OF_TEAM}",
        {"since": since, "team": team, "causes": sorted(Cause)},
    ).fetchone()
    return 0 if row is None else int(row[0])


def held(connection: Connection, team: int) -> list[Held]:
    """Those that nobody else is judging just now, locked: who judges them releases them."""
    rows = connection.execute(
        f"SELECT alert_id, cause, score, raised_at FROM alert WHERE held AND state = 'open' "  # noqa: S608 - ours
        f"AND cause = ANY(%(causes)s) AND {_OF_TEAM} ORDER BY alert_id FOR UPDATE SKIP LOCKED",
        {"team": team, "causes": sorted(Cause)},
    )
    return [Held(alert_id, Cause(cause), score, raised_at) for alert_id, cause, score, raised_at in rows]


def said(connection: Connection, team: int, since: datetime) -> dict[Cause, Said]:
    """What was said of the team's alerts since then."""
    rows = connection.execute(
        "SELECT cause, count(*) FILTER (WHERE verdict = 'right'), "  # noqa: S608 - all of it is ours
        "count(*) FILTER (WHERE verdict <> 'right') FROM alert "
        f"WHERE verdict_at > %(since)s AND cause = ANY(%(causes)s) AND {_OF_TEAM} GROUP BY cause",
        {"since": since, "team": team, "causes": sorted(Cause)},
    )
    return {Cause(cause): Said(right, wrong) for cause, right, wrong in rows}


def show(connection: Connection, alert_ids: Sequence[int], now: datetime) -> None:
    """They wait no longer; whoever makes visits is woken."""
    connection.execute(
        "UPDATE alert SET held = false, shown_at = %s WHERE alert_id = ANY(%s) AND held AND state = 'open'",
        (now, list(alert_ids)),
    )
    for alert_id in alert_ids:
        connection.execute(NOTIFY, (ALERT, str(alert_id)))
