"""Which lines each deed has. Pure; minutes are whole, and all lines of a deed sum to zero."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from cloud.services.time_bank.model import Deed, Entry, Line

_SPACE = UUID("6a0c3cf2-7e0f-4f6e-9a53-1d6ec2b5c0a9")  # of ids that follow from what they stand for
LONGEST_VISIT_MIN = 480


def entry_id_of(*what: object) -> UUID:
    """The id of the deed that follows from `what`, such as ("earn", visit 7, 0)."""
    return uuid5(_SPACE, " ".join(map(str, what)))


def minutes_between(arrived_at: datetime, left_at: datetime) -> int:
    """Whole minutes at the door, at most eight hours: who forgets to check out is corrected, not paid the night."""
    return max(0, min(int((left_at - arrived_at) / timedelta(minutes=1)), LONGEST_VISIT_MIN))


def moved(entry_id: UUID, kind: Deed, giver: int, taker: int, minutes: int, *, why: str = "") -> Entry:
    """`minutes` go from one account to another. Raises ValueError where that is nothing."""
    if minutes <= 0:
        raise ValueError("minutes: expected 1 or more")
    return Entry(entry_id, kind, (Line(giver, -minutes), Line(taker, minutes)), why=why)


def earned(
    visit_id: int,
    nth: int,
    minutes: int,
    *,
    volunteer: int,
    reserved: int,
    set_aside: int,
    elder: int,
    community: int,
) -> Entry | None:
    """A visit of `minutes` was made: out of the `set_aside` of it, what is left goes back to the elder's account, and
    what is missing comes from the community. `nth` counts how often it was booked before and taken back.

    None where nothing moves.
    """
    sums: dict[int, int] = {}
    paid = min(minutes, set_aside)
    for account, change in (
        (reserved, -set_aside),
        (volunteer, minutes),
        (community, -(minutes - paid)),
        (elder, set_aside - paid),
    ):
        sums[account] = sums.get(account, 0) + change
    lines = tuple(Line(account, change) for account, change in sums.items() if change)
    return Entry(entry_id_of("earn", visit_id, nth), Deed.EARN, lines, visit_id) if lines else None


def taken_back(entry_id: UUID, lines: Iterable[Line], visit_id: int | None, why: str) -> Entry:
    """The counter-entry: everybody stands as if the deed had not been."""
    counter = tuple(Line(line.account_id, -line.minutes) for line in lines)
    return Entry(entry_id_of("correct", entry_id), Deed.CORRECT, counter, visit_id, entry_id, why)


def expired(credits_: Mapping[datetime, int], spent: int, cutoff: datetime) -> int:
    """Minutes that came before `cutoff` and are not used up: what came first is used first.

    `spent`: all that ever left the account.
    """
    old = sum(minutes for at, minutes in credits_.items() if at < cutoff)
    return max(0, old - spent)
