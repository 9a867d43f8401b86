"""One read-out of a TaiDoc meter: connect, ask who it is, fetch what is new. Over a cable or over Bluetooth alike.

A reply names the command and not the record it was asked for, so a reply that comes late could be taken for that to
the next question. After a silence the model is asked for: what comes before that answer belonged to earlier
questions. The meter forgets nothing by being read, and needs no farewell on a cable.
"""

from collections.abc import Callable, Container, Generator
from datetime import datetime

from protocols.errors import ReservedValue, UnexpectedReply
from protocols.reading import Flag
from protocols.record import Record
from protocols.serial.conversation import RETRIES, Ask, ConversationSession, Talk, silent
from protocols.serial.never_set import NEVER_SET
from protocols.serial.session import ClockRead, Finished, Identified, LineSettings, RecordRead
from protocols.serial.within_minute import is_known, number_within_minute
from protocols.taidoc import commands
from protocols.taidoc.commands import CONNECT_REPLIES, Command
from protocols.taidoc.frame import NO_DATA, Frame, FrameSplitter, Sender, decode_frame, encode_frame
from protocols.taidoc.records import Family, decode_glucose_value, decode_pressure_value

REPLY_WITHIN_S = 2.0
_MAX_STRAY_FRAMES = 20

Known = Callable[[datetime], bool]


class TaiDocSession(ConversationSession[Frame]):
    """See `protocols.serial.session.Session`.

    `known` says whether a record of this time has been taken before. With it, only records of the newest known
    record's minute and later are read, oldest first.
    """

    def __init__(self, family: Family, known: Known | None = None) -> None:
        super().__init__(LineSettings(baud=19200), _talk(family, known), FrameSplitter(), decode=decode_frame)


class TaiDocGlucoseSession(TaiDocSession):
    """TD-41xx and TD-42xx."""

    def __init__(self, known: Known | None = None) -> None:
        super().__init__(Family.GLUCOSE, known)


class TaiDocPressureSession(TaiDocSession):
    """TD-31xx."""

    def __init__(self, known: Known | None = None) -> None:
        super().__init__(Family.PRESSURE, known)


def _talk(family: Family, known: Known | None) -> Talk[Frame, None]:
    yield from _connect(family)
    model = commands.decode_model((yield from _asked(family, Command.READ_MODEL)))
    if model[:2] not in family.models:
        raise UnexpectedReply(f"the meter is a TaiDoc TD-{model}, not a {family.title}; check the model")
    low = yield from _asked(family, Command.READ_SERIAL_LOW)
    high = yield from _asked(family, Command.READ_SERIAL_HIGH)
    yield Identified(f"TaiDoc TD-{model}", commands.decode_serial(low, high))
    yield ClockRead(_clock((yield from _asked(family, Command.READ_CLOCK))))
    count = commands.decode_count((yield from _asked(family, Command.READ_COUNT)))
    unread = count if known is None else (yield from _count_unread(family, count, known))
    taken = 0
    minute: list[Record] = []
    for index in reversed(range(unread)):
        record = yield from _record(family, index)
        if minute and minute[-1].device_time != record.device_time:
            taken += yield from _told(minute, known)
            minute = []
        minute.append(record)
    taken += yield from _told(minute, known)
    yield Finished(taken)


def _told(minute: list[Record], known: Known | None) -> Generator[RecordRead, None, int]:
    """The records of one minute, oldest first, without one that is known for certain; how many were told."""
    taken = 0
    for record in number_within_minute(minute):
        if not is_known(record, known):
            taken += 1
            yield RecordRead(record)
    return taken


def _count_unread(family: Family, count: int, known: Known) -> Talk[Frame, int]:
    """How many records, from index 0 on, may be new: looked up by halving, index 0 first.

    A known record stands for all older ones, but not for others of its own minute: those are read again.
    """
    low, high, index = 0, count, 0
    while low < high:
        if known((yield from _record_time(family, index))[0]):
            high = index
        else:
            low = index + 1
        index = (low + high) // 2
    if low < count:
        minute, _ = yield from _record_time(family, low)
        low += 1
        while low < count and (yield from _record_time(family, low))[0] == minute:
            low += 1
    return low


def _record(family: Family, index: int) -> Talk[Frame, Record]:
    device_time, flags = yield from _record_time(family, index)
    value = yield from _asked(family, Command.READ_RECORD_VALUE, commands.encode_index(index))
    decode = decode_glucose_value if family is Family.GLUCOSE else decode_pressure_value
    return decode(value, device_time, flags)


def _record_time(family: Family, index: int) -> Talk[Frame, tuple[datetime, tuple[Flag, ...]]]:
    data = yield from _asked(family, Command.READ_RECORD_TIME, commands.encode_index(index))
    try:
        return commands.decode_time(data), ()
    except ReservedValue:
        return NEVER_SET, (Flag.DEVICE_TIME_FAULT,)


def _clock(data: bytes) -> datetime | None:
    try:
        return commands.decode_time(data)
    except ReservedValue:
        return None


def _connect(family: Family) -> Talk[Frame, None]:
    for _ in range(1 + RETRIES):
        reply = yield from _reply_after(encode_frame(Frame(Sender.HOST, Command.CONNECT)))
        if reply is not None:
            if reply.command not in CONNECT_REPLIES:
                raise commands.refuse_other_reply(Command.CONNECT, reply.command)
            return
    raise silent(f"TaiDoc {family.title}")


def _asked(family: Family, command: Command, data: bytes = NO_DATA) -> Talk[Frame, bytes]:
    """The data of the reply to `command`."""
    question = encode_frame(Frame(Sender.HOST, command, data))
    for _ in range(1 + RETRIES):
        passed_over = [Command.CONNECT, Command.READ_MODEL, Command.ENTERED_COMMUNICATION]
        reply = yield from _reply_after(question, [stray for stray in passed_over if stray != command])
        if reply is not None:
            if reply.command != command:
                raise commands.refuse_other_reply(command, reply.command)
            return reply.data
        everything_else = [other for other in Command if other != Command.READ_MODEL]
        yield from _reply_after(encode_frame(Frame(Sender.HOST, Command.READ_MODEL)), everything_else)
    raise silent(f"TaiDoc {family.title}")


def _reply_after(sent: bytes, passed_over: Container[Command] = ()) -> Talk[Frame, Frame | None]:
    """The next frame of the meter that is none of `passed_over`, or None after silence.

    A cable that carries our own frames back to us is none of the meter's doing.
    """
    for _ in range(_MAX_STRAY_FRAMES):
        frame = yield Ask(sent, REPLY_WITHIN_S)
        if frame is None or (frame.sender is Sender.METER and frame.command not in passed_over):
            return frame
        sent = b""
    raise UnexpectedReply("the meter repeats itself and does not go on; unplug it and try again")
