"""Whom to tell by text, and when again."""

from datetime import UTC, datetime

import msgspec

from edge.alarm.sms.plan import AGAIN_AFTER_S, GIVEN_UP_AFTER_S, LONGEST_PAUSE_S, Plan, Sending
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry.messages import AlarmMessage

NEXT_S = 60.0
CALL = AlarmMessage(alarm="a", kind=AlarmKind.PERSONAL_TRIGGER, device="d", raised_at=datetime(2026, 3, 1, tzinfo=UTC))


def create_plan(numbers: int = 2) -> Plan:
    plan = Plan(numbers, NEXT_S)
    plan.call(CALL, 0.0)
    return plan


def test_the_first_number_at_once_then_the_next_when_the_centre_is_silent() -> None:
    plan = create_plan()
    assert plan.due(0.0) == [Sending(1, CALL, 0)]
    assert plan.due(0.0) == []
    plan.sent(1, 3.0)
    assert plan.due(3.0 + NEXT_S - 1) == []
    assert plan.next_due_s() == 3.0 + NEXT_S
    assert plan.due(3.0 + NEXT_S) == [Sending(2, CALL, 1)]


def test_an_answer_ends_it() -> None:
    plan = create_plan()
    plan.due(0.0)
    plan.heard("a")
    plan.sent(1, 1.0)
    assert plan.idle
    assert plan.due(1e6) == []


def test_a_text_not_taken_goes_again_and_then_to_the_next_number() -> None:
    plan = create_plan()
    now_s, numbers = 0.0, []
    for _ in range(7):
        now_s = max(now_s, plan.next_due_s())
        (sending,) = plan.due(now_s)
        numbers.append(sending.number)
        plan.not_sent(sending.job, now_s, permanent=False)
    assert numbers == [0, 0, 0, 1, 1, 1, 0]
    assert now_s <= 7 * AGAIN_AFTER_S


def test_a_number_that_is_none_is_passed_over() -> None:
    plan = create_plan()
    (first,) = plan.due(0.0)
    plan.not_sent(first.job, 0.0, permanent=True)
    assert plan.due(0.0) == [Sending(2, CALL, 1)]


def test_rounds_grow_longer_and_end() -> None:
    plan = create_plan(numbers=1)
    now_s, pauses = 0.0, []
    while plan.next_due_s() < float("inf"):
        due_s = max(now_s, plan.next_due_s())
        sendings = plan.due(due_s)
        if not sendings:
            break
        pauses.append(due_s - now_s)
        now_s = due_s
        plan.sent(sendings[0].job, now_s)
    assert pauses[:6] == [0.0, 60.0, 120.0, 240.0, 480.0, LONGEST_PAUSE_S]
    assert max(pauses) == LONGEST_PAUSE_S
    assert now_s <= GIVEN_UP_AFTER_S
    assert plan.idle


def test_a_call_that_is_taken_back_is_told_even_while_an_older_answer_comes() -> None:
    plan = create_plan()
    (first,) = plan.due(0.0)
    cancelled = msgspec.structs.replace(CALL, cancelled=True)
    plan.call(cancelled, 5.0)
    plan.sent(first.job, 5.0)
    plan.heard("a")
    assert plan.due(5.0) == [Sending(2, cancelled, 0)]
    plan.heard("a", cancelled=True)
    assert plan.idle


def test_two_calls_go_side_by_side() -> None:
    plan = create_plan()
    other = msgspec.structs.replace(CALL, alarm="b")
    plan.call(other, 1.0)
    assert [sending.message.alarm for sending in plan.due(1.0)] == ["a", "b"]
