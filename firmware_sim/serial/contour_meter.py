"""The meter's side of a Bayer Contour (7150): asks to send, sends its memory frame by frame, starts anew when told.

Frames and records stand in protocols/serial/ascensia. The commands with which its clock is set are not played.
"""

from firmware_sim.serial.meter import GlucoseMemory, StoredGlucose
from protocols.serial.ascensia import records
from protocols.serial.ascensia.frame import Control, Frame, LinkSplitter, encode_frame

PRODUCT = "7150"
MEMORY_RECORDS = 480


class ContourMeter:
    """See `SerialMeter`. Like the real one it puts an average before the results."""

    def __init__(self, memory: GlucoseMemory, serial_number: str) -> None:
        self.memory = memory
        self._serial_number = serial_number
        self._splitter = LinkSplitter()
        self._frames: list[bytes] = []
        self._sent: list[StoredGlucose | None] = []
        """For each frame the record that it holds, if any."""
        self._place: int | None = None
        """Of the frame that waits for its acknowledgement; None while nothing is sent."""

    def receive(self, data: bytes) -> bytes:
        return b"".join(self._answer(part) for part in self._splitter.feed(data) if isinstance(part, Control))

    def _answer(self, said: Control) -> bytes:
        if said is Control.EOT:
            self._prepare()
            return bytes((Control.ENQ,))
        if said is Control.ACK and self._frames:
            return self._next()
        if said is Control.NAK and self._place is not None:
            return self._frames[self._place]
        return bytes((Control.NAK,)) if said is Control.ENQ else b""

    def _next(self) -> bytes:
        if self._place is None:
            self._place = 0
        else:
            record = self._sent[self._place]
            if record is not None:
                record.handed_over = True
            self._place += 1
        if self._place == len(self._frames):
            self._frames, self._place = [], None
            return bytes((Control.EOT,))
        return self._frames[self._place]

    def _prepare(self) -> None:
        newest_first = self.memory.records[::-1]
        header = records.encode_header(PRODUCT, self._serial_number, self.memory.clock.now(), len(newest_first))
        lines: list[tuple[str, StoredGlucose | None]] = [(header, None), ("P|1", None)]
        if newest_first:
            average_mg_dl = sum(record.glucose_mg_dl for record in newest_first) // len(newest_first)
            lines.append((records.encode_result(1, newest_first[0].at, average_mg_dl), None))
        for number, record in enumerate(newest_first, start=2):
            lines.append((records.encode_order(number, control_solution=record.control_solution), None))
            lines.append((records.encode_result(number, record.at, record.glucose_mg_dl, record.meal), record))
        lines.append(("L|1||N", None))
        self._sent = [record for _, record in lines]
        self._place = None
        self._frames = [
            encode_frame(Frame((place + 1) % 8, f"{line}\r".encode("ascii"), place == len(lines) - 1))
            for place, (line, _) in enumerate(lines)
        ]
