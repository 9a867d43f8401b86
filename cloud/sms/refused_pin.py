"""A PIN that the SIM refused, on disk: the third wrong one locks the SIM, and a restart must not try the second."""

import hashlib
from pathlib import Path


class RefusedPin:
    def __init__(self, folder: Path) -> None:
        """`folder` is made when there is something to write."""
        self._path = folder / "refused-pin"

    def usable(self, pin: str) -> str:
        """`pin`, or nothing where it was refused before."""
        return "" if pin and self._known() == _digest(pin) else pin

    def refuse(self, pin: str) -> None:
        """Raises OSError."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.touch(mode=0o600)
        self._path.write_text(_digest(pin), encoding="ascii")

    def _known(self) -> str:
        try:
            return self._path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            return ""


def _digest(pin: str) -> str:
    return hashlib.sha256(pin.encode()).hexdigest()
