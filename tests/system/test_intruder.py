"""A centre with TLS at every door, and everything an intruder can bring: nothing gets in, nothing falls over, and what
was refused stands on the administrator's page. One start-up for all of it.
"""

import re
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from cloud.identity.authority.authority import create_authority
from cloud.identity.claims.store import draw_claim
from cloud.identity.gateways.store import revoke
from edge.identity.enrolment import enrol
from edge.outbox import Outbox
from edge.receipt_trust import ReceiptTrust
from protocols.adverts.bthome import encode_bthome
from protocols.adverts.bthome_objects import BUTTON, ButtonPress
from protocols.enrolment.messages import ENROL_PATH
from protocols.reading import Metric, Reading, Unit
from protocols.telemetry.messages import ReadingsMessage, Receipt, decode, encode
from protocols.telemetry.topics import ALARM, ALARM_STATE, READINGS, RECEIPT, STATUS, topic
from tests.edge.test_listeners import Home, pressed
from tests.integration.access.matrix import ROUTES
from tests.integration.test_web_access import BODIES
from tests.system.conftest import wait_until
from tests.system.intruder.fuzz import Asked, ask_everything
from tests.system.intruder.line import IntruderLine
from tests.system.intruder.storm import let_go, storm
from tests.system.intruder.stronghold import HONEST, NOBODY, PATIENCE_S, STRANGER, SUSPECT, Stronghold, standing

pytestmark = [
    pytest.mark.system,
    # paho leaves the socket of a handshake that failed to the garbage collector
    pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning"),
]

DEEP = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
HOSTILE_JSON = (
    DEEP,
    b"[" * 100_000,
    b'{"epoch": ' + b"9" * 10_000 + b"}",
    b'{"epoch": 1e999, "first": NaN, "readings": []}',
    b'{"epoch": 1, "first": 1, "sent_at": "2026-01-01T00:00:00Z", "readings": ' + b"[[]," * 1000 + b"[]" + b"]" * 1001,
    b'{"\xff\xfe": 1}',
    b'{"alarm": "' + b"\\u0000" * 10_000 + b'"}',
    bytes(range(256)) * 100,
    b"x" * 1_900_000,
)
"""Each within what the broker passes on."""
ENDLESS = ("logout", "session", "sign-out", "/events", "/metrics")
"""What ends the stranger's own session, never ends, or names nobody."""


