"""Small messages become one delivery, and nothing of what they say is lost or added."""

from datetime import timedelta
from itertools import pairwise

import pytest

from cloud.readings.joining import MOST, joined
from cloud.readings.model import Delivery
from cloud.readings.opening import open_readings
from protocols.telemetry.chain import digest_of, first_link, next_link
from protocols.telemetry.messages import ReadingsMessage, encode
from protocols.telemetry.topics import READINGS, topic
from tests.cloud.readings.test_opening import NOW, create_reading


def create_small(
    count: int, *, gateway: str = "gw-1", epoch: int = 7, first: int = 1, begin: float = 100.0
) -> list[Delivery]:
    """A message for each of `count` readings, with its running hashes."""
    link, found = first_link(epoch), []
    for number in range(first, first + count):
        reading = create_reading(value=begin + number, received_at=NOW + timedelta(seconds=number))
        before, link = link, next_link(link, digest_of(reading))
        message = ReadingsMessage(
            epoch=epoch, first=number, sent_at=NOW, readings=(reading,), chain_before=before, chain_after=link
        )
        found.append(open_readings(topic(gateway, READINGS), encode(message), NOW))
    return found


def test_what_follows_each_other_is_one() -> None:
    sent = create_small(5)
    (one,) = joined(sent)
    assert (one.gateway, one.epoch, one.first, one.count) == ("gw-1", 7, 1, 5)
    assert one.readings == tuple(reading for part in sent for reading in part.readings)
    assert list(one.numbers) == [1, 2, 3, 4, 5]
    assert sent[0].chain is not None
    assert sent[4].chain is not None
    assert one.chain == (sent[0].chain[0], sent[4].chain[1])


def test_homes_are_kept_apart_and_each_keeps_its_order() -> None:
    mine, theirs = create_small(4), create_small(4, gateway="gw-2")
    found = joined([letter for pair in zip(mine, theirs, strict=True) for letter in pair])
    assert [(one.gateway, one.first, one.count) for one in found] == [("gw-1", 1, 4), ("gw-2", 1, 4)]
    assert [one.epoch for one in joined([*create_small(2), *create_small(2, epoch=8, first=3)])] == [7, 8]


def test_a_delivery_does_not_grow_without_bound() -> None:
    found = joined(create_small(3 * MOST + 1))
    assert [one.count for one in found] == [MOST, MOST, MOST, 1]
    assert all(one.first + one.count == other.first for one, other in pairwise(found))


def test_what_does_not_touch_or_is_of_another_chain_stays_apart() -> None:
    sent, other = create_small(6), create_small(6, begin=200.0)
    assert [one.first for one in joined([sent[0], sent[2]])] == [1, 3]
    assert [one.first for one in joined([sent[1], sent[0]])] == [2, 1]
    assert [one.first for one in joined([sent[0], other[1]])] == [1, 2]


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_not_stored_as_it_came_stays_apart(place: int) -> None:
    now = NOW - timedelta(days=400)  # so that it comes from the future: its time is brought to the bound
    sent = create_small(2)
    sent[place] = open_readings(sent[place].topic, sent[place].payload, now)
    assert sent[place].odd
    assert joined(sent) == sent
