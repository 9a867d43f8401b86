"""All SQL of drills. Each function works in the caller's transaction."""

from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from cloud.alarms.drills.model import KEPT, Failing
from cloud.alarms.subscriber import alarm_id_of
from cloud.db.pool import AsyncConnection
from cloud.errors import RejectedMessage
from protocols.alarm.kinds import AlarmKind
from protocols.device_kind import DeviceKind
from protocols.telemetry.messages import AlarmMessage

_CALLING = [DeviceKind.EMERGENCY_BUTTON.value, DeviceKind.PULL_CORD.value, DeviceKind.FALL_SENSOR.value]


async def keep(connection: AsyncConnection, gateway: str, message: AlarmMessage, heard_at: datetime) -> None:
    """Keeps a drill; told again it changes nothing. Raises RejectedMessage."""
    try:
        cursor = await connection.execute(
            "INSERT INTO drill (drill_id, gateway_id, device, raised_at, heard_at) "
            "SELECT %s, gateway_id, %s, %s, %s FROM gateway WHERE gateway_id = %s "
            "ON CONFLICT (drill_id) DO UPDATE SET device = drill.device RETURNING gateway_id",
            (alarm_id_of(message), message.device, message.raised_at, heard_at, gateway),
        )
    except psycopg.DataError as error:
        raise RejectedMessage(f"the database cannot hold it: {error.diag.message_primary or error}") from error
    owner = await cursor.fetchone()
    if owner is None:
        raise RejectedMessage(f"gateway {gateway} is not registered; add it to a home")
    if owner[0] != gateway:
        raise RejectedMessage("this drill's id belongs to another gateway")


async def expect(connection: AsyncConnection, now: datetime) -> None:
    """Homes that were ever heard, with a device that calls for help, are to drill from now on; others no more."""
    await connection.execute(
        "INSERT INTO drill_watch (gateway_id, since) SELECT gateway_id, %s FROM gateway "
        "WHERE heard_at IS NOT NULL "
        "AND EXISTS (SELECT FROM device WHERE device.gateway_id = gateway.gateway_id AND device.kind = ANY(%s)) "
        "ON CONFLICT DO NOTHING",
        (now, _CALLING),
    )
    await connection.execute(
        "DELETE FROM drill_watch WHERE NOT EXISTS "
        "(SELECT FROM device WHERE device.gateway_id = drill_watch.gateway_id AND device.kind = ANY(%s))",
        (_CALLING,),
    )


async def failing(connection: AsyncConnection, now: datetime, within: timedelta) -> list[Failing]:
    """Homes whose last drill is too long ago."""
    cursor = await connection.execute(
        "SELECT gateway_id, greatest(since, newest.heard_at) FROM drill_watch "
        "LEFT JOIN LATERAL (SELECT max(heard_at) AS heard_at FROM drill "
        "                   WHERE drill.gateway_id = drill_watch.gateway_id) AS newest ON true "
        "WHERE greatest(since, newest.heard_at) < %s ORDER BY gateway_id",
        (now - within,),
    )
    return [Failing(*row) for row in await cursor.fetchall()]


async def open_failures(connection: AsyncConnection, gateway: str) -> list[UUID]:
    """Alarms about this home's failed drill that nobody has closed."""
    cursor = await connection.execute(
        "SELECT alarm_id FROM alarm WHERE gateway_id = %s AND kind = %s AND state <> 'closed' FOR UPDATE",
        (gateway, AlarmKind.DRILL_FAILED.value),
    )
    return [row[0] for row in await cursor.fetchall()]


async def forget_old(connection: AsyncConnection, now: datetime) -> None:
    """Old drills go; the newest of each home stays."""
    await connection.execute(
        "DELETE FROM drill WHERE heard_at < %s AND EXISTS "
        "(SELECT FROM drill AS newer WHERE newer.gateway_id = drill.gateway_id AND newer.heard_at > drill.heard_at)",
        (now - KEPT,),
    )
