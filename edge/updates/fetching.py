"""A release comes from the centre at which this gateway is enrolled, each file checked before it has its name."""

import hashlib
import http.client
import secrets
import ssl
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding

from edge.errors import Permanent, Temporary
from edge.identity.centre_line import server_address
from edge.identity.enrolment import trusting
from edge.identity.folder import Identity
from edge.identity.signing import signed_request
from edge.reasons import reason_of
from protocols.enrolment.messages import Refusal
from protocols.errors import DecodeError
from protocols.releases.manifest import (
    MANIFEST,
    RELEASE_PATH,
    AskFile,
    Manifest,
    Wheel,
    decode_manifest,
    fits_machine,
    parse_wheel_name,
)

_TIMEOUT_S = 30.0
_PIECE_BYTES = 65_536
_MOST_MANIFEST_BYTES = 1_000_000
AGAIN_S = 60.0


class ReleaseUnusable(Permanent):
    """This version is not tried again; the message says why."""


class Fetching:
    """Blocks; for a thread. `going_on` is asked between pieces: False gives up."""

    def __init__(self, identity: Identity, key: bytes, going_on: Callable[[], bool]) -> None:
        self._identity = identity
        self._key = key
        self._going_on = going_on
        self._host, self._port = server_address(identity.settings.server)
        self._context = trusting(identity.authority.public_bytes(Encoding.PEM).decode())

    def fetch(self, version: str, folder: Path, python: tuple[int, int], machine: str) -> list[Wheel]:
        """The wheels of `version` for this machine, all in `folder`, which then holds nothing else.

        What is there already and whole is not fetched again. Raises ReleaseUnusable, Temporary, OSError.
        """
        manifest = self._manifest(version)
        wheels = [wheel for wheel in manifest.wheels if fits_machine(parse_wheel_name(wheel.file), python, machine)]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = {wheel.file for wheel in wheels}
        for path in folder.iterdir():
            if path.name not in names:
                path.unlink()
        for wheel in wheels:
            if _digest(folder / wheel.file) != wheel.sha256:
                self._fetch_wheel(version, wheel, folder)
        return wheels

    def _manifest(self, version: str) -> Manifest:
        pieces: list[bytes] = []
        self._ask(version, MANIFEST, pieces.append, _MOST_MANIFEST_BYTES)
        try:
            manifest = decode_manifest(b"".join(pieces), self._key)
        except DecodeError as error:
            raise ReleaseUnusable(str(error)) from error
        if manifest.version != version:
            raise ReleaseUnusable(f"the centre gave release {manifest.version} for {version}")
        return manifest

    def _fetch_wheel(self, version: str, wheel: Wheel, folder: Path) -> None:
        fresh = folder / f".{secrets.token_hex(6)}"
        try:
            with fresh.open("wb") as file:
                self._ask(version, wheel.file, file.write, wheel.bytes)
            if _digest(fresh) != wheel.sha256:
                raise ReleaseUnusable(f"{wheel.file} is not what was signed")
            fresh.replace(folder / wheel.file)
        finally:
            fresh.unlink(missing_ok=True)

    def _ask(self, version: str, file: str, take: Callable[[bytes], object], most: int) -> None:
        """Raises ReleaseUnusable where the file is longer than `most`, Temporary where the centre does not give it."""
        told = msgspec.json.encode(signed_request(self._identity, RELEASE_PATH, AskFile(version=version, file=file)))
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=_TIMEOUT_S, context=self._context)
        try:
            connection.request("POST", RELEASE_PATH, told, {"Content-Type": "application/json"})
            response = connection.getresponse()
            if response.status != http.HTTPStatus.OK:
                raise Temporary(_refusal(response.read(_PIECE_BYTES), response.status), retry_after_s=AGAIN_S)
            came = 0
            while piece := response.read(_PIECE_BYTES):
                came += len(piece)
                if came > most:
                    raise ReleaseUnusable(f"{file} is longer than what was signed")
                if not self._going_on():
                    raise Temporary("the gateway ends", retry_after_s=AGAIN_S)
                take(piece)
        except (OSError, http.client.HTTPException, ssl.SSLError) as error:
            raise Temporary(
                f"{file} does not come from the centre: {reason_of(error)}", retry_after_s=AGAIN_S
            ) from error
        finally:
            connection.close()


def _refusal(body: bytes, status: int) -> str:
    try:
        return f"the centre refuses: {msgspec.json.decode(body, type=Refusal).error}"
    except msgspec.DecodeError:
        return f"the centre refuses (HTTP {status})"


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()
