"""Demands as JSON, and what people do with them; forms of the pages post here too."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import Response
from pydantic import AfterValidator, BaseModel, StringConstraints

from cloud.db.pool import AsyncConnection
from cloud.errors import Conflict, NotFound
from cloud.registry.demands.demand import LONGEST_TEXT, Doer, Mouth, Urgency
from cloud.registry.demands.tree import store as tree_store
from cloud.registry.demands.tree.model import LONGEST_NAME, TreeKind, after, moved_to_end
from cloud.services.demands import deciding
from cloud.services.demands.centre import Centre
from cloud.services.demands.taking import Said, take_in
from cloud.web.answers import Code, Line, accepts, done, posted
from cloud.web.demands import store
from cloud.web.demands.model import DemandRow, HistoryLine
from cloud.web.demands.numbers import Figures, read_figures
from cloud.web.demands.pages import RowId, SignedIn, State, filter_of, kinds_of
from cloud.web.entry.current import about
from cloud.web.entry.model import Viewer
from cloud.web.language import N_
from cloud.web.render import language_of
from cloud.web.services import services_of

router = APIRouter(prefix="/api/v1", tags=["demands"])
DemandId = Annotated[int, Path(ge=1, lt=2**63)]
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_TEXT),
    AfterValidator(lambda text: text.replace("\0", "").strip()),
]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_NAME, strip_whitespace=True),
    AfterValidator(lambda text: text.replace("\0", "")),
]


class NewWish(BaseModel):
    """A wish that somebody writes down for an elder."""

    elder_id: int
    text: Text
    kind: Code | None = None
    """None: the model says it, or leaves it to people."""
    urgency: Literal["now", "today", "this_week"] | None = None
    """None: the kind's."""
    from_at: datetime | None = None
    """Not before; without an offset it is by the home's clock."""
    until_at: datetime | None = None


class KindWish(BaseModel):
    kind: Code


class StepWish(BaseModel):
    to: Literal["visit", "done", "cancelled"]
    note: Line = ""
    """How it was answered, or why nothing is to be done."""


class KindOfWish(BaseModel):
    """A kind of the tree, new or changed."""

    code: Code
    parent: Code | None = None
    chinese: Name
    english: Name
    travels: bool = False
    urgency: Literal["now", "today", "this_week"] = "this_week"
    ended: bool = False
    """Nothing new is of this kind."""


class Demands(BaseModel):
    demands: list[DemandRow]
    """The newest first."""


class DemandDetail(BaseModel):
    demand: DemandRow
    history: list[HistoryLine]


class KindTree(BaseModel):
    kinds: list[TreeKind]


@router.get("/demands")
async def get_demands(  # noqa: PLR0917 - each filter of the list
    request: Request,
    viewer: SignedIn,
    state: State = "waiting",
    kind: str = "",
    mouth: Mouth | Literal[""] = "",
    before: RowId | None = None,
) -> Demands:
    async with services_of(request).pool.connection() as conn:
        chosen = filter_of(state, kind, mouth, await kinds_of(conn, request))
        return Demands(demands=await store.demands(conn, viewer.regions, chosen, before))


@router.get("/demands/{demand_id}")
async def get_demand(request: Request, demand_id: DemandId, viewer: SignedIn) -> DemandDetail:
    async with services_of(request).pool.connection() as conn:
        shown = await store.demand(conn, demand_id, viewer.regions)
        return DemandDetail(demand=shown, history=await store.history(conn, demand_id))


@router.post("/demands", openapi_extra=accepts(NewWish))
async def put_demand(request: Request, viewer: SignedIn) -> Response:
    """Sorted, joined with what was said before, and on its way: to a visit, to the desk, or to the alarm desk."""
    wish = await posted(request, NewWish)
    async with services_of(request).pool.connection() as conn:
        who = await store.elder_in(conn, wish.elder_id, viewer.regions)
        zone = ZoneInfo(who.time_zone)
        said = Said(
            elder_id=who.elder_id,
            mouth=Mouth.NURSE if viewer.staff.role == "nurse" else Mouth.DESK,
            by=Doer("staff", viewer.staff.staff_id),
            text=wish.text,
            kind=wish.kind,
            urgency=Urgency(wish.urgency) if wish.urgency else None,
            from_at=_in_zone(wish.from_at, zone),
            until_at=_in_zone(wish.until_at, zone),
        )
        try:
            taken = await take_in(conn, said, centre_of(request))
        except ValueError as error:
            raise HTTPException(422, N_("The wish is to end at a time that is still to come.")) from error
        except NotFound as error:
            raise HTTPException(422, N_("There is no such kind of wish.")) from error
        alarm_id = await store.alarm_of(conn, taken.demand_id)
        about(request, str(taken.demand_id))
    return done(request, taken, f"/demands/{taken.demand_id}" if alarm_id is None else f"/alarms/{alarm_id}")


