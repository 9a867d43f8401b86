"""TOML text -> a frozen configuration, or one sentence that names file, key and expected form."""

import tomllib
from typing import TypeVar

import msgspec


class ConfigurationError(ValueError):
    """A configuration file is refused. The message is one sentence for the person who wrote the file."""


C = TypeVar("C", bound=msgspec.Struct)


def decode_configuration(kind: type[C], text: str, source: str) -> C:
    """`text` as `kind`, a frozen Struct with forbid_unknown_fields; `source` is the file's name for the message."""
    try:
        return msgspec.convert(tomllib.loads(text), type=kind)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        key = path.strip("`").removeprefix("$").lstrip(".") or "top level"
        raise ConfigurationError(f"{source}: {key}: {problem}") from error
