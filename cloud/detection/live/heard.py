"""Who was heard of an elder's home, from what supervision and heartbeats left in the database."""

from datetime import datetime, timedelta

from cloud.clock import Clock
from cloud.db.pool import Connection
from cloud.detection.columns import us_of
from cloud.detection.silence import store
from cloud.detection.silence.hearing import Hearing, Meter, Span, silent_spans
from protocols.reading import Metric

_UNWATCHED = timedelta(minutes=15)
"""A heartbeat older than this is a silence, whether supervision was there to note it or not."""


def hearing_of(connection: Connection, elder_id: int, since: datetime, now: datetime, clock: Clock) -> Hearing | None:
    """None where no gateway of the home was ever heard. Supervision goes by the wall's clock, which `clock` knows."""
    silences = store.silences_of(connection, elder_id, clock.wall_at(since))
    if not silences:
        return None
    wall_now = clock.wall_at(now)
    gateways = []
    for noted_at, told in silences.values():
        spans = [(begin, wall_now if end is None else end) for begin, end in told]
        if wall_now - noted_at > _UNWATCHED:
            spans.append((noted_at, wall_now))
        gateways.append([_span(clock, begin, end) for begin, end in spans])
    meters: dict[Metric, tuple[Meter, ...]] = {}
    for metric, heard_at, trouble in store.meters_of(connection, elder_id):
        meter = Meter(None if heard_at is None else us_of(heard_at), trouble)
        meters[metric] = (*meters.get(metric, ()), meter)
    return Hearing(silent_spans(gateways), meters)


def _span(clock: Clock, begin: datetime, end: datetime) -> Span:
    """What goes on now ends just after now."""
    return us_of(clock.at_wall(begin)), us_of(clock.at_wall(end)) + 1
