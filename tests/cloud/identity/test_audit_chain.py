"""A chain says where it was changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cloud.identity.audit.chain import Head, digest_of, head_from, verify
from cloud.identity.audit.model import Line

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def create_lines(count: int) -> list[Line]:
    lines: list[Line] = []
    for number in range(1, count + 1):
        previous = lines[-1].digest if lines else b""
        line = Line(number, NOW + timedelta(seconds=number), 3, None, 7, "saw_record", "elder:7", previous, b"")
        lines.append(replace(line, digest=digest_of(line)))
    return lines


def test_a_whole_chain_and_its_head() -> None:
    lines = create_lines(5)
    found = verify(lines)
    assert found.fault == ""
    assert head_from(str(found.head)) == Head(5, lines[-1].digest)
    assert verify([]).head == Head(0, b"")
    assert verify(lines, verify(lines[:3]).head).fault == ""


def test_every_change_is_found() -> None:
    lines = create_lines(5)
    assert verify([*lines[:2], replace(lines[2], elder_id=8), *lines[3:]]).fault == "line 3 was changed"
    forged = replace(lines[2], staff_id=9)
    forged = replace(forged, digest=digest_of(forged))
    assert verify([*lines[:2], forged, *lines[3:]]).fault.startswith("line 4 does not follow")
    assert verify([*lines[:2], *lines[3:]]).fault == "after line 2 comes line 4: lines are missing"
    assert verify(lines[1:]).fault.startswith("after line 0")


def test_an_end_that_is_missing_or_another_is_found_by_a_noted_head() -> None:
    lines = create_lines(5)
    noted = verify(lines).head
    assert verify(lines[:4], noted).fault == "it ends at line 4; line 5 was noted: the end is missing"
    other = replace(lines[4], what="saw_visit")
    other = replace(other, digest=digest_of(other))
    assert verify([*lines[:4], other], noted).fault == "line 5 is another than the one that was noted"
