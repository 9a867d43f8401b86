"""All SQL of the page Pushes."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from cloud.db.pool import AsyncConnection


@dataclass(frozen=True)
class SentPush:
    asked_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    problem: str

    @property
    def took_s(self) -> float | None:
        """Until the phone's own receipt."""
        return None if self.delivered_at is None else (self.delivered_at - self.asked_at).total_seconds()


async def lately(conn: AsyncConnection, staff_id: int) -> list[SentPush]:
    """The last ten pushes of somebody, newest first."""
    async with conn.cursor(row_factory=class_row(SentPush)) as cursor:
        await cursor.execute(
            "SELECT asked_at, sent_at, delivered_at, problem FROM ("
            "SELECT notice_id, asked_at, sent_at, delivered_at, problem FROM notice "
            "WHERE staff_id = %(staff)s AND way = 'push' UNION ALL "
            "SELECT notice_id, asked_at, sent_at, delivered_at, problem FROM visit_push WHERE staff_id = %(staff)s"
            ") AS sent ORDER BY asked_at DESC, notice_id LIMIT 10",
            {"staff": staff_id},
        )
        return await cursor.fetchall()
