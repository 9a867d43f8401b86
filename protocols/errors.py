"""What a decoder says when bytes are not what its specification allows."""


class ProtocolError(ValueError):
    """A peer spoke something that its protocol does not allow. The session decides whether to ask again."""


class DecodeError(ProtocolError):
    """Bytes that cannot be decoded; `offset` is the index of the first byte that is wrong or missing."""

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(f"{message} (at byte {offset})")
        self.offset = offset


class Truncated(DecodeError):
    """The data ends before the value does; `offset` is where the next byte was expected."""


class ChecksumMismatch(DecodeError):
    """The frame is whole, but its check value is not that of its bytes."""


class ReservedValue(DecodeError):
    """A field holds a value that the specification keeps for future use."""


class UnexpectedReply(ProtocolError):
    """A valid frame that does not answer the question asked, or a refusal by the device."""


class ImplausibleValue(ProtocolError):
    """Bytes that decode by the book to a value that no body and no instrument has. Nothing may be made of it."""
