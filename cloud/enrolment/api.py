"""The requests of gateways as an application: small JSON in, small JSON out, errors in sentences."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response

from cloud.db.pool import DatabaseAway, Pool
from cloud.enrolment.counting import GRANTED
from cloud.enrolment.files import Files
from cloud.enrolment.granting import Granting
from cloud.enrolment.telling import Telling
from cloud.errors import CloudError
from cloud.identity.authority.authority import Authority
from cloud.identity.claims.store import Connection
from cloud.refusals.counting import count_refusal
from protocols.enrolment.messages import (
    AUTHORITY_PATH,
    ENROL_PATH,
    MAX_BYTES,
    RENEW_PATH,
    AuthorityAnswer,
    Certified,
    EnrolRequest,
    Refusal,
    RenewRequest,
)
from protocols.enrolment.reports import DEVICES_PATH, HOME_PATH, PROOF_PATH, Signed
from protocols.releases.manifest import RELEASE_PATH

log = structlog.get_logger()

Now = Callable[[], datetime]
R = TypeVar("R", EnrolRequest, RenewRequest, Signed)


def create_app(
    authority: Authority, granting: Granting, telling: Telling, files: Files, *, pool: Pool, now: Now
) -> FastAPI:
    """Nothing is opened here."""
    app = FastAPI(title="Doorstep enrolment", version="1", openapi_url=None, docs_url=None, redoc_url=None)

    @app.get(AUTHORITY_PATH)
    async def tell_authority() -> Response:
        return _json(AuthorityAnswer(authority=authority.pem, at=now()))

    @app.post(ENROL_PATH)
    async def enrol(request: Request) -> Response:
        def grant(asked: EnrolRequest) -> Certified:
            with pool.connection() as connection:
                return granting.enrol(connection, asked, now())

        return await _answer(request, EnrolRequest, grant, "claim")

    @app.post(RENEW_PATH)
    async def renew(request: Request) -> Response:
        def grant(asked: RenewRequest) -> Certified:
            with pool.connection() as connection:
                return granting.renew(connection, asked, now())

        return await _answer(request, RenewRequest, grant, "renewal")

    answers: dict[str, Callable[[Connection, Signed, datetime], msgspec.Struct | Path]] = {
        HOME_PATH: telling.home,
        DEVICES_PATH: telling.devices,
        PROOF_PATH: telling.proof,
        RELEASE_PATH: files.file,
    }
    for path, answer in answers.items():
        app.add_api_route(path, _signed(answer, pool, now), methods=["POST"])
    return app


def _signed(
    answer: Callable[[Connection, Signed, datetime], msgspec.Struct | Path], pool: Pool, now: Now
) -> Callable[[Request], Awaitable[Response]]:
    """A route that takes what an enrolled gateway signed."""

    async def route(request: Request) -> Response:
        def take(told: Signed) -> msgspec.Struct | Path:
            with pool.connection() as connection:
                return answer(connection, told, now())

        return await _answer(request, Signed, take, "")

    return route


async def _answer(request: Request, kind: type[R], grant: Callable[[R], msgspec.Struct | Path], way: str) -> Response:
    body = await _body(request)
    if body is None:
        count_refusal("enrolment_size")
        return _json(Refusal(error=f"a request has at most {MAX_BYTES} bytes"), 413)
    try:
        asked = msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        count_refusal("enrolment_form")
        return _json(Refusal(error=f"the request is not understood: {error}"), 422)
    try:
        certified = await run_in_threadpool(grant, asked)
    except CloudError as error:
        return _json(Refusal(error=str(error)), 403)
    except DatabaseAway:
        log.warning("database_away", what="enrolment")
        return _json(Refusal(error="the centre's database does not answer; try again in a minute"), 503)
    if way:
        GRANTED.labels(way).inc()
    if isinstance(certified, Path):
        return FileResponse(certified, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})
    return _json(certified)


async def _body(request: Request) -> bytes | None:
    """None where it is too long; what follows is not read."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            return None
    return bytes(body)


def _json(answer: msgspec.Struct, code: int = 200) -> Response:
    return Response(
        msgspec.json.encode(answer),
        status_code=code,
        media_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )
