"""All SQL by which records that are nobody's for sure come before detection, and away from it.

Each function works in the caller's transaction.
"""

from collections.abc import Sequence
from datetime import datetime

from cloud.db import names
from cloud.db.pool import AsyncConnection, Connection
from cloud.readings.ownership import Line
from cloud.registry.whose import Whose

# One that is being looked at is asked for anew behind that look: some of its values may have come after it.
_ASK = """
INSERT INTO unsure_due (device_id, record_key, asked_at)
SELECT device_id, record_key, %(now)s
FROM unnest(%(devices)s::integer[], %(keys)s::bigint[]) AS act (device_id, record_key)
ORDER BY device_id, record_key
ON CONFLICT (device_id, record_key) DO UPDATE SET asked_at = EXCLUDED.asked_at
"""


def ask_whether_severe(connection: Connection, lines: Sequence[Line], owners: Sequence[Whose], now: datetime) -> None:
    """Has detection look at those of `lines` that somebody of ours may have measured, and nobody knows who."""
    acts = sorted(
        {
            line.act
            for line, owner in zip(lines, owners, strict=True)
            if owner.elder_id is None and owner.certainty is not None and not owner.is_said
        }
    )
    if acts:
        connection.execute(
            _ASK, {"now": now, "devices": [device for device, _ in acts], "keys": [key for _, key in acts]}
        )
        connection.execute(names.NOTIFY, (names.UNSURE, str(acts[0][0])))


async def settle(connection: AsyncConnection, device_id: int, record_key: int, now: datetime) -> None:
    """A person has said whose the record was: nobody has to ask any more.

    The wish to look goes first, and waits for a look that is under way; what that one raised is closed here.
    """
    act = (device_id, record_key)
    await connection.execute("DELETE FROM unsure_due WHERE device_id = %s AND record_key = %s", act)
    closed = await connection.execute(
        "UPDATE unsure_alert SET state = 'closed', closed_at = %s "
        "WHERE device_id = %s AND record_key = %s AND state = 'open' "
        "RETURNING (SELECT gateway_id FROM device WHERE device.device_id = unsure_alert.device_id)",
        (now, *act),
    )
    for (gateway_id,) in await closed.fetchall():
        await connection.execute(names.NOTIFY, (names.SEVERE, gateway_id))
