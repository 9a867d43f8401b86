"""A flat XML message: one root, tags that hold text and nothing else. What could make a parser work is refused."""

import re
from collections.abc import Mapping
from xml.parsers import expat
from xml.sax.saxutils import escape

from protocols.errors import DecodeError, Truncated

MAX_MESSAGE_BYTES = 4096
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DEEPEST = 3
"""Root, tag, and the tags of a position (`lge`), which are skipped."""


def decode_tags(data: bytes, root: str) -> dict[str, str]:
    """Text by tag, without the blanks around it; of a tag that comes twice the first. `root` is the name of the root.

    Raises Truncated where the message ends before its root does, DecodeError otherwise: for another root, a document
    type or an entity of its own, another tag within a tag than a position's, and more than 4096 bytes.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise DecodeError(
            f"message of {len(data)} bytes, at most {MAX_MESSAGE_BYTES} are allowed", offset=MAX_MESSAGE_BYTES
        )
    return _Reader(data, root).read()


def encode_tags(root: str, tags: Mapping[str, str]) -> bytes:
    """In UTF-8, in the order of `tags`. Raises ValueError for a character that XML does not hold."""
    body = "".join(f"<{name}>{escape(_storable(text))}</{name}>" for name, text in tags.items())
    return f"<{root}>{body}</{root}>".encode()


class _Reader:
    def __init__(self, data: bytes, root: str) -> None:
        self._data = data
        self._root = root
        self._path: list[str] = []
        self._tags: dict[str, str] = {}
        self._text = ""
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_type
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._hear

    def read(self) -> dict[str, str]:
        try:
            self._parser.Parse(self._data, True)
        except expat.ExpatError as error:
            offset = min(max(self._parser.ErrorByteIndex, 0), len(self._data))
            what = expat.ErrorString(error.code)
            if error.code in _ENDS:
                raise Truncated(f"the message ends within <{self._root}>: {what}", offset=len(self._data)) from error
            raise DecodeError(f"not XML: {what}", offset=offset) from error
        except (LookupError, ValueError) as error:
            if isinstance(error, DecodeError):
                raise
            raise DecodeError("not in an encoding that is known", offset=0) from error
        return self._tags

    def _begin(self, name: str, _attributes: dict[str, str]) -> None:
        if not self._path and name != self._root:
            raise self._wrong(f"<{name[:20]}> where <{self._root}> is expected")
        if len(self._path) >= _DEEPEST or (len(self._path) == _DEEPEST - 1 and self._path[1] != "lge"):
            raise self._wrong(f"<{name[:20]}> lies within <{self._path[-1][:20]}>")
        self._path.append(name)
        self._text = ""

    def _hear(self, text: str) -> None:
        self._text += text

    def _end(self, name: str) -> None:
        if len(self._path) == _DEEPEST - 1:
            self._tags.setdefault(name, self._text.strip())
        self._path.pop()
        self._text = ""

    def _refuse_type(self, *_: object) -> None:
        raise self._wrong("a document type, which no alarm needs")

    def _wrong(self, what: str) -> DecodeError:
        return DecodeError(what, offset=min(max(self._parser.CurrentByteIndex, 0), len(self._data)))


_ENDS = frozenset(
    expat.errors.codes[what]
    for what in (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN,
                 expat.errors.XML_ERROR_PARTIAL_CHAR, expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION)
)  # fmt: skip


def _storable(text: str) -> str:
    if _NOT_XML.search(text):
        raise ValueError(f"{text[:40]!r} holds a character that XML does not")
    return text
