"""The second path whole: the home's alarm process, two modems and a network between them, the centre, and back."""

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from cloud.alarms import desk
from cloud.alarms import worker as alarms_worker
from cloud.config import Alarms, Broker, CloudConfig, Database, Sms
from cloud.local.broker import LocalBroker
from cloud.sms import store as sms_store
from cloud.sms.model import SmsState
from cloud.sms.outbox import send_sms
from cloud.sms_gateway import worker
from cloud.sms_gateway.drawing import draw_key
from edge.alarm.call import PressRules
from edge.alarm.journal import AlarmJournal
from edge.processes import ALARM, command_of
from protocols.alarm.code import AlarmCode, encode_code
from protocols.alarm.kinds import AlarmKind
from protocols.alarm.states import AlarmState
from protocols.sms.pdu import Submit
from protocols.sms.user_data import split
from tests.edge.conftest import CONFIG
from tests.integration.care import BUTTON, GATEWAY, Care, create_care
from tests.integration.modems import CENTRE_NUMBER, HOME_NUMBER, PATIENCE_S, SimulatedModems
from tests.integration.stage import WatchedProcess, running

pytestmark = pytest.mark.integration

STRANGER = "+8613900000777"


@pytest.fixture
def modems(tmp_path: Path) -> Iterator[SimulatedModems]:
    modems = SimulatedModems(tmp_path / "inbox.jsonl")
    yield modems
    modems.close()


@pytest.fixture
def care(database: str) -> Care:
    return create_care(database)


@pytest.fixture
def key(database: str, care: Care) -> str:
    with psycopg.connect(database, autocommit=True) as connection:
        return draw_key(connection, GATEWAY, HOME_NUMBER)


def create_config(database: str, folder: Path, broker: str = "mqtt://127.0.0.1:1") -> CloudConfig:
    return CloudConfig(
        data=str(folder / "centre-data"),
        database=Database(dsn=database),
        broker=Broker(url=broker),
        alarms=Alarms(take_within_s=600.0, poll_s=0.5, journal=""),
        sms=Sms(modem=str(folder / "centre"), poll_s=0.5),
    )


@pytest.fixture
def gateway(database: str, care: Care, modems: SimulatedModems, tmp_path: Path) -> Iterator[WatchedProcess]:
    """`doorstep-cloud sms-gateway` at work, with no broker anywhere."""
    modems.plug(tmp_path / "centre", CENTRE_NUMBER)
    with running(worker.work, create_config(database, tmp_path), "sms-gateway") as process:
        process.wait_until("modem")
        yield process


class Home:
    """A gateway's data folder, and the alarm's own process on it."""

    def __init__(self, folder: Path, key: str, broker: str) -> None:
        key_file = folder / "sms.key"
        key_file.write_text(key)
        key_file.chmod(0o600)
        settings = (
            f'[broker]\nurl = "{broker}"\n\n[alarm]\nresend_s = 0.3\nno_answer_s = 1.0\n\n[alarm.sms]\n'
            f'port = "{folder / "home"}"\nkey_file = "sms.key"\nnumbers = ["{CENTRE_NUMBER}"]\ntest_days = 0\n\n'
            "[[device]]"
        )
        config = folder / "edge.toml"
        text = CONFIG.replace("[[device]]", settings).replace('"gw-test"', f'"{GATEWAY}"')
        config.write_text(text, encoding="utf-8")
        self._feedback = folder / "data" / "feedback.jsonl"
        self.journal = AlarmJournal(folder / "data" / "alarm.db")
        self._counter = 0
        self.process = subprocess.Popen(command_of(ALARM, config), stdin=subprocess.PIPE, bufsize=0)

    def press(self) -> str:
        self._counter += 1
        pressed = self.journal.press(
            BUTTON,
            AlarmKind.PERSONAL_TRIGGER,
            self._counter,
            raised_at=datetime.now(UTC),
            pressed_at_s=time.time(),
            rules=PressRules(same_press_s=0.0, cancel_within_s=0.0),
        )
        assert self.process.stdin is not None
        self.process.stdin.write(b"!\n")
        return pressed.alarm

    def told(self, alarm: str) -> list[str]:
        if not self._feedback.exists():
            return []
        lines = [json.loads(line) for line in self._feedback.read_text(encoding="utf-8").splitlines()]
        return [line["state"] for line in lines if line["alarm"] == alarm]

    def until_told(self, alarm: str, state: AlarmState) -> list[str]:
        until(lambda: state.value in self.told(alarm), lambda: f"told only {self.told(alarm)}")
        return self.told(alarm)

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self.journal.close()


def until(holds: Callable[[], bool], what: Callable[[], str] = lambda: "it did not come") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def parts() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def rows(dsn: str, query: str, *values: object) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode(), values).fetchall()


