"""Listening to an A&D UA-767PC. It tells neither its number nor a time; its memory cannot be read."""

from protocols.serial.a_and_d import ua767pc
from protocols.serial.a_and_d.listening import ListeningSession
from protocols.serial.session import LineSettings

LINE = LineSettings(baud=9600, stop_bits=2, xon_xoff=True)


class Ua767PcSession(ListeningSession):
    def __init__(self) -> None:
        super().__init__(
            ua767pc.MODEL,
            LINE,
            ua767pc.MessageSplitter(),
            lambda message: [ua767pc.decode_measurement(message)],
        )
