from hypothesis import given
from hypothesis import strategies as st

from protocols.serial.lines import LineSplitter

lines = st.binary(min_size=1, max_size=20).map(lambda data: data.replace(b"\r", b"-").replace(b"\n", b"-"))


@given(st.lists(lines, max_size=5), st.sampled_from([b"\r", b"\n", b"\r\n"]), st.integers(1, 30))
def test_lines_are_cut_however_they_arrive(sent: list[bytes], end: bytes, size: int) -> None:
    stream = b"".join(line + end for line in sent)
    splitter = LineSplitter()
    assert [line for at in range(0, len(stream), size) for line in splitter.feed(stream[at : at + size])] == sent


def test_only_the_tail_of_an_endless_line_is_kept() -> None:
    splitter = LineSplitter(longest=4)
    assert splitter.feed(b"x" * 100 + b"tail\r") == [b"tail"]


def test_cleared_line_is_gone() -> None:
    splitter = LineSplitter()
    splitter.feed(b"half a li")
    splitter.clear()
    assert splitter.feed(b"ne\r") == [b"ne"]
