"""What must stand in no log: names, addresses and numbers of people, links, passwords, and keys of this very run."""

import re
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_LEAST = 6
"""Shorter words are in every log; a person's name is asked for whatever its length."""


def secrets_of(data: Path) -> set[str]:
    """Of the demonstration's community, and of the keys that a run made in `data`."""
    community = tomllib.loads((ROOT / "configs" / "community.toml").read_text(encoding="utf-8"))
    found: set[str] = set()
    for elder in community["elder"]:
        found |= {elder["name"], elder["link"], *elder.get("conditions", ()), elder.get("plan") or elder["name"]}
        found |= {contact[key] for contact in elder["contact"] for key in ("name", "phone")}
    found |= {home["address"] for home in community["home"]}
    found |= {member[key] for member in community["staff"] for key in ("name", "phone", "password") if key in member}
    for path in data.rglob("*"):
        if path.suffix in (".pem", ".key") and path.name != "centre.key":  # which is the public one, pinned
            found |= _key_words(path.read_bytes())
        elif path.suffix == ".toml":
            found |= set(_configured(tomllib.loads(path.read_text(encoding="utf-8"))))
    return found


def leaks(logs: Path, secrets: set[str]) -> list[str]:
    """Each line of a log in which one of `secrets` stands, as file: secret."""
    found = []
    for path in sorted(logs.glob("*.log")):
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [
            f"{path.name}: {secret}"
            for secret in sorted(secrets)
            if (re.search(rf"\b{secret}\b", text) if secret.isdecimal() else secret in text)
        ]
    return found


def _key_words(key: bytes) -> set[str]:
    """A key as it could be printed."""
    lines = [line for line in key.decode("latin-1").splitlines() if len(line) > 2 * _LEAST and "-----" not in line]
    return {key.hex(), b64encode(key).decode(), repr(key)[2:-1], *(line for line in lines if line.isascii())}


def _configured(table: Any, name: str = "") -> Iterator[str]:
    """Values of keys that are named as such."""
    if isinstance(table, dict):
        for key, value in table.items():
            yield from _configured(value, key)
    elif isinstance(table, list):
        for value in table:
            yield from _configured(value, name)
    elif name in ("bind_key", "passkey", "password", "key", "pin") and len(str(table)) >= _LEAST:
        yield str(table)
