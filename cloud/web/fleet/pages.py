"""The fleet page: every gateway, those that need a hand first."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cloud.web.entry.current import signed_in
from cloud.web.entry.model import Viewer
from cloud.web.fleet import store
from cloud.web.fleet.export import to_csv
from cloud.web.fleet.model import Gateway, Need, in_order, size
from cloud.web.language import N_
from cloud.web.render import page
from cloud.web.services import Services, services_of

router = APIRouter(include_in_schema=False)

NEEDS = {
    "never_heard": N_("never heard"),
    "two_gateways": N_("two gateways have one identity: take one away, or enrol it anew"),
    "off_line": N_("off line"),
    "silent": N_("silent"),
    "gave_up": N_("its memory was full"),
    "refused": N_("refuses receipts"),
    "waits_long": N_("readings wait"),
    "configuration": N_("refused its settings"),
    "problem": N_("says a problem"),
    "certificate": N_("its certificate ends soon"),
    "not_proven": N_("not proven: the home is not live"),
}


Show = Literal["all", "need", "waiting", "given-up", "not-live"]


@router.get("/fleet")
async def fleet_page(
    request: Request,
    viewer: Annotated[Viewer, Depends(signed_in)],
    show: Annotated[Show, Query()] = "all",
) -> Response:
    """`show` is in the address, so that a view can be sent."""
    services = services_of(request)
    found = await _found(services, viewer)
    shown = _chosen(found, show)
    context = {
        "gateways": shown,
        "count": len(found),
        "in_need": sum(bool(needs) for _, needs in found),
        "waiting": sum(gateway.backlog_rows for gateway, _ in found),
        "show": show,
        "needs_words": NEEDS,
        "size": size,
    }
    return page(request, "fleet.html", context, viewer=viewer)


@router.get("/fleet.csv")
async def fleet_table(
    request: Request,
    viewer: Annotated[Viewer, Depends(signed_in)],
    show: Annotated[Show, Query()] = "all",
) -> Response:
    """What the page shows, for other programs."""
    services = services_of(request)
    found = await _found(services, viewer)
    return Response(
        to_csv(_chosen(found, show)),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="fleet.csv"'},
    )


async def _found(services: Services, viewer: Viewer) -> list[tuple[Gateway, list[Need]]]:
    gateways = await services.replica.read(lambda conn: store.gateways(conn, viewer.regions))
    return in_order(gateways, services.now, services.speed)


def _chosen(found: list[tuple[Gateway, list[Need]]], show: Show) -> list[tuple[Gateway, list[Need]]]:
    return [
        (gateway, needs)
        for gateway, needs in found
        if show == "all"
        or (show == "need" and needs)
        or (show == "waiting" and gateway.backlog_rows)
        or (show == "given-up" and gateway.given_up)
        or (show == "not-live" and gateway.proven_at is None)
    ]
