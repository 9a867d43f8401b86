"""By when somebody is promised at the door, and when that promise is at risk. Pure."""

from datetime import datetime, timedelta

from cloud.config import Visits
from cloud.detection.model import Priority


def promised_within(priority: Priority, promises: Visits) -> timedelta:
    match priority:
        case Priority.NOW:
            return timedelta(minutes=promises.promise_now_min)
        case Priority.TODAY:
            return timedelta(hours=promises.promise_today_h)
        case _:
            return timedelta(hours=promises.promise_week_h)


def at_risk_from(asked_at: datetime, promised_by: datetime, priority: Priority, promises: Visits) -> datetime:
    """From then on a visit that nobody accepted is at risk; at once where the promise was past when it was asked.

    What is promised for later than its priority asks, such as for the next morning, is counted from that much before.
    """
    length = min(max(promised_by - asked_at, timedelta(0)), promised_within(priority, promises))
    return max(asked_at, promised_by) - length * (1.0 - promises.at_risk_fraction)
