"""The published HTTP contract asked by a machine that tries everything, as everybody (schemathesis)."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from cloud.web.entry.csrf import HEADER, csrf_of
from cloud.web.entry.current import COOKIE
from tests.system.conftest import ROOT
from tests.system.intruder.stronghold import NOBODY, PATIENCE_S, ROLES, STRANGER, Stronghold

# Photos and spoken words are sent as they are.
schemathesis.serializer.alias(["audio/webm", "audio/ogg", "audio/mp4", "image/jpeg"], "application/octet-stream")

OUTSIDE = (NOBODY, STRANGER)
EVERYBODY = (*OUTSIDE, *ROLES)
_STREAMS = frozenset({"/events"})
"""They answer without end."""


@dataclass
class Asked:
    codes: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    """What was asked where the centre fell over, or showed somebody what is not theirs."""


def operations() -> Iterator[Any]:
    document = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # an Err raises nothing here: the contract is ours
        if operation.path not in _STREAMS:
            yield operation


def ask_everything(stronghold: Stronghold, examples: int, secrets: list[str], asked: Asked) -> None:
    """Each thing that can be asked, as everybody. `secrets` are words that nobody outside may be shown."""
    sessions = {who: _session(stronghold, who) for who in EVERYBODY}
    for operation in operations():
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            cases = operation.as_strategy(generation_mode=mode)
            for who, place, answer in _answers(stronghold.web, sessions, cases, examples):
                asked.codes[answer.status_code] += 1
                leaked = [word for word in secrets if who in OUTSIDE and word in answer.text]
                if answer.status_code >= 500 or leaked:
                    asked.broken.append(f"{who}: {place}: {answer.status_code} {leaked}")
        if "session" in operation.path:  # which may have ended them, or counted as tries
            sessions = {who: _session(stronghold, who) for who in EVERYBODY}
            stronghold.run("DELETE FROM try")


def _answers(web: str, sessions: dict[str, requests.Session], cases: Any, examples: int) -> list[tuple[str, str, Any]]:
    """Who asked, what, and what came."""
    answers: list[tuple[str, str, Any]] = []

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def one(case: Any) -> None:
        place = f"{case.method} {case.formatted_path} {case.body!r:.300}"
        for who, session in sessions.items():
            answer = case.call(base_url=web, session=session, timeout=PATIENCE_S, verify=session.verify)
            answers.append((who, place, answer))

    with suppress(Unsatisfiable):  # nothing about this operation can be wrong
        one()
    return answers


def _session(stronghold: Stronghold, who: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.verify = str(stronghold.files.certificate)
    session.headers["origin"] = stronghold.web
    if who != NOBODY:
        token = stronghold.session(who)
        session.cookies.set(COOKIE, token, domain="localhost.local")
        session.headers[HEADER] = csrf_of(token)
    return session
