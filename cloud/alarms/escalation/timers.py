"""The timers of escalation, in the job queue of the database: a restart forgets none."""

from datetime import datetime
from uuid import UUID

from cloud.alarms.escalation.model import Turn
from cloud.db.jobs import set_timer
from cloud.db.pool import AsyncConnection

QUEUE = "escalation"
STEP = "step"
ELSE_SMS = "else_sms"
DELIVER = "deliver"


async def set_step(connection: AsyncConnection, turn: Turn, wall_at: datetime) -> None:
    await set_timer(
        connection, QUEUE, STEP, wall_at, subject_id=str(turn.subject_id), round_=turn.round, step=turn.step
    )


async def set_else_sms(connection: AsyncConnection, turn: Turn, staff_id: int, wall_at: datetime) -> None:
    await set_timer(
        connection,
        QUEUE,
        ELSE_SMS,
        wall_at,
        subject_id=str(turn.subject_id),
        round_=turn.round,
        step=turn.step,
        staff_id=staff_id,
    )


async def set_delivery(connection: AsyncConnection, notice_id: UUID, wall_at: datetime) -> None:
    await set_timer(connection, QUEUE, DELIVER, wall_at, notice_id=str(notice_id))
