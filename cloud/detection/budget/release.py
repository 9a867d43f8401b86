"""Whose turn it is: held alerts of a team are shown as far as its week has room."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from cloud.db.pool import Connection
from cloud.detection.budget import store
from cloud.detection.budget.risk import ranked
from cloud.detection.budget.settings import Budget

log = structlog.get_logger()


Learned = Callable[[Connection, int], Mapping[int, float]]
"""Of a team's alerts that wait, the probability of each to be right; empty where no model is used."""


def release(connection: Connection, team: int, budget: Budget, now: datetime, *, learned: Learned | None = None) -> int:
    """Shows what has room, the most risk first; gives how many still wait. In the caller's transaction."""
    store.lock(connection, team)
    waiting = store.held(connection, team)
    if not waiting:
        return 0
    room = budget.room(
        store.patients(connection, team), store.sent(connection, team, now - timedelta(days=budget.days))
    )
    if room:
        said = store.said(connection, team, now - timedelta(days=budget.verdict_days))
        right = {} if learned is None else learned(connection, team)
        first = ranked(waiting, said, budget, now, right=right)[:room]
        store.show(connection, [one.alert_id for one in first], now)
        log.info("alerts_shown", team=team, shown=len(first), waiting=len(waiting) - len(first))
    return max(len(waiting) - room, 0)


def release_all(connection: Connection, budget: Budget, now: datetime, *, learned: Learned | None = None) -> int:
    """Of every team; a transaction each. Gives how many alerts wait."""
    with connection.transaction():
        teams = store.waiting_teams(connection)
    still = 0
    for team in teams:
        with connection.transaction():
            still += release(connection, team, budget, now, learned=learned)
    return still
