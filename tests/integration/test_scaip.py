"""Alarms go to a receiving centre over real sockets: its answers become states, and what fails is tried again."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cloud.alarms.scaip.worker import run, work
from cloud.config import CloudConfig, Database, Scaip
from protocols.configuration import ConfigurationError
from tests.integration.care import BUTTON, GATEWAY, Care, create_care, rows_of
from tests.integration.receiving_centre import ReceivingCentre, create_certificate, receiving_centre
from tests.integration.stage import running

pytestmark = pytest.mark.integration


@pytest.fixture
def care(database: str) -> Care:
    return create_care(database)


@pytest.fixture
def centre() -> Iterator[ReceivingCentre]:
    with receiving_centre() as opened:
        yield opened


@pytest.fixture
def other() -> Iterator[ReceivingCentre]:
    with receiving_centre() as opened:
        yield opened


@pytest.fixture
def config(database: str, care: Care) -> Callable[..., CloudConfig]:
    def with_receivers(*urls: str, authority: str = "") -> CloudConfig:
        scaip = Scaip(receivers=list(urls), controller_prefix="46", authority=authority)
        return CloudConfig(database=Database(dsn=database), scaip=scaip)

    return with_receivers


def create_call(dsn: str, kind: str = "fall", *, test: bool = False) -> UUID:
    alarm_id = uuid4()
    rows_of(
        dsn,
        "INSERT INTO alarm (alarm_id, gateway_id, kind, device, test, raised_at, heard_at) "
        "VALUES (%s, %s, %s, %s, %s, now(), now()) RETURNING pg_notify('doorstep_alarm', alarm_id::text)",
        alarm_id, GATEWAY, kind, BUTTON, test,
    )  # fmt: skip
    return alarm_id


def wait_for(dsn: str, query: str, expected: object, timeout_s: float = 20) -> None:
    deadline, found = time.monotonic() + timeout_s, rows_of(dsn, query)
    while found != expected and time.monotonic() < deadline:
        time.sleep(0.05)
        found = rows_of(dsn, query)
    assert found == expected


FORWARDS = "SELECT what, state, answer, done_at IS NOT NULL FROM scaip_forward ORDER BY asked_at"


def test_call_is_forwarded_with_its_codes_and_no_name_and_taken_back_after(
    database: str, care: Care, centre: ReceivingCentre, config: Callable[..., CloudConfig]
) -> None:
    with running(work, config(centre.url), "scaip"):
        create_call(database, "mains_lost")  # technical ones stay here
        create_call(database, test=True)
        alarm_id = create_call(database)
        wait_for(database, FORWARDS, [("raised", "at_centre", "0", True)])
        rows_of(
            database,
            "INSERT INTO alarm_event (alarm_id, state, at, note) VALUES (%s, 'closed', now(), 'cancelled_at_home') "
            "RETURNING pg_notify('doorstep_alarm', alarm_id::text)",
            alarm_id,
        )
        wait_for(database, FORWARDS, [("raised", "at_centre", "0", True), ("taken_back", "at_centre", "0", True)])
    raised, back = centre.messages
    home = rows_of(database, "SELECT home_id FROM home")[0][0]
    assert (raised["mty"], raised["cid"], raised["dty"], raised["stc"]) == ("ME", f"46{home:06d}", "0005", "0009")
    assert (back["dty"], back["stc"], raised["crd"]) == ("0005", "0019", "no-voice:")
    assert raised["ref"] != back["ref"]
    assert not any("Wu Mei" in text or "A 1" in text for text in (*raised.values(), *back.values()))
    notes = "SELECT state, note, told_home_at IS NULL FROM alarm_event WHERE note = 'at_receiving_centre'"
    assert rows_of(database, notes) == [("at_centre", "at_receiving_centre", False)]


def test_busy_is_asked_again_not_treated_goes_to_the_next_and_silence_too(
    database: str, centre: ReceivingCentre, other: ReceivingCentre, config: Callable[..., CloudConfig]
) -> None:
    centre.answers += ["6", "5"]
    other.answers += [""]
    with running(work, config(centre.url, other.url), "scaip"):
        create_call(database)
        wait_for(database, FORWARDS, [("raised", "at_centre", "0", True)], 40)
    assert len(centre.messages) == 3
    assert len(other.messages) == 1
    assert len({message["ref"] for message in (*centre.messages, *other.messages)}) == 1
    assert rows_of(database, "SELECT attempts FROM scaip_forward") == [(4,)]


def test_held_call_is_at_the_centre_and_asked_for_again(
    database: str, centre: ReceivingCentre, config: Callable[..., CloudConfig]
) -> None:
    centre.answers += ["4"]
    with running(work, config(centre.url), "scaip"):
        create_call(database)
        wait_for(database, FORWARDS, [("raised", "at_centre", "4", False)])
        rows_of(database, "UPDATE procrastinate_jobs SET scheduled_at = now() RETURNING id")
        wait_for(database, FORWARDS, [("raised", "at_centre", "0", True)])
    assert len(rows_of(database, "SELECT FROM alarm_event WHERE note = 'at_receiving_centre'")) == 1


def test_refused_message_is_not_sent_for_ever(
    database: str, centre: ReceivingCentre, config: Callable[..., CloudConfig]
) -> None:
    centre.answers += ["3"]
    with running(work, config(centre.url), "scaip"):
        create_call(database)
        wait_for(database, FORWARDS, [("raised", "sent", "3", True)])
    assert rows_of(database, "SELECT problem FROM scaip_forward") == [("the message is refused with 3",)]


def test_restart_sends_what_is_open_with_the_same_reference(database: str, config: Callable[..., CloudConfig]) -> None:
    with receiving_centre() as gone:
        url = gone.url
    with running(work, config(url), "scaip"):
        create_call(database)
        wait_for(database, "SELECT state FROM scaip_forward", [("still_trying",)])
        reference = rows_of(database, "SELECT reference FROM scaip_forward")
    with receiving_centre() as back, running(work, config(back.url), "scaip"):
        wait_for(database, FORWARDS, [("raised", "at_centre", "0", True)])
    assert [(message["ref"],) for message in back.messages] == reference


def test_tls_is_checked_by_name_and_authority(
    database: str, tmp_path: Path, config: Callable[..., CloudConfig]
) -> None:
    right = create_certificate(tmp_path / "right.pem")
    wrong = create_certificate(tmp_path / "wrong.pem")
    with receiving_centre(right) as centre:
        with running(work, config(centre.url, authority=str(wrong)), "scaip"):
            create_call(database)
            wait_for(database, "SELECT problem LIKE '%%CERTIFICATE_VERIFY_FAILED%%' FROM scaip_forward", [(True,)])
        assert centre.messages == []
        with running(work, config(centre.url, authority=str(right)), "scaip"):
            wait_for(database, FORWARDS, [("raised", "at_centre", "0", True)])


@pytest.mark.parametrize(
    ("scaip", "said"),
    [
        (Scaip(), "name one receiving centre"),
        (Scaip(receivers=["http://arc.example"]), "is not of the form tls://HOST:PORT"),
        (Scaip(receivers=["tls://arc.example:99999"]), "is not of the form"),
        (Scaip(receivers=["tcp://arc.example:1"], controller_prefix="A1"), "at most 10 figures"),
        (Scaip(receivers=["tls://arc.example:1"], authority="/none.pem"), "no certificates can be read"),
    ],
)
def test_wrong_configuration_is_said(scaip: Scaip, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        run(CloudConfig(scaip=scaip))
