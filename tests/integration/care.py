"""Makers of a small community's rows, and a home that listens on the broker."""

import queue
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg

from cloud.mqtt import Letter, Subscriber
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry.messages import AlarmMessage, AlarmStateMessage, decode, encode
from protocols.telemetry.topics import ALARM, ALARM_STATE, topic

GATEWAY = "gw-home-1"
BUTTON = "ble:C0:FF:EE:00:01:04"
CUFF = "ble:C0:FF:EE:00:01:02"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Care:
    """One home with one elder, and the people around it."""

    elder_id: int
    cuff_id: int
    anna: int
    boris: int
    desk: int


def create_care(dsn: str) -> Care:
    with psycopg.connect(dsn) as connection:

        def one(query: str, *values: object) -> int:
            row = connection.execute(query.encode(), values).fetchone()
            assert row is not None
            return int(row[0])

        region = one("INSERT INTO region (code, name, level) VALUES ('1', 'R', 'community') RETURNING region_id")
        home = one("INSERT INTO home (code, region_id, address) VALUES ('h1', %s, 'A 1') RETURNING home_id", region)
        elder = one("INSERT INTO elder (code, home_id, name) VALUES ('e1', %s, 'Wu Mei') RETURNING elder_id", home)
        connection.execute("INSERT INTO gateway (gateway_id, home_id) VALUES (%s, %s)", (GATEWAY, home))
        devices = {
            name: one(
                "INSERT INTO device (gateway_id, name, kind) VALUES (%s, %s, 'x') RETURNING device_id", GATEWAY, name
            )
            for name in (BUTTON, CUFF)
        }
        for device in devices.values():
            connection.execute("INSERT INTO wearer (device_id, elder_id) VALUES (%s, %s)", (device, elder))
        staff = {
            login: one(
                "INSERT INTO staff (login, name, role, region_id, password_hash) VALUES (%s, %s, %s, %s, '-') "
                "RETURNING staff_id",
                login,
                login.title(),
                role,
                region,
            )
            for login, role in (("anna", "nurse"), ("boris", "nurse"), ("dora", "desk"))
        }
        return Care(elder, devices[CUFF], staff["anna"], staff["boris"], staff["dora"])


def create_readings(dsn: str, care: Care, rows: list[tuple[str, float, datetime]], *flags: str) -> None:
    """Rows of (metric, value, measured_at), stored a second after they were measured; the elder is due."""
    with psycopg.connect(dsn) as connection:
        for metric, value, at in rows:
            connection.execute(
                "INSERT INTO reading (device_id, metric, record_key, measured_at, value, elder_id, flags, received_at, "
                "stored_at, gateway_id, epoch, outbox_number) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, 1)",
                (
                    care.cuff_id,
                    metric,
                    int(at.timestamp()),
                    at,
                    value,
                    care.elder_id,
                    list(flags),
                    at,
                    at + timedelta(seconds=1),
                    GATEWAY,
                ),
            )
        connection.execute(
            "INSERT INTO detection_due (elder_id, since) VALUES (%s, %s) ON CONFLICT (elder_id) DO NOTHING",
            (care.elder_id, min(at for _, _, at in rows)),
        )
        connection.execute("SELECT pg_notify('doorstep_reading', %s)", (str(care.elder_id),))


def create_alarm(*, cancelled: bool = False, alarm: str | None = None) -> AlarmMessage:
    return AlarmMessage(
        alarm=alarm or str(uuid4()),
        kind=AlarmKind.PERSONAL_TRIGGER,
        device=BUTTON,
        raised_at=datetime.now(UTC),
        cancelled=cancelled,
    )


def rows_of(dsn: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode(), values).fetchall()


class ListeningHome:
    """A gateway's side of the alarm line: presses, and hears what the centre says."""

    def __init__(self, url: str, gateway: str = GATEWAY) -> None:
        self._gateway = gateway
        self._heard: queue.Queue[AlarmStateMessage] = queue.Queue()
        self._line = Subscriber(url, "test-home", [topic(gateway, ALARM_STATE)], self._hear)

    def _hear(self, letter: Letter) -> None:
        self._heard.put(decode(AlarmStateMessage, letter.payload))

    def press(self, message: AlarmMessage) -> None:
        self.send(encode(message))

    def send(self, payload: bytes) -> None:
        assert self._line.publish(topic(self._gateway, ALARM), payload).wait(10)

    def next_state(self, timeout_s: float = 10) -> AlarmStateMessage:
        """Raises queue.Empty where the centre stays silent."""
        return self._heard.get(timeout=timeout_s)

    def is_silent(self) -> bool:
        return self._heard.empty()

    def wait_connected(self) -> None:
        assert self._line.wait_connected(20)

    def __enter__(self) -> "ListeningHome":
        self._line.start()
        self.wait_connected()
        return self

    def __exit__(self, *_: object) -> None:
        self._line.stop()
