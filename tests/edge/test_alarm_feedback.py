"""Lamp and voice: every state has both, in two languages, and a stranger's text is not read out."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.alarm.call import Call
from edge.alarm.feedback import FeedbackLog
from edge.alarm.words import LAMP, LAMP_TIMES_S, LONGEST_NAME, Lamp, Voice, voice
from edge.clock import Clock
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState


def said_of(
    state: AlarmState,
    *,
    by: str | None = None,
    minutes: int | None = None,
    kind: AlarmKind = AlarmKind.PERSONAL_TRIGGER,
    cancelled: bool = False,
    cancel_heard: bool = False,
) -> Voice:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return voice(
        Call("a", kind, "x", at, state, by=by, minutes=minutes, cancelled=cancelled, cancel_heard=cancel_heard)
    )


@pytest.mark.parametrize("state", AlarmState)
def test_every_state_has_lamp_and_words(state: AlarmState) -> None:
    assert LAMP[state] in LAMP_TIMES_S
    said = said_of(state)
    assert said.en.endswith(".")
    assert said.zh.endswith("。")
    assert "!" not in said.en


def test_each_state_before_a_person_has_it_looks_different() -> None:
    waiting = [AlarmState.RAISED, AlarmState.STILL_TRYING, AlarmState.SENT, AlarmState.AT_CENTRE, AlarmState.TAKEN]
    assert len({LAMP[state] for state in waiting}) == len(waiting)
    assert LAMP[AlarmState.CLOSED] is Lamp.OFF


def test_name_and_minutes_are_said() -> None:
    said = said_of(AlarmState.ON_THE_WAY, by="王护士", minutes=12)
    assert said.zh == "帮助已经在路上。王护士大约12分钟后到。"
    assert said.en == "Help is on the way. 王护士 will be with you in about 12 minutes."
    assert said_of(AlarmState.ON_THE_WAY, by="Li", minutes=1).en.endswith("in about 1 minute.")
    assert said_of(AlarmState.TAKEN, by="Li").en == "Li has your call."


@pytest.mark.parametrize("minutes", [None, 0, -3, 10**9])
def test_senseless_minutes_are_not_said(minutes: int | None) -> None:
    assert said_of(AlarmState.ON_THE_WAY, by=None, minutes=minutes).en == "Help is on the way."


def test_name_from_the_network_is_cut_and_cleaned() -> None:
    said = said_of(AlarmState.TAKEN, by="Li\n\x1b[31m" + "x" * 500)
    assert "\n" not in said.en
    assert "\x1b" not in said.en
    assert len(said.en) < LONGEST_NAME + 30
    assert said_of(AlarmState.TAKEN, by=" \n ").en == said_of(AlarmState.TAKEN).en


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


@pytest.mark.parametrize("kind", [AlarmKind.FALL, AlarmKind.LONG_STAY, AlarmKind.FLOOD])
def test_what_called_by_itself_is_named_first(kind: AlarmKind) -> None:
    assert said_of(AlarmState.RAISED, kind=kind) != said_of(AlarmState.RAISED)
    assert said_of(AlarmState.AT_CENTRE, kind=kind) == said_of(AlarmState.AT_CENTRE)


def test_taken_back_while_a_person_has_it_is_told_as_far_as_it_is_true() -> None:
    wanted = said_of(AlarmState.TAKEN, by="Li", cancelled=True)
    heard = said_of(AlarmState.TAKEN, by="Li", cancelled=True, cancel_heard=True)
    assert wanted.en == "Li has your call. I am telling them that you take it back."
    assert heard.en == "Li has your call. I have told them that you took it back."
    assert said_of(AlarmState.CANCELLED, cancelled=True).en.startswith("Your call is taken back.")
