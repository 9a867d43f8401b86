"""All SQL of the dispatcher's word. Each function works in the caller's transaction."""

from datetime import datetime

from cloud.db.names import NOTIFY, VISIT
from cloud.db.pool import AsyncConnection


async def set_pin(connection: AsyncConnection, visit_id: int, nurse_id: int | None, at: datetime | None) -> None:
    """None: nobody's word any more."""
    await connection.execute(
        "UPDATE visit SET pinned_to = %s, pinned_at = %s WHERE visit_id = %s", (nurse_id, at, visit_id)
    )
    await connection.execute(NOTIFY, (VISIT, str(visit_id)))
