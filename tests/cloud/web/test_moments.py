"""Times in words."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cloud.web import moments
from cloud.web.language import Language, choose


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=12, seconds=30), "12 min ago"),
        (timedelta(hours=3, minutes=59), "3 h ago"),
        (timedelta(days=1, hours=3), "1 day ago"),
        (timedelta(days=6), "6 days ago"),
    ],
)
def test_ago(english: Language, now: datetime, before: timedelta, said: str) -> None:
    assert moments.ago(english, now - before, now) == said


def test_promises(english: Language, chinese: Language, now: datetime, nanjing: ZoneInfo) -> None:
    assert moments.promise(english, now + timedelta(minutes=24), now, nanjing) == "by 09:36, 24 min left"
    assert moments.promise(english, now - timedelta(minutes=70), now, nanjing) == "by 08:02, 1 h 10 min late"
    assert moments.promise(chinese, now + timedelta(minutes=24), now, nanjing) == "09:36 前，还有 24 分钟"


def test_the_day_is_the_homes(english: Language, nanjing: ZoneInfo) -> None:
    now = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)  # 00:30 on the 22nd in Nanjing
    assert moments.clock_time(english, now - timedelta(hours=1), now, nanjing) == "yesterday 23:30"
    assert moments.clock_time(english, now + timedelta(hours=1), now, nanjing) == "01:30"
    assert moments.clock_time(english, now - timedelta(days=3), now, nanjing) == "19 Nov 00:30"
    assert moments.clock_time(english, now - timedelta(days=400), now, nanjing) == "18 Oct 2025 00:30"


def test_running_times(now: datetime) -> None:
    assert moments.running(now - timedelta(seconds=42), now) == "0:42"
    assert moments.running(now - timedelta(hours=1, minutes=2, seconds=5), now) == "1:02:05"


def test_age_counts_birthdays() -> None:
    assert moments.age_years(date(1941, 11, 23), date(2026, 11, 22)) == 84
    assert moments.age_years(date(1941, 11, 22), date(2026, 11, 22)) == 85


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "code"),
    [
        ("zh", "en", "en", "zh"),
        (None, "zh", "en", "zh"),
        ("xx", None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, None, "en-GB,en;q=0.9,zh;q=0.1", "en"),
        (None, None, "fr;q=1, zh;q=0.5, en;q=0.2", "zh"),
        (None, None, "de;q=x", "en"),
        (None, None, None, "en"),
        (None, "../../etc", ";;;,,,q=", "en"),
    ],
)
def test_the_language_spoken(asked: str | None, remembered: str | None, accepted: str | None, code: str) -> None:
    assert choose(asked, remembered, accepted) == code
