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
    assert (
        moments.promise(english, now - timedelta(minutes=70), now, nanjing) == "Late: promised 08:02, 1 h 10 min over"
    )
    said = moments.promise(english, now - timedelta(hours=22, minutes=28), now, nanjing)
    assert said == "Late: promised yesterday 10:44, 22 h over"
    said = moments.promise(chinese, now - timedelta(hours=22, minutes=28), now, nanjing)
    assert said == "迟到：原定昨天 10:44，已过 22 小时"
    assert moments.promise(chinese, now + timedelta(minutes=24), now, nanjing) == "09:36 前，还有 24 分钟"


def test_the_day_is_the_homes(english: Language, nanjing: ZoneInfo) -> None:
    now = datetime(2026, 11, 21, 16, 30, tzinfo=UTC)  # 00:30 on the 22nd in Nanjing
    assert moments.clock_time(english, now - timedelta(hours=1), now, nanjing) == "yesterday 23:30"
    assert moments.clock_time(english, now + timedelta(hours=1), now, nanjing) == "01:30"
    assert moments.clock_time(english, now - timedelta(days=3), now, nanjing) == "19 Nov 00:30"
    assert moments.clock_time(english, now - timedelta(days=400), now, nanjing) == "18 Oct 2025 00:30"


@pytest.mark.parametrize(
    ("before", "in_english", "in_chinese"),
    [
        (timedelta(hours=1), "at 08:12", "08:12"),
        (timedelta(hours=22), "yesterday 11:12", "昨天 11:12"),
        (timedelta(days=3), "19 Nov 09:12", "11月19日 09:12"),
    ],
)
def test_moments_as_sentences_take_them(  # noqa: PLR0917 - fixtures and one case
    english: Language,
    chinese: Language,
    now: datetime,
    nanjing: ZoneInfo,
    before: timedelta,
    in_english: str,
    in_chinese: str,
) -> None:
    assert moments.at_time(english, now - before, now, nanjing) == in_english
    assert moments.at_time(chinese, now - before, now, nanjing) == in_chinese


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
