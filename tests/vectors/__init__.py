"""Bytes from outside; see README.md beside this file."""

import json
from pathlib import Path
from typing import Any


def load_vectors(name: str) -> list[dict[str, Any]]:
    """The `vectors` of the file `name` in this folder."""
    vectors: list[dict[str, Any]] = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))["vectors"]
    return vectors
