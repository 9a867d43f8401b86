"""Who at a provider is who here."""

from datetime import datetime

from cloud.db.pool import AsyncConnection, Connection
from cloud.identity.model import Role, Staff


async def bound(conn: AsyncConnection, issuer: str, subject: str) -> Staff | None:
    cursor = await conn.execute(
        "SELECT staff_id, login, name, role, region_id FROM oidc_binding JOIN staff USING (staff_id) "
        "WHERE issuer = %s AND subject = %s",
        (issuer, subject),
    )
    row = await cursor.fetchone()
    return None if row is None else Staff(row[0], row[1], row[2], Role(row[3]), row[4])


def bind(connection: Connection, issuer: str, subject: str, login: str, at: datetime) -> bool:
    """From now on `subject` is who has this login here. False: there is no such login, or `subject` is another's."""
    cursor = connection.execute(
        "INSERT INTO oidc_binding (issuer, subject, staff_id, bound_at) "
        "SELECT %s, %s, staff_id, %s FROM staff WHERE login = %s "
        "ON CONFLICT (issuer, subject) DO UPDATE SET bound_at = EXCLUDED.bound_at "
        "WHERE oidc_binding.staff_id = EXCLUDED.staff_id",
        (issuer, subject, at, login),
    )
    return cursor.rowcount == 1


def unbind(connection: Connection, issuer: str, login: str) -> int:
    """Takes all subjects of the issuer from who has this login, and ends their sessions by it. How many there were."""
    with connection.transaction():
        cursor = connection.execute(
            "DELETE FROM oidc_binding USING staff WHERE oidc_binding.staff_id = staff.staff_id "
            "AND issuer = %s AND login = %s",
            (issuer, login),
        )
        connection.execute(
            "DELETE FROM session USING staff WHERE session.staff_id = staff.staff_id AND by_provider AND login = %s",
            (login,),
        )
    return cursor.rowcount


async def mark_session(conn: AsyncConnection, token_hash: bytes) -> None:
    """This session was opened by the provider."""
    await conn.execute("UPDATE session SET by_provider = true WHERE token_hash = %s", (token_hash,))


async def is_by_provider(conn: AsyncConnection, token_hash: bytes) -> bool:
    cursor = await conn.execute("SELECT by_provider FROM session WHERE token_hash = %s", (token_hash,))
    row = await cursor.fetchone()
    return row is not None and bool(row[0])
