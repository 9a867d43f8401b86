"""A card was copied: two live gateways with one name, one outbox and one secret of the line, each measuring its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from cloud.alarms.twins.watch import look as look_for_twins
from cloud.config import CloudConfig
from cloud.db.pool import create_async_pool
from cloud.process import Process
from cloud.readings.heartbeats.store import note_status
from cloud.readings.worker import work
from cloud.web.fleet.model import Need
from cloud.web.fleet.store import gateways
from edge.config import EdgeConfig
from protocols.telemetry.messages import StatusMessage
from tests.integration.stage import running
from tests.integration.test_edge_uplink import Running, create_readings, wait_until
from tests.integration.test_ingest_store import NOW, one
from tests.integration.test_readings_restored import centre, count, home, look

__all__ = ["centre", "home"]
pytestmark = pytest.mark.integration

COMMON = 30


@pytest.fixture
def twins(home: EdgeConfig, centre: CloudConfig, tmp_path: Path) -> Iterator[tuple[Running, Running]]:
    """Of one card, on which the first `COMMON` readings were delivered."""
    folders = tmp_path / "one", tmp_path / "other"
    folders[0].mkdir()
    configs = [msgspec.structs.replace(home, data=folder) for folder in folders]
    with running(work, centre, "ingest before"):
        card = Running(configs[0], folders[0])
        card.put(create_readings(0, COMMON))
        card.until_empty()
        card.stop()
    shutil.copytree(*folders)
    one, other = (Running(config, folder) for config, folder in zip(configs, folders, strict=True))
    yield one, other
    for gateway in (one, other):
        gateway.stop()


def test_all_of_both_is_stored_once_and_the_centre_says_that_they_are_two(
    centre: CloudConfig, twins: tuple[Running, Running], tmp_path: Path
) -> None:
    one_gateway, other = twins
    dsn = centre.database.dsn
    for at, gateway in enumerate(twins, start=1):
        gateway.put(create_readings(1000 * at, 25 * at))
    assert one_gateway.outbox.epoch == other.outbox.epoch
    with running(work, centre, "ingest") as process:
        for gateway in twins:
            gateway.until_empty()
        assert count(dsn) == COMMON + 25 + 50
        assert one_gateway.outbox.epoch != other.outbox.epoch
        assert any("was copied" in (gateway.uplink.problem() or "") for gateway in twins)
        other.put(create_readings(5000, 5))
        one_gateway.put(create_readings(6000, 5))
        for gateway in twins:
            gateway.until_empty()
        assert count(dsn) == COMMON + 25 + 50 + 10
        with psycopg.connect(dsn, autocommit=True) as connection:
            wait_until(lambda: one(connection, "SELECT count(*) FROM two_gateways") == 1, "not seen that they are two")
            assert one(connection, "SELECT count(DISTINCT (device_id, record_key)) FROM reading") == count(dsn)
    code, text = look(dsn, tmp_path, "--home", "home-1")
    assert code == 0, text
    assert process.name


def test_starts_that_take_turns_are_two_gateways(centre: CloudConfig) -> None:
    """Copies that measure nothing have one outbox; the broker throws each out when the other connects."""
    with psycopg.connect(centre.database.dsn, autocommit=True) as connection:

        def hear(*runs: int) -> int:
            """How many gateways are two, after these heartbeats."""
            for sequence, run in enumerate(runs, start=1):
                status = StatusMessage(online=True, at=NOW, epoch=7, session=1, sequence=sequence, run=run)
                assert note_status(connection, "gw-1", status)
            return int(one(connection, "SELECT count(*) FROM two_gateways"))

        assert hear(0, 0, 0, 0, 0, 0, 0, 0) == 0, "a gateway that draws no number"
        assert hear(*range(1, 20)) == 0, "one that starts again and again"
        assert hear(20, 21, 20, 21, 21, 22) == 0, "one whose last words before a start were held up"
        assert hear(30, 31, 30, 31, 30, 31) == 1
        connection.execute("UPDATE gateway_run SET returned_at = now() - INTERVAL '16 minutes'")
        assert hear(31) == 0
        assert hear(30, 31) == 0, "it is counted anew"
        connection.execute("UPDATE gateway_run SET heard_at = now() - INTERVAL '25 hours'")
        hear(99)
        assert one(connection, "SELECT count(*) FROM gateway_run") == 1


async def test_two_gateways_are_on_the_fleet_page_and_an_alarm_of_their_home(centre: CloudConfig) -> None:
    process = Process("alarms", centre)
    async with create_async_pool(centre.database.dsn, "test", size=2) as pool:
        async with pool.connection() as connection:
            region = await (await connection.execute("SELECT region_id FROM region")).fetchone()
            assert region is not None
            assert await look_for_twins(process, pool) == []
            await connection.execute(
                "INSERT INTO left_outbox VALUES ('gw-1', 7, 2, now(), now()), ('gw-1', 8, 1, now(), now())"
            )
            await connection.execute("UPDATE gateway SET heard_at = now(), online = true")
            await connection.commit()
            (gateway,) = await gateways(connection, frozenset(region))
            await connection.commit()
            assert Need.TWO in gateway.needs(process.clock.now())
        assert await look_for_twins(process, pool) == ["gw-1"]
        assert await look_for_twins(process, pool) == [], "one pair, one alarm"
        async with pool.connection() as connection:
            await connection.execute("UPDATE left_outbox SET returned_at = now() - INTERVAL '16 minutes'")
        assert await look_for_twins(process, pool) == []
        async with pool.connection() as connection:
            found = await connection.execute("SELECT kind, state FROM alarm")
            assert await found.fetchall() == [("two_gateways", "closed")]
