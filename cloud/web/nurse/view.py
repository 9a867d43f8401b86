"""A nurse's list and one visit with all that is needed to judge it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import Request

from cloud.db.pool import AsyncConnection
from cloud.identity.rights import Right
from cloud.visits.media import store as media_store
from cloud.visits.media.model import Medium, MediumKind
from cloud.visits.take_along import take_along_of
from cloud.web.charts.sparkline import Sparkline, sparkline
from cloud.web.consent.sharing import must_be_shown, shown_to
from cloud.web.entry.model import Viewer
from cloud.web.evidence import store as evidence_store
from cloud.web.evidence.gather import Evidence, Gatherer
from cloud.web.evidence.model import Contact, Measured, Person
from cloud.web.evidence.panels import CHARTED, METRICS_OF_CAUSE, PANELS
from cloud.web.evidence.time_line import read_time_line
from cloud.web.language import Language
from cloud.web.looks import measures_of
from cloud.web.nurse import store
from cloud.web.nurse.model import AlertBehind, Card, Colleague, Filed, Said, Step
from cloud.web.render import language_of
from cloud.web.services import Services
from cloud.web.shared.answers import Part, ask
from cloud.web.values import Measures
from cloud.web.words import Sayer, Why, rules_of

EVIDENCE_DAYS = 42
_DONE_SHOWN = timedelta(hours=18)
_SAID_SHOWN = timedelta(days=14)
_SPARKS = 40  # cards below these say their reason in words alone
NEXT_STEP = {
    "proposed": "accepted",
    "assigned": "accepted",
    "accepted": "travelling",
    "travelling": "at_the_door",
    "no_answer": "at_the_door",
}


@dataclass(frozen=True)
class Reader:
    """Who reads, and how: language, and the unit of glucose."""

    language: Language
    measures: Measures


def reader_of(request: Request) -> Reader:
    return Reader(language_of(request), measures_of(request))


@dataclass(frozen=True)
class ListedVisit:
    card: Card
    why: str
    """One sentence; empty where the elder or an alarm asked."""
    spark: Sparkline | None
    spark_metric: str
    take_along: list[str]


@dataclass(frozen=True)
class Today:
    mine: list[ListedVisit]
    """In the order of one's route."""
    later: list[ListedVisit]
    """One's own that stand in the route of another day."""
    free: list[ListedVisit]
    others: list[ListedVisit]
    done: list[ListedVisit]
    said: list[Said]
    """What elders said lately of one's own visits."""

    @property
    def next(self) -> ListedVisit | None:
        """What the thumb bar speaks of: one's own first, then the first that nobody has."""
        return next(iter([*self.mine, *self.free]), None)


@dataclass(frozen=True)
class VisitView:
    card: Card
    person: Person
    alert: AlertBehind | None
    whys: list[Why]
    urgency: str
    """Why it is as urgent as it is; empty where no alert asked."""
    contacts: list[Contact]
    colleagues: list[Colleague]
    """Whom one may hand it on to."""
    latest: list[Measured]
    evidence: Evidence
    steps: list[Step]
    report: Filed | None
    before: Filed | None
    take_along: list[str]
    media: list[Medium]
    """Photos and spoken words, where the viewer is shown any."""
    photos_agreed: bool


async def today(services: Services, viewer: Viewer, reader: Reader, *, renewed: bool = False) -> Today:
    """`renewed` by a page itself it may share its rows with other pages of the same sight. Raises DatabaseAway."""
    now, me = services.now, viewer.staff.staff_id
    if renewed:
        rows = await services.answers.get("today", viewer.sight, _parts(viewer, None, now))
    else:
        async with services.answers.connection(viewer.sight) as conn:
            rows = await ask(conn, _parts(viewer, me, now))
    listed = [_listed(services, one, reader) for one in rows["visits"]]
    going = [one for one in listed if not one.card.done]
    own = sorted((one for one in going if one.card.nurse_id == me), key=lambda one: _due(one.card))
    return Today(
        mine=[one for one in own if not _is_later(one.card, now)],
        later=[one for one in own if _is_later(one.card, now)],
        free=[one for one in going if one.card.nurse_id is None],
        others=[one for one in going if one.card.nurse_id not in (None, me)],
        done=[one for one in listed if one.card.done and one.card.nurse_id == me],
        said=[one for one in rows["said"] if one.nurse_id == me],
    )


