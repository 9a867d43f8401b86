"""Who dawdles is shown out; who asked is answered, however long that takes."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cloud.http_patience import PatientProtocol
from cloud.tasks import end

WITHIN_S = 0.3


class Hasty(PatientProtocol):
    request_within_s = WITHIN_S


async def slow(request: Request) -> Response:
    await request.body()
    await asyncio.sleep(3 * WITHIN_S)
    return PlainTextResponse("done")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    app = Starlette(routes=[Route("/slow", slow, methods=["GET", "POST"])])
    config = uvicorn.Config(app, http=Hasty, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server._serve([listener]))  # without its signal handlers
        yield listener.getsockname()[1]
        server.should_exit = True
        await asyncio.wait_for(serving, 10)
        await end([serving])


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET /slow HTTP/1.1\r\nHost: x\r\n",
        b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsome",
    ],
)
async def test_who_does_not_finish_is_shown_out(port: int, said: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(said)
    assert b"200 OK" not in await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()


async def test_who_asked_waits_as_long_as_it_takes_and_may_ask_again(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await asyncio.wait_for(reader.readuntil(b"done"), 10)
        assert answer.startswith(b"HTTP/1.1 200 OK")
    assert await asyncio.wait_for(reader.read(), 10) == b""  # and then says nothing more
    writer.close()
    await writer.wait_closed()
