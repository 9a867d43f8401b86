"""What a person at the desk says of a demand: which kind it is, that somebody goes, that it is answered or needless.

Each is one transaction; said twice by anybody it is done once.
"""

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound
from cloud.registry.demands import store
from cloud.registry.demands.demand import Demand, DemandState, Doer, Mouth
from cloud.registry.demands.kinds import EMERGENCY
from cloud.registry.demands.tree import store as tree_store
from cloud.registry.demands.tree.model import sorted_into
from cloud.services.demands.centre import Centre
from cloud.services.demands.handing import call, send_somebody

_A_PERSONS = (DemandState.DOUBT, DemandState.OPEN)


async def say_kind(connection: AsyncConnection, demand_id: int, kind: str, by: Doer, centre: Centre) -> Demand:
    """It is of `kind`; the next model learns from it. What waited for that goes its way.

    Raises NotFound where there is no such kind or demand.
    """
    async with connection.transaction():
        demand = await store.get(connection, demand_id, lock=True)
        kinds = sorted_into(await tree_store.tree(connection))
        if kind not in kinds:
            raise NotFound(f"there is no kind {kind!r} that a wish may be of")
        if demand.kind == kind and demand.state is not DemandState.DOUBT:
            return demand
        await store.set_kind(connection, demand_id, kind, kinds[kind].urgency, by, centre.now)
        demand = await store.get(connection, demand_id)
        if demand.state in _A_PERSONS:
            if kind == EMERGENCY:
                await call(connection, demand, by, centre)
            elif kinds[kind].travels:
                await send_somebody(connection, demand, by, centre)
            elif demand.state is DemandState.DOUBT:
                await store.move(connection, demand_id, DemandState.OPEN, by, centre.now)
        return await store.get(connection, demand_id)


async def send(connection: AsyncConnection, demand_id: int, by: Doer, centre: Centre) -> Demand:
    """Somebody goes, though its kind needs nobody to. Raises Conflict where it is not the desk's to say any more."""
    async with connection.transaction():
        demand = await store.get(connection, demand_id, lock=True)
        if demand.state is DemandState.VISIT:
            return demand
        _need(demand)
        await send_somebody(connection, demand, by, centre)
        return await store.get(connection, demand_id)


async def answer(connection: AsyncConnection, demand_id: int, note: str, by: Doer, centre: Centre) -> Demand:
    """Nobody need travel: it is answered, and how stands in the note. Raises ValueError without one."""
    return await _end(connection, demand_id, DemandState.DONE, note, by, centre)


async def call_off(connection: AsyncConnection, demand_id: int, note: str, by: Doer, centre: Centre) -> Demand:
    """Nothing is to be done, and why. Raises ValueError without a reason."""
    return await _end(connection, demand_id, DemandState.CANCELLED, note, by, centre)


async def take_back(connection: AsyncConnection, demand_id: int, elder_id: int, by: Doer, centre: Centre) -> bool:
    """The elder wishes for it no more; False where it went its way already. Raises NotFound where it is not theirs."""
    async with connection.transaction():
        demand = await store.get(connection, demand_id, lock=True)
        if demand.elder_id != elder_id or demand.mouth is not Mouth.ELDER:
            raise NotFound(f"there is no demand {demand_id} of yours")
        if demand.state not in _A_PERSONS:
            return False
        await store.move(connection, demand_id, DemandState.CANCELLED, by, centre.now)
        return True


async def _end(  # noqa: PLR0917 - who ends which demand, how, why and when
    connection: AsyncConnection, demand_id: int, state: DemandState, note: str, by: Doer, centre: Centre
) -> Demand:
    if not note.strip():
        raise ValueError("note: expected a line that says why")
    async with connection.transaction():
        demand = await store.get(connection, demand_id, lock=True)
        if demand.state is state:
            return demand
        _need(demand)
        await store.move(connection, demand_id, state, by, centre.now, note.strip())
        return await store.get(connection, demand_id)


def _need(demand: Demand) -> None:
    if demand.state not in _A_PERSONS:
        raise Conflict(f"this wish is {demand.state} already; it goes on there")
