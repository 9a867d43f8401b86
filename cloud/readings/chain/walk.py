"""One stream from its first number to its last: what is missing, what was changed, and where. Pure."""

from collections import deque
from collections.abc import Iterable, Iterator
from hashlib import sha256

from cloud.readings.chain.block import Block, Run
from cloud.readings.chain.model import MOST_FAULTS, TAKEN, Fault, FaultKind, Findings, Head, Piece, Stream
from protocols.telemetry.chain import LINK_BYTES, first_link, next_link
from protocols.telemetry.spans import Span, without

_END = 2**62 + 1


def walk(stream: Stream, blocks: Iterable[Block]) -> Findings:
    """In rising order of their numbers. A fault names numbers and the readings around them."""
    walker = _Walker(stream)
    for block in blocks:
        walker.take_block(block)
    return walker.end()


class _Walker:
    def __init__(self, stream: Stream) -> None:
        self._findings = Findings(stream.gateway, stream.epoch)
        self._findings.given_up = sum(last - first + 1 for first, last in stream.given_up)
        self._first_link = first_link(stream.epoch)
        self._expected = iter(without(stream.stored, stream.given_up))
        self._awaited: Span | None = next(self._expected, None)
        self._heads: deque[Head] = deque()
        self._seen_head = False
        self._link: bytes | None = None  # after `_reached`; None: no hash reaches there
        self._reached = 0
        self._last: Piece | None = None
        self._segment: list[Piece] = []  # its first and last since the last head
        self._pending = 0

    def take_block(self, block: Block) -> None:
        self._heads.extend(block.heads)
        runs = block.runs()
        if runs is None:
            for piece in block.pieces():
                self._take(piece)
            return
        for run in runs:
            if self._awaited is not None and self._awaited[0] == run.first and run.last <= self._awaited[1]:
                self._take_run(run)
            else:
                for piece in block.pieces(run.first, run.last):
                    self._take(piece)

    def _take_run(self, run: Run) -> None:
        """Does what taking each of its pieces would do."""
        first = run.first
        while first <= run.last:
            self._pass_heads(first - 1)
            last = min(run.last, self._heads[0].number) if self._heads else run.last
            if self._link is not None and self._reached == first - 1:
                begin, end = (first - run.first) * LINK_BYTES, (last + 1 - run.first) * LINK_BYTES
                self._link = _linked(self._link, run.digests, begin, end)
            else:
                self._link = None
            self._reached = last
            self._last = run.piece(last)
            self._segment = [*(self._segment[:1] or [run.piece(first)]), self._last]
            self._pending += last + 1 - first
            first = last + 1
        self._skip(run.last)
        findings = self._findings
        findings.first = run.first if findings.first is None else findings.first
        findings.last = run.last
        findings.rows += len(run.rows)
        for why, count in run.why.items():
            findings.why[why] = findings.why.get(why, 0) + count
        for at in run.span or ():
            findings.first_at = min(at, findings.first_at or at)
            findings.last_at = max(at, findings.last_at or at)

    def _take(self, piece: Piece) -> None:
        findings = self._findings
        if self._last is not None and piece.number <= self._last.number:
            self._fault(FaultKind.EXTRA, piece.number, piece.number, self._last, None)
            return
        self._pass_heads(piece.number - 1)
        for gap in self._skip_to(piece.number):
            self._fault(FaultKind.MISSING, *gap, self._last, piece)
        digest = self._judge(piece)
        if self._link is not None and self._reached == piece.number - 1 and digest is not None:
            self._link = next_link(self._link, digest)
        else:
            self._link = None
        self._reached = piece.number
        self._segment = [*self._segment[:1], piece]
        self._pending += 1
        self._last = piece
        findings.first = piece.number if findings.first is None else findings.first
        findings.last = piece.number
        findings.rows += piece.row is not None
        if piece.why is not None:
            findings.why[piece.why] = findings.why.get(piece.why, 0) + 1
        if piece.at is not None:
            findings.first_at = min(piece.at, findings.first_at or piece.at)
            findings.last_at = max(piece.at, findings.last_at or piece.at)

    def end(self) -> Findings:
        self._pass_heads(_END)
        for gap in self._skip_to(_END):
            self._fault(FaultKind.MISSING, *gap, self._last, None)
        if self._pending and self._seen_head:
            self._fault(FaultKind.UNCHAINED, *self._span_of_segment())
            self._findings.unproven += self._pending
        elif self._pending:
            self._findings.before_chain += self._pending
        return self._findings

    def _judge(self, piece: Piece) -> bytes | None:
        """The digest of what was sent under this number, as far as it is known."""
        known = self._awaited is not None and self._awaited[0] == piece.number
        if known:
            self._skip(piece.number)
        if not known or (piece.row is not None and piece.sent is not None and piece.sent_row is None):
            self._fault(FaultKind.EXTRA, piece.number, piece.number, self._last, piece)
        elif piece.sent_row is not None and piece.row is None and piece.why not in TAKEN:
            self._fault(FaultKind.MISSING, piece.number, piece.number, self._last, None)
        elif piece.sent_row is not None and piece.row is not None and piece.row != piece.sent_row:
            self._fault(FaultKind.CHANGED, piece.number, piece.number, piece, piece)
        return piece.row if piece.sent is None else piece.sent

    def _pass_heads(self, through: int) -> None:
        while self._heads and self._heads[0].number <= through:
            head = self._heads.popleft()
            if head.disputed:
                self._fault(FaultKind.DISPUTED, head.number, head.number, self._last, None)
            self._pass(head)

    def _pass(self, head: Head) -> None:
        findings = self._findings
        if head.number == 0 and head.link != self._first_link:
            self._fault(FaultKind.CHANGED, 0, 0, None, None)
        if self._pending:
            reached = self._link is not None and self._reached == head.number
            if reached and self._link == head.link:
                findings.proven += self._pending
            elif reached:
                self._fault(FaultKind.CHANGED, *self._span_of_segment())
                findings.unproven += self._pending
            elif self._seen_head:
                findings.unproven += self._pending
            else:
                findings.before_chain += self._pending
        self._seen_head = True
        self._link, self._reached = head.link, head.number
        self._segment, self._pending = [], 0

    def _span_of_segment(self) -> tuple[int, int, Piece, Piece]:
        first, last = self._segment[0], self._segment[-1]
        return first.number, last.number, first, last

    def _skip_to(self, number: int) -> Iterator[Span]:
        """Ranges below `number` that should have come."""
        while self._awaited is not None and self._awaited[0] < number:
            first, last = self._awaited
            yield first, min(last, number - 1)
            self._skip(min(last, number - 1))

    def _skip(self, through: int) -> None:
        if self._awaited is not None:
            self._awaited = (
                (through + 1, self._awaited[1]) if through < self._awaited[1] else next(self._expected, None)
            )

    def _fault(self, kind: FaultKind, first: int, last: int, before: Piece | None, after: Piece | None) -> None:
        if len(self._findings.faults) < MOST_FAULTS:
            self._findings.faults.append(Fault(kind, first, last, before, after))
        else:
            self._findings.more_faults += 1


def _linked(link: bytes, digests: bytes, begin: int, end: int) -> bytes:
    """`next_link` over many."""
    for at in range(begin, end, LINK_BYTES):
        link = sha256(link + digests[at : at + LINK_BYTES]).digest()
    return link
