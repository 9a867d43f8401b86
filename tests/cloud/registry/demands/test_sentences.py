from collections import Counter
from pathlib import Path

import pytest

from cloud.errors import CloudError
from cloud.registry.demands.kinds import leaves
from cloud.registry.demands.sentences import glossary, held_back, learned_from, read_corrections


def test_there_are_enough_of_both_languages_and_every_kind() -> None:
    sentences = learned_from()
    languages = Counter(one.voice[:2] for one in sentences)
    kinds = Counter(one.kind for one in sentences)
    assert len(sentences) >= 1500
    assert set(languages) == {"zh", "en"}
    assert min(languages.values()) >= 600
    assert set(kinds) == set(leaves())
    assert min(kinds.values()) >= 100


def test_no_sentence_is_held_back_and_learned_from() -> None:
    known = {one.text for one in [*learned_from(), *glossary()]}
    assert not [one.text for one in held_back() if one.text in known]
    assert {one.kind for one in held_back()} == set(leaves())


def test_no_sentence_is_counted_twice() -> None:
    times = Counter(one.text for one in learned_from())
    assert not [text for text, count in times.items() if count > 1]


def test_the_glossary_knows_no_other_kinds() -> None:
    assert {one.kind for one in glossary()} == set(leaves())


def test_corrections_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "corrected.txt"
    path.write_text("# of March\n[repair]\nthe step is loose\n", encoding="utf-8")
    (one,) = read_corrections(path)
    assert (one.text, one.kind) == ("the step is loose", "repair")


@pytest.mark.parametrize(
    ("text", "why"), [("the step is loose\n", "line 1"), ("[repairs]\nthe step is loose\n", "no kind 'repairs'")]
)
def test_what_are_no_corrections_is_refused(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "corrected.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CloudError, match=why):
        read_corrections(path)


def test_corrections_that_are_not_there_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CloudError, match="cannot be read"):
        read_corrections(tmp_path / "none.txt")