def _parts(viewer: Viewer, nurse_id: int | None, now: datetime) -> Mapping[str, Part]:
    """What the list is made of; `nurse_id` None: for all nurses of the viewer's regions."""

    async def visits(conn: AsyncConnection) -> list[tuple[Card, Sparkline | None]]:
        cards = await store.cards(conn, viewer.regions, now - _DONE_SHOWN, now)
        shown = await shown_to(conn, viewer, {card.elder_id for card in cards})
        cards = [card for card in cards if card.elder_id in shown]
        sparks = await _sparks(conn, [card for card in cards[:_SPARKS] if not card.done], now)
        return [(card, sparks.get(card.visit_id)) for card in cards]

    return {
        "visits": Part(visits, frozenset({"visit", "alert"})),
        "said": Part(
            lambda conn: store.said_lately(conn, viewer.regions, nurse_id, now - _SAID_SHOWN), frozenset({"visit"})
        ),
    }


async def _sparks(conn: AsyncConnection, cards: list[Card], now: datetime) -> dict[int, Sparkline | None]:
    """By visit: the last weeks of what its alert is about."""
    wanted = {(card.elder_id, metric) for card in cards if (metric := _metric(card))}
    if not wanted:
        return {}
    since = now - timedelta(days=EVIDENCE_DAYS)
    points: dict[tuple[int, str], list[tuple[datetime, float]]] = {}
    for row in await evidence_store.points(conn, sorted(wanted), since, now):
        points.setdefault((row.elder_id, row.metric), []).append((row.measured_at, row.value))
    bands = await evidence_store.bands_of_several(conn, sorted({elder_id for elder_id, _ in wanted}))
    return {
        card.visit_id: sparkline(points.get((card.elder_id, metric), []), bands.get((card.elder_id, metric)))
        for card in cards
        if (metric := _metric(card))
    }


def _metric(card: Card) -> str:
    """What its weightiest reason is about; empty: no value of the body."""
    metric = card.reasons[0].get("metric") if card.reasons else None
    return metric if isinstance(metric, str) else ""


def _due(card: Card) -> tuple[bool, datetime]:
    """What is under way first, then as the route has it."""
    return (card.state not in ("travelling", "at_the_door"), card.arrives_at or card.promised_by)


def _is_later(card: Card, now: datetime) -> bool:
    today = now.astimezone(ZoneInfo(card.time_zone)).date()
    return card.route_day is not None and card.route_day > today and card.state in ("assigned", "accepted")


async def visit_view(
    conn: AsyncConnection, services: Services, viewer: Viewer, visit_id: int, reader: Reader
) -> VisitView:
    """Raises NotFound."""
    now = services.now
    card = await store.card(conn, visit_id, viewer.regions)
    await must_be_shown(conn, viewer, card.elder_id)
    person = await evidence_store.person(conn, card.elder_id, viewer.regions)
    gatherer = Gatherer(reader.language, reader.measures, services.limit_lines, now)
    wanted = METRICS_OF_CAUSE.get(card.cause or "", PANELS)
    return VisitView(
        card=card,
        person=person,
        alert=await store.alert_behind(conn, visit_id),
        whys=_sayer(card, reader, now).all(card.reasons),
        urgency=_sayer(card, reader, now).urgency(card.priority, card.reasons),
        contacts=await evidence_store.contacts(conn, card.elder_id),
        colleagues=await store.colleagues(conn, viewer.regions, viewer.staff.staff_id),
        latest=await evidence_store.latest(conn, card.elder_id, CHARTED, now),
        evidence=gatherer.gather(
            await read_time_line(conn, person, EVIDENCE_DAYS, now, wanted),
            rules=rules_of(card.reasons),
            record=f"/elders/{card.elder_id}",
        ),
        steps=await store.steps(conn, visit_id),
        report=await store.report(conn, visit_id),
        before=await store.report_before(conn, card.elder_id, visit_id),
        take_along=_take_along(services, card, reader),
        media=await media_store.media_of(conn, visit_id) if viewer.may(Right.PICTURES) else [],
        photos_agreed=await media_store.agreed(conn, visit_id, MediumKind.PHOTO),
    )


def _listed(services: Services, visit: tuple[Card, Sparkline | None], reader: Reader) -> ListedVisit:
    card, spark = visit
    why = _sayer(card, reader, services.now).first(card.reasons)
    return ListedVisit(card, why, spark, _metric(card), _take_along(services, card, reader))


def _take_along(services: Services, card: Card, reader: Reader) -> list[str]:
    words = [word for word in (card.cause, card.wish, card.kind) if word is not None]
    skills = [*card.skills, *(skill for word in words for skill in services.config.routes.skills.get(word, ()))]
    found = take_along_of(services.config).needed(kind=card.kind, cause=card.cause, wish=card.wish, skills=skills)
    return [item.said(reader.language.code) for item in found]


def _sayer(card: Card, reader: Reader, now: datetime) -> Sayer:
    return Sayer(reader.language, reader.measures, ZoneInfo(card.time_zone), now)
