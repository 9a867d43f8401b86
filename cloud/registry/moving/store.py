"""All SQL of a move. docs/decisions/0023-the-record-moves-with-the-elder.md"""

from datetime import datetime
from typing import Any

import psycopg

from cloud.errors import Conflict, NotFound

Connection = psycopg.Connection[tuple[Any, ...]]

_GIVEN = ("assigned", "accepted", "travelling", "at_the_door", "no_answer")
"""States of visits that somebody has in hand."""
_OVER = ("filed", "assessed", "closed", "cancelled")


def move(
    connection: Connection, elder_id: int, home_code: str, *, why: str, staff_id: int | None, now: datetime
) -> None:
    """The elder lives in the home `home_code` from `now` on, and whoever sees that home sees their whole record.

    What they wore of the old home's devices ends, so that these measure for them no more; visits that nobody has yet go
    to the new home's team. Raises NotFound; Conflict where they live there already, where somebody of the old team has
    a visit in hand, and where a call for help is open: those are finished or given back first.
    """
    with connection.transaction():
        row = connection.execute(
            "SELECT e.home_id, h.region_id FROM elder e JOIN home h USING (home_id) WHERE e.elder_id = %s "
            "FOR UPDATE OF e",
            (elder_id,),
        ).fetchone()
        there = connection.execute("SELECT home_id, region_id FROM home WHERE code = %s", (home_code,)).fetchone()
        if row is None or there is None:
            raise NotFound(f"There is no elder {elder_id}, or no home {home_code!r}.")
        (home_id, region_id), (to_home_id, to_region_id) = row, there
        if home_id == to_home_id:
            raise Conflict("They live there already.")
        _check(connection, elder_id, leaves_team=region_id != to_region_id)
        connection.execute(
            "DELETE FROM route_stop WHERE visit_id IN "
            "(SELECT visit_id FROM visit WHERE elder_id = %s AND state <> ALL (%s))",
            (elder_id, list(_OVER)),
        )
        connection.execute(
            "UPDATE visit SET pinned_to = NULL, pinned_at = NULL WHERE elder_id = %s AND state <> ALL (%s) "
            "AND pinned_to IS NOT NULL",
            (elder_id, list(_OVER)),
        )
        _end_wearings(connection, elder_id, home_id, now)
        connection.execute("UPDATE elder SET home_id = %s WHERE elder_id = %s", (to_home_id, elder_id))
        connection.execute(
            "INSERT INTO elder_move (elder_id, from_home_id, to_home_id, from_region_id, to_region_id, why, staff_id, "
            "moved_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (elder_id, home_id, to_home_id, region_id, to_region_id, why, staff_id, now),
        )


def _check(connection: Connection, elder_id: int, *, leaves_team: bool) -> None:
    calls = connection.execute(
        "SELECT FROM alarm WHERE elder_id = %s AND state <> 'closed' LIMIT 1", (elder_id,)
    ).fetchone()
    if calls is not None:
        raise Conflict("A call for help of theirs is open; close it first.")
    if not leaves_team:
        return
    in_hand = connection.execute(
        "SELECT FROM visit WHERE elder_id = %s AND state = ANY (%s) LIMIT 1", (elder_id, list(_GIVEN))
    ).fetchone()
    if in_hand is not None:
        raise Conflict("Somebody has a visit to them in hand; let it be made, give it back or call it off first.")


def _end_wearings(connection: Connection, elder_id: int, home_id: int, now: datetime) -> None:
    of_home = "device_id IN (SELECT device_id FROM device JOIN gateway USING (gateway_id) WHERE home_id = %(home)s)"
    values = {"elder": elder_id, "home": home_id, "now": now}
    connection.execute(
        f"DELETE FROM wearer WHERE elder_id = %(elder)s AND lower(during) >= %(now)s AND {of_home}",  # noqa: S608 - ours
        values,
    )
    connection.execute(
        f"UPDATE wearer SET during = during * tstzrange(NULL, %(now)s) WHERE elder_id = %(elder)s "  # noqa: S608 - ours
        f"AND during @> %(now)s::timestamptz AND {of_home}",
        values,
    )
