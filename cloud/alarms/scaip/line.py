"""The way to a receiving centre: a message there, its answer back, over TCP or TLS.

A connection a message: `<mrq>` is written, `<mrs>` is read until its root ends. What carries SIP MESSAGE instead
stands behind the same `Line`.
"""

import asyncio
import contextlib
import ssl
from typing import Protocol
from urllib.parse import urlsplit

from protocols.configuration import ConfigurationError
from protocols.errors import DecodeError, Truncated
from protocols.scaip.messages import Request, Response, decode_response, encode_request
from protocols.scaip.tags import MAX_MESSAGE_BYTES

WITHIN_S = 15.0


class LineFails(Exception):
    """No answer, or none that can be read; to be tried again."""


class Line(Protocol):
    async def ask(self, request: Request) -> Response:
        """The receiving centre's answer to this very request. Raises LineFails."""


class TcpLine:
    """`tcp://HOST:PORT`, or `tls://HOST:PORT` with the certificate checked by name."""

    def __init__(self, url: str, authority: str = "") -> None:
        """`authority`: file with the certificates that are trusted; empty: the system's. Raises ConfigurationError."""
        parts = urlsplit(url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        if parts.scheme not in ("tcp", "tls") or not host or not port:
            raise ConfigurationError(f"scaip.receivers: {url!r} is not of the form tls://HOST:PORT or tcp://HOST:PORT")
        self._host, self._port = host, port
        self._tls = _context(authority) if parts.scheme == "tls" else None

    async def ask(self, request: Request) -> Response:
        try:
            async with asyncio.timeout(WITHIN_S):
                reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
                try:
                    writer.write(encode_request(request))
                    await writer.drain()
                    response = await _read(reader)
                finally:
                    writer.close()
                    with contextlib.suppress(OSError):
                        await writer.wait_closed()
        except TimeoutError as error:
            raise LineFails(f"no answer within {WITHIN_S:g} s") from error
        except (OSError, DecodeError) as error:
            raise LineFails(f"{type(error).__name__}: {error}") from error
        if response.reference != request.reference:
            raise LineFails("the answer is to another message")
        return response


async def _read(reader: asyncio.StreamReader) -> Response:
    heard = b""
    while True:
        piece = await reader.read(MAX_MESSAGE_BYTES)
        heard += piece
        try:
            return decode_response(heard)
        except Truncated:
            if not piece:
                raise


def _context(authority: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=authority or None)
    except OSError as error:
        raise ConfigurationError(f"scaip.authority: {authority}: no certificates can be read: {error}") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
