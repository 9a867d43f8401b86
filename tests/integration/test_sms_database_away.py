"""The database is stopped: a call by text is heard on the broker, and is one row when the database is back."""

import queue
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from cloud.config import Broker, CloudConfig, Database, Sms
from cloud.local.broker import LocalBroker
from cloud.local.postgres import EmbeddedPostgres
from cloud.mqtt import Letter, Subscriber
from cloud.sms_gateway.drawing import draw_key
from cloud.sms_gateway.worker import work
from protocols.alarm.code import AlarmCode, device_tag
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.text import compose_text
from protocols.sms.pdu import Submit
from protocols.sms.user_data import split
from protocols.telemetry.messages import AlarmMessage, decode
from protocols.telemetry.topics import ALARM, all_gateways, topic
from tests.integration.care import BUTTON, GATEWAY, create_care, rows_of
from tests.integration.modems import CENTRE_NUMBER, HOME_NUMBER, PATIENCE_S, SimulatedModems
from tests.integration.mortal import dsn, mortal, stop
from tests.integration.stage import running

__all__ = ["dsn", "mortal"]  # fixtures of a server that may be stopped

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]
BACK_S = 40.0


@pytest.fixture
def modems(tmp_path: Path) -> Iterator[SimulatedModems]:
    modems = SimulatedModems(tmp_path / "inbox.jsonl")
    yield modems
    modems.close()


@pytest.fixture
def desk(broker: LocalBroker) -> Iterator["queue.SimpleQueue[Letter]"]:
    """What the desk hears of alarms."""
    heard: queue.SimpleQueue[Letter] = queue.SimpleQueue()
    with Subscriber(broker.url, "test-desk", [all_gateways(ALARM)], heard.put) as subscriber:
        assert subscriber.wait_connected(PATIENCE_S)
        yield heard


def test_a_call_by_text_is_heard_and_kept(  # noqa: PLR0917 - fixtures
    mortal: EmbeddedPostgres,
    dsn: str,
    broker: LocalBroker,
    modems: SimulatedModems,
    desk: "queue.SimpleQueue[Letter]",
    tmp_path: Path,
) -> None:
    create_care(dsn)
    with psycopg.connect(dsn, autocommit=True) as connection:
        key = bytes.fromhex(draw_key(connection, GATEWAY, HOME_NUMBER))
    modem = modems.plug(tmp_path / "centre", CENTRE_NUMBER)
    config = CloudConfig(
        data=str(tmp_path),
        database=Database(dsn=dsn),
        broker=Broker(url=broker.url),
        sms=Sms(modem=str(tmp_path / "centre"), poll_s=0.5),
    )
    with running(work, config, "sms-gateway") as process:
        process.wait_until("modem")
        process.wait_until("database")
        stop(mortal)
        alarm = uuid4()
        code = AlarmCode(1, alarm, AlarmKind.PERSONAL_TRIGGER, datetime.now(UTC), device_tag(BUTTON))
        for data in split(compose_text(code, key), 1):
            modems.do(
                lambda data=data: modems.network.take(  # type: ignore[misc]  # a lambda's default is not inferred
                    HOME_NUMBER, Submit(CENTRE_NUMBER, data), 1, reports=False
                )
            )
        letter = desk.get(timeout=BACK_S)
        assert letter.topic == topic(GATEWAY, ALARM)
        message = decode(AlarmMessage, letter.payload)
        assert (message.alarm, message.device) == (str(alarm), BUTTON)
        assert len(modems.do(lambda: dict(modem.modem.sim.texts))) == 1, "the modem keeps it until it is stored"
        mortal.ensure_running()
        deadline = time.monotonic() + BACK_S
        while modems.do(lambda: dict(modem.modem.sim.texts)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert rows_of(dsn, "SELECT alarm_id, device FROM alarm") == [(alarm, BUTTON)]
