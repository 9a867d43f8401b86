"""Seen in the bathroom last, and nobody moves anywhere since."""

from datetime import UTC, datetime, timedelta

from protocols.shower.still import StillWatch

BEGIN = datetime(2026, 3, 1, 7, tzinfo=UTC)


def minute(minutes: float) -> datetime:
    return BEGIN + timedelta(minutes=minutes)


def create_watch(*moves: tuple[float, bool]) -> StillWatch:
    """Minute, and whether it was in the bathroom."""
    watch = StillWatch(timedelta(minutes=60))
    for minutes, in_bathroom in moves:
        watch.moved(minute(minutes), in_bathroom=in_bathroom)
    return watch


def test_is_told_once() -> None:
    watch = create_watch((0, False), (5, True), (8, True))
    assert not watch.is_too_long(minute(67.9))
    assert watch.is_too_long(minute(68))
    assert not watch.is_too_long(minute(200))
    watch.moved(minute(210), in_bathroom=True)
    assert watch.is_too_long(minute(270))


def test_whoever_is_seen_elsewhere_has_left() -> None:
    assert not create_watch((0, False), (5, True), (9, False)).is_too_long(minute(500))


def test_where_leaving_is_not_seen_nobody_is_called() -> None:
    assert not create_watch((5, True)).is_too_long(minute(500))
    assert not create_watch((0, False), (60 * 24, True)).is_too_long(minute(60 * 25 + 1))
