"""All SQL of gateways' certificates."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from cloud.errors import NotFound

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Gateway:
    name: str
    home: str
    """Its code."""
    time_zone: str


@dataclass(frozen=True)
class GatewayCertificate:
    serial: str
    """Hexadecimal."""
    gateway: str
    home: str
    """Its code."""
    begins_at: datetime
    ends_at: datetime
    revoked_at: datetime | None
    revoked_why: str


def serial_text(number: int) -> str:
    return f"{number:x}"


def record(
    connection: Connection,
    *,
    serial: int,
    gateway: str,
    key_digest: bytes,
    begins_at: datetime,
    ends_at: datetime,
    facts: dict[str, str],
) -> None:
    connection.execute(
        "INSERT INTO gateway_certificate (serial, gateway_id, key_digest, begins_at, ends_at, facts) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (serial_text(serial), gateway, key_digest, begins_at, ends_at, Jsonb(facts)),
    )


_CERTIFICATES = (
    "SELECT serial, gateway_id, home.code, begins_at, ends_at, revoked_at, revoked_why "
    "FROM gateway_certificate JOIN gateway USING (gateway_id) JOIN home USING (home_id) "
)


def gateway(connection: Connection, name: str) -> Gateway | None:
    row = connection.execute(
        "SELECT gateway_id, home.code, home.time_zone FROM gateway JOIN home USING (home_id) WHERE gateway_id = %s",
        (name,),
    ).fetchone()
    return None if row is None else Gateway(*row)


def is_revoked(connection: Connection, serial: int) -> bool:
    """One that is not known is not revoked: a restored database does not know the latest."""
    row = connection.execute(
        "SELECT revoked_at IS NOT NULL FROM gateway_certificate WHERE serial = %s", (serial_text(serial),)
    ).fetchone()
    return row is not None and bool(row[0])


def certificates(connection: Connection, now: datetime) -> list[GatewayCertificate]:
    """Those that have not ended, and of each gateway the one that ended last, by gateway and age."""
    rows = connection.execute(
        _CERTIFICATES + "WHERE ends_at > %s OR serial IN (SELECT DISTINCT ON (gateway_id) serial "
        "FROM gateway_certificate ORDER BY gateway_id, ends_at DESC) ORDER BY gateway_id, begins_at",
        (now,),
    )
    return [GatewayCertificate(*row) for row in rows]


def revoke(connection: Connection, gateway: str, now: datetime, why: str, *, but_key: bytes = b"") -> int:
    """Ends all certificates of the gateway that still live, and its open claim; how many certificates it was.

    Those of the key with the digest `but_key` stay. Raises NotFound for a gateway that is not registered.
    """
    if connection.execute("SELECT 1 FROM gateway WHERE gateway_id = %s", (gateway,)).fetchone() is None:
        raise NotFound(f"there is no gateway {gateway!r}")
    ended = connection.execute(
        "UPDATE gateway_certificate SET revoked_at = %s, revoked_why = %s "
        "WHERE gateway_id = %s AND revoked_at IS NULL AND ends_at > %s AND key_digest <> %s",
        (now, why, gateway, now, but_key),
    )
    return ended.rowcount


def end_claims(connection: Connection, gateway: str) -> None:
    """A code for it that is still about opens nothing any more."""
    connection.execute("DELETE FROM claim WHERE gateway_id = %s AND used_at IS NULL", (gateway,))


def revoked(connection: Connection, now: datetime) -> dict[int, datetime]:
    """Serial numbers that are revoked and have not ended by themselves, with the moment."""
    rows = connection.execute(
        "SELECT serial, revoked_at FROM gateway_certificate WHERE revoked_at IS NOT NULL AND ends_at > %s", (now,)
    )
    return {int(serial, 16): at for serial, at in rows}
