"""The labelled sentences and the glossary that come with the program, read from beside this file.

One file a voice: everybody in it speaks in the same manner. A line `[kind]` says what the lines below it wish for; of
two wishes in one sentence the more pressing one counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

from cloud.errors import CloudError
from cloud.registry.demands.kinds import leaves

_HERE = "cloud.registry.demands"


@dataclass(frozen=True)
class Sentence:
    text: str
    kind: str
    voice: str
    """Who speaks so, such as zh_dialect: its name begins with the language."""


def learned_from() -> list[Sentence]:
    return list(_of_folder("sentences"))


def held_back() -> list[Sentence]:
    """Voices from which no model that comes with the program has learned."""
    return list(_of_folder("held_back"))


def glossary() -> list[Sentence]:
    """Words that go with each kind. They are learned from, and never counted as sentences."""
    lines = _kinds_and_lines(resources.files(_HERE) / "glossary.txt")
    return [
        Sentence(word.strip(), kind, "glossary") for kind, line in lines for word in line.split(",") if word.strip()
    ]


def read_corrections(path: Path) -> list[Sentence]:
    """A file in the same form, from outside. Raises CloudError where it is not one."""
    known = set(leaves())
    try:
        found = [Sentence(line, kind, "corrections") for kind, line in _kinds_and_lines(path)]
    except (OSError, ValueError) as error:
        raise CloudError(f"{path}: cannot be read as corrections: {error}") from error
    for one in found:
        if one.kind not in known:
            raise CloudError(f"{path}: there is no kind {one.kind!r}; kinds are {', '.join(sorted(known))}")
    return found


def _of_folder(name: Literal["sentences", "held_back"]) -> Iterator[Sentence]:
    folder = resources.files(_HERE) / name
    for file in sorted((one for one in folder.iterdir() if one.name.endswith(".txt")), key=lambda one: one.name):
        voice = file.name.removesuffix(".txt")
        for kind, line in _kinds_and_lines(file):
            yield Sentence(line, kind, voice)


def _kinds_and_lines(file: Traversable | Path) -> Iterator[tuple[str, str]]:
    """Raises ValueError for a sentence above the first kind."""
    kind = ""
    for number, raw in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            kind = line[1:-1]
        elif kind:
            yield kind, line
        else:
            raise ValueError(f"{file.name}: line {number}: expected a kind in brackets above the first sentence")
