"""When is the radio deaf, when is a canary gone, and when is there nothing left that a program can do?"""

from datetime import UTC, datetime

import pytest

from edge.sources.radio_watch import MOST_CYCLES, RARELY_S, Canary, RadioWatch, Verdict

CANARY, OTHER_CANARY, STRANGER = "C0:FF:EE:00:00:03", "C0:FF:EE:00:00:04", "D0:00:00:00:00:01"
WITHIN_S = 60.0
AT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def watch() -> RadioWatch:
    watch = RadioWatch({CANARY: Canary("shower", WITHIN_S), OTHER_CANARY: Canary("button", 2 * WITHIN_S)})
    watch.begun(0.0)
    return watch


def cycle(watch: RadioWatch, now_s: float, failed: str | None = None) -> None:
    watch.cycled(AT, failed)
    watch.begun(now_s)


def test_without_canaries_all_is_well() -> None:
    watch = RadioWatch({})
    watch.begun(0.0)
    assert watch.verdict(1e9) is Verdict.WELL
    assert watch.trouble is None


def test_one_canary_is_enough_and_silence_of_all_is_deafness(watch: RadioWatch) -> None:
    assert watch.verdict(1.5 * WITHIN_S) is Verdict.WELL, "the other has its own time"
    assert watch.verdict(2 * WITHIN_S) is Verdict.POWER_CYCLE
    watch.heard(CANARY, 2 * WITHIN_S)
    assert watch.verdict(2.9 * WITHIN_S) is Verdict.WELL


def test_strangers_prove_nothing_before_the_adapter_was_cycled(watch: RadioWatch) -> None:
    watch.heard(STRANGER, 1.9 * WITHIN_S)
    assert watch.verdict(2 * WITHIN_S) is Verdict.POWER_CYCLE


def test_canary_that_is_heard_again_ends_the_trouble(watch: RadioWatch) -> None:
    cycle(watch, 130.0)
    assert "switched off and on" in (watch.trouble or "")
    watch.heard(CANARY, 140.0)
    assert watch.trouble is None
    assert (watch.power_cycles, watch.last_power_cycle_at) == (1, AT)


def test_radio_that_hears_others_only_is_not_cycled_again_and_the_canary_is_named(watch: RadioWatch) -> None:
    cycle(watch, 130.0)
    watch.heard(STRANGER, 140.0)
    assert watch.verdict(1e6) is Verdict.WELL
    assert "hears others but not shower, button" in (watch.trouble or "")


def test_after_several_cycles_only_a_power_cut_can_help_and_it_is_tried_rarely(watch: RadioWatch) -> None:
    now_s = 0.0
    for _ in range(MOST_CYCLES):
        now_s += 2 * WITHIN_S
        assert watch.verdict(now_s) is Verdict.POWER_CYCLE
        assert "power cut" not in (watch.trouble or "")
        cycle(watch, now_s)
    assert "only a power cut can help" in (watch.trouble or "")
    assert watch.verdict(now_s + RARELY_S - 1) is Verdict.WELL
    assert watch.verdict(now_s + RARELY_S) is Verdict.POWER_CYCLE


def test_adapter_that_cannot_be_switched_is_said(watch: RadioWatch) -> None:
    cycle(watch, 130.0, failed="the adapter cannot be switched off and on: Blocked through rfkill")
    assert "rfkill" in (watch.trouble or "")
