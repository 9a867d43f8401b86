"""Where the blocks of a day's routes stand: places only, drawn by the template."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.web.dispatch.model import OnDuty, Planned
from cloud.web.standing import Standing, standing

HOUR_WIDTH, ROW_HEIGHT, TOP = 116.0, 64.0, 28.0
_LEAST_WIDTH = 28.0
_GAP = 4.0
_FIRST_HOUR, _LAST_HOUR = 8, 18


@dataclass(frozen=True)
class Block:
    x: float
    y: float
    width: float
    height: float
    visit: Planned
    standing: str
    """done, going, late, risk, pinned or promised: what is looked at first."""
    way_x: float
    """Where the way there begins."""


@dataclass(frozen=True)
class Row:
    nurse: OnDuty
    y: float
    blocks: tuple[Block, ...]
    works_from_x: float
    works_to_x: float
    travel_min: float


@dataclass(frozen=True)
class Grid:
    begin: datetime
    """The moment at the left edge."""
    hours: tuple[tuple[float, str], ...]
    rows: tuple[Row, ...]
    width: float
    height: float
    now_x: float | None
    hour_width: float = HOUR_WIDTH
    row_height: float = ROW_HEIGHT
    top: float = TOP


def how_it_stands(visit: Planned, now: datetime) -> str:
    if visit.over:
        return "done"
    if visit.state in ("travelling", "at_the_door", "no_answer"):
        return "going"
    how = standing(visit, now)
    if how is Standing.LATE or (visit.arrives_at is not None and visit.arrives_at > visit.promised_by):
        return "late"
    if how is Standing.RISK:
        return "risk"
    return "accepted" if visit.state == "accepted" else "promised"


def grid(nurses: Sequence[OnDuty], visits: Sequence[Planned], opens: datetime, now: datetime) -> Grid:
    """`opens`: midnight of the day at the homes."""
    zone = opens.tzinfo
    moments = [moment for visit in visits for moment in (visit.arrives_at, visit.leaves_at) if moment is not None]
    moments += [moment for one in nurses for moment in (one.begins_at, one.ends_at) if moment is not None]
    hours = [(moment.astimezone(zone) - opens).total_seconds() / 3600 for moment in moments]
    first = int(max(0, min([*hours, _FIRST_HOUR])))
    last = int(min(24, max([*hours, _LAST_HOUR]) + 0.999))
    begin = opens + timedelta(hours=first)

    def across(moment: datetime) -> float:
        return (moment - begin).total_seconds() / 3600 * HOUR_WIDTH

    rows = []
    for number, nurse in enumerate(nurses):
        own = [visit for visit in visits if visit.route_nurse_id == nurse.nurse_id]
        y = TOP + number * ROW_HEIGHT
        blocks = tuple(
            Block(
                across(visit.arrives_at),
                y + 8,
                max(_LEAST_WIDTH, across(visit.leaves_at) - across(visit.arrives_at) - _GAP),
                ROW_HEIGHT - 16,
                visit,
                how_it_stands(visit, now),
                across(visit.arrives_at - timedelta(minutes=visit.travel_min or 0.0)),
            )
            for visit in own
            if visit.arrives_at is not None and visit.leaves_at is not None
        )
        width = (last - first) * HOUR_WIDTH
        rows.append(
            Row(
                nurse,
                y,
                blocks,
                max(0.0, across(nurse.begins_at)) if nurse.begins_at else 0.0,
                0.0 if nurse.away else min(width, across(nurse.ends_at)) if nurse.ends_at else width,
                sum(visit.travel_min or 0.0 for visit in own),
            )
        )
    ticks = tuple(((hour - first) * HOUR_WIDTH, f"{hour:02}:00") for hour in range(first, last))
    now_x = across(now)
    width = (last - first) * HOUR_WIDTH
    height = TOP + len(rows) * ROW_HEIGHT
    return Grid(begin, ticks, tuple(rows), width, height, now_x if 0 <= now_x <= width else None)
