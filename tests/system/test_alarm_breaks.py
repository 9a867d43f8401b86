"""A real home presses while its link, the broker, the web or its own gateway breaks: before, during and after.

Each call is shown once, is one row, is taken and closed by a person, and the home is told nothing but what was so.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest

from protocols.alarm.states import AlarmState
from tests.integration.test_web_live import listening
from tests.system.alarm_gateway import RealHome, untruths
from tests.system.conftest import Centre, wait_until
from tests.system.test_alarm_way import act, desk_of, until_shown

pytestmark = [pytest.mark.system, pytest.mark.timeout(280)]

BACK_S = 60.0


@dataclass(frozen=True)
class Breakage:
    breaks: Callable[[], None]
    mend: Callable[[], None]


@pytest.fixture
def home(centre: Centre, folder: Path) -> Iterator[RealHome]:
    made = RealHome(folder / "home", lambda: str(centre.run["broker"]))
    yield made
    made.stop()


@pytest.fixture
def breakages(centre: Centre, home: RealHome) -> dict[str, Breakage]:
    dead: dict[str, int] = {}

    def kill_broker() -> None:
        (broker,) = [child for child in psutil.Process(centre.process.pid).children() if child.name() == "mosquitto"]
        os.kill(broker.pid, signal.SIGKILL)

    def kill_web() -> None:
        dead["web"] = centre.kill("web")

    def kill_gateway() -> None:
        assert home.gateway.kill()
        wait_until("its death", lambda: home.gateway.pid is None, BACK_S)

    def start_gateway() -> None:
        if home.gateway.pid is None:
            home.gateway.start()

    return {
        "link": Breakage(lambda: home.link.change(cut=True), lambda: home.link.change(cut=False)),
        "broker": Breakage(kill_broker, lambda: None),  # `up` starts it again
        "web": Breakage(kill_web, lambda: wait_until("web", lambda: centre.revived("web", dead["web"]), BACK_S)),
        "gateway": Breakage(kill_gateway, start_gateway),
    }


def press_around(home: RealHome, moment: str, breakage: Breakage) -> str:
    """The call. All is mended afterwards."""
    match moment:
        case "before":
            breakage.breaks()
            alarm = home.press()
        case "during":
            alarm = home.press(then=breakage.breaks, where_unheard=breakage.mend)
        case _:
            alarm = home.press()
            home.until(alarm, AlarmState.AT_CENTRE, BACK_S)
            breakage.breaks()
    breakage.mend()
    return alarm


def until_on_the_board(desk: httpx.Client, alarm: str) -> None:
    """And there once."""

    def times() -> int:
        answer = desk.get("/api/v1/board")
        return [row["alarm_id"] for row in answer.json()["alarms"]].count(alarm) if answer.status_code == 200 else 0

    wait_until(f"{alarm} on the board", times, BACK_S)
    assert times() == 1


def press_thrice(centre: Centre, home: RealHome, what: str, breakage: Breakage) -> list[str]:
    pressed = []
    moments = ["during", "after"] if what == "gateway" else ["before", "during", "after"]  # a dead one hears nobody
    for moment in moments:
        with ExitStack() as page:
            events = None
            if what != "web":
                events = page.enter_context(listening(page.enter_context(desk_of(centre))))
            alarm = press_around(home, moment, breakage)
            pressed.append(alarm)
            home.until(alarm, AlarmState.AT_CENTRE, BACK_S)
            if events is not None:
                assert until_shown(events, {alarm}) == {alarm: 1}, (what, moment)
    return pressed


def test_a_press_survives_what_breaks_around_it(centre: Centre, home: RealHome, breakages: dict[str, Breakage]) -> None:
    first = home.press()  # everything stands
    home.until(first, AlarmState.AT_CENTRE, BACK_S)
    everything = [first]
    for what, breakage in breakages.items():
        pressed = press_thrice(centre, home, what, breakage)
        everything += pressed
        with desk_of(centre) as desk:
            for alarm in pressed:
                until_on_the_board(desk, alarm)
                act(desk, alarm, "take")
                act(desk, alarm, "on-the-way", minutes=8)
                act(desk, alarm, "close", reason="real")
        for alarm in pressed:
            home.until(alarm, AlarmState.CLOSED, BACK_S)
    assert untruths(centre.run["dsn"], home, everything[1:]) == []
    with psycopg.connect(centre.run["dsn"]) as conn:
        assert conn.execute("SELECT count(*) FROM alarm").fetchone() == (len(everything),)
