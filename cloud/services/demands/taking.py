"""A wish comes in: sorted, joined with what was said before, and handed on. One transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from cloud.db.pool import AsyncConnection
from cloud.errors import NotFound
from cloud.registry.demands import store
from cloud.registry.demands.demand import (
    LONGEST_TEXT,
    Demand,
    DemandState,
    Doer,
    Mouth,
    NewDemand,
    SortedBy,
    Urgency,
)
from cloud.registry.demands.joining import same_as
from cloud.registry.demands.kinds import EMERGENCY
from cloud.registry.demands.model import Answer
from cloud.registry.demands.sorting import Sorting, sort
from cloud.registry.demands.tree import store as tree_store
from cloud.registry.demands.tree.model import TreeKind, sorted_into
from cloud.services.demands.centre import Centre
from cloud.services.demands.handing import add_words, call, send_somebody

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Said:
    """What somebody wishes for, in their words."""

    elder_id: int
    mouth: Mouth
    by: Doer
    text: str
    kind: str | None = None
    """Where it came with one: a person chose it, or a picture was touched. It is believed."""
    kind_by: SortedBy = SortedBy.PERSON
    urgency: Urgency | None = None
    """None: the kind's."""
    from_at: datetime | None = None
    until_at: datetime | None = None
    at_visit: int | None = None
    comes: bool = False
    """Somebody is to come, whatever the kind."""


@dataclass(frozen=True)
class Taken:
    demand_id: int
    state: DemandState
    kind: str | None
    again: bool
    """It was said before, and is one with that."""


async def take_in(connection: AsyncConnection, said: Said, centre: Centre) -> Taken:
    """What became of it; what a report says twice is one. Raises ValueError for what makes no sense, and NotFound for a
    kind that is none."""
    said = replace(said, text=said.text.strip())
    if not 0 < len(said.text) <= LONGEST_TEXT:
        raise ValueError(f"text: expected 1 to {LONGEST_TEXT} characters, got {len(said.text)}")
    if said.until_at is not None and said.until_at <= max(centre.now, said.from_at or centre.now):
        raise ValueError("until_at: expected a time that is still to come, and behind from_at")
    model = await centre.model()
    async with connection.transaction():
        await store.hold_elder(connection, said.elder_id)
        if said.at_visit is not None and (told := await store.of_report(connection, said.at_visit)) is not None:
            return _taken(await store.get(connection, told), again=True)
        kinds = sorted_into(await tree_store.tree(connection))
        sorting = sort(said.text, model, kinds) if said.kind is None else _chosen(said.kind, said.kind_by, kinds)
        wishes = await store.open_wishes(connection, said.elder_id, centre.now)
        before = same_as(sorting.kind or "", said.text, centre.now, wishes)
        if before is not None:
            await _join(connection, before.demand_id, said, sorting, centre)
            return _taken(await store.get(connection, before.demand_id), again=True)
        demand = await _put(connection, said, sorting, kinds, centre)
        if sorting.answer is Answer.CALL:
            await call(connection, demand, said.by, centre)
        elif said.comes or (sorting.kind is not None and kinds[sorting.kind].travels):
            await send_somebody(connection, demand, said.by, centre)
        return _taken(await store.get(connection, demand.demand_id), again=False)


async def _put(
    connection: AsyncConnection, said: Said, sorting: Sorting, kinds: Mapping[str, TreeKind], centre: Centre
) -> Demand:
    sorted_by = None if sorting.kind is None else SortedBy.MODEL if said.kind is None else said.kind_by
    own = Urgency.TODAY if sorting.kind is None else kinds[sorting.kind].urgency
    demand_id = await store.put(
        connection,
        NewDemand(
            elder_id=said.elder_id,
            mouth=said.mouth,
            by=said.by,
            text=said.text,
            said_at=centre.now,
            urgency=Urgency.NOW if sorting.answer is Answer.CALL else said.urgency or own,
            state=DemandState.DOUBT if sorting.kind is None else DemandState.OPEN,
            kind=sorting.kind,
            sorted_by=sorted_by,
            model=sorting.model,
            certainty=sorting.certainty,
            guesses=sorting.guesses,
            from_at=said.from_at,
            until_at=said.until_at,
            at_visit=said.at_visit,
        ),
    )
    log.info("demand", demand=demand_id, mouth=said.mouth.value, kind=sorting.kind, answer=sorting.answer.value)
    return await store.get(connection, demand_id)


async def _join(connection: AsyncConnection, demand_id: int, said: Said, sorting: Sorting, centre: Centre) -> None:
    """Said again. A call that stands hears the new words; who touches "I want somebody to come" has somebody come."""
    await store.said_again(connection, demand_id, said.text, said.by, centre.now)
    demand = await store.get(connection, demand_id, lock=True)
    log.info("demand_again", demand=demand_id, mouth=said.mouth.value)
    if sorting.answer is Answer.CALL:
        if demand.state is DemandState.CALLING and demand.alarm_id is not None:
            await add_words(connection, demand.alarm_id, said.text, centre)
        else:
            await call(connection, demand, said.by, centre)
    elif said.comes and demand.state is not DemandState.VISIT:
        await send_somebody(connection, demand, said.by, centre)


def _chosen(kind: str, by: SortedBy, kinds: Mapping[str, TreeKind]) -> Sorting:
    if kind not in kinds and by is SortedBy.SAID:  # the kind behind a picture has ended: the wish is heard all the same
        return Sorting(Answer.DOUBT, None)
    if kind not in kinds:
        raise NotFound(f"there is no kind {kind!r} that a wish may be of")
    return Sorting(Answer.CALL if kind == EMERGENCY else Answer.SORTED, kind)


def _taken(demand: Demand, *, again: bool) -> Taken:
    return Taken(demand.demand_id, demand.state, demand.kind, again)