async def test_without_a_broker_a_call_goes_by_text_and_a_persons_answer_comes_back(  # noqa: PLR0917 - fixtures
    gateway: WatchedProcess,
    modems: SimulatedModems,
    database: str,
    care: Care,
    key: str,
    tmp_path: Path,
    parts: ExitStack,
) -> None:
    modems.plug(tmp_path / "home", HOME_NUMBER)
    home = Home(tmp_path, key, f"mqtt://127.0.0.1:{closed_port()}")
    parts.callback(home.stop)
    alarm = home.press()
    told = home.until_told(alarm, AlarmState.AT_CENTRE)
    assert told.index("sent") < told.index("at_centre")
    ((kind, device, elder),) = rows(database, "SELECT kind, device, elder_id FROM alarm WHERE alarm_id = %s", alarm)
    assert (kind, device, elder) == ("personal_trigger", BUTTON, care.elder_id)
    assert "taken" not in told, "a delivered text is nobody who has the call"
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await desk.take(connection, UUID(alarm), care.desk, datetime.now(UTC))
        home.until_told(alarm, AlarmState.TAKEN)
        await desk.close(connection, UUID(alarm), care.desk, "test", "", datetime.now(UTC))
    assert home.until_told(alarm, AlarmState.CLOSED)[-3:] == ["at_centre", "taken", "closed"]
    assert home.journal.open_calls() == []


def test_by_both_paths_at_once_it_is_one_alarm(  # noqa: PLR0917 - fixtures
    gateway: WatchedProcess,
    modems: SimulatedModems,
    database: str,
    key: str,
    broker: LocalBroker,
    tmp_path: Path,
    parts: ExitStack,
) -> None:
    """The broker takes the call at once, the desk's process comes late: meanwhile the text has arrived."""
    modems.plug(tmp_path / "home", HOME_NUMBER)
    home = Home(tmp_path, key, broker.url)
    parts.callback(home.stop)
    until(lambda: home.journal.line_connected)
    alarm = home.press()
    until(lambda: rows(database, "SELECT FROM sms_alarm WHERE alarm_id = %s", alarm) != [])
    second = home.press()
    process = parts.enter_context(running(alarms_worker.work, create_config(database, tmp_path, broker.url), "alarms"))
    process.wait_until("broker")
    for one in (alarm, second):
        told = home.until_told(one, AlarmState.AT_CENTRE)
        assert told.count("at_centre") == 1
    until(lambda: rows(database, "SELECT FROM alarm_event WHERE told_home_at IS NULL") == [])
    assert rows(database, "SELECT count(*) FROM alarm") == [(2,)]
    assert rows(database, "SELECT count(*) FROM alarm_event") == [(2,)]
    assert rows(database, "SELECT count(*) FROM dead_letter") == [(0,)]


def test_what_is_no_alarm_of_ours_is_a_dead_letter_without_the_whole_number(
    gateway: WatchedProcess, modems: SimulatedModems, database: str, key: str
) -> None:
    def send(text: str) -> None:
        for data in split(text, 1):
            submit = Submit(CENTRE_NUMBER, data)
            modems.do(lambda submit=submit: modems.network.take(STRANGER, submit, 1, reports=False))  # type: ignore[misc]

    code = AlarmCode(1, UUID(int=7), AlarmKind.FALL, datetime.now(UTC), b"abc")
    sealed = encode_code(code, bytes.fromhex(key))
    forged = encode_code(code, bytes(32))
    damaged = sealed[:20] + ("A" if sealed[20] != "A" else "B") + sealed[21:]
    for text in ("Your balance is 3.20", forged, damaged):
        send(text)
    until(lambda: rows(database, "SELECT count(*) FROM dead_letter") == [(3,)])
    found = rows(database, "SELECT topic, reason FROM dead_letter ORDER BY reason")
    assert {topic for topic, _ in found} == {"sms/...777"}
    assert [str(reason).split(";")[0].split(" (")[0] for _, reason in found] == [
        "a code of a home that has no key here",
        "a letter of the code is wrong, or two changed places",
        "no alarm code in this text",
    ]
    assert rows(database, "SELECT count(*) FROM alarm") == [(0,)]
    send(sealed)
    until(lambda: rows(database, "SELECT count(*) FROM alarm") == [(1,)])
    send(sealed)  # an echo of the network, or a recording
    send("the end")
    until(lambda: rows(database, "SELECT count(*) FROM dead_letter") == [(4,)])
    assert rows(database, "SELECT count(*) FROM alarm_event") == [(1,)]
    until(lambda: rows(database, "SELECT count(*) FROM sms WHERE state IN ('sent', 'delivered')") == [(1,)])


async def test_any_stages_text_is_sent_and_its_delivery_noted(
    gateway: WatchedProcess, modems: SimulatedModems, database: str
) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        sms_id = await send_sms(connection, STRANGER, "An alarm waits. 请看值班台。" * 10)
        deadline = time.monotonic() + PATIENCE_S
        while (await sms_store.get(connection, sms_id)).state is not SmsState.DELIVERED:
            assert time.monotonic() < deadline
            time.sleep(0.05)  # noqa: ASYNC251 - nothing else runs in this loop
    lines = [json.loads(line) for line in modems.inbox.read_text(encoding="utf-8").splitlines()]
    assert "".join(line["text"] for line in lines) == "An alarm waits. 请看值班台。" * 10
    assert {line["to"] for line in lines} == {STRANGER}


async def test_texts_wait_while_the_modem_is_away(
    database: str, care: Care, modems: SimulatedModems, tmp_path: Path
) -> None:
    with running(worker.work, create_config(database, tmp_path), "sms-gateway") as process:
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            sms_id = await send_sms(connection, STRANGER, "hello")
            modems.plug(tmp_path / "centre", CENTRE_NUMBER)
            process.wait_until("modem")
            until(lambda: rows(database, "SELECT state FROM sms WHERE sms_id = %s", sms_id) == [("delivered",)])
            assert (await sms_store.get(connection, sms_id)).attempts == 1
