"""What a nurse takes along for a visit: data that a centre may change, in cloud/visits/take-along.toml."""

import functools
from importlib import resources
from pathlib import Path

import msgspec

from cloud.config import CloudConfig
from cloud.errors import CloudError


class TakeAlongRefused(CloudError):
    """A sentence of what is wrong in which file."""


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    en: str
    zh: str
    kinds: list[str] = msgspec.field(default_factory=list)
    causes: list[str] = msgspec.field(default_factory=list)
    wishes: list[str] = msgspec.field(default_factory=list)
    skills: list[str] = msgspec.field(default_factory=list)
    always: bool = False

    def said(self, language: str) -> str:
        """`language`: en or zh; any other is English."""
        return self.zh if language == "zh" else self.en


class TakeAlong(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    item: list[Item]

    def needed(self, *, kind: str, cause: str | None, wish: str | None, skills: list[str]) -> list[Item]:
        """In the file's order. A visit that an alert asked for needs what its cause says."""
        return [
            one
            for one in self.item
            if one.always
            or kind in one.kinds
            or cause in one.causes
            or wish in one.wishes
            or any(skill in one.skills for skill in skills)
        ]


def read_take_along(text: str, source: str) -> TakeAlong:
    """Raises TakeAlongRefused."""
    try:
        return msgspec.toml.decode(text, type=TakeAlong)
    except msgspec.DecodeError as error:
        raise TakeAlongRefused(f"{source}: {error}") from error


def take_along_of(config: CloudConfig) -> TakeAlong:
    """The centre's own file (`visits.take_along`), or what is built in; read once. Raises TakeAlongRefused."""
    named = config.visits.take_along
    return _load(config.beside(named) if named else None)


@functools.cache
def _load(path: Path | None) -> TakeAlong:
    if path is None:
        text = resources.files("cloud.visits").joinpath("take-along.toml").read_text(encoding="utf-8")
        return read_take_along(text, "what is built in")
    try:
        return read_take_along(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise TakeAlongRefused(f"{path}: cannot be read: {error}; see visits.take_along") from error