@pytest.fixture(scope="module")
def stronghold() -> Iterator[Stronghold]:
    # not pytest's own folder, which the database's user may not enter
    with tempfile.TemporaryDirectory(prefix="doorstep-intruder-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        with standing(Path(folder)) as running:
            yield running


@pytest.fixture(scope="module")
def honest(stronghold: Stronghold) -> Iterator[IntruderLine]:
    """A gateway that belongs here, and stays connected through all of it."""
    identity = stronghold.identity("honest", HONEST)
    with stronghold.line(identity, "honest", (topic(HONEST, RECEIPT), topic(HONEST, ALARM_STATE))) as line:
        assert line.up.wait(PATIENCE_S)
        yield line


@pytest.fixture(scope="module")
def suspect(stronghold: Stronghold) -> Path:
    """The identity of a gateway that is in an intruder's hands, and not revoked yet."""
    return stronghold.identity("suspect", SUSPECT)


def create_message(epoch: int, value: float = 42.5) -> ReadingsMessage:
    at = datetime.now(UTC)
    reading = Reading(
        device="ble:intruder", metric=Metric.HUMIDITY, value=value, unit=Unit.PERCENT, measured_at=at, received_at=at
    )
    return ReadingsMessage(epoch=epoch, first=1, sent_at=at, readings=(reading,))


def test_who_shows_no_good_certificate_stays_out(stronghold: Stronghold) -> None:
    before = stronghold.broker_starts()
    with psycopg.connect(stronghold.dsn, autocommit=True) as connection:
        code = str(draw_claim(connection, SUSPECT, datetime.now(UTC))[0])
        revoked = stronghold.folder / "revoked"
        enrol(stronghold.enrol, code, revoked)
        revoke(connection, SUSPECT, datetime.now(UTC), "stolen")
    wait_until("the list of revoked", stronghold.files.read_revoked, PATIENCE_S)
    wait_until("the broker with that list", lambda: stronghold.broker_starts() > before, PATIENCE_S)
    strangers = {
        "nothing": None,
        "foreign": stronghold.identity("foreign", SUSPECT, authority=create_authority(datetime.now(UTC))),
        "expired": stronghold.identity("expired", SUSPECT, begun=timedelta(days=91)),
        "revoked": revoked,
    }
    for name, identity in strangers.items():
        kind = "broker_certificate" if identity else "broker_no_certificate"
        refused = stronghold.refused(kind)
        with stronghold.line(identity, name) as line:  # which tries again and again
            assert line.down.wait(PATIENCE_S), name
            stronghold.until_refused(kind, refused + 1)
            assert not line.up.is_set(), name


def test_a_gateways_topics_are_its_own(stronghold: Stronghold, honest: IntruderLine, suspect: Path) -> None:
    everything = ("#", "doorstep/#", topic(HONEST, RECEIPT), "$SYS/#", topic(SUSPECT, ALARM_STATE))
    before = stronghold.one("SELECT count(*) FROM alarm WHERE gateway_id = %s", HONEST)
    with stronghold.line(suspect, "suspect", everything) as line:
        assert line.up.wait(PATIENCE_S)
        foreign = (topic(HONEST, ALARM), topic(HONEST, READINGS), topic(HONEST, STATUS), topic(SUSPECT, RECEIPT), "x/y")
        for name in foreign:
            line.publish(name, b"{}")
            assert line.taken() is False, name
        stronghold.call(honest)  # which the centre answers to the honest one, and nobody else hears
        stronghold.call(line, SUSPECT)
        heard = {line.heard.get(timeout=PATIENCE_S).topic}
        while not line.heard.empty():
            heard.add(line.heard.get().topic)
        assert heard == {topic(SUSPECT, ALARM_STATE)}
    assert stronghold.one("SELECT count(*) FROM alarm WHERE gateway_id = %s", HONEST) == before + 1
    stronghold.until_refused("broker_other_topic", len(foreign) + 4)


def test_what_is_said_again_is_not_news(stronghold: Stronghold, honest: IntruderLine) -> None:
    message, name = create_message(epoch=7_000), topic(HONEST, READINGS)
    receipts: list[Receipt] = []
    for _ in range(3):
        honest.publish(name, encode(message))
        while not receipts or receipts[-1].epoch != message.epoch:
            arrived = honest.heard.get(timeout=PATIENCE_S)
            if arrived.topic == topic(HONEST, RECEIPT):
                receipts.append(decode(Receipt, arrived.payload))
    assert (
        stronghold.one("SELECT count(*) FROM reading JOIN device USING (device_id) WHERE device.name = 'ble:intruder'")
        == 1
    )
    receipt, now = receipts[-1], datetime.now(UTC)
    assert ReceiptTrust(HONEST, receipt.key, stronghold.folder / "unused").accepts(receipt, now)
    other = ReceiptTrust(SUSPECT, receipt.key, stronghold.folder / "unused")
    assert not other.accepts(receipt, now)  # another home's
    assert not other.accepts(Receipt(epoch=receipt.epoch, through=99), now)  # nobody's
    assert other.refused == 2
    outbox = Outbox(stronghold.folder / "outbox.db")
    outbox.put(message.readings)
    assert outbox.forget(receipt) == 0  # of another outbox
    assert outbox.backlog().rows == 1
    outbox.close()


def test_a_recorded_or_forged_press_calls_nobody(tmp_path: Path) -> None:
    home = Home(tmp_path)
    recorded = [pressed(counter) for counter in range(1, 4)]
    home.button.heard(pressed(9), -60)
    (call,) = home.journal.open_calls()
    forged = [pressed(10 + number, key=f"{number:032x}") for number in range(20)]
    bent = [pressed(9)[:-1] + bytes([number]) for number in range(20)]
    for frame in (*recorded, *forged, *bent, encode_bthome([(BUTTON, ButtonPress.PRESS)]), b"", bytes(31)):
        home.button.heard(frame, -60)
    assert home.journal.open_calls() == [call]
    assert next(iter(home.figures.devices())).trouble  # which the gateway's heartbeat tells the centre
    home.button.heard(pressed(10), -60)
    assert len(home.journal.open_calls()) >= 1
    home.outbox.close()
    home.journal.close()


def test_ten_megabytes_are_cut_off(stronghold: Stronghold, honest: IntruderLine, suspect: Path) -> None:
    with stronghold.line(suspect, "large") as line:
        assert line.up.wait(PATIENCE_S)
        line.publish(topic(SUSPECT, READINGS), b"x" * 10_000_000)
        assert line.down.wait(PATIENCE_S)
    stronghold.until_refused("broker_too_large", 1)
    with stronghold.browser("nurse") as client:
        for send in ({"json": {"to": "x" * 10_000_000}}, {"data": {"to": "x" * 10_000_000}}):
            try:
                code = client.post("/api/v1/visits/1/steps", **send).status_code  # type: ignore[arg-type]  # as httpx has them
            except httpx.TransportError:  # it hangs up while we still talk
                continue
            assert code == 413
    with (
        httpx.Client(base_url=stronghold.enrol, verify=stronghold.trusted, trust_env=False) as client,
        suppress(httpx.TransportError),
    ):
        assert client.post(ENROL_PATH, content=b"x" * 10_000_000).status_code == 413
    stronghold.call(honest)


def test_deep_and_huge_json_is_a_dead_letter(stronghold: Stronghold, honest: IntruderLine, suspect: Path) -> None:
    before = stronghold.one("SELECT coalesce(sum(times), 0) FROM dead_letter")
    with stronghold.line(suspect, "deep") as line:
        assert line.up.wait(PATIENCE_S)
        for payload in HOSTILE_JSON:
            for channel in (READINGS, ALARM, STATUS):
                line.publish(topic(SUSPECT, channel), payload)
        for _ in range(3 * len(HOSTILE_JSON)):
            assert line.taken()
    wait_until(
        "all of them in the dead letters",
        lambda: stronghold.one("SELECT coalesce(sum(times), 0) FROM dead_letter") >= before + 2 * len(HOSTILE_JSON),
        PATIENCE_S,
    )
    with stronghold.browser("nurse") as client:
        for payload in (DEEP[:60_000], b"[" * 60_000, b'{"to": ' + b"9" * 60_000 + b"}", b'{"to": "\xff"}'):
            for path in ("/api/v1/session", "/api/v1/visits/1/steps", "/api/v1/pushes/subscribe"):
                answer = client.post(path, content=payload, headers={"content-type": "application/json"})
                assert 400 <= answer.status_code < 500, (path, answer.status_code)
    stronghold.call(honest)


def test_thousands_of_connections_keep_nobody_from_calling(stronghold: Stronghold, honest: IntruderLine) -> None:
    web, enrol_port = (urlsplit(address).port or 0 for address in (stronghold.web, stronghold.enrol))
    held: list[socket.socket] = []
    calls: list[float] = []
    caller = threading.Thread(target=lambda: calls.extend(stronghold.call(honest) for _ in range(3)), daemon=True)
    caller.start()
    try:
        for port in (stronghold.broker_port, web, enrol_port):
            came = storm(port, 1_000, held)
            assert came.refused < came.made
        caller.join(3 * PATIENCE_S)
        assert len(calls) == 3, "a call did not arrive"
        stronghold.call(honest)
        with stronghold.browser("desk") as client:  # people get in beside three thousand who wait
            assert client.get("/board").status_code == 200
    finally:
        let_go(held)
    assert max(calls) < PATIENCE_S
    assert _most_files(stronghold.process.pid) > 1024  # what a login gives
    assert stronghold.is_well()


def _most_files(pid: int) -> int:
    limits = Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
    found = re.search(r"Max open files +(\d+)", limits)
    assert found is not None
    return int(found[1])


def test_guessing_passwords_is_slowed_down_and_says_nothing(stronghold: Stronghold) -> None:
    with stronghold.browser(NOBODY) as client:
        codes = [client.post("/login", data={"login": "admin", "password": f"{n}"}).status_code for n in range(10)]
        assert set(codes) == {401, 429}
    stronghold.run("DELETE FROM try")
    stronghold.until_refused("password", 8)
    stronghold.until_refused("too_many_tries", 1)


def test_a_nurse_of_another_community_finds_nothing(stronghold: Stronghold) -> None:
    names = [name for (name,) in stronghold.run("SELECT name FROM elder UNION SELECT address FROM home")]
    places = {
        "elder_id": stronghold.one("SELECT min(elder_id) FROM elder"),
        "alarm_id": stronghold.one("SELECT alarm_id FROM alarm LIMIT 1"),
        "device_id": stronghold.one("SELECT min(device_id) FROM device"),
        "visit_id": 1,
        "record_key": 1,
        "dead_letter_id": stronghold.one("SELECT min(dead_letter_id) FROM dead_letter"),
        "notice_id": "00000000-0000-4000-8000-000000000001",
        "token": "guessed",
    }
    before = stronghold.one("SELECT coalesce(max(audit_id), 0) FROM audit")
    with stronghold.browser(STRANGER) as client:
        for name in ROUTES:
            method, pattern = name.split()
            if (
                "logout" in pattern
                or "session" in pattern
                or "sign-out" in pattern
                or pattern in ("/events", "/metrics")
            ):
                continue
            path = re.sub(r"\{(\w+)\}", lambda part: str(places.get(part[1], 1)), pattern)
            answer = client.request(method, path, json=BODIES.get(name, {}) if method == "POST" else None)
            assert answer.status_code < 500, name
            assert not [said for said in names if said and said in answer.text], name
    shown = stronghold.run(
        "SELECT what FROM audit WHERE audit_id > %s AND what NOT IN ('changed_sign_in', 'changed_pushes')", before
    )
    assert shown == []  # nothing of anybody was opened
    stronghold.until_refused("not_there", 5)


def test_the_contract_asked_by_a_machine_as_everybody(stronghold: Stronghold) -> None:
    names = [name for (name,) in stronghold.run("SELECT name FROM elder UNION SELECT address FROM home") if name]
    asked = Asked()
    ask_everything(stronghold, 1, names, asked)  # ./dev bench security asks for long
    assert not asked.broken, "\n".join(asked.broken)
    assert asked.codes.total() > 150
    assert stronghold.is_well()


def test_all_of_it_is_on_the_page_and_honest_calls_arrive(stronghold: Stronghold, honest: IntruderLine) -> None:
    assert stronghold.call(honest) < PATIENCE_S
    kinds = (
        *("broker_no_certificate", "broker_certificate", "broker_other_topic", "broker_too_large"),
        *("password", "too_many_tries", "not_there", "not_allowed", "not_understood", "too_large"),
    )
    deadline = time.monotonic() + PATIENCE_S
    with stronghold.browser("administrator") as client:
        page = client.get("/refusals").text
        while missing := [kind for kind in kinds if f'id="refusal-{kind}"' not in page]:
            assert time.monotonic() < deadline, missing
            time.sleep(0.2)
            page = client.get("/refusals").text
        assert "dead-letter" in client.get("/dead-letters").text
    with stronghold.browser("desk") as client:
        assert client.get("/refusals").status_code == 403
