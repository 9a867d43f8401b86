"""Promised times and when they are at risk."""

from datetime import UTC, datetime, timedelta

import pytest

from cloud.config import Visits
from cloud.detection.model import Priority
from cloud.visits.promises import at_risk_from, promised_within

ASKED = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("priority", "within"),
    [
        (Priority.NOW, timedelta(minutes=20)),
        (Priority.TODAY, timedelta(hours=4)),
        (Priority.THIS_WEEK, timedelta(hours=72)),
    ],
)
def test_a_promise_by_priority(priority: Priority, within: timedelta) -> None:
    assert promised_within(priority, Visits(promise_now_min=20)) == within


def test_at_risk_after_most_of_the_time() -> None:
    promised_by = ASKED + timedelta(hours=4)
    assert at_risk_from(ASKED, promised_by, Priority.TODAY, Visits(at_risk_fraction=0.75)) == ASKED + timedelta(hours=3)


def test_a_promise_that_was_past_when_asked_is_at_risk_at_once() -> None:
    assert at_risk_from(ASKED, ASKED - timedelta(hours=1), Priority.TODAY, Visits()) == ASKED


def test_what_is_promised_for_the_morning_is_at_risk_in_the_morning() -> None:
    promised_by = ASKED + timedelta(hours=14)
    assert at_risk_from(ASKED, promised_by, Priority.TODAY, Visits()) == promised_by - timedelta(hours=1)
