"""The elder's hands by remote control: commands to a simulated home over a Unix socket, one JSON object a line.

    {"do": "measure_pressure", "systolic": 182, "diastolic": 101, "pulse": 88}    ->    {"ok": true, ...}

Every command is answered by one line, in order; `ok` is false with an `error` sentence when it was not done.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from protocols.reading import Flag

_LONGEST_LINE_BYTES = 64 * 1024
Answer = dict[str, Any]


class _Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", kw_only=True):
    pass


class MeasurePressure(_Command, frozen=True, tag="measure_pressure"):
    systolic: int
    diastolic: int
    pulse: int
    flags: tuple[Flag, ...] = ()


class MeasureGlucose(_Command, frozen=True, tag="measure_glucose"):
    mg_dl: int
    device: Literal["ble", "serial"] = "ble"


class Press(_Command, frozen=True, tag="press"):
    kind: Literal["press", "long"] = "press"


class Fall(_Command, frozen=True, tag="fall"):
    pass


class Pull(_Command, frozen=True, tag="pull"):
    """Of the cord. Answered when it hangs again."""

    kind: Literal["pull", "long"] = "pull"


class Motion(_Command, frozen=True, tag="motion"):
    pass


class Shower(_Command, frozen=True, tag="shower"):
    minutes: int = 8


class Water(_Command, frozen=True, tag="water"):
    """Water stands on the floor, or it is dry again."""

    wet: bool = True


class Deafen(_Command, frozen=True, tag="deafen"):
    """The gateway's radio hears nothing any more, until its adapter is reset or only until `hear` is told."""

    until: Literal["reset", "power_cut"] = "reset"


class Hear(_Command, frozen=True, tag="hear"):
    """The gateway's radio has had its power cut: it hears again."""


class Meters(_Command, frozen=True, tag="meters"):
    """Asks for `meters`: of each the records in its memory and how many it has handed over."""


class Records(_Command, frozen=True, tag="records"):
    """Asks for `records`: of each glucometer all in its memory, and whether a reader has acknowledged it."""


Trigger = Press | Fall | Pull
Command = MeasurePressure | MeasureGlucose | Trigger | Motion | Shower | Water | Deafen | Hear | Meters | Records


class GlucoseInMemory(msgspec.Struct, frozen=True):
    """A record that a glucometer holds."""

    at: datetime
    """The meter's own clock, naive."""
    glucose_mg_dl: int
    handed_over: bool


class NotDone(RuntimeError):
    """A command that this home cannot carry out, in a sentence."""


class ControlServer:
    """Answers commands with what `carry_out` returns; NotDone becomes an error line."""

    def __init__(self, path: Path, carry_out: Callable[[Command], Awaitable[Answer]]) -> None:
        self.path = path
        self._carry_out = carry_out
        self._decoder = msgspec.json.Decoder(Command)
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        """Raises OSError when the socket cannot be made. Only this user may open it."""
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.bind(str(self.path))
            os.chmod(self.path, 0o600)
            self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=_LONGEST_LINE_BYTES)
        except OSError:
            listener.close()
            raise

    async def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
            for client in list(self._clients):
                client.close()
            await server.wait_closed()
        self.path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:  # it was on its way in when the home ended
            writer.close()
            return
        self._clients.add(writer)
        try:
            with contextlib.suppress(ConnectionError, ValueError):  # ValueError: a line longer than any command
                while line := await reader.readline():
                    writer.write(msgspec.json.encode(await self._answer(line)) + b"\n")
                    await writer.drain()
        finally:
            self._clients.discard(writer)
            writer.close()

    async def _answer(self, line: bytes) -> Answer:
        try:
            command = self._decoder.decode(line)
            return {"ok": True, **await self._carry_out(command)}
        except msgspec.DecodeError as error:
            return {"ok": False, "error": f"not a command of this home: {error}"}
        except NotDone as error:
            return {"ok": False, "error": str(error)}


class HomeControl:
    """The other side, for scripts and tests: calls wait for the answer. Raises NotDone with the home's sentence."""

    def __init__(self, path: Path | str, timeout_s: float = 10.0) -> None:
        """Raises OSError when no home listens at `path`."""
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")

    def measure_pressure(self, systolic: int, diastolic: int, pulse: int, flags: tuple[Flag, ...] = ()) -> None:
        """mm[Hg] and beats a minute; the cuff keeps it until a client has taken it."""
        self.do(MeasurePressure(systolic=systolic, diastolic=diastolic, pulse=pulse, flags=flags))

    def measure_glucose(self, mg_dl: int, device: Literal["ble", "serial"] = "ble") -> None:
        self.do(MeasureGlucose(mg_dl=mg_dl, device=device))

    def press(self, kind: Literal["press", "long"] = "press") -> float:
        """Unix seconds on the wall, just before the first radio frame of the press went out."""
        return float(self.do(Press(kind=kind))["at_wall"])

    def fall(self) -> float:
        """Whoever wears the detector falls; as `press`."""
        return float(self.do(Fall())["at_wall"])

    def pull(self, kind: Literal["pull", "long"] = "pull") -> None:
        self.do(Pull(kind=kind))

    def motion(self) -> None:
        self.do(Motion())

    def shower(self, minutes: int = 8) -> None:
        self.do(Shower(minutes=minutes))

    def water(self, *, wet: bool = True) -> None:
        self.do(Water(wet=wet))

    def meters(self) -> dict[str, dict[str, int]]:
        """By device name: `stored` records in memory now, `handed_over` ever, `unsent` not handed over yet."""
        return dict(self.do(Meters())["meters"])

    def records(self) -> dict[str, list[GlucoseInMemory]]:
        """By kind of glucometer what is in its memory, oldest first."""
        return msgspec.convert(self.do(Records())["records"], dict[str, list[GlucoseInMemory]])

    def do(self, command: Command) -> Answer:
        self._socket.sendall(msgspec.json.encode(command) + b"\n")
        line = self._lines.readline()
        if not line:
            raise NotDone("the home has ended")
        answer: Answer = msgspec.json.decode(line)
        if not answer.pop("ok"):
            raise NotDone(answer["error"])
        return answer

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> "HomeControl":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
