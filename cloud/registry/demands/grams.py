"""Free text -> the runs of characters by which it is recognised. Chinese and English, also in one sentence."""

import re
import unicodedata

_CHINESE, _LATIN = (1, 2, 3), (2, 3, 4, 5)
_RUN = re.compile(r"[\u3400-\u9fff]+|[a-z0-9']+")
LONGEST_TEXT = 2000
"""What is behind this many characters is not looked at."""


def plain(text: str) -> str:
    """Small letters, one width of characters."""
    return unicodedata.normalize("NFKC", text[:LONGEST_TEXT]).lower().replace("\u2019", "'")


def grams(text: str) -> list[str]:
    """Of Chinese: one to three characters. Of other words: two to five letters, the whole, and each with the next."""
    found: list[str] = []
    before = ""
    for run in _RUN.findall(plain(text)):
        if run[0] >= "\u3400":
            found += _pieces(run, _CHINESE)
            before = ""
            continue
        word = f" {run} "
        found += _pieces(word, _LATIN)
        if len(word) > _LATIN[-1]:
            found.append(word)
        if before:
            found.append(before + run + " ")
        before = word
    return found


def _pieces(run: str, lengths: tuple[int, ...]) -> list[str]:
    return [run[at : at + length] for length in lengths for at in range(len(run) - length + 1)]
