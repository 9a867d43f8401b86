"""How Omron monitors lay packets on characteristics.

Classic monitors have four pairs of them, 16 bytes each: a packet begins on the first and goes on as far as it is long,
both ways. Modern ones use the first pair alone and send the packet whole. Unlocking has a characteristic of its own.
"""

from protocols.errors import DecodeError, UnexpectedReply
from protocols.gatt.vendor.omron.packet import LONGEST_PACKET, OVERHEAD, is_packet
from protocols.gatt.vendor.session import Arrived, Write

UNLOCKING = "b305b680-aee7-11e1-a730-0002a5d5c51b"
WRITING = (
    "db5b55e0-aee7-11e1-965e-0002a5d5c51b",
    "e0b8a060-aee7-11e1-92f4-0002a5d5c51b",
    "0ae12b00-aee8-11e1-a192-0002a5d5c51b",
    "10e1ba60-aee8-11e1-89e5-0002a5d5c51b",
)
NOTIFYING = (
    "49123040-aee8-11e1-a74d-0002a5d5c51b",
    "4d0bf320-aee8-11e1-a0d9-0002a5d5c51b",
    "5128ce60-aee8-11e1-b84b-0002a5d5c51b",
    "560f1420-aee8-11e1-8184-0002a5d5c51b",
)
CHANNEL_BYTES = 16


def split_packet(packet: bytes, channels: tuple[str, ...]) -> list[Write]:
    """The values that carry `packet`, by the characteristics `channels`; whole where there is one."""
    if len(channels) == 1:
        return [Write(channels[0], packet)]
    pieces = [packet[at : at + CHANNEL_BYTES] for at in range(0, len(packet), CHANNEL_BYTES)]
    return [Write(channel, piece) for channel, piece in zip(channels, pieces, strict=False)]


class PacketJoiner:
    """Puts the values of several characteristics together again. A value on the first begins a new packet."""

    def __init__(self, channels: tuple[str, ...]) -> None:
        self._channels = channels
        self._pieces: dict[str, bytes] = {}

    def add(self, characteristic: str, value: bytes) -> bytes | None:
        """The packet that `value` completes. Raises DecodeError for a length that no packet has."""
        if characteristic == self._channels[0]:
            self._pieces.clear()
            if not value or not OVERHEAD <= value[0] <= LONGEST_PACKET:
                raise DecodeError(f"a packet's length is not {value[:1].hex() or 'there'}", offset=0)
        self._pieces[characteristic] = value
        first = self._pieces.get(self._channels[0])
        if first is None:
            return None  # the end of a packet whose beginning was lost
        length = first[0]
        wanted = self._channels[: 1 if len(self._channels) == 1 else -(-length // CHANNEL_BYTES)]
        if any(channel not in self._pieces for channel in wanted):
            return None
        packet = b"".join(self._pieces[channel] for channel in wanted)
        self._pieces.clear()
        return packet[:length]

    def clear(self) -> None:
        self._pieces.clear()


class OmronWire:
    """See `protocols.gatt.vendor.session.Wire`."""

    def __init__(self, channels: int) -> None:
        """`channels` is 1 or 4."""
        self._writing = WRITING[:channels]
        self._notifying = NOTIFYING[:channels]
        self._joiner = PacketJoiner(self._notifying)

    @property
    def notifying(self) -> tuple[str, ...]:
        """The packets' characteristics first: subscribing to them is what makes a monitor ask for its bond."""
        return (*self._notifying, UNLOCKING)

    def lay(self, data: bytes) -> list[Write]:
        return split_packet(data, self._writing) if is_packet(data) else [Write(UNLOCKING, data)]

    def take(self, characteristic: str, value: bytes) -> Arrived:
        if characteristic == UNLOCKING:
            return Arrived((value,))
        try:
            packet = self._joiner.add(characteristic, value)
        except DecodeError as error:
            raise UnexpectedReply(f"the monitor sends what no Omron monitor is known to: {error}") from error
        return Arrived() if packet is None else Arrived((packet,))

    def clear(self) -> None:
        self._joiner.clear()
