"""The registry's SQL. Everything is made or changed by its code, so that the same file twice does nothing."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range, TimestamptzRange

from cloud.errors import Conflict, NotFound
from cloud.identity.store import token_hash
from cloud.registry.model import Device, DeviceKind, Elder, Gateway, Home, Region, SharingRule, Wearing
from cloud.registry.usual_times import minutes_of
from cloud.registry.wearing import DeviceWearing, Wearer
from cloud.registry.whose import Band
from protocols.reading import Metric

Connection = psycopg.Connection[tuple[Any, ...]]

_OF_A_ROOM = [
    kind.value
    for kind in (
        DeviceKind.SHOWER_SENSOR,
        DeviceKind.MOTION_SENSOR,
        DeviceKind.CONTACT_SENSOR,
        DeviceKind.WATER_SENSOR,
        DeviceKind.TEMPERATURE_SENSOR,
    )
]
LEAST_READINGS_OF_BAND = 8
"""A band that rests on fewer is mostly the group's: two people's would be alike."""


def id_of(connection: Connection, table: str, code: str) -> int:
    """The id of the region, home or elder with this code. Raises NotFound."""
    query = sql.SQL("SELECT {id} FROM {table} WHERE code = %s").format(
        id=sql.Identifier(f"{table}_id"), table=sql.Identifier(table)
    )
    row = connection.execute(query, (code,)).fetchone()
    if row is None:
        raise NotFound(f"there is no {table} {code!r}")
    return int(row[0])


def upsert_region(connection: Connection, region: Region) -> None:
    """The parent must stand already."""
    parent = None if region.parent is None else id_of(connection, "region", region.parent)
    connection.execute(
        "INSERT INTO region (code, name, level, parent_id, latitude, longitude) VALUES (%s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (code) DO UPDATE SET name = EXCLUDED.name, level = EXCLUDED.level, "
        "parent_id = EXCLUDED.parent_id, latitude = coalesce(EXCLUDED.latitude, region.latitude), "
        "longitude = coalesce(EXCLUDED.longitude, region.longitude)",
        (region.code, region.name, region.level.value, parent, region.latitude, region.longitude),
    )


def upsert_home(connection: Connection, home: Home) -> None:
    connection.execute(
        "INSERT INTO home (code, region_id, address, door_note, time_zone, latitude, longitude) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (code) DO UPDATE SET region_id = EXCLUDED.region_id, address = EXCLUDED.address, "
        "door_note = EXCLUDED.door_note, time_zone = EXCLUDED.time_zone, "
        "latitude = coalesce(EXCLUDED.latitude, home.latitude), "
        "longitude = coalesce(EXCLUDED.longitude, home.longitude)",
        (
            home.code,
            id_of(connection, "region", home.region),
            home.address,
            home.door_note,
            home.time_zone,
            home.latitude,
            home.longitude,
        ),
    )


def upsert_elder(connection: Connection, elder: Elder) -> None:
    """A file that names no link, or no `measures`, leaves them as they are. Contacts become those of the file."""
    connection.execute(
        "INSERT INTO elder (code, home_id, name, born_on, sex, conditions, risks, plan, data_note, link_hash) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (code) DO UPDATE "
        "SET home_id = EXCLUDED.home_id, name = EXCLUDED.name, born_on = EXCLUDED.born_on, sex = EXCLUDED.sex, "
        "conditions = EXCLUDED.conditions, risks = EXCLUDED.risks, plan = EXCLUDED.plan, "
        "data_note = EXCLUDED.data_note, link_hash = COALESCE(EXCLUDED.link_hash, elder.link_hash), "
        "link_code = CASE WHEN EXCLUDED.link_hash IS NULL THEN elder.link_code END",
        (
            elder.code,
            id_of(connection, "home", elder.home),
            elder.name,
            elder.born_on,
            elder.sex.value if elder.sex else None,
            list(elder.conditions),
            list(elder.risks),
            elder.plan,
            elder.data_note,
            None if elder.link is None else token_hash(elder.link),
        ),
    )
    elder_id = id_of(connection, "elder", elder.code)
    connection.execute(
        "UPDATE elder SET language = coalesce(%s, language), wished_sex = coalesce(%s, wished_sex) WHERE elder_id = %s",
        (elder.language, elder.wished_sex, elder_id),
    )
    if elder.measures is not None:
        plan = Jsonb({metric.value: days for metric, days in elder.measures.items()})
        connection.execute("UPDATE elder SET measures = %s WHERE elder_id = %s", (plan, elder_id))
    connection.execute("DELETE FROM contact WHERE elder_id = %s", (elder_id,))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO contact (elder_id, place, name, relation, phone) VALUES (%s, %s, %s, %s, %s)",
            [
                (elder_id, place, contact.name, contact.relation, contact.phone)
                for place, contact in enumerate(elder.contact, start=1)
            ],
        )


def set_link(connection: Connection, elder_code: str, token: str, code_hash: str | None = None) -> None:
    """From now on the elder's page opens with `token` and with no other, and where there is one with the code of
    `code_hash`; browsers that had opened it ask anew. Raises NotFound."""
    elder_id = id_of(connection, "elder", elder_code)
    connection.execute(
        "UPDATE elder SET link_hash = %s, link_code = %s WHERE elder_id = %s", (token_hash(token), code_hash, elder_id)
    )
    connection.execute("DELETE FROM link_session WHERE elder_id = %s AND relative_id IS NULL", (elder_id,))


def upsert_gateway(connection: Connection, gateway: Gateway) -> None:
    """Its devices are made or changed; those that the file does not name stay, with their readings."""
    connection.execute(
        "INSERT INTO gateway (gateway_id, home_id) VALUES (%s, %s) "
        "ON CONFLICT (gateway_id) DO UPDATE SET home_id = EXCLUDED.home_id",
        (gateway.name, id_of(connection, "home", gateway.home)),
    )
    for device in gateway.device:
        _upsert_device(connection, gateway.name, device)


def _upsert_device(connection: Connection, gateway: str, device: Device) -> None:
    row = connection.execute(
        "INSERT INTO device (gateway_id, name, kind, label) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (gateway_id, name) DO UPDATE SET kind = EXCLUDED.kind, label = EXCLUDED.label "
        "RETURNING device_id",
        (gateway, device.name, device.kind.value, device.label),
    ).fetchone()
    if row is None:
        raise NotFound(f"device {device.name} of {gateway} was removed meanwhile")
    _set_rule(connection, row[0], device.rule)
    for wearing in device.wearings():
        wear(connection, f"{gateway} {device.name}", row[0], wearing, shared=device.rule is not None)


def _set_rule(connection: Connection, device_id: int, rule: SharingRule | None) -> None:
    if rule is None:
        connection.execute("DELETE FROM sharing WHERE device_id = %s", (device_id,))
        return
    connection.execute(
        "INSERT INTO sharing (device_id, rule) VALUES (%s, %s) "
        "ON CONFLICT (device_id) DO UPDATE SET rule = EXCLUDED.rule",
        (device_id, rule.value),
    )


def wear(connection: Connection, device_name: str, device_id: int, wearing: Wearing, *, shared: bool) -> None:
    """Raises Conflict where somebody else wears the device in that time, and it is not `shared`."""
    elder_id = id_of(connection, "elder", wearing.elder)
    during = TimestamptzRange(wearing.begin, wearing.until)
    usual = Multirange([Range(*minutes) for text in wearing.usual for minutes in minutes_of(text)])
    overlapping = connection.execute(
        "SELECT elder.code, wearer.elder_id = %s, during = %s FROM wearer JOIN elder USING (elder_id) "
        "WHERE device_id = %s AND user_slot IS NOT DISTINCT FROM %s AND during && %s",
        (elder_id, during, device_id, wearing.slot, during),
    ).fetchall()
    if any(own and same for _, own, same in overlapping):
        connection.execute(
            "UPDATE wearer SET usual_minutes = %s::int4multirange WHERE device_id = %s "
            "AND user_slot IS NOT DISTINCT FROM %s AND elder_id = %s AND during = %s",
            (usual, device_id, wearing.slot, elder_id, during),
        )
        return
    for code, own, _ in overlapping:
        if own or wearing.slot is not None or not shared:
            place = "" if wearing.slot is None else f"slot {wearing.slot} "
            raise Conflict(
                f"device {device_name}: {place}is worn by {code} in that time; end that wearing first, so that old "
                "readings stay with whom they were measured on; or, where two people share it, give the device a rule"
            )
    connection.execute(
        "INSERT INTO wearer (device_id, user_slot, elder_id, during, usual_minutes) "
        "VALUES (%s, %s, %s, %s, %s::int4multirange)",
        (device_id, wearing.slot, elder_id, during, usual),
    )


def wearings(connection: Connection, device_ids: Collection[int]) -> dict[int, DeviceWearing]:
    """What is registered of each of the devices. A room's sensor for which nobody is, in the home of one elder, is
    that elder's: nobody else lives there."""
    rows = connection.execute(
        "SELECT device.device_id, home.time_zone, sharing.rule, wearer.elder_id, wearer.user_slot, "
        "wearer.during, wearer.usual_minutes, CASE WHEN wearer.elder_id IS NULL AND device.kind = ANY(%(rooms)s) THEN "
        "(SELECT min(elder_id) FROM elder WHERE elder.home_id = home.home_id HAVING count(*) = 1) END "
        "FROM device JOIN gateway USING (gateway_id) JOIN home USING (home_id) "
        "LEFT JOIN sharing USING (device_id) LEFT JOIN wearer USING (device_id) "
        "WHERE device_id = ANY(%(devices)s) ORDER BY device_id, user_slot, wearer.elder_id",
        {"devices": sorted(device_ids), "rooms": _OF_A_ROOM},
    )
    found: dict[int, DeviceWearing] = {}
    for device_id, zone, rule, elder_id, slot, during, usual, only_elder_id in rows:
        known = found.get(device_id) or DeviceWearing(ZoneInfo(zone), None if rule is None else SharingRule(rule))
        if only_elder_id is not None:
            known = replace(known, wearers=(Wearer(only_elder_id),))
        elif elder_id is not None:
            minutes = tuple((part.lower, part.upper) for part in usual)
            wearer = Wearer(elder_id, slot, during.lower, during.upper, minutes)
            known = replace(known, wearers=(*known.wearers, wearer))
        found[device_id] = known
    return found


def bands(connection: Connection, elder_ids: Collection[int]) -> dict[int, dict[Metric, Band]]:
    """Own normal bands, as detection last found them, of those that rest on readings enough to tell people apart."""
    rows = connection.execute(
        "SELECT elder_id, metric, low, high FROM baseline WHERE elder_id = ANY(%s) AND count >= %s",
        (sorted(elder_ids), LEAST_READINGS_OF_BAND),
    )
    found: dict[int, dict[Metric, Band]] = {}
    known = frozenset(Metric)
    for elder_id, metric, low, high in rows:
        if metric in known:
            found.setdefault(elder_id, {})[Metric(metric)] = Band(low, high)
    return found
