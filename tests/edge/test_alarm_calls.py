"""What is done about a call: sent until the centre answers, and told only what is true."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge.alarm.call import Call
from edge.alarm.calls import Action, Answered, CallBeside, Calls, Journal, Publish, Show
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.telemetry.messages import AlarmStateMessage

AT = datetime(2026, 3, 1, tzinfo=UTC)
CALL = Call("a", AlarmKind.PERSONAL_TRIGGER, "ble:x", AT)


def says(
    state: AlarmState, by: str | None = None, minutes: int | None = None, *, cancelled: bool = False
) -> AlarmStateMessage:
    return AlarmStateMessage(alarm="a", state=state, at=AT, by=by, minutes=minutes, cancelled=cancelled)


def shown(actions: list[Action]) -> list[AlarmState]:
    return [action.call.state for action in actions if isinstance(action, Show)]


def attempts(actions: list[Action]) -> list[int]:
    return [action.message.attempt for action in actions if isinstance(action, Publish)]


@pytest.fixture
def calls() -> Calls:
    """With the line up and one call taken up at second 0."""
    calls = Calls(resend_s=3, no_answer_s=10)
    calls.line_up(0)
    actions = calls.look([CALL], 0)
    assert shown(actions) == [AlarmState.RAISED]
    assert attempts(actions) == [1]
    return calls


def test_whole_way(calls: Calls) -> None:
    assert shown(calls.carrier_has("a", 0)) == [AlarmState.SENT]
    assert shown(calls.centre_says(says(AlarmState.AT_CENTRE))) == [AlarmState.AT_CENTRE]
    assert shown(calls.centre_says(says(AlarmState.TAKEN, "Li"))) == [AlarmState.TAKEN]
    on_the_way = calls.centre_says(says(AlarmState.ON_THE_WAY, "Li", 12))
    assert on_the_way[-1] == Show(replace(CALL, state=AlarmState.ON_THE_WAY, attempts=1, by="Li", minutes=12))
    assert shown(calls.centre_says(says(AlarmState.ON_THE_WAY, "Li", 5))) == [AlarmState.ON_THE_WAY]
    assert shown(calls.centre_says(says(AlarmState.CLOSED))) == [AlarmState.CLOSED]
    assert calls.next_due_s() == float("inf")


def test_each_state_is_in_the_journal_before_it_is_shown(calls: Calls) -> None:
    actions = calls.centre_says(says(AlarmState.TAKEN))
    assert [type(action) for action in actions] == [Journal, Show]


def test_sent_again_until_the_centre_answers(calls: Calls) -> None:
    calls.carrier_has("a", 0)
    assert attempts(calls.due(2.9)) == []
    assert attempts(calls.due(3.0)) == [2]
    assert attempts(calls.due(6.0)) == [3]
    calls.centre_says(says(AlarmState.AT_CENTRE))
    assert calls.due(100) == []


def test_silence_is_admitted_once_after_ten_seconds(calls: Calls) -> None:
    calls.carrier_has("a", 0)
    assert shown(calls.due(9.9)) == []
    assert shown(calls.due(10)) == [AlarmState.STILL_TRYING]
    assert shown(calls.carrier_has("a", 12)) == []  # the broker's word is no news while the centre is silent
    assert shown(calls.due(60)) == []
    assert shown(calls.centre_says(says(AlarmState.AT_CENTRE))) == [AlarmState.AT_CENTRE]


def test_line_down_sends_nothing_and_admits_it() -> None:
    calls = Calls(resend_s=3, no_answer_s=10)
    assert attempts(calls.look([CALL], 0)) == []
    assert calls.next_due_s() == 10
    assert shown(calls.due(10)) == [AlarmState.STILL_TRYING]
    assert attempts(calls.line_up(30)) == [1]
    assert shown(calls.carrier_has("a", 30)) == [AlarmState.SENT]
    assert shown(calls.due(40)) == [AlarmState.STILL_TRYING]


def beside(actions: list[Action]) -> list[str]:
    return [action.message.alarm for action in actions if isinstance(action, CallBeside)]


def test_other_paths_are_asked_once_after_ten_seconds_of_silence(calls: Calls) -> None:
    assert beside(calls.due(9.9)) == []
    assert beside(calls.due(10)) == ["a"]
    assert beside(calls.due(100)) == []
    assert beside(calls.line_down(101)) == []


def test_other_paths_are_asked_at_once_where_the_line_is_known_to_be_down() -> None:
    calls = Calls(resend_s=3, no_answer_s=10)
    assert beside(calls.look([CALL], 0)) == []  # it is not known yet
    assert beside(calls.line_down(0.1)) == ["a"]
    other = replace(CALL, alarm="b")
    assert beside(calls.look([CALL, other], 5)) == ["b"]


def test_other_paths_hear_of_the_answer_and_carry_it(calls: Calls) -> None:
    calls.line_down(1)
    assert shown(calls.carrier_has("a", 4)) == [AlarmState.SENT]
    actions = calls.centre_says(says(AlarmState.AT_CENTRE))
    assert actions[0] == Answered(says(AlarmState.AT_CENTRE))
    assert shown(actions) == [AlarmState.AT_CENTRE]
    assert beside(calls.due(100)) == []


def test_answered_call_is_carried_by_no_other_path(calls: Calls) -> None:
    calls.centre_says(says(AlarmState.AT_CENTRE))
    assert beside(calls.line_down(1)) == []


def test_late_and_doubled_words_change_nothing(calls: Calls) -> None:
    calls.centre_says(says(AlarmState.TAKEN, "Li"))
    assert calls.centre_says(says(AlarmState.AT_CENTRE)) == []
    assert calls.centre_says(says(AlarmState.TAKEN, "Li")) == []
    assert calls.carrier_has("a", 1) == []
    assert calls.carrier_has("unheard of", 1) == []
    assert calls.centre_says(replace_alarm(says(AlarmState.CLOSED), "unheard of")) == []
    assert calls.centre_says(says(AlarmState.STILL_TRYING)) == []


def replace_alarm(message: AlarmStateMessage, alarm: str) -> AlarmStateMessage:
    return AlarmStateMessage(alarm=alarm, state=message.state, at=message.at)


def test_restart_shows_and_asks_again() -> None:
    calls = Calls(resend_s=3, no_answer_s=10)
    calls.line_up(0)
    taken = replace(CALL, state=AlarmState.TAKEN, by="Li", attempts=4)
    actions = calls.look([taken], 0)
    assert shown(actions) == [AlarmState.TAKEN]
    assert attempts(actions) == [5]
    assert calls.next_due_s() == float("inf")


def test_an_answered_call_is_told_again_whenever_the_line_returns(calls: Calls) -> None:
    """A broker that was killed remembers our session, and not what the centre said since it last saved."""
    calls.centre_says(says(AlarmState.TAKEN, "Li"))
    calls.line_down(40)
    assert attempts(calls.line_up(50)) == [2]
    assert calls.centre_says(says(AlarmState.TAKEN, "Li")) == []
    assert calls.next_due_s() == float("inf")
    calls.centre_says(says(AlarmState.CLOSED))
    calls.line_down(55)
    assert calls.line_up(60) == []


def test_an_answered_call_asks_until_the_centre_says_that_it_is_closed(calls: Calls) -> None:
    """The centre closed it while the line was down, the broker lost that, and nobody heard the first question."""
    calls.centre_says(says(AlarmState.TAKEN, "Li"))
    calls.line_down(40)
    assert attempts(calls.line_up(50)) == [2]
    assert calls.due(52) == []
    assert attempts(calls.due(53)) == [3]
    assert attempts(calls.due(56)) == [4]
    assert shown(calls.centre_says(says(AlarmState.CLOSED))) == [AlarmState.CLOSED]
    assert calls.next_due_s() == float("inf")


def test_press_again_says_the_state_again(calls: Calls) -> None:
    calls.centre_says(says(AlarmState.ON_THE_WAY, "Li", 9))
    actions = calls.look([replace(CALL, presses=2)], 5)
    assert shown(actions) == [AlarmState.ON_THE_WAY]
    assert calls.look([replace(CALL, presses=2)], 6) == []


def test_taken_back_before_anybody_took_it(calls: Calls) -> None:
    calls.centre_says(says(AlarmState.AT_CENTRE))
    actions = calls.look([replace(CALL, cancelled=True)], 20)
    assert shown(actions) == [AlarmState.CANCELLED]
    assert [action.message.cancelled for action in actions if isinstance(action, Publish)] == [True]
    assert shown(calls.centre_says(says(AlarmState.AT_CENTRE))) == []  # said before it knew
    assert attempts(calls.due(23)) == [3]
    assert shown(calls.centre_says(says(AlarmState.CLOSED, cancelled=True))) == [AlarmState.CLOSED]
    assert calls.next_due_s() == float("inf")


def test_taken_back_while_a_person_has_it_is_told_until_that_is_known(calls: Calls) -> None:
    calls.centre_says(says(AlarmState.TAKEN, "Li"))
    actions = calls.look([replace(CALL, cancelled=True)], 5)
    assert shown(actions) == [AlarmState.TAKEN]
    assert attempts(calls.due(8)) == [3]
    (told,) = [a.call for a in calls.centre_says(says(AlarmState.TAKEN, "Li", cancelled=True)) if isinstance(a, Show)]
    assert (told.by, told.cancelled, told.cancel_heard) == ("Li", True, True)
    assert calls.due(100) == []


def test_taken_back_and_sent_for_all_the_same(calls: Calls) -> None:
    calls.look([replace(CALL, cancelled=True)], 1)
    assert shown(calls.centre_says(says(AlarmState.ON_THE_WAY, "Li", 5))) == [AlarmState.ON_THE_WAY]


def test_taken_back_goes_by_the_other_path_too(calls: Calls) -> None:
    assert beside(calls.line_down(1)) == ["a"]
    actions = calls.look([replace(CALL, cancelled=True)], 2)
    assert [a.message.cancelled for a in actions if isinstance(a, CallBeside)] == [True]


def test_technical_alarm_goes_the_same_way_and_shows_nothing() -> None:
    calls = Calls(resend_s=3, no_answer_s=10)
    calls.line_up(0)
    mains = replace(CALL, kind=AlarmKind.MAINS_LOST)
    actions = calls.look([mains], 0) + calls.due(10) + calls.centre_says(says(AlarmState.AT_CENTRE))
    assert attempts(actions) == [1, 2]
    assert beside(actions) == ["a"]
    assert shown(actions) == []
    assert (
        beside(calls.line_down(11) + calls.look([replace(mains, alarm="b", kind=AlarmKind.TRIGGER_SILENT)], 11)) == []
    )


def test_closed_call_is_not_taken_up_again_while_the_journal_does_not_take_that(calls: Calls) -> None:
    calls.centre_says(says(AlarmState.CLOSED))
    actions = calls.look([CALL], 1)
    assert [type(action) for action in actions] == [Journal]
    assert calls.look([], 2) == []


def test_call_that_was_closed_before_the_disk_took_it_is_closed_in_the_journal_too() -> None:
    calls = Calls(resend_s=3, no_answer_s=10)
    calls.line_up(0)
    unkept = replace(CALL, kept=False)
    calls.look([unkept], 0)
    calls.centre_says(says(AlarmState.CLOSED))
    (waits,) = calls.look([unkept], 1)
    assert isinstance(waits, Journal)
    assert not waits.call.kept
    assert calls.look([CALL], 2) == [Journal(replace(CALL, state=AlarmState.CLOSED, attempts=1))]
    assert calls.look([], 3) == []


def test_unkept_call_is_said_to_be_so_until_it_is_kept() -> None:
    calls = Calls(resend_s=3, no_answer_s=10)
    calls.line_up(0)
    actions = calls.look([replace(CALL, kept=False)], 0)
    actions += calls.look([CALL], 1) + calls.due(3)
    assert [action.message.kept for action in actions if isinstance(action, Publish)] == [False, True]
    assert any(isinstance(action, Journal) and action.call.kept for action in actions)


def test_drill_that_was_given_up_is_forgotten(calls: Calls) -> None:
    assert calls.look([], 5) == []
    assert calls.next_due_s() == float("inf")


_RANK = {state: rank for rank, state in enumerate(AlarmState)} | {
    AlarmState.SENT: 1,
    AlarmState.STILL_TRYING: 1,
    AlarmState.CANCELLED: 3.5,  # behind "the centre has it", before "a person has it"
}


class Walk(RuleBasedStateMachine):
    """Any order of words, losses, restarts and silences: the home never goes back behind what the centre said."""

    @initialize()
    def begin(self) -> None:
        self.now_s = 0.0
        self.calls = Calls(resend_s=3, no_answer_s=10)
        self.journal = CALL
        self.told: list[AlarmState] = []
        self.said: set[AlarmState] = set()

    def do(self, actions: list[Action]) -> None:
        for action in actions:
            if isinstance(action, Journal):
                self.journal = replace(action.call, cancelled=self.journal.cancelled)
            if isinstance(action, Show):
                assert action.call.state is self.journal.state
                self.told.append(action.call.state)

    def open(self) -> list[Call]:
        return [] if self.journal.state is AlarmState.CLOSED else [self.journal]

    @rule(seconds=st.floats(0, 20))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds
        self.do(self.calls.look(self.open(), self.now_s))

    @rule(state=st.sampled_from(AlarmState), minutes=st.none() | st.integers(-5, 99))
    def centre_speaks(self, state: AlarmState, minutes: int | None) -> None:
        self.said.add(state)
        self.do(self.calls.look(self.open(), self.now_s))
        self.do(self.calls.centre_says(says(state, None, minutes)))

    @rule()
    def elder_takes_it_back(self) -> None:
        self.journal = replace(self.journal, cancelled=True)
        self.do(self.calls.look(self.open(), self.now_s))

    @rule()
    def broker_acknowledges(self) -> None:
        self.do(self.calls.carrier_has("a", self.now_s))

    @rule()
    def line_returns(self) -> None:
        self.do(self.calls.line_up(self.now_s))

    @rule()
    def line_breaks(self) -> None:
        self.do(self.calls.line_down(self.now_s))

    @rule()
    def process_restarts(self) -> None:
        self.calls = Calls(resend_s=3, no_answer_s=10)

    @invariant()
    def nothing_was_told_that_the_centre_did_not_say(self) -> None:
        for state in set(self.told) & {
            AlarmState.AT_CENTRE,
            AlarmState.TAKEN,
            AlarmState.ON_THE_WAY,
            AlarmState.CLOSED,
        }:
            assert state in self.said

    @invariant()
    def the_home_never_goes_back(self) -> None:
        ranks = [_RANK[state] for state in self.told]
        assert all(later >= min(earlier, 1) for earlier, later in pairwise(ranks))
        behind_the_centre = [rank for rank in ranks if rank > 2]
        assert behind_the_centre == sorted(behind_the_centre)


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
