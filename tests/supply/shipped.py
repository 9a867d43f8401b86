"""Which installed packages belong to what we ship, and which only to the work on it."""

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS = "doorstep"
SHIPPED = ("edge", "cloud", "sim", "backtest")
ALL = (*SHIPPED, "dev")


def packages(extras: Iterable[str]) -> dict[str, str]:
    """Name (as PEP 503 writes it) and version of every installed package that ours needs with these extras."""
    found: dict[str, str] = {}
    waiting = [(OURS, frozenset(extras))]
    done: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, wanted = waiting.pop()
        if (name, wanted) in done:
            continue
        done.add((name, wanted))
        try:
            installed = distribution(name)
        except PackageNotFoundError:  # of another platform, or an extra that nobody asked for
            continue
        if name != OURS:
            found[name] = installed.version
        for text in installed.requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in (*wanted, "")):
                waiting.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    return dict(sorted(found.items()))
