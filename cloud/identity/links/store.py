"""All SQL of links, of the browsers that opened them, and of who of a family has one."""

import asyncio
import secrets
from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.identity.links.model import SEEN_EVERY, SESSION_LASTS, Link, Relative, Way
from cloud.identity.passwords import hash_password
from cloud.identity.store import token_hash

_TOKEN_BYTES = 32


async def way_of_elder(conn: AsyncConnection, link: bytes) -> Way | None:
    """Whom the link with this digest lets in as the elder."""
    cursor = await conn.execute("SELECT elder_id, link_code FROM elder WHERE link_hash = %s", (link,))
    row = await cursor.fetchone()
    return None if row is None else Way(row[0], row[1])


async def way_of_relative(conn: AsyncConnection, link: bytes, now: datetime) -> Way | None:
    """Whom the link with this digest lets in as one of the family; None also where it ended."""
    cursor = await conn.execute(
        "SELECT elder_id, link_code, relative_id FROM relative "
        "WHERE link_hash = %s AND ended_at IS NULL AND link_ends_at > %s",
        (link, now),
    )
    row = await cursor.fetchone()
    return None if row is None else Way(*row)


async def open_session(conn: AsyncConnection, link: bytes, way: Way, now: datetime) -> str:
    """The token for the cookie of a browser that showed link and code; the database holds its digest."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    await conn.execute(
        "INSERT INTO link_session (token_hash, link_hash, elder_id, relative_id, began_at, seen_at, ends_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (token_hash(token), link, way.elder_id, way.relative_id, now, now, now + SESSION_LASTS),
    )
    return token


async def session_stands(conn: AsyncConnection, token: str, link: bytes, now: datetime) -> bool:
    """Whether this browser showed the code of this link. Notes that it was seen."""
    cursor = await conn.execute(
        "SELECT seen_at FROM link_session WHERE token_hash = %s AND link_hash = %s AND ends_at > %s",
        (token_hash(token), link, now),
    )
    row = await cursor.fetchone()
    if row is not None and now - row[0] >= SEEN_EVERY:
        await conn.execute("UPDATE link_session SET seen_at = %s WHERE token_hash = %s", (now, token_hash(token)))
    return row is not None


async def close_session(conn: AsyncConnection, token: str) -> None:
    await conn.execute("DELETE FROM link_session WHERE token_hash = %s", (token_hash(token),))


async def keep_elders_link(conn: AsyncConnection, elder_id: int, link: Link) -> None:
    """From now on their page opens with `link` and with no other; browsers that had opened it show the code anew."""
    code = await asyncio.to_thread(hash_password, link.code)
    await conn.execute(
        "UPDATE elder SET link_hash = %s, link_code = %s WHERE elder_id = %s", (link.hash, code, elder_id)
    )
    await conn.execute("DELETE FROM link_session WHERE elder_id = %s AND relative_id IS NULL", (elder_id,))


async def invite(
    conn: AsyncConnection,
    elder_id: int,
    link: Link,
    *,
    name: str,
    relation: str,
    staff_id: int,
    now: datetime,
    link_ends_at: datetime,
) -> int:
    """One of the family with a way in of their own, which shows nothing yet: that needs consents. Their number."""
    code = await asyncio.to_thread(hash_password, link.code)
    cursor = await conn.execute(
        "INSERT INTO relative (elder_id, name, relation, link_hash, link_code, invited_by, invited_at, link_ends_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING relative_id",
        (elder_id, name, relation, link.hash, code, staff_id, now, link_ends_at),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - RETURNING
    return int(row[0])


async def renew_link(
    conn: AsyncConnection, elder_id: int, relative_id: int, link: Link, link_ends_at: datetime
) -> None:
    """The old link and the browsers that opened it get in no more. Raises NotFound."""
    code = await asyncio.to_thread(hash_password, link.code)
    done = await conn.execute(
        "UPDATE relative SET link_hash = %s, link_code = %s, link_ends_at = %s "
        "WHERE relative_id = %s AND elder_id = %s AND ended_at IS NULL",
        (link.hash, code, link_ends_at, relative_id, elder_id),
    )
    if not done.rowcount:
        raise NotFound("There is nobody of this family with a way in.")
    await conn.execute("DELETE FROM link_session WHERE relative_id = %s", (relative_id,))


async def end_way_in(conn: AsyncConnection, elder_id: int, relative_id: int, now: datetime) -> None:
    """They see nothing from now on. Ending twice is ending once. Raises NotFound where they are not of this elder."""
    done = await conn.execute(
        "UPDATE relative SET ended_at = coalesce(ended_at, %s) WHERE relative_id = %s AND elder_id = %s",
        (now, relative_id, elder_id),
    )
    if not done.rowcount:
        raise NotFound("There is nobody of this family with a way in.")
    await conn.execute("DELETE FROM link_session WHERE relative_id = %s", (relative_id,))


async def relatives(conn: AsyncConnection, elder_id: int) -> list[Relative]:
    """Those of the family who have a way in."""
    async with conn.cursor(row_factory=class_row(Relative)) as cursor:
        await cursor.execute(
            "SELECT relative_id, name, relation, invited_at, link_ends_at, "
            "(SELECT max(seen_at) FROM link_session s WHERE s.relative_id = relative.relative_id) AS seen_at "
            "FROM relative WHERE elder_id = %s AND ended_at IS NULL ORDER BY relative_id",
            (elder_id,),
        )
        return await cursor.fetchall()
