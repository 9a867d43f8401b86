"""The policy's prose: what it means, and what is said of a mistake, with its line."""

import contextlib
import re
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.alarms.escalation.model import GROUPS, KINDS, Group, Hook, Number, OnePerson, Step, Way
from cloud.alarms.escalation.policy import PolicyRefused, load_policy, read_policy
from cloud.alarms.escalation.sentence import read_step

EXAMPLE = Path(__file__).parents[3] / "configs" / "escalation.toml"
LAST = '[[rule]]\nname = "rest"\nsteps = ["at once tell the desk by page"]\n'


@pytest.mark.parametrize(
    ("sentence", "after_s", "whom", "ways", "else_sms"),
    [
        ("at once tell the desk by page and push", 0, Group("desk", False), (Way.PAGE, Way.PUSH), False),
        ("after 30 s tell the nurses on duty by push, else by sms", 30, Group("nurse", True), (Way.PUSH,), True),
        ("after 2 min tell everybody on duty by sms", 120, Group(None, True), (Way.SMS,), False),
        ("after 1.5 h tell chen.x by page, push and sms", 5400, OnePerson("chen.x"),
         (Way.PAGE, Way.PUSH, Way.SMS), False),
        ("after 5min tell +86 138 0000 0000 by sms", 300, Number("+8613800000000"), (Way.SMS,), False),
        ("after 5 min tell duty-room by webhook", 300, Hook("duty-room"), (Way.WEBHOOK,), False),
    ],
)  # fmt: skip
def test_sentence(sentence: str, after_s: float, whom: object, ways: tuple[Way, ...], else_sms: bool) -> None:
    assert read_step(sentence) == Step(timedelta(seconds=after_s), whom, ways, else_sms, sentence)  # type: ignore[arg-type]  # whom: one of the four


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("tell the desk by page", "is not understood; write it like"),
        ("after soon tell the desk by page", "'soon' is no time"),
        ("after 30 h tell the desk by page", "more than a day"),
        ("at once tell the desk by fax", "'fax' is no way to tell anybody; write page, push, sms, webhook"),
        ("at once tell the desk by push and push", "stands twice"),
        ("at once tell the gardener by push", "'the gardener' is nobody; write the desk"),
        ("at once tell +12 by sms", "'+12' is no telephone number"),
        ("at once tell +8613800000000 by push", "is a number"),
        ("at once tell the desk by webhook", "a webhook is told alone"),
        ("at once tell the desk by sms, else by sms", "stands behind a push alone"),
    ],
)
def test_sentence_that_is_refused(sentence: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read_step(sentence)


@given(st.text(max_size=80))
def test_any_text_is_a_step_or_a_sentence_of_what_is_wrong(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert read_step(text).ways


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[[rule]]\nname = "a"\nsteps = [\n  "at once tell the desk by page",\n'
         '  "after 9 s tell nobody there by page",\n]\n', 5, "'nobody there' is nobody"),
        ('[[rule]]\nname = "a"\nkinds = ["calls",\n "fire"]\nsteps = ["at once tell the desk by page"]\n', 4,
         "kinds: 'fire' is none"),
        ('[[rule]]\nname = "a"\nhours = "10 to 12"\nsteps = ["at once tell the desk by page"]\n', 3,
         "hours: '10 to 12' is not understood"),
        ('[[rule]]\nname = "a"\nsteps = ["after 9 s tell the desk by page",\n"at once tell the desk by push"]\n', 4,
         "comes before the one above"),
        ('[[rule]]\nname = "a"\nsteps = ["at once tell ops by webhook"]\n', 3, "there is no [webhook.ops]"),
        ('[[rule]]\nname = "a"\nsteps = []\n', 3, "at least one"),
        ('[[rule]]\nname = "a"\nstep = []\n', 1, "unknown field `step`"),
        ('[[rule]]\nname = "a"\nsteps = ["at once tell the desk by page"]\nagain = "often"\n', 4, "'often'"),
        ('[[rule]]\nname = "a"\nsteps = ["after 2 min tell the desk by page"]\nagain = "every 1 min, 3 times"\n', 4,
         "before the last step"),
        ('[webhook.ops]\nsecret_env = "X"\nurl = "http://ops.example/"\n', 3, "expected https://"),
    ],
)  # fmt: skip
def test_mistake_is_said_with_its_line(text: str, line: int, said: str) -> None:
    first = LAST
    with pytest.raises(PolicyRefused) as refused:
        read_policy(first + text, "escalation.toml")
    assert str(refused.value).startswith(f"escalation.toml:{line + first.count(chr(10))}: ")
    assert said in str(refused.value)


def test_policy_by_which_a_call_may_reach_nobody_is_refused() -> None:
    with pytest.raises(PolicyRefused, match=r"nobody would be told of fall, .* add a last"):
        read_policy('[[rule]]\nname = "a"\nhours = "08:00 to 20:00"\nsteps = ["at once tell the desk by page"]', "x")


def test_first_rule_that_fits_by_kind_place_and_hour() -> None:
    rules = (
        '[[rule]]\nname = "night"\nhours = "21:00 to 06:00"\nkinds = ["calls"]\n'
        'steps = ["at once tell the desk by page"]\n'
        '[[rule]]\nname = "there"\ncommunities = ["320106"]\nsteps = ["at once tell the desk by page"]\n'
    )
    policy = read_policy(rules + LAST, "x")

    def rule(kind: str, hour: int, *regions: str) -> str:
        found = policy.rule_for(kind, frozenset(regions), time(hour))
        assert found is not None
        return found.name

    assert rule("fall", 21, "320106") == rule("fall", 5) == "night"
    assert rule("fall", 6, "320106", "320106001") == "there"
    assert rule("mains_lost", 23, "320104") == rule("centre_silent", 23) == "rest"


def test_example_and_built_in_policy_say_something_of_everything_at_every_hour() -> None:
    for policy in (load_policy(EXAMPLE), load_policy(None)):
        for hour in range(24):
            for kind in KINDS:
                assert policy.rule_for(kind, frozenset(), time(hour)) is not None
    assert {"personal_trigger", "fall"} <= GROUPS["calls"]
    assert "drill" not in KINDS


def test_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(PolicyRefused, match="cannot be read"):
        load_policy(tmp_path / "none.toml")
