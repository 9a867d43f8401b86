"""Says whose a measurement was. One transaction; said twice, it is done once.

The whole record moves: values that went together stay together, and those that still come follow them. Detection looks
again at whoever got it and at whoever lost it, and what was severe as nobody's is so no longer.
"""

from datetime import datetime

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound
from cloud.readings.ruling import store
from cloud.readings.ruling.model import Ruling
from cloud.readings.unsure.store import settle


async def say_whose(connection: AsyncConnection, ruling: Ruling, now: datetime) -> None:
    """Files the record as `ruling` says.

    Raises NotFound where there is no such record, or the elder neither lives in its home nor wears its device;
    Conflict where somebody else said otherwise meanwhile.
    """
    async with connection.transaction():
        await store.lock_device(connection, ruling.device_id)
        filed = await store.filed(connection, ruling.device_id, ruling.record_key)
        if filed is None:
            raise NotFound(f"There is no measurement {ruling.device_id}-{ruling.record_key}.")
        if filed.said and filed.elder_id == ruling.elder_id:
            return
        if filed.newest_ruling != ruling.after_ruling:
            raise Conflict(f"{filed.said_by} said meanwhile whose it was.")
        if ruling.elder_id is not None and not await store.may_be_theirs(connection, ruling.device_id, ruling.elder_id):
            raise NotFound("This person does not belong to the meter's home.")
        await store.keep(connection, ruling, filed, now)
        await settle(connection, ruling.device_id, ruling.record_key, now)
        await store.file(connection, ruling.device_id, ruling.record_key, ruling.elder_id)
        for elder_id in {filed.elder_id, ruling.elder_id} - {None}:
            await store.ask_detection(connection, elder_id, filed.measured_at, now)
