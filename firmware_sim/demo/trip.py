"""The scripted trip: everything that Doorstep promises, once, with figures.

A reading out of limits becomes an alert, a visit, a report and the elder's word; presses reach the board and come
back as lamp and voice; doubled messages change nothing; and at the end every reading taken is stored.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from firmware_sim.demo.people import ElderAtTablet, Json, Staff
from firmware_sim.demo.repeater import Repeater
from firmware_sim.demo.stage import Stage, Started
from firmware_sim.demo.stream import BoardStream
from firmware_sim.demo.waiting import NeverHappened, wait_for

PRESSES = 6
_CUFF_S = 1.2
TRIP_S = 60.0
MESSAGES_REPEATED = 20
EXPECTED_PRESS_STATES = ["sent", "at_centre", "taken", "on_the_way", "closed"]
PASSWORD = "doorstep-demo"  # noqa: S105 - of the demonstration's invented people, printed at every start
ELDER_LINKS = {"home-1": "demo-elder-1", "home-2": "demo-elder-2", "home-3": "demo-elder-3"}
ELDER_CODES = {"home-1": "elder-1", "home-2": "elder-2", "home-3": "elder-3"}


@dataclass
class Figures:
    """What the trip measured; written as JSON."""

    readings_sent: int = 0
    readings_stored: int = 0
    duplicates_injected: int = 0
    alerts: int = 0
    visits_closed: int = 0
    assessments: int = 0
    verdicts: list[str] = field(default_factory=list)
    press_to_board_ms: list[float] = field(default_factory=list)
    press_states: list[str] = field(default_factory=list)
    dead_letters: int = 0
    outbox_left: int = -1
    seconds_setup: float = 0.0
    seconds_run: float = 0.0
    failed: list[str] = field(default_factory=list)

    def complaints(self) -> list[str]:
        """What did not happen as promised, one sentence each; empty when all of it did."""
        checks = [
            (self.readings_sent > 0, "no reading was taken in the homes"),
            (
                self.readings_stored == self.readings_sent,
                f"{self.readings_sent} readings were taken and {self.readings_stored} are stored",
            ),
            (self.duplicates_injected > 0, "no duplicate was injected"),
            (self.alerts >= 2, f"{self.alerts} alerts were raised, at least 2 were due"),
            (self.visits_closed >= 2, f"{self.visits_closed} visits were closed, at least 2 were due"),
            (self.assessments >= 2, f"{self.assessments} assessments were given, at least 2 were due"),
            (self.verdicts == ["right", "technique"], f"beside the alerts stands {self.verdicts}"),
            (len(self.press_to_board_ms) >= 5, f"{len(self.press_to_board_ms)} presses reached the board"),
            (self.press_states == EXPECTED_PRESS_STATES, f"the home heard {self.press_states}"),
            (self.dead_letters == 0, f"{self.dead_letters} messages became dead letters"),
            (self.outbox_left == 0, f"{self.outbox_left} readings are left in the outboxes"),
        ]
        return [complaint for fine, complaint in checks if not fine]


def run_trip(stage: Stage, say: Callable[[str], None]) -> Figures:
    """Plays the trip on a stage that is up. Never raises for what did not happen: it is in `failed`."""
    figures = Figures(seconds_setup=float(os.environ.get("DOORSTEP_SETUP_SECONDS", "0")))
    trip = _Trip(stage, figures, say)
    try:
        trip.play()
    except (NeverHappened, httpx.HTTPError, OSError, TimeoutError, AssertionError) as error:
        figures.failed.append(f"{type(error).__name__}: {error}")
    figures.failed.extend(figures.complaints())
    return figures


def as_json(figures: Figures) -> str:
    return json.dumps(asdict(figures), indent=2, ensure_ascii=False) + "\n"


class _Trip:
    def __init__(self, stage: Stage, figures: Figures, say: Callable[[str], None]) -> None:
        self._stage = stage
        self._figures = figures
        self._say = say

    def play(self) -> None:
        broker = urlsplit(self._stage.broker)
        repeater = Repeater(broker.hostname or "127.0.0.1", broker.port or 1883)
        desk = Staff(self._stage.web, "desk", PASSWORD)
        nurse = Staff(self._stage.web, "nurse", PASSWORD)
        stream = BoardStream(self._stage.web, desk.cookies)
        try:
            self._wait_for_histories(desk)
            self._presses(desk, stream)
            self._pressure_too_high(nurse)
            self._glucose_too_low(nurse)
            self._broker_repeats(repeater)
            self._settle(desk)
        finally:
            stream.close()
            repeater.close()
            desk.close()
            nurse.close()

    def _wait_for_histories(self, desk: Staff) -> None:
        """Every meter has handed over the weeks it remembered."""
        with self._step("meters hand over their memories"):
            self._wait("all meters to be read", self._all_read)
            self._wait("their readings to be stored", lambda: self._stored(desk) > 0 and self._backlog() == 0)

    def _all_read(self) -> bool:
        meters = [meter for started in self._stage.homes for meter in started.control.meters().values()]
        return all(meter["handed_over"] > 0 and meter["unsent"] == 0 for meter in meters)

    def _presses(self, desk: Staff, stream: BoardStream) -> None:
        with self._step(f"{PRESSES} presses of the emergency buttons"):
            assert stream.connected.wait(10), "the board's stream did not open within 10 s"  # noqa: S101
            for number in range(PRESSES):
                started = self._stage.homes[number % len(self._stage.homes)]
                self._press(started, desk, stream)
            self._figures.press_states = self._heard_in(self._first_home)[: len(EXPECTED_PRESS_STATES)]

    def _press(self, started: Started, desk: Staff, stream: BoardStream) -> None:
        before = len(self._feedback(started))
        pressed_s = started.control.press()
        seen = stream.alarm_seen(pressed_s, ELDER_CODES[started.house.name], within_s=10)
        if seen is None:
            raise NeverHappened(f"waited 10 s for the press in {started.house.name} to stand on the board")
        at_s, alarm = seen
        self._figures.press_to_board_ms.append(round((at_s - pressed_s) * 1000, 2))
        self._until_heard(started, before, "at_centre")
        desk.take(alarm["alarm_id"])
        self._until_heard(started, before, "taken")
        desk.on_the_way(alarm["alarm_id"], 8)
        self._until_heard(started, before, "on_the_way")
        desk.close_alarm(alarm["alarm_id"], "test")
        self._until_heard(started, before, "closed")

    def _pressure_too_high(self, nurse: Staff) -> None:
        with self._step("blood pressure out of limits, twice: alert, visit, report, the elder's word"):
            home = self._first_home
            for systolic, diastolic in ((186, 112), (190, 114)):
                began_s = time.monotonic()
                home.control.measure_pressure(systolic, diastolic, pulse=84)
                self._wait("the cuff to be read", self._all_read)
                # no cuff measures twice in a second; by its clock, which has no parts of one, they would be one
                self._wait("the cuff to let go", lambda began_s=began_s: time.monotonic() > began_s + _CUFF_S)  # type: ignore[misc]
            visit = self._wait("the visit for it", lambda: self._open_visit(nurse, home, "blood_pressure"))
            self._walk(nurse, visit, home, verdict="right", face=5)

    def _glucose_too_low(self, nurse: Staff) -> None:
        with self._step("glucose too low on the serial meter: alert, visit, report, the elder's word"):
            home = self._first_home
            home.control.measure_glucose(49, "serial")
            visit = self._wait("the visit for it", lambda: self._open_visit(nurse, home, "hypoglycaemia"))
            self._walk(nurse, visit, home, verdict="technique", face=4)

    def _walk(self, nurse: Staff, visit: Json, home: Started, *, verdict: str, face: int) -> None:
        """The nurse goes the whole way, and the elder says how it was."""
        visit_id = int(visit["visit_id"])
        for step in ("accepted", "travelling", "at_the_door"):
            nurse.step(visit_id, step)
        nurse.report(
            visit_id,
            findings=["measured_again_usual"],
            actions=["talked"],
            note="Measured again at the door.",
            verdict=verdict,
            next_on=None,
        )
        elder = ElderAtTablet(self._stage.web, ELDER_LINKS[home.house.name])
        try:
            elder.assess(visit_id, face)
        finally:
            elder.close()
        closed = nurse.visit(visit_id)
        self._figures.visits_closed += closed["visit"]["state"] == "assessed"
        self._figures.assessments += closed["report"]["face"] == face
        self._figures.verdicts.append(closed["alert"]["verdict"])  # where detection reads it

    def _broker_repeats(self, repeater: Repeater) -> None:
        with self._step("the broker delivers old messages again"):
            self._figures.duplicates_injected = repeater.repeat(MESSAGES_REPEATED)

    def _settle(self, desk: Staff) -> None:
        """The homes fall silent; then what was taken and what is stored must agree."""
        with self._step("everything taken is stored"):
            for started in self._stage.homes:
                self._stage.household.stop(started.home)
            try:
                self._wait(
                    "every reading to be stored", lambda: self._backlog() == 0 and self._taken() == self._stored(desk)
                )
            finally:
                figures = desk.figures()
                self._figures.readings_sent = self._taken()
                self._figures.readings_stored = figures["readings_stored"]
                self._figures.outbox_left = self._backlog()
                self._figures.alerts = figures["alerts_total"]
                self._figures.dead_letters = figures["dead_letters"]

    @property
    def _first_home(self) -> Started:
        return self._stage.homes[0]

    def _open_visit(self, nurse: Staff, home: Started, cause: str) -> Json | None:
        for visit in nurse.visits():
            if (
                visit["elder_code"] == ELDER_CODES[home.house.name]
                and visit["cause"] == cause
                and visit["state"] in ("proposed", "assigned")
            ):
                return visit
        return None

    def _stored(self, desk: Staff) -> int:
        return int(desk.figures()["readings_stored"])

    def _taken(self) -> int:
        return sum(int(started.gateway_health()["readings_taken"]) for started in self._stage.homes)

    def _backlog(self) -> int:
        return sum(int(started.gateway_health()["backlog_rows"]) for started in self._stage.homes)

    def _feedback(self, started: Started) -> list[Json]:
        if not started.house.feedback.exists():
            return []
        return [json.loads(line) for line in started.house.feedback.read_text(encoding="utf-8").splitlines()]

    def _until_heard(self, started: Started, before: int, state: str) -> None:
        """Waits until lamp and voice have told `state` after the first `before` things they ever told."""

        def heard() -> bool:
            return any(line["state"] == state for line in self._feedback(started)[before:])

        self._wait(f"{started.house.name} to hear {state}", heard)

    def _heard_in(self, started: Started) -> list[str]:
        """The states of the first alarm in the order in which lamp and voice told them."""
        told = self._feedback(started)
        return [line["state"] for line in told if line["alarm"] == told[0]["alarm"] and line["state"] != "raised"]

    def _wait(self, what: str, look: Callable[[], Any]) -> Any:
        return wait_for(what, look, within_s=TRIP_S, check=self._stage.household.check)

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        self._say(what)
        yield
        self._say(f"  done in {time.monotonic() - began:.1f} s")
