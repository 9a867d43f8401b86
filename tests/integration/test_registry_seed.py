"""A community into a real database, again and again."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from cloud.errors import Conflict
from cloud.registry.community import read_community
from cloud.registry.model import Community, SharingRule, Wearing
from cloud.registry.seed import seed
from cloud.registry.store import wearings
from protocols.configuration import ConfigurationError

pytestmark = pytest.mark.integration

TABLES = ("region", "home", "elder", "contact", "gateway", "device", "wearer", "staff")


@pytest.fixture
def community() -> Community:
    return read_community(Path(__file__).parents[2] / "configs" / "community.toml")


def everything(connection: psycopg.Connection[tuple[Any, ...]]) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: connection.execute(psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.Identifier(table))).fetchall()
        for table in TABLES
    }


def test_the_same_file_twice_changes_nothing(database: str, community: Community) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        assert str(seed(connection, community)).startswith("5 regions, 3 homes, 3 elders, 3 gateways, 11 devices")
        first = everything(connection)
        seed(connection, community)
        second = everything(connection)
        for table in TABLES:
            keep = slice(1, None) if table == "contact" else slice(None)  # contacts are written anew
            assert sorted(row[keep] for row in first[table]) == sorted(row[keep] for row in second[table])
        row = connection.execute(
            "SELECT region.name, (SELECT name FROM elder WHERE link_hash = %s) FROM home JOIN region USING (region_id) "
            "WHERE home.code = 'home-1'",
            (hashlib.sha256(b"demo-elder-1").digest(),),
        ).fetchone()
        assert row == ("晨光社区", "林桂珍")


def test_changes_are_taken_and_a_file_without_a_link_leaves_the_link(database: str, community: Community) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        seed(connection, community)
        elder = msgspec.structs.replace(community.elder[0], link=None, plan="new", contact=())
        seed(connection, msgspec.structs.replace(community, elder=(elder, *community.elder[1:])))
        row = connection.execute(
            "SELECT plan, link_hash IS NOT NULL, (SELECT count(*) FROM contact c WHERE c.elder_id = elder.elder_id) "
            "FROM elder WHERE code = 'elder-1'"
        ).fetchone()
        assert row == ("new", True, 0)


def test_two_wearers_at_once_are_refused_and_nothing_is_changed(database: str, community: Community) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        seed(connection, community)
        before = everything(connection)
        gateway = community.gateway[0]
        device = msgspec.structs.replace(gateway.device[0], wearer="elder-2")
        other = msgspec.structs.replace(gateway, device=(device, *gateway.device[1:]))
        with pytest.raises(Conflict, match="is worn by elder-1 in that time"):
            seed(connection, msgspec.structs.replace(community, gateway=(other,)))
        assert everything(connection) == before


def test_a_shared_meter_has_a_rule_and_two_wearers(database: str, community: Community) -> None:
    gateway = community.gateway[0]
    wearing = tuple(
        Wearing(elder=elder, usual=usual)
        for elder, usual in (("elder-1", ("06:30-08:00", "22:00-00:30")), ("elder-2", ()))
    )
    device = msgspec.structs.replace(gateway.device[0], wearer=None, wearing=wearing, rule=SharingRule.BY_TIME)
    shared = msgspec.structs.replace(gateway, device=(device,))
    with psycopg.connect(database, autocommit=True) as connection:
        for _ in range(2):
            seed(connection, msgspec.structs.replace(community, gateway=(shared,)))
            row = connection.execute("SELECT device_id FROM device").fetchone()
            assert row is not None
            found = wearings(connection, [row[0]])[row[0]]
            assert found.rule is SharingRule.BY_TIME
            assert [wearer.usual for wearer in found.wearers] == [((0, 30), (390, 480), (1320, 1440)), ()]
        alone = msgspec.structs.replace(device, rule=None)
        with pytest.raises(Conflict, match="give the device a rule"):
            seed(
                connection,
                msgspec.structs.replace(
                    community,
                    gateway=(msgspec.structs.replace(shared, device=(msgspec.structs.replace(alone, name="new"),)),),
                ),
            )


def test_a_password_comes_from_the_environment(database: str, community: Community) -> None:
    member = msgspec.structs.replace(community.staff[0], password=None, password_env="NURSE_PASSWORD")
    secret = msgspec.structs.replace(community, staff=(member,))
    with psycopg.connect(database, autocommit=True) as connection:
        with pytest.raises(ConfigurationError, match="the environment variable NURSE_PASSWORD is not set"):
            seed(connection, secret, {})
        assert everything(connection)["region"] == []
        seed(connection, secret, {"NURSE_PASSWORD": "word"})
        assert connection.execute("SELECT login FROM staff").fetchall() == [("nurse",)]
