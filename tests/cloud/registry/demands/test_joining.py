from datetime import UTC, datetime, timedelta

from cloud.registry.demands.joining import NEAR, OpenWish, alike, same_as

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
TAP = OpenWish(1, "repair", "厨房水龙头漏水", NOW)
LAMP = OpenWish(2, "repair", "卧室的灯不亮了", NOW)


def test_a_wish_said_again_is_the_older_one() -> None:
    assert same_as("repair", "水龙头还在漏水,怎么还没人来", NOW + timedelta(hours=2), [TAP, LAMP]) == TAP
    english = OpenWish(3, "meals", "Could I have lunch tomorrow please", NOW)
    assert same_as("meals", "lunch tomorrow", NOW, [english]) == english


def test_another_thing_another_day_or_another_kind_is_new() -> None:
    assert same_as("repair", "马桶堵了", NOW, [TAP, LAMP]) is None
    assert same_as("repair", TAP.text, NOW + NEAR + timedelta(seconds=1), [TAP]) is None
    assert same_as("cleaning", TAP.text, NOW, [TAP]) is None
    assert same_as("repair", TAP.text, NOW, []) is None


def test_what_has_no_words_is_alike_only_to_itself() -> None:
    assert alike("??", "??") == 1.0
    assert alike("??", "灯") == 0.0
