"""200 homes that press within one second, and the alarm desk's process and database killed before and after a press.

What every home was told is compared with what the database says: nothing else may have been said, and nothing is lost.
"""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import httpx
import psycopg
import pytest

from protocols.alarm.states import AlarmState
from tests.integration.test_web_live import Event, listening
from tests.system.alarm_homes import Homes, contradictions, create_homes, until_told_is_noted
from tests.system.conftest import BIN, Centre, wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(280)]

STREET = 200
BACK_S = 60.0
PASSWORD = "doorstep-demo"


@contextmanager
def desk_of(centre: Centre, login: str = "desk") -> Iterator[httpx.Client]:
    address = centre.run["web"]
    with httpx.Client(base_url=address, headers={"origin": address}, trust_env=False, timeout=30) as client:

        def signed_in() -> bool:
            try:
                answer = client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
            except httpx.HTTPError:
                return False
            return answer.status_code == 200

        wait_until("the desk to be let in", signed_in, BACK_S)
        yield client


def act(client: httpx.Client, alarm: str, doing: str, **words: Any) -> None:
    """As a person does it: again, while the page says that nothing was changed."""

    def done() -> bool:
        try:
            answer = client.post(f"/api/v1/alarms/{alarm}/{doing}", json=words)
        except httpx.HTTPError:
            return False
        assert answer.status_code in (200, 404, 500, 503), answer.text  # never somebody else's
        return answer.status_code == 200

    wait_until(f"{doing} of {alarm}", done, BACK_S)


def work_off(centre: Centre, homes: Homes, alarms: list[str]) -> None:
    with desk_of(centre) as desk:
        for alarm in alarms:
            act(desk, alarm, "take")
            act(desk, alarm, "on-the-way", minutes=8)
            act(desk, alarm, "close", reason="real")
    homes.until(alarms, AlarmState.CLOSED, BACK_S)


def until_shown(events: "Queue[Event]", alarms: set[str]) -> Counter[str]:
    """How often each was shown as new, once all were."""
    shown: Counter[str] = Counter()
    deadline = time.monotonic() + BACK_S
    while set(shown) < alarms:
        try:
            kind, event, _ = events.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            raise AssertionError(f"{len(alarms) - len(shown)} alarms were not shown") from None
        if kind == "alarm" and event["new"] and event["alarm_id"] in alarms:
            shown[event["alarm_id"]] += 1
    return shown


def kill_database(centre: Centre) -> None:
    lines = (centre.folder / "centre" / "postgres" / "postmaster.pid").read_text().splitlines()
    os.kill(int(lines[0]), signal.SIGQUIT)


def kill_stage(name: str) -> Callable[[Centre], None]:
    def kill(centre: Centre) -> None:
        centre.kill(name)

    return kill


KILLS: dict[str, Callable[[Centre], None]] = {
    "alarms": kill_stage("alarms"),
    "database": kill_database,
}


@pytest.fixture
def gateways(centre: Centre) -> list[str]:
    names = create_homes(centre.run["dsn"], STREET)
    dead = centre.kill("web")  # a centre learns its homes at its start, or when one calls
    wait_until("the web", lambda: centre.revived("web", dead), BACK_S)
    return names


def test_a_street_presses_and_everything_dies_once(centre: Centre, gateways: list[str]) -> None:
    dsn = centre.run["dsn"]
    with Homes(centre.run["broker"]) as homes:
        with desk_of(centre) as desk, listening(desk) as events:
            began = time.monotonic()
            street = []
            for number, gateway in enumerate(gateways):
                street.append(homes.press(gateway))
                time.sleep(max(0.0, began + (number + 1) / STREET - time.monotonic()))
            shown = until_shown(events, set(street))
            assert set(shown.values()) == {1}, "shown more than once"
            homes.until(street, AlarmState.AT_CENTRE, BACK_S)
        everything = list(street)
        work_off(centre, homes, street[:3])

        for name, kill in KILLS.items():
            kill(centre)  # before the press
            before = [homes.press(gateway) for gateway in gateways[:2]]
            homes.until(before, AlarmState.AT_CENTRE, BACK_S)
            kill_when_back(centre, name, kill)  # after the press, before the take
            work_off(centre, homes, before)
            everything += before
        until_told_is_noted(dsn, BACK_S)
        assert contradictions(dsn, homes, everything) == []
        with psycopg.connect(dsn) as conn:
            row = conn.execute("SELECT count(*) FROM alarm").fetchone()
        assert row == (len(everything),)


def kill_when_back(centre: Centre, name: str, kill: Callable[[Centre], None]) -> None:
    """Kills it once more, as soon as it is there to be killed."""

    def killed() -> bool:
        try:
            kill(centre)
        except (OSError, KeyError, ValueError, IndexError):
            return False
        return True

    wait_until(f"{name} to be killed again", killed, BACK_S)


def test_two_alarms_workers_keep_one_alarm(centre: Centre, folder: Path) -> None:
    (gateway, *_) = create_homes(centre.run["dsn"], 1)
    config = folder / "cloud.toml"
    with (folder / "second.log").open("wb") as log:
        second = subprocess.Popen([BIN / "doorstep-cloud", "alarms", "--config", config], stdout=log, stderr=log)
    try:
        wait_until("the second worker", lambda: b"started" in (folder / "second.log").read_bytes(), BACK_S)
        with Homes(centre.run["broker"]) as homes:
            alarms = [homes.press(gateway) for _ in range(20)]
            homes.until(alarms, AlarmState.AT_CENTRE, BACK_S)
            work_off(centre, homes, alarms[:5])
            until_told_is_noted(centre.run["dsn"], BACK_S)
            assert contradictions(centre.run["dsn"], homes, alarms) == []
    finally:
        second.terminate()
        assert second.wait(30) == 0