@router.post("/demands/{demand_id}/kind", openapi_extra=accepts(KindWish))
async def say_kind(request: Request, demand_id: DemandId, viewer: SignedIn) -> Response:
    """A person says which kind it is; the next model learns from it, and the wish goes its way."""
    wish = await posted(request, KindWish)
    async with services_of(request).pool.connection() as conn:
        await store.demand(conn, demand_id, viewer.regions)
        try:
            await deciding.say_kind(conn, demand_id, wish.kind, _doer(viewer), centre_of(request))
        except NotFound as error:
            raise HTTPException(422, N_("There is no such kind of wish.")) from error
        except ValueError as error:
            raise Conflict(language_of(request).gettext("The time of this wish is over.")) from error
        after_it = await store.demand(conn, demand_id, viewer.regions)
    return done(request, after_it, f"/demands/{demand_id}")


@router.post("/demands/{demand_id}/steps", openapi_extra=accepts(StepWish))
async def step(request: Request, demand_id: DemandId, viewer: SignedIn) -> Response:
    """Somebody is sent, or it is answered, or nothing is to be done."""
    wish = await posted(request, StepWish)
    if wish.to != "visit" and not wish.note:
        raise HTTPException(422, N_("Say how it was answered, or why nothing is to be done."))
    by, centre, language = _doer(viewer), centre_of(request), language_of(request)
    async with services_of(request).pool.connection() as conn:
        await store.demand(conn, demand_id, viewer.regions)
        try:
            if wish.to == "visit":
                await deciding.send(conn, demand_id, by, centre)
            elif wish.to == "done":
                await deciding.answer(conn, demand_id, wish.note, by, centre)
            else:
                await deciding.call_off(conn, demand_id, wish.note, by, centre)
        except Conflict as conflict:
            raise Conflict(language.gettext("This wish has gone its way already.")) from conflict
        except ValueError as error:
            raise Conflict(language.gettext("The time of this wish is over.")) from error
        after_it = await store.demand(conn, demand_id, viewer.regions)
    return done(request, after_it, f"/demands/{demand_id}")


@router.get("/demand-kinds")
async def get_kinds(request: Request, _viewer: SignedIn) -> KindTree:
    async with services_of(request).pool.connection() as conn:
        return KindTree(kinds=[kind for _, kind in (await kinds_of(conn, request)).ordered])


@router.post("/demand-kinds", openapi_extra=accepts(KindOfWish))
async def put_kind(request: Request, _viewer: SignedIn) -> Response:
    """Adds a kind, or changes the one of its code; what was of it stays of it."""
    wish = await posted(request, KindOfWish)
    services = services_of(request)
    async with services.pool.connection() as conn, conn.transaction():
        await tree_store.hold_tree(conn)
        tree = await tree_store.tree(conn)
        known = {kind.code: kind for kind in tree}
        changed = TreeKind(
            code=wish.code,
            parent=wish.parent,
            place=known[wish.code].place if wish.code in known else 0,
            chinese=wish.chinese,
            english=wish.english,
            travels=wish.travels,
            urgency=Urgency(wish.urgency),
            ended=wish.ended,
        )
        if wish.code not in known:
            changed = moved_to_end(tree, changed)
        _, wrong = after(tree, changed)
        if wrong:
            raise BadTree("; ".join(wrong))
        await tree_store.put_kind(conn, changed, services.now)
    return done(request, changed, "/demands/kinds")


@router.get("/demand-figures")
async def get_figures(request: Request, viewer: SignedIn) -> Figures:
    """Wishes by kind, month and community, and what to expect next month."""
    services = services_of(request)

    async def read(conn: AsyncConnection) -> Figures:
        kinds = await kinds_of(conn, request)
        return await read_figures(conn, viewer.regions, services.now, kinds, language_of(request))

    return await services.replica.read(read)


class BadTree(Conflict):
    """The tree cannot be so; the message says what is wrong with it."""


def centre_of(request: Request) -> Centre:
    services = services_of(request)
    return Centre(services.config, services.clock)


def _doer(viewer: Viewer) -> Doer:
    return Doer("staff", viewer.staff.staff_id)


def _in_zone(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.replace(tzinfo=zone) if moment is not None and moment.tzinfo is None else moment
