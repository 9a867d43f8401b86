"""How OneTouch meters lay LifeScan's frames on two characteristics (Tidepool oneTouchVerioBLE.js, xDrip VerioHelper).

A value is a header byte and one frame of `protocols.serial.lifescan.frame`: `01` says "one packet, whole". Each side
acknowledges each packet with the single byte `81`, and the meter takes no command before its packet is acknowledged.
Messages of several packets exist (headers 02.. and 4x); nothing that is asked here is answered by one, and the
public readers do not agree on how they are acknowledged, so they are refused.
"""

from protocols.errors import DecodeError, Truncated, UnexpectedReply
from protocols.gatt.vendor.session import Arrived, Write

SERVICE = "af9df7a1-e595-11e3-96b4-0002a5d5c51b"
WRITING = "af9df7a2-e595-11e3-96b4-0002a5d5c51b"
NOTIFYING = "af9df7a3-e595-11e3-96b4-0002a5d5c51b"

WHOLE_PACKET = 0x01
ACKNOWLEDGEMENT = b"\x81"


def encode_packet(frame: bytes) -> bytes:
    return bytes((WHOLE_PACKET,)) + frame


def decode_packet(value: bytes) -> bytes | None:
    """The frame in `value`, or None for an acknowledgement.

    Raises Truncated for an empty value, DecodeError for a packet of several or a refusal to acknowledge.
    """
    if not value:
        raise Truncated("an empty value", offset=0)
    if value == ACKNOWLEDGEMENT:
        return None
    if value[0] != WHOLE_PACKET:
        raise DecodeError(f"header {value[0]:02x} is not that of one whole packet", offset=0)
    return value[1:]


class VerioWire:
    """See `protocols.gatt.vendor.session.Wire`."""

    notifying = (NOTIFYING,)

    def lay(self, data: bytes) -> list[Write]:
        return [Write(WRITING, encode_packet(data))]

    def take(self, characteristic: str, value: bytes) -> Arrived:  # noqa: ARG002 - there is only one
        try:
            frame = decode_packet(value)
        except DecodeError as error:
            raise UnexpectedReply(f"the meter sends what no OneTouch meter is known to: {error}") from error
        return Arrived() if frame is None else Arrived((frame,), (Write(WRITING, ACKNOWLEDGEMENT),))

    def clear(self) -> None:
        pass
