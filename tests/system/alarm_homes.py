"""Many homes that press at once, on one connection: each keeps its state by the home's own rules and repeats its call
until the centre answers. What they are told is written down with its time, for a checker."""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg

from cloud.mqtt import Letter, Subscriber
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import EVENT_OF_CENTRE_STATE, AlarmState, StepNotAllowed, step
from protocols.telemetry.messages import AlarmMessage, AlarmStateMessage, decode, encode
from protocols.telemetry.topics import ALARM, ALARM_STATE, all_gateways, topic

RESEND_S = 1.0
_UNANSWERED = frozenset({AlarmState.RAISED, AlarmState.SENT, AlarmState.STILL_TRYING})


@dataclass
class Home:
    gateway: str
    message: AlarmMessage
    state: AlarmState = AlarmState.RAISED
    told: list[AlarmStateMessage] = field(default_factory=list)
    """Every word of the centre that changed what this home says."""


class Homes:
    def __init__(self, broker: str) -> None:
        self._homes: dict[str, Home] = {}
        self._moved = threading.Condition()
        self._ended = threading.Event()
        self._line = Subscriber(broker, "homes", [all_gateways(ALARM_STATE)], self._hear, on_connected=self._connected)

    def __enter__(self) -> "Homes":
        self._line.start()
        assert self._line.wait_connected(30)
        threading.Thread(target=self._repeat, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._line.stop()

    def press(self, gateway: str, raised_at: datetime | None = None) -> str:
        """The alarm's id. The call goes out at once, and again until it is answered."""
        message = AlarmMessage(
            alarm=str(uuid4()),
            kind=AlarmKind.PERSONAL_TRIGGER,
            device=f"button-of-{gateway}",
            raised_at=raised_at or datetime.now(UTC),
        )
        with self._moved:
            self._homes[message.alarm] = Home(gateway, message)
        self._line.publish(topic(gateway, ALARM), encode(message))
        return message.alarm

    def until(self, alarms: list[str], state: AlarmState, within_s: float) -> None:
        """Until all of them have been told `state`."""

        def told(alarm: str) -> bool:
            return any(word.state is state for word in self._homes[alarm].told)

        with self._moved:
            done = self._moved.wait_for(lambda: all(map(told, alarms)), within_s)
        missing = [alarm for alarm in alarms if not told(alarm)]
        assert done, f"{len(missing)} of {len(alarms)} were not told {state} in {within_s:.0f} s: {missing[:3]}"

    def told(self, alarm: str) -> list[AlarmStateMessage]:
        with self._moved:
            return list(self._homes[alarm].told)

    def _hear(self, letter: Letter) -> None:
        word = decode(AlarmStateMessage, letter.payload)
        with self._moved:
            home = self._homes.get(word.alarm)
            event = EVENT_OF_CENTRE_STATE.get(word.state)
            if home is None or event is None:
                return
            try:
                home.state = step(home.state, event)
            except StepNotAllowed:
                return
            home.told.append(word)
            self._moved.notify_all()

    def _connected(self, stands: bool) -> None:
        """A connection made anew may have missed words: every open call is told again, as a gateway does."""
        if stands:
            for home in list(self._homes.values()):
                if home.state is not AlarmState.CLOSED:
                    self._line.publish(topic(home.gateway, ALARM), encode(home.message))

    def _repeat(self) -> None:
        while not self._ended.wait(RESEND_S):
            with self._moved:
                waiting = [home for home in self._homes.values() if home.state in _UNANSWERED]
            for home in waiting:
                self._line.publish(topic(home.gateway, ALARM), encode(home.message))


def create_homes(dsn: str, count: int) -> list[str]:
    """Gateways of new homes in the first community there is, each with one elder."""
    names = [f"gw-press-{number}" for number in range(count)]
    with psycopg.connect(dsn) as conn:
        for name in names:
            conn.execute(
                "INSERT INTO home (code, region_id, address) SELECT %s, min(region_id), %s FROM home",
                (name, f"House {name}"),
            )
            conn.execute(
                "INSERT INTO gateway (gateway_id, home_id) SELECT code, home_id FROM home WHERE code = %s", (name,)
            )
            conn.execute(
                "INSERT INTO elder (code, home_id, name) SELECT code, home_id, code FROM home WHERE code = %s", (name,)
            )
    return names


def contradictions(dsn: str, homes: Homes, alarms: list[str]) -> list[str]:
    """What homes were told and the database does not say, alarms that it has not exactly once, and what it never told.

    A home may be told a step twice; it may not be told what nobody did.
    """
    found = []
    with psycopg.connect(dsn) as conn:
        rows: dict[str, list[tuple[Any, ...]]] = {alarm: [] for alarm in alarms}
        for alarm, *event in conn.execute(
            "SELECT alarm_id::text, v.state, v.at, s.name, v.minutes, v.told_home_at "
            "FROM alarm_event v LEFT JOIN staff s USING (staff_id) WHERE alarm_id::text = ANY(%s)",
            (alarms,),
        ):
            rows[alarm].append(tuple(event))
        stored = {alarm for (alarm,) in conn.execute("SELECT alarm_id::text FROM alarm")}
    for alarm in alarms:
        if alarm not in stored:
            found.append(f"{alarm} is not stored")
        names = {(state, name, minutes) for state, _, name, minutes, _ in rows[alarm]}
        if sum(state == "at_centre" for state, *_ in rows[alarm]) != 1:
            found.append(f"{alarm} came to the centre {rows[alarm]}")
        for word in homes.told(alarm):
            if (word.state.value, word.by, word.minutes) not in names:
                found.append(f"{alarm} was told {word}, the database says {sorted(map(str, rows[alarm]))}")
    return found


def until_told_is_noted(dsn: str, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while True:
        try:
            with psycopg.connect(dsn) as conn:
                row = conn.execute("SELECT count(*) FROM alarm_event WHERE told_home_at IS NULL").fetchone()
            if row == (0,):
                return
        except psycopg.OperationalError:
            pass  # on its way up
        assert time.monotonic() < deadline, "not every step was told"
        time.sleep(0.1)
