"""A kind as the tree holds it, and what may become of the tree. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cloud.registry.demands.demand import Urgency
from cloud.registry.demands.kinds import EMERGENCY, Kind, complaints, leaves

LONGEST_NAME = 60


@dataclass(frozen=True)
class TreeKind:
    code: str
    parent: str | None
    place: int
    """The order in which kinds are shown."""
    chinese: str
    english: str
    travels: bool
    """Somebody goes to the door for it."""
    urgency: Urgency
    """Where nobody says another."""
    ended: bool = False
    """Nothing new is of this kind; what was, stays."""

    @property
    def plain(self) -> Kind:
        return Kind(self.code, self.parent, self.chinese, self.english)


def sorted_into(tree: Iterable[TreeKind]) -> dict[str, TreeKind]:
    """The kinds that a wish may be of: those that stand and have none below them that does."""
    standing = {kind.code: kind for kind in tree if not kind.ended}
    return {code: standing[code] for code in leaves(tuple(kind.plain for kind in standing.values()))}


def after(tree: Sequence[TreeKind], changed: TreeKind) -> tuple[list[TreeKind], list[str]]:
    """The tree with `changed` in its place, new or not, and what is wrong with it; nothing: it may be kept."""
    known = {kind.code: kind for kind in tree}
    known[changed.code] = changed
    standing = [kind for kind in known.values() if not kind.ended]
    found = complaints(tuple(kind.plain for kind in standing))
    emergency = known.get(EMERGENCY)
    if emergency is not None and (emergency.travels or emergency.urgency is not Urgency.NOW):
        found.append(f"kind {EMERGENCY}: is the alarm desk's: nobody travels for it as a visit, and it is always now")
    return list(known.values()), found


def in_order(tree: Iterable[TreeKind]) -> list[tuple[int, TreeKind]]:
    """Each kind with its depth, 0 at the root, every one followed by what is below it."""
    below: dict[str | None, list[TreeKind]] = {}
    for kind in sorted(tree, key=lambda one: (one.place, one.code)):
        below.setdefault(kind.parent, []).append(kind)
    found: list[tuple[int, TreeKind]] = []

    def walk(parent: str | None, depth: int) -> None:
        for kind in below.get(parent, []):
            found.append((depth, kind))
            walk(kind.code, depth + 1)

    walk(None, 0)
    return found


def moved_to_end(tree: Iterable[TreeKind], kind: TreeKind) -> TreeKind:
    """A new kind is shown behind all others of its parent."""
    return replace(kind, place=1 + max((one.place for one in tree), default=0))
