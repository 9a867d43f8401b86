"""The daily drill in the home: at a random minute, by a button's frame where one comes, and never a press."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from edge.alarm.button import ButtonListener
from edge.alarm.drill import ANSWER_WITHIN_S, Drill
from edge.clock import Clock
from edge.hours import parse_hours
from protocols.adverts.bthome import encode_bthome
from protocols.adverts.bthome_objects import BUTTON, ButtonPress
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.device_kind import DeviceKind
from tests.edge.alarm_home import CallingHome, create_device
from tests.edge.conftest import KEY

ADDRESS = "C0:FF:EE:00:00:04"
DEVICE = create_device("ble:button", DeviceKind.EMERGENCY_BUTTON, "bthome-button", address=ADDRESS)


SHANGHAI = ZoneInfo("Asia/Shanghai")


class Hours(Clock):
    def __init__(self) -> None:
        super().__init__()
        self.at = datetime(2026, 3, 1, 7, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


class Home(CallingHome):
    def __init__(self, folder: Path) -> None:
        self.hours = Hours()
        super().__init__(folder, (DEVICE,), self.hours)
        self.now_s = 0.0
        self._counter = 0
        self.start()

    def start(self, hours: str = "00:00-24:00") -> None:
        self.drill = Drill(
            self.journal,
            self.calling,
            self.hours,
            hours=parse_hours(hours),
            zone=SHANGHAI,
            draw=random.Random(7),
            monotonic_s=lambda: self.now_s,
        )
        self.button = ButtonListener(DEVICE, self.calling, self.figures, heartbeat=self.drill.heartbeat)
        self.drill.look()

    def heartbeat(self) -> None:
        self._counter += 1
        frame = encode_bthome(
            [(BUTTON, ButtonPress.NONE)], mac=ADDRESS, bind_key=bytes.fromhex(KEY), counter=self._counter
        )
        self.button.heard(frame, -60)

    def pass_hours(self, hours: float) -> None:
        """Looking each minute; a drill is answered at once."""
        for _ in range(round(hours * 60)):
            self.hours.at += timedelta(minutes=1)
            self.drill.look()
            self.answer()

    def answer(self) -> None:
        for call in self.calls:
            self.journal.move(replace(call, state=AlarmState.CLOSED))

    def drills(self) -> list[tuple[str, AlarmKind]]:
        return [(call.device, call.kind) for call in self.calls]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    home.journal.close()


def begin(home: Home) -> None:
    """Until the first drill is under way."""
    while not home.calls:
        home.hours.at += timedelta(minutes=1)
        home.drill.look()


def test_first_drill_comes_within_half_an_hour_by_an_own_frame(home: Home) -> None:
    began = home.hours.at
    begin(home)
    assert timedelta(minutes=2) <= home.hours.at - began <= timedelta(minutes=31)
    assert home.drills() == [("drill", AlarmKind.DRILL)]
    home.answer()
    home.drill.look()
    status = home.drill.status()
    assert (status.answered_at, status.by, status.failed_at) == (home.hours.at, "", None)


def test_drills_come_once_a_day_at_another_minute_each_day(home: Home) -> None:
    times = []
    for _ in range(30 * 24):
        before = home.drill.status().answered_at
        home.pass_hours(1)
        after = home.drill.status().answered_at
        if after is not None and after != before:
            times.append(after)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(timedelta(hours=22) <= gap <= timedelta(hours=26, minutes=5) for gap in gaps)
    assert len({at.minute for at in times}) > 10


def test_heartbeat_that_comes_near_takes_the_place_of_an_own_frame(home: Home) -> None:
    home.heartbeat()
    assert home.calls == []  # the gateway was started just now
    home.hours.at += timedelta(minutes=2, seconds=1)
    home.heartbeat()
    assert home.drills() == [("ble:button", AlarmKind.DRILL)]
    home.heartbeat()
    assert len(home.calls) == 1
    home.answer()
    home.drill.look()
    assert home.drill.status().by == "ble:button"
    home.hours.at += timedelta(hours=10)
    home.heartbeat()
    assert home.calls == []
    home.hours.at += timedelta(hours=12)
    home.heartbeat()
    assert home.drills() == [("ble:button", AlarmKind.DRILL)]


def test_drill_that_nobody_answers_has_failed_and_is_tried_again_within_the_hour(home: Home) -> None:
    begin(home)
    home.now_s += ANSWER_WITHIN_S
    home.drill.look()
    assert home.calls == []
    assert home.drill.status().failed_at == home.hours.at
    failed = home.hours.at
    begin(home)
    assert timedelta(minutes=30) <= home.hours.at - failed <= timedelta(minutes=61)
    home.answer()
    home.drill.look()
    assert home.drill.status().failed_at is None


def test_restart_in_the_midst_of_a_drill_waits_for_its_answer(home: Home) -> None:
    begin(home)
    home.start()
    assert len(home.calls) == 1
    home.answer()
    home.drill.look()
    assert home.drill.status().answered_at is not None


def test_press_is_no_drill_and_a_drill_no_press(home: Home) -> None:
    home.hours.at += timedelta(hours=1)
    frame = encode_bthome(
        [(BUTTON, ButtonPress.PRESS)], mac=ADDRESS, bind_key=bytes.fromhex(KEY), counter=50, trigger_based=True
    )
    home.button.heard(frame, -60)
    assert home.drills() == [("ble:button", AlarmKind.PERSONAL_TRIGGER)]


def test_disk_that_takes_nothing_fails_the_drill_and_nothing_else(home: Home) -> None:
    home.hours.at += timedelta(hours=1)
    home.journal._db.execute("PRAGMA query_only = 1")
    home.heartbeat()
    assert [call.kind for call in home.ears.told] == [AlarmKind.DRILL]
    home.journal._db.execute("PRAGMA query_only = 0")
    home.now_s += ANSWER_WITHIN_S
    home.drill.look()
    assert home.drill.status().failed_at is not None


def test_drills_keep_to_the_hours_of_the_home(home: Home) -> None:
    home.pass_hours(1)
    home.start("09:00-10:30")
    drilled = []
    for _ in range(10 * 24 * 60):
        home.hours.at += timedelta(minutes=1)
        home.drill.look()
        if home.calls:
            drilled.append(home.hours.at)
            home.answer()
    local = [at.astimezone(SHANGHAI) for at in drilled[1:]]  # the first was drawn before
    assert len(local) >= 8
    assert all(9 * 60 <= at.hour * 60 + at.minute <= 10 * 60 + 31 for at in local)
    assert max(later - earlier for earlier, later in pairwise(drilled)) < timedelta(hours=27)


def test_a_heartbeat_out_of_hours_is_no_drill(home: Home) -> None:
    home.start("03:00-04:00")
    home.hours.at += timedelta(hours=1)
    home.heartbeat()
    assert home.calls == []
