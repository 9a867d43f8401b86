"""The family's page, opened by a link and its code: what the elder agreed to just now, and nothing else."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.privacy import store as privacy_store
from cloud.privacy.purposes import Purpose
from cloud.web.charts.sparkline import sparkline
from cloud.web.entry.links import way_in
from cloud.web.evidence.model import Measured
from cloud.web.evidence.panels import CHARTED
from cloud.web.family import store
from cloud.web.render import page
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)
SHOWN = timedelta(days=30)


@router.get("/f/{token}")
async def family_page(request: Request, token: str) -> Response:
    services = services_of(request)
    now = services.now
    async with services.pool.connection() as conn:
        way = await way_in(request, conn, "f", token)
        assert way.relative_id is not None  # noqa: S101 - this door is the family's
        elder, relative = way.elder_id, way.relative_id
        person = await store.heading(conn, elder)
        agreed = await privacy_store.purposes_for(conn, elder, relative)
        measured = await store.readings(conn, elder, relative, list(CHARTED), now - SHOWN)
        context = {
            "token": token,
            "person": person,
            "agreed": {purpose.value for purpose in agreed},
            "latest": _latest(measured),
            "sparks": _sparks(measured),
            "measure_again": await store.measure_again(conn, elder, relative, now),
            "visits": await store.visits(conn, elder, relative, now - SHOWN),
            "calls": await store.calls(conn, elder, relative, now - SHOWN),
            "wishes": await store.wishes(conn, elder, relative, now - SHOWN),
            "days": SHOWN.days,
            "sees_nothing": not agreed & {Purpose.FAMILY_READINGS, Purpose.FAMILY_VISITS, Purpose.FAMILY_ALARMS},
        }
    return page(request, "family.html", context, zone=ZoneInfo(person.time_zone))


def _latest(measured: list[Measured]) -> list[Measured]:
    """The last of each metric, in the charts' order."""
    last = {row.metric: row for row in measured}
    return [last[metric] for metric in CHARTED if metric in last]


def _sparks(measured: list[Measured]) -> dict[str, object]:
    of: dict[str, list[Measured]] = {}
    for row in measured:
        of.setdefault(row.metric, []).append(row)
    return {metric: sparkline([(row.measured_at, row.value) for row in rows], None) for metric, rows in of.items()}
