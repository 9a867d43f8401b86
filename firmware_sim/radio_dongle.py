"""A controller offered to another process over TCP, as an HCI dongle would be over USB.

One host at a time: a new one takes the dongle over. When the host goes, the dongle is reset, so that a host that was
killed leaves no half-dead links behind.
"""

from __future__ import annotations

import asyncio
from typing import cast

import structlog
from bumble.transport.common import PacketParser

from firmware_sim.radio_controller import RadioController

MAX_UNREAD_BYTES = 1_000_000

log = structlog.get_logger()


class HciLine(asyncio.Protocol):
    """One host's TCP connection: HCI packets (H4 framing) both ways."""

    def __init__(self, dongle: Dongle) -> None:
        self._dongle = dongle
        self._parser = PacketParser(dongle.controller)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the dongle over."""
        self._transport = cast(asyncio.Transport, transport)
        self._dongle.attach(self)

    def data_received(self, data: bytes) -> None:
        """Feed the controller; a host that does not speak HCI is shown the door."""
        try:
            self._parser.feed_data(data)
        except ValueError as error:  # bumble's InvalidPacketError is one
            log.warning("radio.bad_hci_packet", error=str(error))
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio calls it by this name)
        """Leave the dongle as it was before."""
        self._dongle.detach(self)

    def on_packet(self, packet: bytes) -> None:
        """Send one packet to the host; a host that stopped reading loses the dongle."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > MAX_UNREAD_BYTES:
            log.warning("radio.host_does_not_read", unread_bytes=transport.get_write_buffer_size())
            transport.abort()
            return
        transport.write(packet)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()


class Dongle:
    """A controller and the TCP port at which a host finds it."""

    def __init__(self, controller: RadioController) -> None:
        self.controller = controller
        self._line: HciLine | None = None
        self._server: asyncio.Server | None = None

    async def listen(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Open a port (0: a free one) and return the transport name for the host, `tcp-client:HOST:PORT`."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: HciLine(self), host=host, port=port)
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"tcp-client:{host}:{port}"

    def attach(self, line: HciLine) -> None:
        """Give the controller to a host; the one before loses it."""
        former, self._line = self._line, line
        if former is not None:
            former.close()
        self.controller.forget()
        self.controller.host = line

    def detach(self, line: HciLine) -> None:
        """Take the controller back from a host that has gone."""
        if self._line is line:
            self._line = None
            self.controller.host = None
            self.controller.forget()

    async def close(self) -> None:
        """Hang up and close the port."""
        if self._server is not None:
            self._server.close()
        if self._line is not None:
            self._line.close()
            self.detach(self._line)
