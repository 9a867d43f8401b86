"""What a copy is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Sheet:
    """One table of a copy."""

    name: str
    what: str
    """In words."""
    query: str
    """SQL of ours, with %(elder)s and what `values` gives."""
    why: str = ""
    """Why it stays after an erasure."""
    hidden: frozenset[str] = frozenset()
    """Columns that the copy does not have."""
    file: str = ""
    """A column that is a file of its own, of the row's `media_type`."""
    values: Mapping[str, object] = field(default_factory=dict)
