"""One real home: a simulated button on the air, `doorstep-edge run` that hears it, and a line to the broker that can be
cut. What the home is told is read from the gateway's own feedback file."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from firmware_sim.control import HomeControl
from protocols.alarm.states import AlarmState
from tests.system.chaos.ledger import journalled
from tests.system.chaos.proxy import Address, Proxy
from tests.system.chaos.service import Service
from tests.system.conftest import ROOT, wait_until

GATEWAY, BUTTON = "gw-home-1", "C0:FF:EE:00:01:04"
START_S = 60.0
LIGHT_S = 4.0
"""Without a light for so long they press again."""
_KEY = "231d39c1d7cc1ab1aee224cd096db932"
_HOME = f"""\
name = "home-1"
state = "state"
[life]
history_days = 0
[emergency_button]
address = "{BUTTON}"
bind_key = "{_KEY}"
"""
_EDGE = f"""\
gateway = "{GATEWAY}"
data = "gateway"
catalogue = "{ROOT / "configs" / "devices.toml"}"
[alarm]
resend_s = 1.0
no_answer_s = 2.0
same_press_s = 0.0
[[device]]
name = "ble:{BUTTON}"
kind = "emergency_button"
model = "bthome-button"
address = "{BUTTON}"
bind_key = "{_KEY}"
"""
_OF_THE_CENTRE = (AlarmState.AT_CENTRE, AlarmState.TAKEN, AlarmState.ON_THE_WAY, AlarmState.CLOSED)


@dataclass(frozen=True)
class Told:
    state: str
    wall_s: float
    """Unix seconds."""


class RealHome:
    def __init__(self, folder: Path, broker_url: Callable[[], str]) -> None:
        """Both processes are up when it returns. `broker_url` is asked at each connection."""
        folder.mkdir(exist_ok=True)
        (folder / "home.toml").write_text(_HOME, encoding="utf-8")
        (folder / "edge.toml").write_text(_EDGE, encoding="utf-8")
        self._data = folder / "gateway"
        self.link = Proxy(lambda: _address(broker_url()))
        run_file = folder / "home.run.json"
        words = ["home", "--home", str(folder / "home.toml"), "--run-file", str(run_file), "--no-live"]
        self._home = Service(
            "home",
            lambda: [sys.executable, "-c", "from firmware_sim.cli import main; main()", *words],
            folder / "home.log",
        )
        self._home.start()
        try:
            wait_until("the home to be up", run_file.exists, START_S)
        except BaseException:
            self._home.stop()
            self.link.close()
            raise
        run = json.loads(run_file.read_text(encoding="utf-8"))
        self._control = HomeControl(run["control_socket"])
        self.gateway = Service(
            "gateway",
            lambda: [sys.executable, "-m", "edge", "run", "--config", str(folder / "edge.toml")],
            folder / "gateway.log",
            lambda: {"DBUS_SYSTEM_BUS_ADDRESS": run["bus_address"], "DOORSTEP_BROKER": self.link.url},
        )
        self.gateway.start()

    def stop(self) -> None:
        self._control.close()
        for service in (self.gateway, self._home):
            assert service.stop() == 0, service.last_words()
        self.link.close()

    @property
    def called(self) -> set[str]:
        """Every call that its journal has, and had."""
        return set(journalled(self._data / "alarm.db"))

    def push(self) -> None:
        """Pressed once, whoever hears it."""
        self._control.press()

    def press(self, then: Callable[[], None] = lambda: None, where_unheard: Callable[[], None] = lambda: None) -> str:
        """The call that the gateway wrote down. `then` happens as soon as the button is on the air. Pressed again
        where nobody heard it, as anybody does where no lamp lights; before that comes `where_unheard`."""
        before = self.called
        deadline = time.monotonic() + START_S
        self._control.press()
        then()
        while True:
            try:
                wait_until("the press to be heard", lambda: self.called - before, LIGHT_S)
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
                where_unheard()
                self._control.press()
            else:
                (alarm,) = self.called - before
                return alarm

    def told(self, alarm: str) -> list[Told]:
        path = self._data / "feedback.jsonl"
        if not path.exists():
            return []
        lines = [json.loads(line) for line in path.read_bytes().rpartition(b"\n")[0].splitlines()]
        return [Told(line["state"], line["wall"]) for line in lines if line["alarm"] == alarm]

    def until(self, alarm: str, state: AlarmState, within_s: float) -> None:
        def has_been() -> bool:
            return any(told.state == state for told in self.told(alarm))

        try:
            wait_until(f"the home to be told {state}", has_been, within_s)
        except AssertionError as error:
            words = [told.state for told in self.told(alarm)]
            raise AssertionError(f"{error}; it was told {words}\n{self.gateway.last_words()}") from error


def untruths(dsn: str, home: RealHome, alarms: list[str]) -> list[str]:
    """What the home was told and the database does not say, or had not said by then; what it was told too often."""
    found = []
    with psycopg.connect(dsn) as conn:
        for alarm in alarms:
            at: dict[str, datetime] = dict(
                conn.execute(
                    "SELECT state, min(at) FROM alarm_event WHERE alarm_id::text = %s GROUP BY state", (alarm,)
                ).fetchall()
            )
            told = home.told(alarm)
            for word in told:
                if word.state not in _OF_THE_CENTRE:
                    continue
                if word.state not in at:
                    found.append(f"{alarm} was told {word.state}, which nobody did")
                elif datetime.fromtimestamp(word.wall_s, UTC) < at[word.state]:
                    found.append(f"{alarm} was told {word.state} before it was so")
            if [word.state for word in told].count(AlarmState.CLOSED) != 1:
                found.append(f"{alarm} was told {[word.state for word in told]}")
    return found


def _address(url: str) -> Address:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 0
