"""All SQL of alarms that come by text: the homes' keys, the counters, and who is answered by text."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from cloud.db.pool import AsyncConnection, Connection
from cloud.errors import NotFound
from protocols.alarm.kinds import AlarmKind

OLDEST_COUNTER = 7 * 86_400
"""Counters follow the home's clock: one so many seconds below the highest is a recording."""


@dataclass(frozen=True)
class HomeKey:
    gateway_id: str
    key: bytes
    phone: str
    """Of the home's modem; empty where it is not known."""

    def __repr__(self) -> str:
        return f"HomeKey({self.gateway_id})"  # never the key


class Hearing(Enum):
    NEW = "new"
    ECHO = "echo"
    OLD = "old"


@dataclass(frozen=True)
class ToAnswer:
    alarm_id: UUID
    key: HomeKey
    answer_to: str
    told_event_id: int
    newest_event_id: int


def set_key(connection: Connection, gateway_id: str, key_id: bytes, key: bytes, phone: str) -> None:
    """Gives a home its key; an older one is worth nothing from then on. Raises NotFound."""
    with connection.transaction():
        if connection.execute("SELECT FROM gateway WHERE gateway_id = %s", (gateway_id,)).fetchone() is None:
            raise NotFound(f"there is no gateway {gateway_id!r}; add it to a home first")
        connection.execute(
            "INSERT INTO sms_key (gateway_id, key_id, key, phone) VALUES (%(gateway)s, %(id)s, %(key)s, %(phone)s) "
            "ON CONFLICT (gateway_id) DO UPDATE SET key_id = excluded.key_id, key = excluded.key, "
            "phone = CASE WHEN excluded.phone = '' THEN sms_key.phone ELSE excluded.phone END",
            {"gateway": gateway_id, "id": key_id, "key": key, "phone": phone},
        )
        connection.execute("DELETE FROM sms_heard WHERE gateway_id = %s", (gateway_id,))


async def find_key(connection: AsyncConnection, key_id: bytes) -> HomeKey | None:
    cursor = await connection.execute("SELECT gateway_id, key, phone FROM sms_key WHERE key_id = %s", (key_id,))
    row = await cursor.fetchone()
    return None if row is None else HomeKey(row[0], bytes(row[1]), row[2])


async def key_ring(connection: AsyncConnection) -> dict[bytes, tuple[HomeKey, tuple[str, ...]]]:
    """By key id: every home's key, and the names of its devices."""
    cursor = await connection.execute(
        "SELECT k.key_id, k.gateway_id, k.key, k.phone, "
        "ARRAY(SELECT d.name FROM device AS d WHERE d.gateway_id = k.gateway_id ORDER BY d.name) FROM sms_key AS k"
    )
    return {
        bytes(key_id): (HomeKey(gateway_id, bytes(key), phone), tuple(names))
        for key_id, gateway_id, key, phone, names in await cursor.fetchall()
    }


async def hear(connection: AsyncConnection, gateway_id: str, counter: int) -> Hearing:
    """Uses the counter up. Texts may come in another order than they went."""
    cursor = await connection.execute(
        "SELECT coalesce(max(counter), 0) FROM sms_heard WHERE gateway_id = %s", (gateway_id,)
    )
    row = await cursor.fetchone()
    if row is not None and counter < row[0] - OLDEST_COUNTER:
        return Hearing.OLD
    cursor = await connection.execute(
        "INSERT INTO sms_heard (gateway_id, counter) VALUES (%s, %s) ON CONFLICT DO NOTHING", (gateway_id, counter)
    )
    if cursor.rowcount == 0:
        return Hearing.ECHO
    await connection.execute(
        "DELETE FROM sms_heard WHERE gateway_id = %(gateway)s AND counter < "
        "(SELECT max(counter) FROM sms_heard WHERE gateway_id = %(gateway)s) - %(oldest)s",
        {"gateway": gateway_id, "oldest": OLDEST_COUNTER},
    )
    return Hearing.NEW


async def devices(connection: AsyncConnection, gateway_id: str) -> list[str]:
    """Names of the home's devices."""
    cursor = await connection.execute("SELECT name FROM device WHERE gateway_id = %s ORDER BY name", (gateway_id,))
    return [row[0] for row in await cursor.fetchall()]


async def next_counter(connection: AsyncConnection, gateway_id: str) -> int:
    """Above every earlier one, also where the database was restored from a copy: it follows the server's clock."""
    cursor = await connection.execute(
        "UPDATE sms_key SET said = greatest(said + 1, extract(epoch FROM clock_timestamp())::bigint) "
        "WHERE gateway_id = %s RETURNING said",
        (gateway_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound(f"gateway {gateway_id} has no key for texts")
    return int(row[0])


async def set_tested(connection: AsyncConnection, gateway_id: str, at: datetime) -> None:
    await connection.execute("UPDATE sms_key SET tested_at = %s WHERE gateway_id = %s", (at, gateway_id))


async def without_test(connection: AsyncConnection, before: datetime) -> list[tuple[str, datetime]]:
    """Homes with a key whose newest test text came before `before`, and when that was; or when the key was made."""
    cursor = await connection.execute(
        "SELECT gateway_id, coalesce(tested_at, made_at) FROM sms_key "
        "WHERE coalesce(tested_at, made_at) < %s ORDER BY gateway_id",
        (before,),
    )
    return await cursor.fetchall()


async def open_failures(connection: AsyncConnection, gateway_id: str) -> list[UUID]:
    """Alarms about this home's missing test text that nobody has closed."""
    cursor = await connection.execute(
        "SELECT alarm_id FROM alarm WHERE gateway_id = %s AND kind = %s AND state <> 'closed' FOR UPDATE",
        (gateway_id, AlarmKind.TEXT_FAILED.value),
    )
    return [row[0] for row in await cursor.fetchall()]


async def answer_by_text(connection: AsyncConnection, alarm_id: UUID, gateway_id: str, answer_to: str) -> None:
    """The home is told of this alarm by text from now on, and of the newest step at once."""
    await connection.execute(
        "INSERT INTO sms_alarm (alarm_id, gateway_id, answer_to) VALUES (%s, %s, %s) "
        "ON CONFLICT (alarm_id) DO UPDATE SET answer_to = excluded.answer_to, told_event_id = 0",
        (alarm_id, gateway_id, answer_to),
    )


async def to_answer(connection: AsyncConnection, at_most: int) -> list[ToAnswer]:
    """Alarms with steps that their homes were not sent; held until the transaction ends."""
    cursor = await connection.execute(
        "SELECT s.alarm_id, s.gateway_id, k.key, k.phone, s.answer_to, s.told_event_id, "
        "(SELECT max(e.alarm_event_id) FROM alarm_event AS e WHERE e.alarm_id = s.alarm_id) "
        "FROM sms_alarm AS s JOIN sms_key AS k USING (gateway_id) "
        "WHERE EXISTS (SELECT FROM alarm_event AS e "
        "WHERE e.alarm_id = s.alarm_id AND e.alarm_event_id > s.told_event_id) "
        "ORDER BY s.alarm_id LIMIT %s FOR UPDATE OF s SKIP LOCKED",
        (at_most,),
    )
    return [
        ToAnswer(alarm_id, HomeKey(gateway_id, bytes(key), phone), answer_to, told, newest)
        for alarm_id, gateway_id, key, phone, answer_to, told, newest in await cursor.fetchall()
    ]


async def set_told(connection: AsyncConnection, alarm_id: UUID, event_id: int) -> None:
    await connection.execute("UPDATE sms_alarm SET told_event_id = %s WHERE alarm_id = %s", (event_id, alarm_id))
