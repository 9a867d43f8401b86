"""All SQL of proving a home: its people by code, its devices' places, its reports."""

from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound
from cloud.registry import store as registry
from cloud.registry.model import Wearing
from cloud.registry.proofs.model import StoredReport, digest_of
from protocols.enrolment.reports import Placement, ProofReport, Signed

Connection = psycopg.Connection[tuple[Any, ...]]

_REPORTS = """
    SELECT prove_report_id, gateway_id, home.code AS home_code, address, time_zone, stored_at, body, said_at, signature,
           certificate
    FROM prove_report JOIN gateway USING (gateway_id) JOIN home USING (home_id)
"""


def elders_of(connection: Connection, gateway: str) -> tuple[str, ...]:
    """Codes of those who live in the gateway's home."""
    rows = connection.execute(
        "SELECT elder.code FROM elder JOIN gateway USING (home_id) WHERE gateway_id = %s ORDER BY elder.code",
        (gateway,),
    )
    return tuple(code for (code,) in rows)


def place(connection: Connection, gateway: str, placement: Placement, begin: datetime) -> str:
    """Registers the device, where it is and who measures with it: from `begin` on, and where nobody did so yet, what it
    remembers is theirs too. Why it was refused, or nothing.

    What is registered already stays; somebody of another home is refused.
    """
    with connection.transaction():
        row = connection.execute(
            "INSERT INTO device (gateway_id, name, kind, label) VALUES (%s, %s, %s, %s) "
            "ON CONFLICT (gateway_id, name) DO UPDATE SET kind = EXCLUDED.kind, "
            "label = CASE WHEN EXCLUDED.label = '' THEN device.label ELSE EXCLUDED.label END RETURNING device_id",
            (gateway, placement.device, placement.kind.value, placement.where),
        ).fetchone()
    if row is None or not placement.whom:
        return ""
    if placement.whom not in elders_of(connection, gateway):
        return f"{placement.device}: no elder {placement.whom!r} lives in this home"
    worn_before = connection.execute("SELECT 1 FROM wearer WHERE device_id = %s", (row[0],)).fetchone() is not None
    worn = connection.execute(
        "SELECT 1 FROM wearer JOIN elder USING (elder_id) WHERE device_id = %s AND elder.code = %s "
        "AND user_slot IS NOT DISTINCT FROM %s AND during @> %s",
        (row[0], placement.whom, placement.slot, begin),
    ).fetchone()
    if worn is not None:
        return ""
    try:
        with connection.transaction():
            registry.wear(
                connection,
                f"{gateway} {placement.device}",
                row[0],
                Wearing(elder=placement.whom, slot=placement.slot, begin=begin if worn_before else None),
                shared=False,
            )
    except (Conflict, NotFound) as error:
        return str(error)
    return ""


def keep_report(connection: Connection, gateway: str, report: ProofReport, told: Signed, now: datetime) -> None:
    """The same report again changes nothing."""
    connection.execute(
        "INSERT INTO prove_report "
        "(gateway_id, ended_at, stored_at, passed, body, said_at, signature, certificate, digest) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (digest) DO NOTHING",
        (
            gateway,
            report.ended_at,
            now,
            report.passed,
            told.body,
            told.at,
            told.signature,
            told.certificate,
            digest_of(gateway, told.body),
        ),
    )


async def report_of_home(conn: AsyncConnection, home_code: str, regions: frozenset[int]) -> StoredReport | None:
    """The newest of a home in these regions."""
    async with conn.cursor(row_factory=class_row(StoredReport)) as cursor:
        await cursor.execute(
            _REPORTS + "WHERE home.code = %s AND region_id = ANY(%s) ORDER BY prove_report_id DESC LIMIT 1",
            (home_code, list(regions)),
        )
        return await cursor.fetchone()


async def address_of(conn: AsyncConnection, home_code: str, regions: frozenset[int]) -> str | None:
    """None where there is no such home in these regions."""
    row = await (
        await conn.execute(
            "SELECT address FROM home WHERE code = %s AND region_id = ANY(%s)", (home_code, list(regions))
        )
    ).fetchone()
    return None if row is None else row[0]


async def report_of_elder(conn: AsyncConnection, elder_id: int) -> StoredReport | None:
    """The newest of the home where the elder lives."""
    async with conn.cursor(row_factory=class_row(StoredReport)) as cursor:
        await cursor.execute(
            _REPORTS + "JOIN elder USING (home_id) WHERE elder_id = %s ORDER BY prove_report_id DESC LIMIT 1",
            (elder_id,),
        )
        return await cursor.fetchone()


async def places_of(conn: AsyncConnection, gateway_id: str) -> dict[str, tuple[str, str]]:
    """Kind and place of the gateway's devices, by name."""
    found = await conn.execute("SELECT name, kind, label FROM device WHERE gateway_id = %s", (gateway_id,))
    return {name: (kind, label) for name, kind, label in await found.fetchall()}


async def live_since(conn: AsyncConnection, gateway_id: str) -> datetime | None:
    """Since when the home counts as live; None: it was not proven, or its machine was replaced since."""
    row = await (
        await conn.execute("SELECT proven_at FROM proven_gateway WHERE gateway_id = %s", (gateway_id,))
    ).fetchone()
    return None if row is None else row[0]
