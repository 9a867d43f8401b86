"""A GSM modem's session over AT commands in PDU mode (TS 27.005, 27.007): bytes and time in, steps out.

The work is a script that asks and waits, written as generators: set up, then look, send, read and delete for ever.
Lines that come unasked (+CMTI, +CDSI, +CDS, +CMT) are taken up at any moment. Where the modem is silent for too long
the session raises ModemSilent, and its driver opens the port again with a new session.
"""

import re
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from protocols.errors import ProtocolError
from protocols.sms.at_lines import BUSY, NO_NETWORK, NO_SIM, PERMANENT, PROMPT, Answer, AtLines, is_final
from protocols.sms.modem_events import (
    Came,
    ModemStatus,
    NotSent,
    PinRefused,
    Reported,
    Sent,
    StatusIs,
    Step,
    Unreadable,
    Write,
)
from protocols.sms.pdu import Deliver, Submit, decode_hex, decode_incoming, encode_submit

ANSWER_WITHIN_S = 5.0
SENT_WITHIN_S = 60.0
_WAKE_WITHIN_S, _WAKE_TRIES = 1.5, 3
_SIM_BUSY_PAUSE_S, _SIM_BUSY_TRIES = 1.0, 20
_LISTING_EVERY_LOOKS = 10
_HEX = re.compile(r"[0-9A-Fa-f]{2,400}")
_STORED = re.compile(r'\+(?:CMTI|CDSI): *"?\w*"?, *(\d{1,5})')
_DIRECT = re.compile(r"\+(?:CDS|CMT): *.*")
_LISTED = re.compile(r"\+CMGL: *(\d{1,5}),.*")
_REGISTERED_HOME, _REGISTERED_ROAMING = "1", "5"
_UNKNOWN_SIGNAL = 99
_ESCAPE, _CTRL_Z = b"\x1b", b"\x1a"


class ModemSilent(ProtocolError):
    """The modem does not answer any more, or not as one."""


@dataclass(frozen=True)
class _Ask:
    line: str
    prefix: str = "\0"
    """Of the lines that belong to the answer."""
    within_s: float = ANSWER_WITHIN_S
    raw: bytes | None = None
    """Written in place of the line."""


@dataclass(frozen=True)
class _Rest:
    """Nothing to do until then, or until there is work."""

    seconds: float
    ends_with_work: bool = True


_LATE_ANSWERS = _Rest(_WAKE_WITHIN_S, ends_with_work=False)
"""After a silence: what was asked before may be answered now, and must not be taken for the next answer."""


_Script = Generator[_Ask | _Rest, Answer, None]
_Asking = Generator[_Ask | _Rest, Answer, Answer]


