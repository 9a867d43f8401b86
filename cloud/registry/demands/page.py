"""The page of figures in docs/: how well free text is sorted, and what is taken for what."""

from collections import Counter
from collections.abc import Iterator

from cloud.registry.demands.model import CALL_FROM, SURE, Figures
from cloud.registry.demands.training import Asked, figures_of


def page(left_out: Asked, held_back: Asked) -> str:
    return "\n".join(_lines(left_out, held_back)) + "\n"


def _lines(left_out: Asked, held_back: Asked) -> Iterator[str]:
    yield "# How well free words are sorted"
    yield ""
    yield "Written by `doorstep-cloud demand figures > docs/demand-figures.md`. [What is behind it](demands.md)."
    yield ""
    yield "| | voices left out in turn | held back for good |"
    yield "|---|---|---|"
    ours, held = figures_of(left_out), figures_of(held_back)
    for words, one, other in zip(_WORDS, _values(ours), _values(held), strict=True):
        yield f"| {words} | {one} | {other} |"
    yield ""
    yield f"Sure: a certainty of {SURE} or more. A call: from {CALL_FROM} on, or words that are always one."
    for title, asked in (("Voices left out in turn", left_out), ("Held back for good", held_back)):
        yield from ("", f"## {title}", "", "Rows: the kind that it is. Columns: what it was taken for.", "")
        yield from _confusion(asked)


_WORDS = (
    "sentences",
    "macro-F1",
    "of Chinese",
    "of English",
    "sure enough to need nobody",
    "of these, right",
    "emergencies that go to the alarm desk at once",
    "other wishes that go there too",
)


def _values(figures: Figures) -> list[str]:
    shares = (
        figures.macro_f1,
        figures.macro_f1_chinese,
        figures.macro_f1_english,
        figures.sure,
        figures.right_when_sure,
        figures.calls_heard,
        figures.calls_in_vain,
    )
    return [str(figures.sentences), *(f"{share:.3f}" for share in shares)]


def _confusion(asked: Asked) -> Iterator[str]:
    met = Counter(zip((one.kind for one in asked.sentences), asked.guessed, strict=True))
    yield "| | " + " | ".join(asked.kinds) + " |"
    yield "|---|" + "---|" * len(asked.kinds)
    for kind in asked.kinds:
        yield f"| {kind} | " + " | ".join(str(met[kind, other] or "") for other in asked.kinds) + " |"
