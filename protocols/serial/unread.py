"""What a line says while nothing of it can be read, and the sentence that is made of it.

A meter that is silent and one that speaks what we cannot read are two troubles with two remedies: the one is off or
unplugged, the other is another model, or its cable or baud rate is wrong.
"""

from collections.abc import Callable

from protocols.errors import ProtocolError, UnexpectedReply

_KEPT_BYTES = 1024
_SHOWN_BYTES = 8


class SilentMeter(UnexpectedReply):
    """No answer was understood; `model` is who should have given it."""

    def __init__(self, sentence: str, model: str) -> None:
        super().__init__(sentence)
        self.model = model


def silent_meter(model: str, times: int) -> SilentMeter:
    """A question was asked `times` times."""
    return SilentMeter(
        f"the meter was silent {times} times; check that it is on, its cable or distance, and that it is a {model}",
        model,
    )


class Unread:
    """Bytes heard since the last that were understood. Holds the first of them only."""

    def __init__(self, decode: Callable[[bytes], object] | None = None) -> None:
        """`decode` takes one whole answer and raises ProtocolError that says what is wrong with it."""
        self._decode = decode
        self._first = b""
        self._first_is_whole = False
        self.count = 0

    def hear(self, data: bytes) -> None:
        self.count += len(data)
        if not self._first_is_whole:
            self._first = (self._first + data)[:_KEPT_BYTES]

    def pause(self) -> None:
        """The line fell silent: what comes next is another answer."""
        self._first_is_whole = bool(self._first)

    def understand(self) -> None:
        self._first, self._first_is_whole, self.count = b"", False, 0

    def of(self, silent: SilentMeter) -> UnexpectedReply:
        """`silent` itself where nothing came; else a sentence that says what came."""
        if not self.count:
            return silent
        return UnexpectedReply(
            f"the meter spoke, but not as a {silent.model} does: of {self.count} bytes none could be read; "
            f"{self.beginning()}; check that it is a {silent.model}, then its cable or distance"
        )

    def beginning(self) -> str:
        """What came first, and what is wrong with it."""
        shown = self._first[:_SHOWN_BYTES].hex(" ") + (" ..." if len(self._first) > _SHOWN_BYTES else "")
        return f"first came {shown}{self._wrong()}"

    def _wrong(self) -> str:
        if self._decode is None:
            return ""
        try:
            self._decode(self._first)
        except ProtocolError as error:
            return f": {error}"
        return ""
