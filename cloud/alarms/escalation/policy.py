"""The policy's file -> rules, or one sentence with the line that is wrong and what to write there."""

import re
import tomllib
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from cloud.alarms.escalation.lines import line_of, line_of_path
from cloud.alarms.escalation.model import GROUPS, KINDS, TEST, Hook, Policy, Rule, Step, Webhook
from cloud.alarms.escalation.sentence import read_duration, read_step
from cloud.config import CloudConfig
from protocols.configuration import ConfigurationError

BUILT_IN = """
[[rule]]
name = "a person calls"
kinds = ["calls"]
steps = [
  "at once tell the desk by page and push",
  "after 60 s tell everybody on duty by push",
]
again = "every 5 min, 12 times"

[[rule]]
name = "everything else"
steps = ["at once tell the desk by page"]
"""
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d) to ([01]\d|2[0-4]):([0-5]\d)")
_AGAIN = re.compile(r"every (?P<span>.+), (?P<times>\d+) times?")
_SHORTEST_ROUND = timedelta(seconds=30)
_MOST_ROUNDS = 1000


class _Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str
    steps: list[str]
    kinds: list[str] | None = None
    communities: list[str] = []
    hours: str | None = None
    again: str | None = None


class _Webhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    url: str
    secret_env: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    rule: list[_Rule]
    webhook: dict[str, _Webhook] = {}


class PolicyRefused(ConfigurationError):
    """The sentence begins with file and line."""


def policy_path(config: CloudConfig) -> Path | None:
    """None: the policy that is built in."""
    return config.beside(config.escalation.policy) if config.escalation.policy else None


def load_policy(path: Path | None) -> Policy:
    """None: the policy that is built in. Raises PolicyRefused."""
    if path is None:
        return read_policy(BUILT_IN, "the policy that is built in")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyRefused(f"{path}: cannot be read: {error}; name a policy by escalation.policy") from error
    return read_policy(text, str(path))


def read_policy(text: str, source: str) -> Policy:
    """Raises PolicyRefused."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File)
    except tomllib.TOMLDecodeError as error:
        raise PolicyRefused(f"{source}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        raise PolicyRefused(f"{source}:{line_of_path(text, path)}: {path.strip('`$.') or 'rule'}: {problem}") from error
    reader = _Reader(text, source)
    webhooks = {name: reader.webhook(name, hook) for name, hook in file.webhook.items()}
    rules = tuple(reader.rule(place, rule, webhooks) for place, rule in enumerate(file.rule))
    reader.need_somebody_for_calls(rules)
    return Policy(rules, webhooks, source)


class _Reader:
    def __init__(self, text: str, source: str) -> None:
        self._text = text
        self._source = source

    def webhook(self, name: str, hook: _Webhook) -> Webhook:
        address = urlsplit(hook.url)
        local = address.hostname in ("127.0.0.1", "localhost", "::1")
        if not address.hostname or not (address.scheme == "https" or (address.scheme == "http" and local)):
            line = line_of(self._text, f"webhook.{name}", 0, "url")
            raise self._refused(line, "url: expected https://HOST/PATH (http only on this machine)")
        return Webhook(hook.url, hook.secret_env)

    def rule(self, place: int, rule: _Rule, webhooks: dict[str, Webhook]) -> Rule:
        def line(key: str | None = None, words: str = "") -> int:
            return line_of(self._text, "rule", place, key, words)

        every, times = self._again(rule.again, line("again"))
        return Rule(
            name=rule.name,
            line=line(),
            kinds=self._kinds(rule.kinds, line),
            communities=tuple(rule.communities),
            hours=self._hours(rule.hours, line("hours")),
            steps=self._steps(rule.steps, line, webhooks, every),
            again_every=every,
            again_times=times,
        )

    def need_somebody_for_calls(self, rules: tuple[Rule, ...]) -> None:
        always: set[str] = set().union(*(rule.kinds for rule in rules if not rule.communities and rule.hours is None))
        missing = sorted(GROUPS["calls"] - always)
        if missing:
            line = len(self._text.splitlines()) or 1
            raise self._refused(
                line,
                f"nobody would be told of {', '.join(missing)} where no other rule fits; add a last [[rule]] "
                'with kinds = ["calls"], without communities and hours',
            )

    def _kinds(self, kinds: list[str] | None, line: Any) -> frozenset[str]:
        if kinds is None:
            return KINDS
        found: set[str] = set()
        for word in kinds:
            if word not in GROUPS and word not in KINDS - {TEST}:
                raise self._refused(
                    line("kinds", word),
                    f"kinds: {word!r} is none; write {', '.join(GROUPS)}, or one of "
                    f"{', '.join(sorted(KINDS - {TEST}))}",
                )
            found |= GROUPS.get(word, frozenset({word}))
        return frozenset(found)

    def _hours(self, words: str | None, line: int) -> tuple[time, time] | None:
        if words is None:
            return None
        found = _HOURS.fullmatch(words)
        if found is None:
            raise self._refused(line, f'hours: {words!r} is not understood; write it like "22:00 to 06:00"')
        begin, end = time(int(found[1]), int(found[2])), time(int(found[3]) % 24, int(found[4]))
        if begin == end:
            raise self._refused(line, "hours: from and to are the same; leave hours out for the whole day")
        return begin, end

    def _again(self, words: str | None, line: int) -> tuple[timedelta | None, int]:
        if words is None:
            return None, 0
        found = _AGAIN.fullmatch(words)
        if found is None:
            raise self._refused(line, f'again: {words!r} is not understood; write it like "every 5 min, 12 times"')
        try:
            span = read_duration(found["span"])
        except ValueError as error:
            raise self._refused(line, f"again: {error}") from None
        times = int(found["times"])
        if span < _SHORTEST_ROUND or not 1 <= times <= _MOST_ROUNDS:
            raise self._refused(line, f"again: expected every 30 s or more, 1 to {_MOST_ROUNDS} times")
        return span, times

    def _steps(
        self, sentences: list[str], line: Any, webhooks: dict[str, Webhook], every: timedelta | None
    ) -> tuple[Step, ...]:
        if not sentences:
            raise self._refused(line("steps"), "steps: at least one is needed")
        steps: list[Step] = []
        for sentence in sentences:
            where = line("steps", sentence)
            try:
                step = read_step(sentence)
            except ValueError as error:
                raise self._refused(where, str(error)) from None
            if steps and step.after < steps[-1].after:
                raise self._refused(
                    where, "this step comes before the one above it; put them in the order of their times"
                )
            if isinstance(step.whom, Hook) and step.whom.name not in webhooks:
                raise self._refused(where, f"there is no [webhook.{step.whom.name}]; add it with url and secret_env")
            steps.append(step)
        if every is not None and every < steps[-1].after:
            raise self._refused(line("again"), "again: a round would begin before the last step of the one before it")
        return tuple(steps)

    def _refused(self, line: int, problem: str) -> PolicyRefused:
        return PolicyRefused(f"{self._source}:{line}: {problem}")
