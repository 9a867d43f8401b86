"""A version of a gateway's configuration, and how the next one is made of it. Pure."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from protocols.configuration import ConfigurationError
from protocols.remote.signed import HomeConfiguration, parse_configuration
from protocols.remote.wanted import Wanted

_VERSION = ["updates", "release"]
"""1.10 is no number here."""


@dataclass(frozen=True)
class Version:
    gateway: str
    version: int
    document: str
    """As it is signed."""
    made_at: datetime
    told_at: datetime | None

    @property
    def wanted(self) -> Wanted:
        return parse_configuration(self.document).wanted


@dataclass(frozen=True)
class Standing:
    """A gateway as its last heartbeat said."""

    gateway: str
    online: bool
    heard_at: datetime | None
    in_force: int
    """Version; 0: the home's own file alone."""
    refused: int
    """The last version that it did not take; 0: none."""
    why: str


def changed(before: Wanted, changes: Sequence[str]) -> Wanted:
    """`before` with each of `changes`: `KEY=VALUE` as in edge.toml, a device's as `device."NAME".KEY=VALUE`; `KEY=`
    gives the key back to the home's own file. Raises ConfigurationError.
    """
    told: dict[str, Any] = msgspec.to_builtins(before)
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals or not key.strip():
            raise ConfigurationError(f"{change!r}: expected KEY=VALUE, such as alarm.long_stay_min=30")
        path = _path(key.strip())
        if value.strip():
            _put(told, path, value.strip().strip("\"'") if path == _VERSION else _value(value.strip()))
        else:
            _drop(told, path)
    return checked(told)


def checked(told: dict[str, Any]) -> Wanted:
    """Raises ConfigurationError for what no centre may change, and for values that no gateway takes."""
    try:
        return msgspec.convert(told, type=Wanted)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at ")
        key = place.strip("`").removeprefix("$").lstrip(".")
        raise ConfigurationError(f"{key or 'the configuration'}: {problem}") from error


def document_of(gateway: str, version: int, made_at: datetime, wanted: Wanted) -> HomeConfiguration:
    return HomeConfiguration(gateway=gateway, version=version, made_at=made_at, wanted=wanted)


def as_lines(wanted: Wanted) -> list[str]:
    """As `changed` takes them."""
    return list(_lines("", msgspec.to_builtins(wanted)))


def _lines(before: str, table: dict[str, Any]) -> Sequence[str]:
    found: list[str] = []
    for key, value in table.items():
        name = f'{before}"{key}"' if before == "device." else f"{before}{key}"
        if isinstance(value, dict):
            found += _lines(f"{name}.", value)
        else:
            found.append(f"{name}={msgspec.json.encode(value).decode()}")
    return found


def _path(key: str) -> list[str]:
    """The key as TOML understands it, quotes and all."""
    try:
        table: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f'{key}: expected a key such as alarm.long_stay_min or device."gpio:17".canary'
        ) from error
    path = []
    while isinstance(table, dict):
        ((name, table),) = table.items()
        path.append(name)
    return path


def _value(text: str) -> Any:
    """TOML; what is none is a text, since shells eat quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _put(table: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        below = table.setdefault(name, {})
        if not isinstance(below, dict):
            raise ConfigurationError(f"{'.'.join(path)}: {name} is no table")
        table = below
    table[path[-1]] = value


def _drop(table: dict[str, Any], path: list[str]) -> None:
    name, *below = path
    if below and isinstance(table.get(name), dict):
        _drop(table[name], below)
        if not table[name]:
            del table[name]
    elif not below:
        table.pop(name, None)
