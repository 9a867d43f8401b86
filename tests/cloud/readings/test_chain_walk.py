"""A chain is made as a gateway makes it, something is taken away or changed, and the walk says what and where."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cloud.proof import conclusion, in_words
from cloud.readings.chain.block import NOTE, ROW, Block
from cloud.readings.chain.model import MOST_FAULTS, FaultKind, Findings, Head, Piece, Stream, Why
from cloud.readings.chain.walk import walk
from protocols.telemetry.chain import first_link, next_link
from protocols.telemetry.spans import Span

EPOCH = 77
AT = datetime(2026, 3, 1, tzinfo=UTC)
MESSAGE = 10
LAST = 50


def digest(number: int, content: str = "") -> bytes:
    return hashlib.sha256(f"{number} {content}".encode()).digest()


def create_piece(number: int, content: str = "") -> Piece:
    return Piece(number, digest(number, content), AT + timedelta(minutes=number), "meter glucose")


def create_heads(last: int = LAST, size: int = MESSAGE) -> list[Head]:
    """Of messages of `size` readings."""
    link, heads = first_link(EPOCH), [Head(0, first_link(EPOCH))]
    for number in range(1, last + 1):
        link = next_link(link, digest(number))
        if number % size == 0 or number == last:
            heads.append(Head(number, link))
    return heads


def create_blocks(heads: Iterable[Head], pieces: Iterable[Piece], size: int = 16) -> list[Block]:
    """As the database gives them, in blocks of `size` numbers."""
    made: defaultdict[int, tuple[list[Head], list[Piece]]] = defaultdict(lambda: ([], []))
    for head in heads:
        made[head.number // size][0].append(head)
    for piece in pieces:
        made[piece.number // size][1].append(piece)
    return [create_block(*made[number]) for number in sorted(made)]


def create_block(heads: list[Head], pieces: list[Piece]) -> Block:
    pieces = sorted(pieces, key=lambda piece: piece.number)
    rows = [piece for piece in pieces if piece.row is not None]
    noted = {piece.number: piece for piece in pieces if piece.sent is not None}
    return Block(
        rows=np.array([(one.number, since_2000_us(one.at), as_array(one.row)) for one in rows], ROW),
        whats=[one.what for one in rows],
        notes=np.array(
            [
                (one.number, as_array(one.sent), as_array(one.sent_row), (one.why or Why.REFUSED).value.ljust(9))
                for one in noted.values()
            ],
            NOTE,
        ),
        heads=heads,
    )


def since_2000_us(at: datetime | None) -> int:
    return ((at or AT) - datetime(2000, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def as_array(digest: bytes | None) -> NDArray[np.uint8]:
    return np.frombuffer(digest or bytes(32), np.uint8)


def look(
    pieces: Iterable[Piece],
    heads: Iterable[Head] | None = None,
    stored: tuple[Span, ...] = ((1, LAST),),
    given_up: tuple[Span, ...] = (),
) -> Findings:
    return walk(
        Stream("gw-1", EPOCH, stored, given_up), create_blocks(create_heads() if heads is None else heads, pieces)
    )


def faults(findings: Findings) -> list[tuple[FaultKind, int, int]]:
    return [(fault.kind, fault.first, fault.last) for fault in findings.faults]


ALL = [create_piece(number) for number in range(1, LAST + 1)]


def test_a_whole_stream_is_proven() -> None:
    findings = look(ALL)
    assert findings.whole
    assert (findings.rows, findings.proven, findings.unproven, findings.before_chain) == (LAST, LAST, 0, 0)
    assert (findings.first, findings.last) == (1, LAST)
    assert (findings.first_at, findings.last_at) == (AT + timedelta(minutes=1), AT + timedelta(minutes=LAST))


@given(st.sets(st.integers(1, LAST), min_size=1))
def test_whatever_is_taken_out_is_pointed_at(taken: set[int]) -> None:
    findings = look([piece for piece in ALL if piece.number not in taken])
    missing = {n for fault in findings.faults for n in range(fault.first, fault.last + 1)}
    assert missing == taken
    assert {fault.kind for fault in findings.faults} == {FaultKind.MISSING}
    assert findings.proven + findings.unproven == LAST - len(taken)
    for fault in findings.faults:
        assert fault.before is None or fault.before.number == fault.first - 1
        assert fault.after is None or fault.after.number == fault.last + 1


@given(st.integers(1, LAST))
def test_whatever_is_changed_is_found_within_its_message(number: int) -> None:
    findings = look([*ALL[: number - 1], create_piece(number, "changed"), *ALL[number:]])
    first = (number - 1) // MESSAGE * MESSAGE + 1
    assert faults(findings) == [(FaultKind.CHANGED, first, first + MESSAGE - 1)]
    assert findings.proven == LAST - MESSAGE


def test_two_that_changed_places_are_found() -> None:
    swapped = [*ALL]
    swapped[4], swapped[5] = create_piece(5, "as 6 was"), create_piece(6, "as 5 was")
    assert faults(look(swapped)) == [(FaultKind.CHANGED, 1, 10)]


@given(st.integers(1, LAST), st.integers(1, LAST))
def test_what_was_given_up_is_no_fault_and_ends_no_proof(one: int, other: int) -> None:
    first, last = sorted((one, other))
    heads = create_heads(size=1)
    findings = look(
        [piece for piece in ALL if not first <= piece.number <= last],
        [head for head in heads if not first <= head.number < last],
        given_up=((first, last),),
    )
    assert findings.whole
    assert findings.given_up == last - first + 1
    assert findings.proven == LAST - findings.given_up


@pytest.mark.parametrize("why", [Why.DUPLICATE, Why.REFUSED, Why.THINNED, Why.ERASED])
def test_what_has_no_row_for_a_reason_is_no_fault(why: Why) -> None:
    noted = [Piece(n, None, sent=digest(n), why=why) if n % 3 == 0 else ALL[n - 1] for n in range(1, LAST + 1)]
    findings = look(noted)
    assert findings.whole
    assert findings.proven == LAST
    assert findings.why == {why: LAST // 3}


def test_an_altered_row_is_known_as_it_was_made() -> None:
    made = digest(7, "brought to its bound")

    def seen(row: bytes | None) -> Findings:
        altered = Piece(7, row, AT, sent=digest(7), sent_row=made, why=Why.ALTERED)
        return look([*ALL[:6], altered, *ALL[7:]])

    assert seen(made).whole
    assert faults(seen(digest(7, "by hand"))) == [(FaultKind.CHANGED, 7, 7)]
    assert faults(seen(None)) == [(FaultKind.MISSING, 7, 7)]


def test_rows_that_never_came_are_extra() -> None:
    assert faults(look([*ALL, create_piece(60)])) == [(FaultKind.EXTRA, 60, 60), (FaultKind.UNCHAINED, 60, 60)]
    assert faults(look([*ALL[:5], *ALL[4:]])) == [(FaultKind.EXTRA, 5, 5)]


def test_numbers_of_before_the_chain_are_told_apart() -> None:
    findings = look(ALL, [head for head in create_heads() if head.number >= 20])
    assert findings.whole
    assert (findings.before_chain, findings.proven) == (20, 30)
    assert look(ALL, []).before_chain == LAST


def test_hashes_that_are_gone_are_a_fault_where_nothing_follows() -> None:
    findings = look(ALL, [head for head in create_heads() if head.number < 40])
    assert faults(findings) == [(FaultKind.UNCHAINED, 31, 50)]
    assert findings.unproven == 20
    assert look(ALL, [head for head in create_heads() if head.number != 20]).proven == LAST


def test_a_false_beginning_and_two_hashes_of_one_number_are_faults() -> None:
    heads = create_heads()
    assert faults(look(ALL, [Head(0, bytes(32)), *heads[1:]])) == [
        (FaultKind.CHANGED, 0, 0),
        (FaultKind.CHANGED, 1, 10),
    ]
    assert faults(look(ALL, [*heads[:2], Head(20, heads[2].link, disputed=True), *heads[3:]])) == [
        (FaultKind.DISPUTED, 20, 20)
    ]


def test_a_stream_without_anything_left() -> None:
    assert faults(look([])) == [(FaultKind.MISSING, 1, LAST)]
    assert look([], [], stored=()).whole


def test_of_a_database_in_ruins_the_first_faults_are_kept_and_the_rest_counted() -> None:
    found = look((create_piece(number) for number in range(1, 3 * MOST_FAULTS)), heads=[], stored=())
    assert not found.whole
    assert len(found.faults) == MOST_FAULTS
    assert found.more_faults == 2 * MOST_FAULTS - 1
    assert "and 2979 more; --json lists the first 1000" in in_words(found)
    assert "2999 faults" in conclusion([found])


class EachAlone(Block):
    """A block that is never taken as a whole."""

    def runs(self) -> None:
        return None


@st.composite
def damaged(draw: st.DrawFn) -> list[Piece]:
    """A stream with rows gone, changed, doubled and put in, and notes that are right or wrong."""
    found: list[Piece] = []
    for number in range(1, LAST + 6):
        match draw(st.sampled_from(["row"] * 20 + ["gone", "changed", "twice", "noted", "row_and_note", "altered"])):
            case "row":
                found.append(create_piece(number))
            case "changed":
                found.append(create_piece(number, "changed"))
            case "twice":
                found += [create_piece(number), create_piece(number)]
            case "noted":
                sent_row = draw(st.sampled_from([None, digest(number, "row")]))
                why = draw(st.sampled_from(Why))
                found.append(Piece(number, None, sent=digest(number), sent_row=sent_row, why=why))
            case "row_and_note":
                found.append(replace(create_piece(number), sent=digest(number), why=Why.REFUSED))
            case "altered":
                row = digest(number, draw(st.sampled_from(["row", "other"])))
                sent_row = digest(number, "row")
                found.append(
                    replace(create_piece(number), row=row, sent=digest(number), sent_row=sent_row, why=Why.ALTERED)
                )
    return found


@given(damaged(), st.sampled_from([((1, LAST),), ((1, 20), (31, LAST))]), st.integers(1, 60))
def test_a_block_as_a_whole_tells_what_its_pieces_tell(
    pieces: list[Piece], stored: tuple[Span, ...], size: int
) -> None:
    blocks = create_blocks(create_heads(), pieces, size)
    alone = [EachAlone(block.rows, block.whats, block.notes, block.heads) for block in blocks]
    stream = Stream("gw-1", EPOCH, stored, ((7, 7),))
    assert walk(stream, blocks) == walk(stream, alone)
