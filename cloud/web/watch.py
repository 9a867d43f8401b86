"""/health, /metrics, and the time that each route takes."""

import time

import prometheus_client
from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.db.pool import DatabaseAway
from cloud.web.services import services_of

router = APIRouter(include_in_schema=False)

request_seconds = Histogram(
    "doorstep_web_request_seconds",
    "Time to a route's first byte, by the route's pattern",
    ["method", "route", "code"],
    buckets=(0.005, 0.02, 0.05, 0.15, 0.5, 2.0, 10.0),
)


class Watch:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def send_watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "none")  # the pattern: links and ids stay out
                request_seconds.labels(scope["method"], route, message["status"]).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, send_watched)


@router.get("/health")
async def health(request: Request) -> Response:
    services = services_of(request)
    try:
        async with services.pool.connection() as conn:
            await conn.execute("SELECT 1")
        services.health.healthy("database")
    except DatabaseAway:
        services.watch.lost()
    well, body = services.health.report()
    return Response(body, 200 if well else 503, media_type="application/json")


@router.get("/metrics")
async def metrics() -> Response:
    return Response(prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)
