"""Lamp and voice: every state has both, in two languages, and a stranger's text is not read out."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.alarm.feedback import FeedbackLog
from edge.alarm.journal import Call
from edge.alarm.words import LAMP, LAMP_TIMES_S, LONGEST_NAME, Lamp, voice
from edge.clock import Clock
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState


@pytest.mark.parametrize("state", AlarmState)
def test_every_state_has_lamp_and_words(state: AlarmState) -> None:
    assert LAMP[state] in LAMP_TIMES_S
    said = voice(state)
    assert said.en.endswith(".")
    assert said.zh.endswith("。")
    assert "!" not in said.en


def test_each_state_before_a_person_has_it_looks_different() -> None:
    waiting = [AlarmState.RAISED, AlarmState.STILL_TRYING, AlarmState.SENT, AlarmState.AT_CENTRE, AlarmState.TAKEN]
    assert len({LAMP[state] for state in waiting}) == len(waiting)
    assert LAMP[AlarmState.CLOSED] is Lamp.OFF


def test_name_and_minutes_are_said() -> None:
    said = voice(AlarmState.ON_THE_WAY, "王护士", 12)
    assert said.zh == "帮助已经在路上。王护士大约12分钟后到。"
    assert said.en == "Help is on the way. 王护士 will be with you in about 12 minutes."
    assert voice(AlarmState.ON_THE_WAY, "Li", 1).en.endswith("in about 1 minute.")
    assert voice(AlarmState.TAKEN, "Li").en == "Li has your call."


@pytest.mark.parametrize("minutes", [None, 0, -3, 10**9])
def test_senseless_minutes_are_not_said(minutes: int | None) -> None:
    assert voice(AlarmState.ON_THE_WAY, None, minutes).en == "Help is on the way."


def test_name_from_the_network_is_cut_and_cleaned() -> None:
    said = voice(AlarmState.TAKEN, "Li\n\x1b[31m" + "x" * 500)
    assert "\n" not in said.en
    assert "\x1b" not in said.en
    assert len(said.en) < LONGEST_NAME + 30
    assert voice(AlarmState.TAKEN, " \n ").en == voice(AlarmState.TAKEN).en


def test_feedback_is_written_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "feedback.jsonl"
    log = FeedbackLog(path, Clock())
    call = Call("a", AlarmKind.PERSONAL_TRIGGER, "ble:x", datetime(2026, 3, 1, tzinfo=UTC))
    log.show(call)
    log.show(Call("a", call.kind, call.device, call.raised_at, AlarmState.TAKEN, by="Li"))
    first, second = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    assert (first["alarm"], first["state"], first["lamp"]) == ("a", "raised", "fast_blink")
    assert second["voice"] == {"en": "Li has your call.", "zh": "Li已接到您的呼叫。"}
    assert path.stat().st_mode & 0o077 == 0
