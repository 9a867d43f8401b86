"""What `doorstep-cloud backtest` answers: the alerts lived again beside those that were raised."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from cloud.db.pool import connection_settings
from cloud.detection.backtest import store
from cloud.detection.backtest.model import Lived
from cloud.errors import CloudError

SAME_WITHIN = timedelta(minutes=2)
"""A live detector looks a moment after a reading is stored, a back-test at that very moment."""


@dataclass(frozen=True)
class Answer:
    found: list[Lived]
    both: int
    """Of `found`, those that were raised live as well."""
    only_live: list[Lived]


def moment(text: str, option: str) -> datetime:
    """A day (its beginning in UTC) or an ISO 8601 instant. Raises CloudError that names `option`."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise CloudError(f"{option}: expected a day such as 2026-03-01 or an instant, got {text!r}") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def beside_live(dsn: str, found: list[Lived], begin: datetime, end: datetime, *, consented: bool = False) -> Answer:
    """With `consented`, beside the alerts of those only who agreed to research. Raises DatabaseAway."""
    with psycopg.connect(dsn, **connection_settings("backtest")) as connection:
        live = store.lived(connection, begin, end, consented=consented)
    left = list(live)
    both = 0
    for alert in found:
        twin = next((other for other in left if is_same(alert, other)), None)
        if twin is not None:
            left.remove(twin)
            both += 1
    return Answer(found, both, left)


def is_same(one: Lived, other: Lived) -> bool:
    """Elder, cause, rules and priority alike, and both raised and closed at about the same time."""
    if (one.elder_id, one.cause, one.rules, one.priority) != (other.elder_id, other.cause, other.rules, other.priority):
        return False
    if abs(one.raised_at - other.raised_at) > SAME_WITHIN:
        return False
    if one.closed_at is None or other.closed_at is None:
        return one.closed_at is other.closed_at
    return abs(one.closed_at - other.closed_at) <= SAME_WITHIN


def said(answer: Answer) -> str:
    """One line an alert, and how they compare. Elders by their id, as everywhere in the database."""
    lines = [
        f"{alert.raised_at:%Y-%m-%d %H:%M:%S}  elder {alert.elder_id:<6} {alert.priority:<9} {alert.cause:<15} "
        f"{', '.join(alert.rules)}; {'open' if alert.closed_at is None else f'closed {alert.closed_at:%Y-%m-%d %H:%M}'}"
        f"{'' if alert.verdict is None else f', {alert.verdict}'}"
        for alert in answer.found
    ]
    lines.append(
        f"{len(answer.found)} alerts; {answer.both} were raised live as well, "
        f"{len(answer.found) - answer.both} were not, {len(answer.only_live)} were raised live alone"
    )
    return "\n".join(lines)


def as_json(answer: Answer) -> str:
    """For programs: `alerts`, `live_as_well` and `only_live`."""
    return json.dumps(
        {
            "alerts": [asdict(alert) for alert in answer.found],
            "live_as_well": answer.both,
            "only_live": [asdict(alert) for alert in answer.only_live],
        },
        indent=2,
        default=lambda value: value.isoformat(),
    )
