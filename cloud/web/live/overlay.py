"""An alarm as the desk's journal leaves it, on top of what the database or the broker said of it."""

from collections.abc import Iterable
from dataclasses import replace

from cloud.alarms.model import Act, Doing
from cloud.web.board.model import BoardAlarm


def laid_over(alarm: BoardAlarm, acts: Iterable[Act]) -> BoardAlarm:
    """`alarm` after `acts`, in their order. Done again with the same acts it stays the same."""
    after = alarm
    for act in acts:
        if not act.doing.needs_holder or after.state == "closed":
            continue
        after = replace(
            after,
            who=act.staff_name,
            who_id=act.staff_id,
            taken_at=after.taken_at if after.who_id == act.staff_id else act.at,
            in_journal=True,
        )
        if act.doing in (Doing.TAKE, Doing.SEND) and after.state == "at_centre":
            after = replace(after, state="taken")
        elif act.doing is Doing.ON_THE_WAY:
            after = replace(after, state="on_the_way", minutes=act.minutes, on_the_way_at=act.at)
        elif act.doing is Doing.CLOSE:
            after = replace(after, state="closed", close_reason=act.reason, closed_at=act.at)
    return after
