"""Where a home's clock is moved."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from edge.zone_change import change_between, is_twice_or_never

BERLIN, SHANGHAI, LORD_HOWE = (ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Shanghai", "Australia/Lord_Howe"))


@pytest.mark.parametrize(
    ("zone", "begin", "at", "moved"),
    [
        (BERLIN, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, tzinfo=UTC), timedelta(hours=1)),
        (BERLIN, datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC), timedelta(hours=-1)),
        (LORD_HOWE, datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 4, 15, tzinfo=UTC), timedelta(minutes=-30)),
    ],
)
def test_the_change_is_found_to_the_second(zone: ZoneInfo, begin: datetime, at: datetime, moved: timedelta) -> None:
    change = change_between(zone, begin, begin + timedelta(days=40))
    assert change is not None
    assert change.at == at
    assert change.after - change.before == moved
    assert change_between(zone, begin, at - timedelta(seconds=1)) is None
    assert change_between(zone, at, at + timedelta(days=5)) is None
    assert change_between(zone, at - timedelta(seconds=1), at) == change


def test_a_zone_without_daylight_saving_has_none() -> None:
    assert change_between(SHANGHAI, datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert not is_twice_or_never(datetime(2026, 3, 29, 2, 30), SHANGHAI)


def test_the_hour_that_comes_twice_and_the_one_that_never_comes() -> None:
    assert is_twice_or_never(datetime(2026, 3, 29, 2, 0), BERLIN)
    assert not is_twice_or_never(datetime(2026, 3, 29, 3, 0), BERLIN)
    assert is_twice_or_never(datetime(2026, 10, 25, 2, 59), BERLIN)
    assert not is_twice_or_never(datetime(2026, 10, 25, 3, 0), BERLIN)
