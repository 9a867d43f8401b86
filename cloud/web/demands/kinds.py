"""Names of the kinds of wishes in a reader's language, and what is below what."""

from collections.abc import Sequence

from cloud.registry.demands.tree.model import TreeKind, in_order, sorted_into
from cloud.web.language import Language


class Kinds:
    """The tree for one reader."""

    def __init__(self, tree: Sequence[TreeKind], language: Language) -> None:
        self._tree = tree
        self._of = {kind.code: kind for kind in tree}
        self._language = language

    def name(self, code: str | None) -> str:
        """Of a kind, also of one that ended."""
        if code is None:
            return self._language.gettext("Kind not known yet")
        kind = self._of.get(code)
        if kind is None:
            return code.replace("_", " ")
        return kind.chinese if self._language.code == "zh" else kind.english

    @property
    def choices(self) -> list[str]:
        """Codes of what a wish may be of, in the tree's order."""
        leaves = sorted_into(self._tree)
        return [kind.code for _, kind in in_order(self._tree) if kind.code in leaves]

    @property
    def ordered(self) -> list[tuple[int, TreeKind]]:
        """All with their depth, each followed by what is below it."""
        return in_order(self._tree)

    def standing(self) -> list[tuple[int, TreeKind]]:
        return [(depth, kind) for depth, kind in in_order(self._tree) if not kind.ended]

    def below(self, code: str) -> tuple[str, ...]:
        """The kind and all below it."""
        found = [code]
        for kind in found:
            found.extend(one.code for one in self._tree if one.parent == kind and one.code not in found)
        return tuple(found)
