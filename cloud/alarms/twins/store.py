"""All SQL of twins. Each function works in the caller's transaction."""

from datetime import datetime
from uuid import UUID

from cloud.db.pool import AsyncConnection
from protocols.alarm.kinds import AlarmKind


async def twins(connection: AsyncConnection) -> list[tuple[str, datetime]]:
    """Names under which two gateways are alive, and since when, by the database's clock."""
    cursor = await connection.execute("SELECT gateway_id, since FROM two_gateways ORDER BY gateway_id")
    return await cursor.fetchall()


async def open_and_over(connection: AsyncConnection) -> list[UUID]:
    """Alarms about two gateways that nobody has closed, and where one is alone by now."""
    cursor = await connection.execute(
        "SELECT alarm_id FROM alarm WHERE kind = %s AND state <> 'closed' "
        "AND NOT EXISTS (SELECT FROM two_gateways AS two WHERE two.gateway_id = alarm.gateway_id) "
        "ORDER BY alarm_id FOR UPDATE",
        (AlarmKind.TWO_GATEWAYS.value,),
    )
    return [row[0] for row in await cursor.fetchall()]
