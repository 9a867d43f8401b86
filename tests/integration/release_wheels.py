"""Releases for tests: a wheel of this very gateway under another version, which finds what it needs where we do."""

import base64
import hashlib
import sysconfig
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cloud.releases.making import make_release

ROOT = Path(__file__).parents[2]


def create_release(
    folder: Path, version: str, key: Ed25519PrivateKey, changed: Mapping[str, str] | None = None
) -> Path:
    """A signed release in `folder`; `changed` gives files of it another text."""
    folder.mkdir(parents=True)
    files = {
        str(path.relative_to(ROOT)): path.read_bytes()
        for room in ("edge", "protocols")
        for path in (ROOT / room).rglob("*.py")
    }
    files |= {name: text.encode() for name, text in (changed or {}).items()}
    files["what_we_need.pth"] = sysconfig.get_path("purelib").encode() + b"\n"
    about = f"doorstep-{version}.dist-info"
    files[f"{about}/METADATA"] = f"Metadata-Version: 2.1\nName: doorstep\nVersion: {version}\n".encode()
    files[f"{about}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in files.items()]
    files[f"{about}/RECORD"] = "\n".join([*lines, f"{about}/RECORD,,"]).encode() + b"\n"
    with zipfile.ZipFile(folder / f"doorstep-{version}-py3-none-any.whl", "w") as wheel:
        for name, data in files.items():
            wheel.writestr(name, data)
    make_release(folder, key, datetime.now(UTC))
    return folder


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
