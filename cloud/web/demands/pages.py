"""Pages of the register of demands, for the desk, nurses and administrators."""

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.db.pool import AsyncConnection
from cloud.registry.demands.demand import WAITING, DemandState, Mouth
from cloud.registry.demands.tree import store as tree_store
from cloud.web.demands import store
from cloud.web.demands.kinds import Kinds
from cloud.web.demands.numbers import Figures, read_figures
from cloud.web.demands.store import Filter
from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.render import language_of, page, see_other
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
SignedIn = Annotated[Viewer, Depends(signed_in)]
RowId = Annotated[int, Query(ge=1, lt=2**63)]
State = Literal["waiting", "all", "doubt", "open", "calling", "visit", "done", "assessed", "closed", "cancelled"]


@router.get("/demands")
async def demands_page(  # noqa: PLR0917 - each filter of the list
    request: Request,
    viewer: SignedIn,
    state: State = "waiting",
    kind: str = "",
    mouth: Mouth | Literal[""] = "",
    before: RowId | None = None,
) -> Response:
    """All that is chosen is in the address, so that a view can be sent."""
    async with services_of(request).pool.connection() as conn:
        kinds = await kinds_of(conn, request)
        chosen = filter_of(state, kind, mouth, kinds)
        found = await store.demands(conn, viewer.regions, chosen, before)
        doubts = len(await store.doubts(conn, viewer.regions))
    context: dict[str, Any] = {
        "demands": found,
        "kinds": kinds,
        "state": state,
        "kind": kind,
        "mouth": mouth,
        "doubts": doubts,
        "more": found[-1].demand_id if len(found) == store.PAGE_DEMANDS else None,
    }
    return page(request, "demands.html", context, viewer=viewer)


@router.get("/demands/doubts")
async def doubts_page(request: Request, viewer: SignedIn) -> Response:
    """Which kind is this? A person says so, and the next model learns from it."""
    async with services_of(request).pool.connection() as conn:
        context = {"demands": await store.doubts(conn, viewer.regions), "kinds": await kinds_of(conn, request)}
    return page(request, "demand_doubts.html", context, viewer=viewer)


@router.get("/demands/new")
async def form_page(
    request: Request,
    viewer: SignedIn,
    q: Annotated[str, Query(max_length=100)] = "",
    elder: RowId | None = None,
) -> Response:
    """The telephone form: who calls, then what for. One who alone is meant is chosen at once."""
    typed = q.replace("\0", "").strip()
    async with services_of(request).pool.connection() as conn:
        found = [] if elder or not typed else await store.find_elders(conn, viewer.regions, typed)
        if len(found) == 1:
            return see_other(f"/demands/new?elder={found[0].elder_id}")
        who = None if elder is None else await store.elder_in(conn, elder, viewer.regions)
        said = [] if who is None else await store.demands(conn, viewer.regions, Filter(elder_id=who.elder_id))
        context = {"typed": typed, "found": found, "who": who, "said": said, "kinds": await kinds_of(conn, request)}
    return page(request, "demand_new.html", context, viewer=viewer)


@router.get("/demands/kinds")
async def kinds_page(request: Request, viewer: SignedIn) -> Response:
    async with services_of(request).pool.connection() as conn:
        kinds = await kinds_of(conn, request)
    return page(request, "demand_kinds.html", {"kinds": kinds}, viewer=viewer)


@router.get("/demands/figures")
async def figures_page(request: Request, viewer: SignedIn) -> Response:
    services = services_of(request)

    async def read(conn: AsyncConnection) -> Figures:
        kinds = await kinds_of(conn, request)
        return await read_figures(conn, viewer.regions, services.now, kinds, language_of(request))

    return page(request, "demand_figures.html", {"found": await services.replica.read(read)}, viewer=viewer)


@router.get("/demands/{demand_id}")
async def demand_page(request: Request, demand_id: int, viewer: SignedIn) -> Response:
    async with services_of(request).pool.connection() as conn:
        shown = await store.demand(conn, demand_id, viewer.regions)
        context: dict[str, Any] = {
            "demand": shown,
            "history": await store.history(conn, demand_id),
            "kinds": await kinds_of(conn, request),
        }
    return page(request, "demand.html", context, viewer=viewer, zone=ZoneInfo(shown.time_zone))


def filter_of(state: State, kind: str, mouth: Mouth | Literal[""], kinds: Kinds) -> Filter:
    states: tuple[str, ...] | None = None
    if state == "waiting":
        states = tuple(one.value for one in WAITING)
    elif state != "all":
        states = (DemandState(state).value,)
    return Filter(states, kinds.below(kind) if kind else None, mouth or None)


async def kinds_of(conn: AsyncConnection, request: Request) -> Kinds:
    return Kinds(await tree_store.tree(conn), language_of(request))