class ModemSession:
    """Used from one thread. Every call gives the steps to be carried out, in their order. Times are monotonic
    seconds."""

    def __init__(self, pin: str = "", *, look_s: float = 30.0) -> None:
        """`pin`: of the SIM, digits; empty where it asks for none, or where the configured one was refused before."""
        self._pin = pin
        self._look_s = look_s
        self._lines = AtLines()
        self._script: _Script = self._life()
        self._steps: list[Step] = []
        self._ask: _Ask | None = None
        self._answer: list[str] = []
        self._rest: _Rest | None = None
        self._due_s = 0.0
        self._now_s = 0.0
        self._direct = False
        self._reports = True
        self._ready = False
        self._operator = ""
        self._looks = 0
        self._jobs: deque[tuple[int, tuple[Submit, ...]]] = deque()
        self._to_read: deque[int] = deque()
        self._to_delete: deque[int] = deque()
        self._sending = False
        self._early: list[Reported] = []
        """Reports that came while a text was under way: nobody knows its references yet."""
        self._held: set[int] = set()
        """Places whose message is told and not deleted yet: told once, and nothing else is at that place meanwhile."""

    @property
    def next_due_s(self) -> float:
        """When `due` is to be called, if nothing comes before."""
        return self._due_s

    def begin(self, now_s: float) -> list[Step]:
        self._now_s = now_s
        self._go_on(None)
        return self._taken()

    def send(self, job: int, parts: Sequence[Submit], now_s: float) -> list[Step]:
        """Queues a text. `Sent` or `NotSent` will name `job`."""
        self._jobs.append((job, tuple(parts)))
        return self._work_came(now_s)

    def delete(self, place: int, now_s: float) -> list[Step]:
        """What `Came` with this place said is safe: the modem may forget it."""
        if place in self._held and place not in self._to_delete:
            self._to_delete.append(place)
        return self._work_came(now_s)

    def receive(self, data: bytes, now_s: float) -> list[Step]:
        """Bytes from the modem. Raises ModemSilent."""
        self._now_s = now_s
        for line in self._lines.feed(data):
            self._hear(line)
        return self._taken()

    def due(self, now_s: float) -> list[Step]:
        """Called at `next_due_s`, or earlier. Raises ModemSilent."""
        self._now_s = now_s
        if now_s >= self._due_s:
            self._go_on(Answer(tuple(self._answer), None))
        return self._taken()

    # the line

    def _taken(self) -> list[Step]:
        steps, self._steps = self._steps, []
        return steps

    def _work_came(self, now_s: float) -> list[Step]:
        self._now_s = now_s
        self._wake()
        return self._taken()

    def _wake(self) -> None:
        if self._rest is not None and self._rest.ends_with_work and self._ready:
            self._go_on(Answer((), None))

    def _go_on(self, answer: Answer | None) -> None:
        self._ask = self._rest = None
        self._answer = []
        asked = next(self._script) if answer is None else self._script.send(answer)
        if isinstance(asked, _Rest):
            self._rest = asked
            self._due_s = self._now_s + asked.seconds
        else:
            self._ask = asked
            self._due_s = self._now_s + asked.within_s
            self._steps.append(Write(f"{asked.line}\r".encode() if asked.raw is None else asked.raw))

    def _hear(self, line: str) -> None:
        ask = self._ask
        if _HEX.fullmatch(line) and self._direct:
            self._direct = False
            self._take(line, None)
        elif _HEX.fullmatch(line) and ask is not None and self._answer:
            self._answer.append(line)
        elif stored := _STORED.fullmatch(line):
            self._to_read.append(int(stored[1]))
            self._wake()
        elif ask is not None and line != PROMPT and line.startswith(ask.prefix):
            self._answer.append(line)
        elif _DIRECT.fullmatch(line):
            self._direct = True
        elif ask is not None and is_final(line) and (line != PROMPT or ask.prefix == PROMPT):
            self._go_on(Answer(tuple(self._answer), line))
        # anything else is noise: RING, ^RSSI, an echo, half a line

    # the script

    def _life(self) -> _Script:
        yield from self._wake_up()
        yield from self._wait_for_sim()
        yield from self._configure()
        look_at_s = self._now_s
        while True:
            if self._jobs:
                self._sending = True
                yield from self._send_text()
                self._sending = False
                self._steps += self._early
                self._early.clear()
            elif self._to_read:
                yield from self._read(self._to_read.popleft())
            elif self._to_delete:
                yield from self._delete_one()
            elif self._now_s >= look_at_s:
                yield from self._look()
                look_at_s = self._now_s + self._look_s
            else:
                yield _Rest(look_at_s - self._now_s)

    def _wake_up(self) -> _Script:
        for tried in range(_WAKE_TRIES):
            # the escape ends a text that somebody before us had begun
            answer = yield _Ask("", within_s=_WAKE_WITHIN_S, raw=_ESCAPE + b"AT\r")
            if answer.ok:
                if tried:
                    yield _LATE_ANSWERS
                yield _Ask("ATE0")
                yield _Ask("AT+CMEE=1")
                return
        raise ModemSilent("what is on this port does not answer AT")

    def _wait_for_sim(self) -> _Script:
        while True:
            answer = yield from self._patiently(_Ask("AT+CPIN?", "+CPIN:"))
            state = answer.values()[0] if answer.ok and answer.values() else ""
            if state == "READY":
                return
            if state == "SIM PIN" and self._pin:
                entered = yield _Ask(f'AT+CPIN="{self._pin}"', within_s=20.0)
                self._pin = ""  # once only: the third wrong one locks the SIM
                if entered.ok:
                    continue
                if entered.error == ("CME", 16):
                    self._steps.append(PinRefused())
                self._tell(f"the PIN was not accepted: {entered.problem}; it is not tried again")
            elif state == "SIM PIN":
                self._tell("the SIM asks for its PIN, and there is none that was not refused; set it")
            elif state:
                self._tell(f"the SIM asks for {state.removeprefix('SIM ')}; put it into a phone to unlock it")
            else:
                self._tell(answer.problem)
                if answer.final is None:
                    yield from self._probe()
            yield _Rest(self._look_s, ends_with_work=False)

    def _configure(self) -> _Script:
        answer = yield from self._patiently(_Ask("AT+CMGF=0"))
        if not answer.ok:
            raise ModemSilent(f"the modem takes no texts as PDUs: {answer.problem}")
        yield _Ask('AT+CPMS="SM","SM","SM"', "+CPMS:")
        for reports in ("1", "2", "0"):  # passed on at once; kept and named; not at all
            answer = yield _Ask(f"AT+CNMI=2,1,0,{reports},0")
            if answer.ok:
                self._reports = reports != "0"
                break
        self._ready = True

    def _delete_one(self) -> _Script:
        place = self._to_delete.popleft()
        answer = yield from self._patiently(_Ask(f"AT+CMGD={place}"))
        self._held.discard(place)
        if answer.final is None:
            yield from self._probe()

    def _look(self) -> _Script:
        sim = yield from self._patiently(_Ask("AT+CPIN?", "+CPIN:"))
        if sim.final is None:
            yield from self._probe()
        if not sim.ok or sim.values() != ["READY"]:
            if sim.error in NO_SIM or sim.ok:
                self._tell(sim.problem if not sim.ok else "the SIM asks for its PIN again")
                raise ModemSilent("the SIM is gone; the modem is set up anew")
            self._tell(sim.problem)
            return
        registered, roaming = yield from self._registration()
        signal = yield _Ask("AT+CSQ", "+CSQ:")
        operator = yield _Ask("AT+COPS?", "+COPS:", within_s=20.0)
        if operator.ok and len(operator.values()) >= 3:
            self._operator = operator.values()[2]
        trouble = None if registered else "the modem is not in any network"
        self._tell(trouble, signal_dbm=_dbm(signal), roaming=roaming)
        if self._looks % _LISTING_EVERY_LOOKS == 0:
            yield from self._read_all()
        self._looks += 1

    def _registration(self) -> Generator[_Ask | _Rest, Answer, tuple[bool, bool]]:
        for command in ("CREG", "CEREG"):
            answer = yield _Ask(f"AT+{command}?", f"+{command}:")
            values = answer.values() if answer.ok else []
            if len(values) >= 2 and values[1] in (_REGISTERED_HOME, _REGISTERED_ROAMING):
                return True, values[1] == _REGISTERED_ROAMING
        return False, False

    def _send_text(self) -> _Script:
        job, parts = self._jobs.popleft()
        references = []
        for part in parts:
            pdu = encode_submit(part)
            prompted = yield from self._patiently(_Ask(f"AT+CMGS={len(pdu) - 1 - pdu[0]}", PROMPT))
            answer = prompted
            if prompted.final == PROMPT:
                text = pdu.hex().upper().encode() + _CTRL_Z
                answer = yield _Ask("", "+CMGS:", SENT_WITHIN_S, text)
            reference = answer.values()
            if not answer.ok or not reference or not reference[0].isdecimal():
                permanent = answer.error in PERMANENT
                self._steps.append(NotSent(job, answer.problem, permanent))
                if answer.error in NO_NETWORK | NO_SIM:
                    self._tell(answer.problem)
                if answer.final is None:
                    self._steps.append(Write(_ESCAPE))
                    yield from self._probe()
                return
            references.append(int(reference[0]))
        self._steps.append(Sent(job, tuple(references)))

    def _read(self, place: int) -> _Script:
        answer = yield from self._patiently(_Ask(f"AT+CMGR={place}", "+CMGR:"))
        if answer.ok and len(answer.lines) >= 2:
            self._take(answer.lines[-1], place)
        elif answer.final is None:
            self._to_read.append(place)
            yield from self._probe()

    def _read_all(self) -> _Script:
        answer = yield from self._patiently(_Ask("AT+CMGL=4", "+CMGL:", within_s=20.0))
        place: int | None = None
        for line in answer.lines:
            listed = _LISTED.fullmatch(line)
            if listed is not None:
                place = int(listed[1])
            elif place is not None:
                self._take(line, place)
                place = None

    def _probe(self) -> _Script:
        """After a silence. Raises ModemSilent where the modem is gone, not slow."""
        for _ in range(_WAKE_TRIES):
            answer = yield _Ask("AT", within_s=_WAKE_WITHIN_S)
            if answer.final is not None:
                yield _LATE_ANSWERS
                return
        raise ModemSilent("the modem does not answer any more")

    def _patiently(self, ask: _Ask) -> _Asking:
        """The answer, asked again while the SIM is busy."""
        for _ in range(_SIM_BUSY_TRIES):
            answer = yield ask
            if answer.error not in BUSY:
                break
            yield _Rest(_SIM_BUSY_PAUSE_S, ends_with_work=False)
        return answer

    def _take(self, line: str, place: int | None) -> None:
        if place in self._held:
            return
        if place is not None:
            self._held.add(place)
        try:
            message = decode_incoming(decode_hex(line))
        except ProtocolError as error:
            self._steps.append(Unreadable(line, str(error)))
            if place is not None:
                self._to_delete.append(place)
            return
        if isinstance(message, Deliver):
            self._steps.append(Came(message, place))
            return
        (self._early if self._sending else self._steps).append(Reported(message))
        if place is not None:
            self._to_delete.append(place)

    def _tell(self, trouble: str | None, *, signal_dbm: int | None = None, roaming: bool = False) -> None:
        status = ModemStatus(trouble, self._operator, signal_dbm, roaming, self._reports)
        self._steps.append(StatusIs(status))


def _dbm(answer: Answer) -> int | None:
    """+CSQ: 0 is -113 dBm or less, 31 is -51 or more, 99 is not known (27.007 section 8.5)."""
    values = answer.values() if answer.ok else []
    if not values or not values[0].isdecimal() or int(values[0]) >= _UNKNOWN_SIGNAL:
        return None
    return min(-113 + 2 * int(values[0]), -51)
