"""The broker's door for gateways: who comes in, what they may say and hear, and how soon a revoked one is out."""

import queue
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding

from cloud.identity.authority.authority import Authority, create_authority
from cloud.identity.authority.files import AuthorityFolder
from cloud.local.broker import GatewayListener, LocalBroker
from cloud.local.ports import free_port
from cloud.mqtt import Subscriber
from cloud.stages.trust import FollowedFiles
from edge.client_id import client_id
from edge.identity.folder import IdentityFolder
from edge.identity.line_tls import LineTls
from edge.mqtt_line import Arrived, LineHandlers, MqttLine
from protocols.enrolment.messages import Settings
from protocols.telemetry.topics import ALARM, ALARM_STATE, RECEIPT, STATUS, topic

pytestmark = pytest.mark.integration

PATIENCE_S = 20.0
QUIET_S = 1.0
"""So long nothing may come; messages at this broker take milliseconds."""


class Door:
    """A broker with a listener for gateways, and the authority that it believes."""

    def __init__(self, folder: Path) -> None:
        self.files = AuthorityFolder(folder / "authority")
        self.authority = self.files.open(datetime.now(UTC))
        self.files.prepare_servers(self.authority, ["localhost"], datetime.now(UTC))
        self.listener = GatewayListener(
            host="127.0.0.1",
            port=free_port(0),
            authority=self.files.certificate,
            certificate=self.files.server_certificate,
            key=self.files.server_key,
            revoked=self.files.revoked,
            access=self.files.access,
        )
        self.broker = LocalBroker(folder / "broker", 0, self.listener)

    def identity(
        self,
        path: Path,
        gateway: str = "gw-home-1",
        *,
        authority: Authority | None = None,
        begun: timedelta = timedelta(0),
    ) -> int:
        """Fills `path` as an enrolment would; the certificate's serial number."""
        key = generate_private_key(SECP256R1())
        at = datetime.now(UTC) - begun
        made = (authority or self.authority).certify_gateway(key.public_key(), gateway, "home-1", at)
        settings = Settings(gateway=gateway, home="home-1", time_zone="UTC", broker="", server="", receipt_key="")
        path.mkdir(mode=0o700)
        IdentityFolder(path).keep(key, made.public_bytes(Encoding.PEM).decode(), self.authority.pem, settings)
        return made.serial_number


class Line:
    """A gateway's own connection, as `doorstep-edge` makes it."""

    def __init__(self, door: Door, folder: Path | None, client: str, hears: tuple[str, ...] = ()) -> None:
        self.up, self.down = threading.Event(), threading.Event()
        self.heard: queue.SimpleQueue[Arrived] = queue.SimpleQueue()
        self.sent: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self.line = MqttLine(
            client,
            ("localhost", door.listener.port),
            hears,
            LineHandlers(
                arrived=self.heard.put,
                up=lambda _kept: self.up.set(),
                down=self.down.set,
                sent=lambda _mid, taken: self.sent.put(taken),
                last_will=lambda: None,
            ),
            tls=Bare(door) if folder is None else LineTls(folder),
        )
        self.line.start()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.line.stop(patience_s=1.0)


class Bare(LineTls):
    """Trusts the centre and shows no certificate."""

    def __init__(self, door: Door) -> None:
        self.context = ssl.create_default_context(cadata=door.authority.pem)

    def refresh(self) -> None:
        """There is nothing to read."""


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    with made.broker:
        yield made


