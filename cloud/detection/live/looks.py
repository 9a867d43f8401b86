"""The looks that news ask for: at what was measured, and at what sensors told. Each in the caller's transaction.

`clock` knows what the wall's time, which supervision goes by, is on the line on which readings lie.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from prometheus_client import Counter

from cloud.clock import Clock
from cloud.db.pool import Connection
from cloud.detection import store
from cloud.detection.budget.release import Learned
from cloud.detection.coach.asking import asks
from cloud.detection.coach.store import keep as keep_asks
from cloud.detection.columns import History, moment_of, no_readings, readings_of, us_of
from cloud.detection.episode import Standing
from cloud.detection.events.store import events_of
from cloud.detection.finding import Profile
from cloud.detection.judging import (
    closed_since,
    judge,
    lately,
    live_window,
    metrics_looked_at,
    readings_since,
    verdicts_since,
)
from cloud.detection.layers import CAUSES_OF_ROUNDS, MEASURED, MOVED, on_events, on_news
from cloud.detection.limits import Limits
from cloud.detection.live.heard import hearing_of
from cloud.detection.live.reach import STAY_IS_NEWS, for_stays
from cloud.detection.live.writing import write
from cloud.detection.model import Cause
from cloud.detection.outcomes.settling import settle
from cloud.detection.personal.model import personal
from cloud.detection.personal.store import in_force

ASKED = Counter("doorstep_detection_asked", "Requests to measure again")
_CAUSES_OF_NEWS = frozenset(Cause) - CAUSES_OF_ROUNDS


def look_at_news(
    connection: Connection,
    due: store.DueElder,
    limits: Limits,
    now: datetime,
    fresh: timedelta,
    *,
    learned: Learned | None,
    clock: Clock,
) -> None:
    """Something was measured, or a timer is over."""
    elder_id, zone = due.elder_id, ZoneInfo(due.time_zone)
    settle(connection, elder_id, limits, now)
    budget, limits = limits.budget, personal(limits, in_force(connection, elder_id))
    episodes = store.open_episodes(connection, elder_id)  # first: it locks them
    standing = Standing(episodes, store.closed_episodes(connection, elder_id, closed_since(limits, now)))
    seen = store.observations(connection, elder_id, metrics_looked_at(limits), readings_since(limits, now))
    profile = Profile(
        elder_id,
        zone,
        false_verdicts=store.false_verdicts(connection, elder_id, verdicts_since(limits, now)),
        fresh_us=fresh // timedelta(microseconds=1),
        hearing=hearing_of(connection, elder_id, now - STAY_IS_NEWS, now, clock),
    )
    history = History(readings_of(seen, zone), events_of(connection, elder_id, for_stays(limits, now), zone))
    judgement = judge(
        history,
        profile,
        limits,
        standing=standing,
        window=live_window(history, now),
        layers=on_news(us_of(now - STAY_IS_NEWS)),
        calmed_by=(MOVED, MEASURED),
    )
    write(connection, due, episodes, judgement.steps, now, budget=budget, learned=learned)
    ASKED.inc(keep_asks(connection, elder_id, asks(history, limits, lately(history, now))))
    store.keep_baselines(connection, elder_id, judgement.bands, now)
    if len(history.readings):
        newest = moment_of(int(history.readings.arrived_us.max()))
        store.note_seen(connection, elder_id, _CAUSES_OF_NEWS, newest)
    store.set_timer(connection, elder_id, _moment(judgement.next_look_us), now)


def look_at_events(
    connection: Connection,
    due: store.DueElder,
    limits: Limits,
    now: datetime,
    *,
    learned: Learned | None,
    clock: Clock,
) -> None:
    """Sensors told something. What waits for a measurement, or for its time, goes on waiting."""
    elder_id, zone = due.elder_id, ZoneInfo(due.time_zone)
    history = History(no_readings(), events_of(connection, elder_id, for_stays(limits, now), zone))
    episodes = store.open_episodes(connection, elder_id)
    judgement = judge(
        history,
        Profile(elder_id, zone, hearing=hearing_of(connection, elder_id, now - STAY_IS_NEWS, now, clock)),
        limits,
        standing=Standing(episodes, store.closed_episodes(connection, elder_id, now - 2 * STAY_IS_NEWS)),
        window=live_window(history, now),
        layers=on_events(us_of(now - STAY_IS_NEWS)),
        calmed_by=(MOVED,),
    )
    write(connection, due, episodes, judgement.steps, now, budget=limits.budget, learned=learned)
    store.hasten_timer(connection, elder_id, _moment(judgement.next_look_us), now)


def _moment(us: int | None) -> datetime | None:
    return None if us is None else moment_of(us)
