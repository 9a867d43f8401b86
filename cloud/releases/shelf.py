"""The releases that this centre hands on: `data/releases/VERSION/`, each whole or not at all."""

import hashlib
import secrets
import shutil
from pathlib import Path

import msgspec

from cloud.errors import NotFound
from cloud.releases.making import ReleaseRefused
from protocols.errors import DecodeError
from protocols.releases.manifest import MANIFEST, Manifest, SignedManifest, decode_manifest


class Shelf:
    def __init__(self, data: Path) -> None:
        """`data` is the centre's data folder; nothing is made before `put`."""
        self.folder = data / "releases"

    def put(self, made: Path) -> Manifest:
        """Copies the release in the folder `made`. Raises ReleaseRefused where it is not whole, OSError."""
        manifest = _checked(made)
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        fresh = self.folder / f".{manifest.version}.{secrets.token_hex(6)}"
        try:
            fresh.mkdir()
            for name in (MANIFEST, *(wheel.file for wheel in manifest.wheels)):
                shutil.copyfile(made / name, fresh / name)
            _checked(fresh)
            if (self.folder / manifest.version).exists():
                raise ReleaseRefused(f"version {manifest.version} is here already; a changed one needs another version")
            fresh.rename(self.folder / manifest.version)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return manifest

    def versions(self) -> list[str]:
        return sorted(path.parent.name for path in self.folder.glob(f"[0-9]*/{MANIFEST}"))

    def file(self, version: str, name: str) -> Path:
        """Raises NotFound. Both names were checked: they hold no folder (protocols.releases.manifest.AskFile)."""
        path = self.folder / version / name
        if path.parent.parent != self.folder or path.name != name or not path.is_file():
            raise NotFound(f"this centre has no {name} of release {version}")
        return path


def _checked(folder: Path) -> Manifest:
    """Its own signature and digests fit: whose signature it is, gateways judge."""
    try:
        data = (folder / MANIFEST).read_bytes()
        manifest = decode_manifest(data, msgspec.json.decode(data, type=SignedManifest).key)
    except (OSError, ValueError, DecodeError) as error:
        raise ReleaseRefused(f"{folder}: {error}; `doorstep-cloud release make` writes {MANIFEST}") from error
    for wheel in manifest.wheels:
        path = folder / wheel.file
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != wheel.sha256:
            raise ReleaseRefused(f"{path} is missing, or not what was signed")
    return manifest
