"""The round: at set hours an elder's weeks are looked at, though nothing arrived. In the caller's transaction.

Who reads weeks of a home's events at each of its movements reads them a thousand times a day; the layers that ask for
weeks have something to say at a few hours only.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cloud.clock import Clock
from cloud.db.pool import Connection
from cloud.detection import store
from cloud.detection.budget.release import Learned
from cloud.detection.columns import History, moment_of, readings_of
from cloud.detection.episode import Standing
from cloud.detection.events.store import events_of
from cloud.detection.finding import Profile
from cloud.detection.judging import (
    closed_since,
    judge,
    live_window,
    metrics_looked_at,
    readings_since,
)
from cloud.detection.layers import CAUSES_OF_ROUNDS, ON_ROUNDS
from cloud.detection.limits import Limits
from cloud.detection.live.heard import hearing_of
from cloud.detection.live.reach import for_rounds
from cloud.detection.live.writing import write
from cloud.detection.silence.store import plan_of

AT_LEAST_EVERY = timedelta(days=1)
"""While there is anything to look at at all."""


def look_round(
    connection: Connection,
    due: store.DueElder,
    limits: Limits,
    now: datetime,
    fresh: timedelta,
    *,
    learned: Learned | None,
    clock: Clock,
) -> None:
    """`clock` knows what the wall's time, which supervision goes by, is on the line on which readings lie."""
    elder_id, zone = due.elder_id, ZoneInfo(due.time_zone)
    episodes = store.open_episodes(connection, elder_id)  # first: it locks them
    standing = Standing(episodes, store.closed_episodes(connection, elder_id, closed_since(limits, now)))
    seen = store.observations(connection, elder_id, metrics_looked_at(limits), readings_since(limits, now))
    history = History(readings_of(seen, zone), events_of(connection, elder_id, for_rounds(limits, now), zone))
    profile = Profile(
        elder_id,
        zone,
        fresh_us=fresh // timedelta(microseconds=1),
        hearing=hearing_of(connection, elder_id, readings_since(limits, now), now, clock),
        plan=plan_of(connection, elder_id),
    )
    judgement = judge(history, profile, limits, standing=standing, window=live_window(history, now), layers=ON_ROUNDS)
    write(connection, due, episodes, judgement.steps, now, budget=limits.budget, learned=learned)
    if history.newest_us:
        store.note_seen(connection, elder_id, CAUSES_OF_ROUNDS, moment_of(history.newest_us))
    store.set_round(connection, elder_id, _next(judgement.next_look_us, history, now))


def _next(next_look_us: int | None, history: History, now: datetime) -> datetime | None:
    """Nobody goes round where nothing was heard for weeks, until there is news."""
    if next_look_us is not None:
        return min(moment_of(next_look_us), now + AT_LEAST_EVERY)
    return now + AT_LEAST_EVERY if history.newest_us else None
