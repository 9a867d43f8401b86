"""The sentence on top, and the time line."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from cloud.web.board.model import BoardAlarm, BoardVisit
from cloud.web.board.timeline import WIDTH, time_line
from cloud.web.board.view import sentence
from cloud.web.language import Language
from cloud.web.standing import standing


def create_visit(promised_by: datetime, *, at_risk: bool = False, visit_id: int = 1) -> BoardVisit:
    return BoardVisit(
        visit_id=visit_id,
        kind="alert",
        state="proposed",
        priority="today",
        at_risk=at_risk,
        wish=None,
        cause="pulse",
        asked_at=promised_by - timedelta(hours=4),
        promised_by=promised_by,
        nurse=None,
        elder_id=1,
        elder_code="elder-1",
        elder_name="王秀英",
        address="",
        time_zone="Asia/Shanghai",
        region_id=1,
    )


def create_alarm(now: datetime) -> BoardAlarm:
    return BoardAlarm(
        gateway_id="gw-home-1",
        alarm_id=uuid4(),
        state="at_centre",
        kind="personal_trigger",
        test=False,
        raised_at=now,
        heard_at=now,
        elder_id=1,
        elder_code="elder-1",
        elder_name="王秀英",
        home_code="home-1",
        address="",
        door_note="",
        time_zone="Asia/Shanghai",
        region_id=1,
    )


def test_the_morning_sentence(english: Language, chinese: Language, now: datetime, nanjing: ZoneInfo) -> None:
    twice, other = create_alarm(now), replace(create_alarm(now), elder_id=2)
    alarms = [twice, replace(twice, alarm_id=uuid4(), kind="fall"), other, replace(other, elder_id=3, state="taken")]
    visits = [create_visit(now + timedelta(hours=hour), at_risk=hour == 1) for hour in (1, 2, 5)]
    said = sentence(alarms, visits, now, nanjing, english)
    assert said == "2 people call, 2 visits promised before noon, 1 at risk"
    assert sentence([], [], now, nanjing, english) == "Nobody calls, 0 visits promised before noon"
    assert sentence(alarms, visits, now, nanjing, chinese) == "2 人呼叫，中午前承诺上门 2 次，1 次可能赶不上"


def test_in_the_afternoon_it_counts_today(english: Language, now: datetime, nanjing: ZoneInfo) -> None:
    afternoon = now + timedelta(hours=5)
    visits = [create_visit(afternoon + timedelta(hours=hour)) for hour in (1, 30)]
    assert sentence([], visits, afternoon, nanjing, english) == "Nobody calls, 1 visit promised today"


def test_what_is_late_is_late_and_nothing_else(
    english: Language, chinese: Language, now: datetime, nanjing: ZoneInfo
) -> None:
    visits = [create_visit(now + timedelta(hours=hour), at_risk=True) for hour in (-22, -1, 1)]
    visits.append(replace(create_visit(now - timedelta(hours=1)), state="at_the_door"))
    said = sentence([], visits, now, nanjing, english)
    assert said == "Nobody calls, 2 visits late, 1 more promised before noon, 1 at risk"
    assert sentence([], visits, now, nanjing, chinese) == "无人呼叫，2 次上门已迟到，中午前另承诺 1 次，1 次可能赶不上"
    assert [standing(visit, now) for visit in visits] == ["late", "late", "risk", "kept"]


def test_pins_stay_on_the_line_and_are_stacked(now: datetime, nanjing: ZoneInfo) -> None:
    promised = (timedelta(days=-2), timedelta(minutes=30), timedelta(minutes=31), timedelta(days=3))
    line = time_line([create_visit(now + after) for after in promised], now, nanjing)
    assert [pin.standing for pin in line.pins] == ["late", "promised", "promised"]
    assert all(0 < pin.x < WIDTH for pin in line.pins)
    assert line.pins[1].y != line.pins[2].y
    assert line.later == 1
    assert line.hours[0][1] == "08:00"
