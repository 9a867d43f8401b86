"""Statuses of one gateway in whatever order: the newest is kept."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud.readings.heartbeats.order import Kept, is_news
from protocols.telemetry.messages import StatusMessage

AT = datetime(2026, 3, 1, tzinfo=UTC)


def say(session: int, sequence: int, *, online: bool = True, minute: int = 0, epoch: int = 7) -> StatusMessage:
    at = AT + timedelta(minutes=minute)
    return StatusMessage(online=online, at=at, epoch=epoch, session=session, sequence=sequence)


def keep(kept: Kept, said: StatusMessage) -> Kept:
    """As the row keeps it: a farewell leaves the time of the last heartbeat."""
    if not is_news(kept, said):
        return kept
    return Kept(said.online, said.at if said.online else kept.at, said.epoch, said.session, said.sequence)


NOTHING = Kept(False, None, 0, 0, 0)


def test_any_order_of_a_day_ends_the_same() -> None:
    """Two sessions; the first ended by its will, which was made when it began."""
    said = [
        say(1, 2, minute=1),
        say(1, 3, minute=2),
        say(1, 1, minute=0, online=False),  # the will
        say(2, 2, minute=6),
        say(2, 3, minute=7),
    ]
    for order in itertools.permutations(said):
        kept = NOTHING
        for status in order:
            kept = keep(kept, status)
        assert kept.online, order
        assert (kept.session, kept.sequence) == (2, 3), order


def test_a_will_is_the_last_word_of_its_session() -> None:
    will, late = say(4, 1, online=False), say(4, 9, minute=30)
    for order in itertools.permutations([say(4, 2, minute=1), late, will]):
        kept = NOTHING
        for status in order:
            kept = keep(kept, status)
        if order[0] is not will:  # before any heartbeat of the gateway a row knows nothing to hold it against
            assert not kept.online, order


KEPT: dict[str, Any] = {"online": True, "at": AT, "epoch": 7, "session": 5, "sequence": 9}


@pytest.mark.parametrize(
    ("kept", "said", "news"),
    [
        ({}, say(5, 9), False),
        ({}, say(5, 10), True),
        ({}, say(6, 2, minute=-9), True),  # its clock was set back
        ({}, say(4, 99, minute=-1), False),
        ({}, say(4, 1, minute=-1, online=False), False),  # the will of a session that is over
        ({}, say(2, 2, minute=5), True),  # a restored card counts from an older number
        ({}, say(1, 2, epoch=8, minute=-99), True),  # a replaced card whose clock is not set yet
        ({}, say(1, 1, epoch=8, minute=-99, online=False), False),
        ({"session": 0}, say(0, 0, minute=1), True),
        ({"session": 0}, say(0, 0), False),
        ({"session": 0}, say(0, 0, minute=-9, online=False), True),
    ],
)
def test_news(kept: dict[str, Any], said: StatusMessage, news: bool) -> None:
    assert is_news(Kept(**{**KEPT, **kept}), said) is news
