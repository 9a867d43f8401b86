"""The file in which a simulated home says which pins of its gateway are connected with ground: one line of Broadcom
numbers."""

import os
from pathlib import Path

PINS_VARIABLE = "DOORSTEP_SIM_PINS"
"""Where a gateway's process finds it."""


def write_pins(path: Path, grounded: frozenset[int]) -> None:
    """Whole or not at all. Raises OSError."""
    draft = path.with_name(path.name + ".draft")
    draft.write_text(" ".join(str(pin) for pin in sorted(grounded)) + "\n", encoding="ascii")
    os.replace(draft, path)


def read_pins(path: Path) -> frozenset[int]:
    """None of them where there is no file: the home is not up."""
    try:
        return frozenset(int(word) for word in path.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return frozenset()
