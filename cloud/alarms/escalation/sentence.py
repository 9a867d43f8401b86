"""One sentence of the policy: "after 30 s tell the nurses on duty by push, else by sms". Pure."""

import re
from datetime import timedelta

from cloud.alarms.escalation.model import Group, Hook, Number, OnePerson, Step, Way, Whom

EXAMPLE = '"after 30 s tell the nurses on duty by push and sms"'
LONGEST = timedelta(hours=24)

_SENTENCE = re.compile(
    r"(?P<when>at once|after .+?) tell (?P<whom>.+?) "
    r"by (?P<ways>[a-z]+(?:(?:, | and )[a-z]+)*)(?P<other>, else by sms)?"
)
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>s|min|h)")
_SECONDS = {"s": 1, "min": 60, "h": 3600}
_GROUPS = {"the desk": "desk", "the nurses": "nurse", "the administrators": "administrator", "everybody": None}
_ON_DUTY = " on duty"
_NUMBER = re.compile(r"\+[1-9][0-9]{4,14}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")


def read_step(sentence: str) -> Step:
    """Raises ValueError that says what is wrong and what to write."""
    found = _SENTENCE.fullmatch(" ".join(sentence.split()))
    if found is None:
        raise ValueError(f"{sentence!r} is not understood; write it like {EXAMPLE}")
    ways = _ways(found["ways"])
    whom = _whom(found["whom"], ways)
    otherwise = found["other"] is not None
    if otherwise and (Way.PUSH not in ways or Way.SMS in ways):
        raise ValueError('"else by sms" stands behind a push alone: write "by push, else by sms"')
    return Step(_when(found["when"]), whom, ways, otherwise, sentence)


def read_duration(text: str) -> timedelta:
    """Such as "30 s", "5 min", "1 h". Raises ValueError."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'{text!r} is no time; write it like "30 s", "5 min" or "1 h"')
    span = timedelta(seconds=float(found["number"]) * _SECONDS[found["unit"]])
    if span > LONGEST:
        raise ValueError(f"{text!r} is more than a day")
    return span


def _when(words: str) -> timedelta:
    return timedelta() if words == "at once" else read_duration(words.removeprefix("after "))


def _ways(words: str) -> tuple[Way, ...]:
    found = []
    for word in re.split(r", | and ", words):
        if word not in {way.value for way in Way}:
            raise ValueError(f"{word!r} is no way to tell anybody; write {', '.join(Way)}")
        found.append(Way(word))
    if len(set(found)) < len(found):
        raise ValueError("a way stands twice in the sentence; name each once")
    return tuple(found)


def _whom(words: str, ways: tuple[Way, ...]) -> Whom:
    if Way.WEBHOOK in ways:
        if ways != (Way.WEBHOOK,) or not _NAME.fullmatch(words):
            raise ValueError('a webhook is told alone and by its name: write "tell NAME by webhook" and [webhook.NAME]')
        return Hook(words)
    if words.startswith("+"):
        number = words.replace(" ", "").replace("-", "")
        if not _NUMBER.fullmatch(number):
            raise ValueError(f"{words!r} is no telephone number; write it like +8613800000000")
        if ways != (Way.SMS,):
            raise ValueError(f'{words} is a number: write "by sms"')
        return Number(number)
    bare = words.removesuffix(_ON_DUTY)
    if bare in _GROUPS:
        return Group(_GROUPS[bare], words.endswith(_ON_DUTY))
    if _NAME.fullmatch(words):
        return OnePerson(words)
    raise ValueError(
        f"{words!r} is nobody; write {', '.join(_GROUPS)}, each with or without {_ON_DUTY.strip()!r}, "
        "a login, or a number"
    )
