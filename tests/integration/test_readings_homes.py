"""What an ingester remembers of the registry: asked once, and anew after any change of it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from cloud.readings.homes.store import (
    MAX_DEVICES_OF_GATEWAY,
    Homes,
    forget_homes,
    homes_of,
    learn_devices,
    learn_gateways,
)
from cloud.registry.whose import Why
from tests.integration.test_ingest_store import CUFF, SENSOR, one, populate, wear

pytestmark = pytest.mark.integration

Connection = psycopg.Connection[tuple[Any, ...]]
NAME = ("gw-1", CUFF)


@pytest.fixture
def connection(any_database: str) -> Iterator[Connection]:
    with psycopg.connect(any_database, autocommit=True) as connection:
        populate(connection)
        wear(connection, CUFF, "elder-1")
        yield connection


@pytest.fixture
def desk(connection: Connection) -> Iterator[Connection]:
    """Somebody else's connection, who changes the registry."""
    with psycopg.connect(connection.info.dsn, autocommit=True) as desk:
        yield desk


def learned(connection: Connection) -> Homes:
    homes = homes_of(connection)
    learn_gateways(connection, homes, ["gw-1"])
    learn_devices(connection, homes, [NAME])
    return homes


def wearer_of(connection: Connection) -> int | None:
    homes = learned(connection)
    always = homes.wearings[homes.devices[NAME]].always
    assert always is not None
    return always.elder_id


def test_what_was_learned_is_not_asked_again(connection: Connection) -> None:
    homes = learned(connection)
    device, wearing = homes.devices[NAME], homes.wearings[homes.devices[NAME]]
    again = learned(connection)
    assert again is homes
    assert again.devices[NAME] == device
    assert again.wearings[device] is wearing


def test_only_registered_gateways_are_known(connection: Connection) -> None:
    homes = homes_of(connection)
    assert learn_gateways(connection, homes, ["gw-1", "gw-2", "no such"]) == {"gw-1"}
    assert homes.gateways == {"gw-1"}


def test_a_gateway_that_is_registered_is_soon_known(connection: Connection, desk: Connection) -> None:
    assert learn_gateways(connection, homes_of(connection), ["gw-2"]) == set()
    desk.execute("INSERT INTO gateway (gateway_id, home_id) SELECT 'gw-2', home_id FROM home")
    assert learn_gateways(connection, homes_of(connection), ["gw-2"]) == {"gw-2"}


def test_another_wearer_is_believed_from_the_change_on(connection: Connection, desk: Connection) -> None:
    first = wearer_of(connection)
    desk.execute("UPDATE wearer SET elder_id = (SELECT elder_id FROM elder WHERE code = 'elder-2')")
    assert wearer_of(connection) not in {first, None}


def test_a_change_that_is_taken_back_changes_nothing(connection: Connection, desk: Connection) -> None:
    first = wearer_of(connection)
    with desk.transaction(force_rollback=True):
        desk.execute("DELETE FROM wearer")
        assert wearer_of(connection) == first
    assert wearer_of(connection) == first


def test_a_gateway_that_is_taken_away_is_forgotten(connection: Connection, desk: Connection) -> None:
    learned(connection)
    desk.execute("DELETE FROM wearer")
    desk.execute("DELETE FROM device")
    desk.execute("DELETE FROM gateway")
    assert learn_gateways(connection, homes_of(connection), ["gw-1"]) == set()


def test_a_new_name_becomes_a_device_once(connection: Connection) -> None:
    homes = homes_of(connection)
    learn_devices(connection, homes, [("gw-1", "new"), NAME])
    learn_devices(connection, homes, [("gw-1", "new")])
    assert one(connection, "SELECT count(*) FROM device WHERE name = 'new' AND kind = 'unknown'") == 1
    wearing = homes.wearings[homes.devices["gw-1", "new"]]
    assert wearing.always is not None
    assert (wearing.always.elder_id, wearing.always.why) == (None, Why.NOBODY)


def test_a_device_of_a_transaction_that_failed_is_not_remembered(connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        learn_devices(connection, homes_of(connection), [("gw-1", "new")])
    forget_homes(connection)
    assert ("gw-1", "new") not in homes_of(connection).devices
    learn_devices(connection, homes_of(connection), [("gw-1", "new")])
    assert one(connection, "SELECT count(*) FROM device WHERE name = 'new'") == 1


def test_a_gateway_that_names_too_many_is_refused(connection: Connection) -> None:
    names = [("gw-1", f"device {number}") for number in range(MAX_DEVICES_OF_GATEWAY + 1)]
    with pytest.raises(psycopg.DataError, match="gateway gw-1 names"):
        learn_devices(connection, homes_of(connection), names)
    assert one(connection, "SELECT count(*) FROM device") == 2


def test_connections_remember_apart(connection: Connection, desk: Connection) -> None:
    learned(connection)
    assert homes_of(desk).devices == {}
    learn_devices(desk, homes_of(desk), [("gw-1", SENSOR)])
    assert ("gw-1", SENSOR) in homes_of(desk).devices
    assert homes_of(desk) is not homes_of(connection)
