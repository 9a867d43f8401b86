"""HTTPS to the centre's enrolment: short requests, one at a time, every failure one of our errors."""

import http.client
import ssl
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from edge.identity.errors import CentreAway, EnrolmentRefused, NotTheCentre, WrongClock
from edge.reasons import is_about_time, reason_of
from protocols.enrolment.messages import MAX_BYTES, Refusal

_TIMEOUT_S = 20.0
_DEFAULT_PORT = 8443

A = TypeVar("A", bound=msgspec.Struct)


class CentreLine:
    """`context` decides whom we believe at the other end."""

    def __init__(self, server: str, context: ssl.SSLContext) -> None:
        """Raises ValueError where `server` is not https://HOST or https://HOST:PORT."""
        self._host, self._port = server_address(server)
        self._server = server
        self._context = context

    def get(self, path: str, answer: type[A]) -> A:
        """Raises CentreAway, NotTheCentre, EnrolmentRefused."""
        return self._ask("GET", path, None, answer)

    def post(self, path: str, body: msgspec.Struct, answer: type[A]) -> A:
        """Raises CentreAway, NotTheCentre, EnrolmentRefused."""
        return self._ask("POST", path, msgspec.json.encode(body), answer)

    def _ask(self, method: str, path: str, body: bytes | None, answer: type[A]) -> A:
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=_TIMEOUT_S, context=self._context)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            said = response.read(MAX_BYTES)
        except ssl.SSLCertVerificationError as error:
            if is_about_time(error):
                raise WrongClock(
                    f"{self._server} shows a certificate that is not in force by this machine's clock, which says "
                    f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC ({error.verify_message}); where that is wrong, set it "
                    "(`sudo timedatectl set-ntp true`), else tell the centre"
                ) from error
            raise NotTheCentre(
                f"{self._server} shows a certificate that is not the centre's ({error.verify_message}); "
                "check the address with the person who gave you the code"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise CentreAway(
                f"{self._server} does not answer ({reason_of(error)}); "
                f"check the network, and that port {self._port} is open"
            ) from error
        finally:
            connection.close()
        try:
            if response.status == http.HTTPStatus.OK:
                return msgspec.json.decode(said, type=answer)
            refusal = msgspec.json.decode(said, type=Refusal).error
        except msgspec.DecodeError as error:
            raise CentreAway(
                f"{self._server} answers, but not as a centre does (HTTP {response.status}); check the address"
            ) from error
        if response.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
            raise CentreAway(f"{self._server}: {refusal}")
        raise EnrolmentRefused(refusal)


def server_address(server: str) -> tuple[str, int]:
    """Host and port of https://HOST:PORT. Raises ValueError with a sentence."""
    parts = urlsplit(server)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:  # a port that is no number
        host = port = None
    if parts.scheme != "https" or not host or parts.path not in ("", "/"):
        raise ValueError(f"expected https://HOST:PORT, got {server!r}")
    return host, port or _DEFAULT_PORT
