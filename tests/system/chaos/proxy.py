"""A TCP proxy that can be cut, delayed, stalled, throttled, and left half open. Its own thread, its own event loop."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

_CHUNK_BYTES = 4096
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: closing sends RST
_STALL_LOOK_S = 0.05

Address = tuple[str, int]


@dataclass(frozen=True)
class Conditions:
    """How the line is now. The plain one carries everything at once."""

    cut: bool = False
    """Connections are reset and none is taken."""
    stalled: bool = False
    """Nothing moves; it all moves on afterwards."""
    half_open: bool = False
    """What is sent vanishes, and nobody is told: a router forgot the connection. It stays dead afterwards."""
    delay_s: float = 0.0
    """Each way."""
    bytes_per_s: float = 0.0
    """0: no bound."""


class Proxy:
    """Listens on `host` at a port of its own and carries to whatever address `upstream` gives at each connection."""

    def __init__(self, upstream: Callable[[], Address], host: str = "127.0.0.1") -> None:
        """Listens when it returns. Raises OSError."""
        self._upstream = upstream
        self._loop = asyncio.new_event_loop()
        self._conditions = Conditions()
        self._carried: set[_Connection] = set()
        listener = socket.create_server((host, 0))
        self.address: Address = (host, listener.getsockname()[1])
        self._thread = threading.Thread(target=self._run, args=(listener,), name="proxy", daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"mqtt://{self.address[0]}:{self.address[1]}"

    def change(self, **conditions: Any) -> None:
        """Sets fields of `Conditions`. From any thread."""
        self._loop.call_soon_threadsafe(self._change, conditions)

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):  # closed already
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _change(self, conditions: dict[str, Any]) -> None:
        self._conditions = replace(self._conditions, **conditions)
        for connection in list(self._carried):
            if self._conditions.cut:
                connection.reset()
            elif self._conditions.half_open:
                connection.dead = True

    def _run(self, listener: socket.socket) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, sock=listener))
        try:
            self._loop.run_forever()
        finally:
            server.close()
            for connection in list(self._carried):
                connection.reset()
            while tasks := asyncio.all_tasks(self._loop):
                for task in tasks:
                    task.cancel()
                self._loop.run_until_complete(asyncio.wait(tasks, timeout=0.5))  # one cancellation may be lost
            self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(writer)
        connection.dead = self._conditions.half_open
        self._carried.add(connection)
        try:
            if self._conditions.cut:
                return
            with contextlib.suppress(OSError, asyncio.CancelledError):  # cancelled: the proxy closes
                await connection.carry(reader, self._upstream(), lambda: self._conditions)
        finally:
            self._carried.discard(connection)
            connection.reset()


class _Connection:
    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.dead = False
        """Half open: what comes from either side vanishes."""
        self._writers = [writer]

    async def carry(self, reader: asyncio.StreamReader, to: Address, now: Callable[[], Conditions]) -> None:
        if self.dead:  # the far end never hears of it
            await self._vanish(reader)
            return
        far_reader, far_writer = await asyncio.open_connection(*to)
        self._writers.append(far_writer)
        ways: list[Coroutine[Any, Any, None]] = [
            self._pump(reader, far_writer, now),
            self._pump(far_reader, self._writers[0], now),
        ]
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, now: Callable[[], Conditions]
    ) -> None:
        loop = asyncio.get_running_loop()
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=64)

        async def deliver() -> None:
            while True:
                due, data = await late.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                while now().stalled:  # noqa: ASYNC110 - it is looked at, no event tells
                    await asyncio.sleep(_STALL_LOOK_S)
                if self.dead:
                    continue
                if rate := now().bytes_per_s:
                    await asyncio.sleep(len(data) / rate)
                writer.write(data)
                await writer.drain()

        delivering = asyncio.ensure_future(deliver())
        try:
            while data := await reader.read(_CHUNK_BYTES):
                await late.put((loop.time() + now().delay_s, data))
                if delivering.done():
                    return
            if self.dead:  # the end of one side vanishes, too
                await asyncio.Event().wait()
        finally:
            delivering.cancel()
            await asyncio.gather(delivering, return_exceptions=True)

    async def _vanish(self, reader: asyncio.StreamReader) -> None:
        while await reader.read(_CHUNK_BYTES):
            pass

    def reset(self) -> None:
        for writer in self._writers:
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()
