"""All SQL of push subscriptions. Each function works in the caller's transaction."""

from typing import Any

from cloud.db.pool import AsyncConnection
from cloud.push.model import Subscription

_SUBSCRIPTION = (
    "SELECT subscription_id, staff_id, endpoint, p256dh, auth, language FROM push_subscription WHERE gone_at IS NULL "
)


async def subscribe(
    connection: AsyncConnection, staff_id: int, endpoint: str, p256dh: bytes, auth: bytes, *, language: str
) -> int:
    """The browser is this person's from now on, whosever it was."""
    cursor = await connection.execute(
        "INSERT INTO push_subscription (staff_id, endpoint, p256dh, auth, language) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (endpoint) DO UPDATE SET staff_id = excluded.staff_id, p256dh = excluded.p256dh, "
        "auth = excluded.auth, language = excluded.language, gone_at = NULL RETURNING subscription_id",
        (staff_id, endpoint, p256dh, auth, language),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - RETURNING of one insert
    return int(row[0])


async def unsubscribe(connection: AsyncConnection, staff_id: int, endpoint: str) -> bool:
    """Takes the browser away from this person; False where it is not theirs."""
    cursor = await connection.execute(
        "DELETE FROM push_subscription WHERE staff_id = %s AND endpoint = %s", (staff_id, endpoint)
    )
    return cursor.rowcount == 1


async def subscriptions_of(connection: AsyncConnection, staff_id: int) -> list[Subscription]:
    cursor = await connection.execute(_SUBSCRIPTION + "AND staff_id = %s ORDER BY subscription_id", (staff_id,))
    return [_subscription(row) for row in await cursor.fetchall()]


async def subscription(connection: AsyncConnection, subscription_id: int) -> Subscription | None:
    """None where it is gone."""
    cursor = await connection.execute(_SUBSCRIPTION + "AND subscription_id = %s", (subscription_id,))
    row = await cursor.fetchone()
    return None if row is None else _subscription(row)


async def set_gone(connection: AsyncConnection, subscription_id: int) -> None:
    """The push service knows it no more: the person took the permission back, or the browser is gone."""
    await connection.execute(
        "UPDATE push_subscription SET gone_at = now() WHERE subscription_id = %s AND gone_at IS NULL",
        (subscription_id,),
    )


def _subscription(row: tuple[Any, ...]) -> Subscription:
    subscription_id, staff_id, endpoint, p256dh, auth, language = row
    return Subscription(subscription_id, staff_id, endpoint, bytes(p256dh), bytes(auth), language)
