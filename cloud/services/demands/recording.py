"""Demands of visits that were asked for elsewhere: the register holds every wish, by whatever way it came."""

from cloud.db.pool import AsyncConnection
from cloud.registry.demands import store
from cloud.registry.demands.demand import DemandState, Doer, Mouth, NewDemand, SortedBy, Urgency
from cloud.registry.demands.model import Answer
from cloud.registry.demands.sorting import sort
from cloud.registry.demands.tree import store as tree_store
from cloud.registry.demands.tree.model import sorted_into
from cloud.services.demands.centre import Centre
from cloud.visits.model import Visit


async def record_asked(connection: AsyncConnection, visit: Visit, mouth: Mouth, by: Doer, centre: Centre) -> int | None:
    """A visit that somebody asked for by the nurses' or the desk's own pages. The visit stands, whatever its kind."""
    model = await centre.model()
    text = visit.wish or str(visit.kind)
    async with connection.transaction():
        kinds = sorted_into(await tree_store.tree(connection))
        sorting = sort(text, model, kinds)
        kind = None if sorting.answer is Answer.CALL else sorting.kind  # they knew whether to call
        return await store.put(
            connection,
            NewDemand(
                elder_id=visit.elder_id,
                mouth=mouth,
                by=by,
                text=text,
                said_at=visit.asked_at,
                urgency=Urgency(visit.priority),
                state=DemandState.VISIT,
                kind=kind,
                sorted_by=None if kind is None else SortedBy.MODEL,
                model=sorting.model,
                certainty=sorting.certainty,
                guesses=sorting.guesses,
                visit_id=visit.visit_id,
            ),
        )