def test_a_gateway_says_and_hears_below_its_own_name_only(door: Door, tmp_path: Path) -> None:
    door.identity(tmp_path / "one")
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    everything = ("doorstep/#", "#", topic("gw-home-2", RECEIPT))
    with (
        Subscriber(door.broker.url, "centre", ["doorstep/#"], lambda letter: said.put(letter.topic)) as centre,
        Line(door, tmp_path / "one", "gw-home-1", everything) as own,
    ):
        assert centre.wait_connected(PATIENCE_S)
        assert own.up.wait(PATIENCE_S)
        for gateway, channel, taken in (
            ("gw-home-2", STATUS, False),
            ("gw-home-2", ALARM, False),
            ("gw-home-1", RECEIPT, False),
            ("gw-home-1", ALARM, True),
        ):
            own.line.publish(topic(gateway, channel), b"{}")
            assert own.sent.get(timeout=PATIENCE_S) is taken
        assert said.get(timeout=PATIENCE_S) == topic("gw-home-1", ALARM)  # the refused ones did not arrive before
        for gateway in ("gw-home-2", "gw-home-1"):
            for channel in (RECEIPT, ALARM_STATE, STATUS):
                assert centre.publish(topic(gateway, channel), b"{}").wait(PATIENCE_S)
        assert centre.publish(topic("gw-home-1", RECEIPT), b"last").wait(PATIENCE_S)
        heard: list[Arrived] = []
        while not heard or heard[-1].payload != b"last":
            heard.append(own.heard.get(timeout=PATIENCE_S))
        assert {arrived.topic for arrived in heard} == {topic("gw-home-1", RECEIPT), topic("gw-home-1", ALARM_STATE)}


def test_no_gateway_throws_another_off_by_its_name(door: Door, tmp_path: Path) -> None:
    """Whatever of the other's name can be known: its own name, its home's, how names are made."""
    door.identity(tmp_path / "own", "gw-home-1")
    door.identity(tmp_path / "intruder", "gw-home-2")
    with Line(door, tmp_path / "own", client_id(tmp_path / "data", "gw-home-1", "alarm")) as own:
        assert own.up.wait(PATIENCE_S)
        for name in (
            "gw-home-1",
            "gw-home-1-alarm",
            "gw-home-1-alarm-",
            client_id(tmp_path / "other", "gw-home-1", "alarm"),
        ):
            with Line(door, tmp_path / "intruder", name) as intruder:
                assert intruder.up.wait(PATIENCE_S)
        assert not own.down.is_set()
        own.line.publish(topic("gw-home-1", ALARM), b"{}")
        assert own.sent.get(timeout=PATIENCE_S) is True


def test_without_a_good_certificate_nobody_comes_in(door: Door, tmp_path: Path) -> None:
    revoked = door.identity(tmp_path / "revoked")
    door.files.write_revoked(door.authority, {revoked: datetime.now(UTC)}, datetime.now(UTC))
    door.broker.restart()
    door.identity(tmp_path / "foreign", authority=create_authority(datetime.now(UTC)))
    door.identity(tmp_path / "expired", begun=timedelta(days=91))
    for number, folder in enumerate((None, tmp_path / "foreign", tmp_path / "expired", tmp_path / "revoked")):
        with Line(door, folder, f"intruder-{number}") as line:
            assert line.down.wait(PATIENCE_S), folder
            assert not line.up.is_set(), folder
    door.identity(tmp_path / "good")
    with Line(door, tmp_path / "good", "gw-home-1") as line:
        assert line.up.wait(PATIENCE_S)


def test_a_revoked_gateways_sessions_end_within_seconds_and_others_come_back(door: Door, tmp_path: Path) -> None:
    stolen = door.identity(tmp_path / "stolen", "gw-home-1")
    door.identity(tmp_path / "other", "gw-home-2")
    followed = FollowedFiles(door.broker, door.listener)
    with (
        Line(door, tmp_path / "stolen", "gw-home-1") as line,
        Line(door, tmp_path / "stolen", "some-other-client") as hidden,
        Line(door, tmp_path / "other", "gw-home-2") as other,
    ):
        for each in (line, hidden, other):
            assert each.up.wait(PATIENCE_S)
            each.up.clear()
        began = time.monotonic()
        door.files.write_revoked(door.authority, {stolen: datetime.now(UTC)}, datetime.now(UTC))
        while not (line.down.is_set() and hidden.down.is_set()):
            assert time.monotonic() - began < 60
            followed.look()
            line.down.wait(0.1)
        assert other.up.wait(PATIENCE_S)
        assert not line.up.wait(QUIET_S)
        assert not hidden.up.is_set()


def test_a_renewed_certificate_is_taken_up_at_the_next_connection(door: Door, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    first = door.identity(folder)
    with Line(door, folder, "gw-home-1") as line:
        assert line.up.wait(PATIENCE_S)
        line.up.clear()
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        door.identity(folder)
        door.files.write_revoked(door.authority, {first: datetime.now(UTC)}, datetime.now(UTC))
        door.broker.restart()
        assert line.up.wait(PATIENCE_S)
