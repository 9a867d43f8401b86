"""TOML text -> a frozen configuration, or one sentence that names file, key and expected form."""

import tomllib
from typing import Any, TypeVar

import msgspec


class ConfigurationError(ValueError):
    """A configuration file is refused. The message is one sentence for the person who wrote the file."""


C = TypeVar("C", bound=msgspec.Struct)


def decode_configuration(kind: type[C], text: str, source: str) -> C:
    """`text` as `kind`, a frozen Struct with forbid_unknown_fields; `source` is the file's name for the message."""
    return convert_configuration(kind, parse_tables(text, source), source)


def parse_tables(text: str, source: str) -> dict[str, Any]:
    """What stands in `text`, not yet looked at."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source}: not TOML: {error}") from error


def convert_configuration(kind: type[C], tables: dict[str, Any], source: str) -> C:
    """`tables` as `kind`, as `decode_configuration` says."""
    try:
        return msgspec.convert(tables, type=kind)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        key = path.strip("`").removeprefix("$").lstrip(".") or "top level"
        raise ConfigurationError(f"{source}: {key}: {problem}") from error
