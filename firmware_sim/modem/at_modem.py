"""A GSM modem as its serial line shows it: AT commands of TS 27.007 and 27.005, in PDU and in text mode.

What it answers to is what real modems do with these commands; a command that it does not know is an ERROR.
"""

import re
from collections.abc import Callable
from itertools import count

from firmware_sim.modem import text_mode
from firmware_sim.modem.faults import SOUND, ModemFault
from firmware_sim.modem.network import SERVICE_CENTRE, SimulatedNetwork
from firmware_sim.modem.sim_card import Kept, SimCard
from protocols.errors import ProtocolError
from protocols.sms.pdu import Submit, decode_submit
from protocols.sms.user_data import split

_COMMAND = re.compile(r"AT(?P<name>[+&]?[A-Z]*[0-9]?)(?P<rest>.*)", re.IGNORECASE)
_CR, _CTRL_Z, _ESCAPE, _BACKSPACE = 0x0D, 0x1A, 0x1B, 0x08
_NO_SIM, _SIM_PIN, _SIM_PUK, _SIM_BUSY, _WRONG_PIN = 10, 11, 12, 14, 16
_CMS_INVALID_PARAMETER, _CMS_INVALID_PLACE, _CMS_NO_NETWORK, _CMS_INVALID_PDU = 304, 321, 331, 304
_CME_OF_CMS = {_NO_SIM: 310, _SIM_PIN: 311, _SIM_BUSY: 314, _SIM_PUK: 316}
_OPERATOR = "DOORSTEP SIM NET"
_SIGNAL = 21


class _Refused(Exception):
    def __init__(self, kind: str, number: int) -> None:
        super().__init__(f"+{kind} ERROR: {number}")
        self.kind = kind
        self.number = number


class AtModem:
    """`say` is given whole answers; who owns the line puts them on it in their order."""

    def __init__(self, sim: SimCard, network: SimulatedNetwork, say: Callable[[bytes], None]) -> None:
        self.sim = sim
        self.fault: ModemFault = SOUND
        self._network = network
        self._say = say
        self._buffer = bytearray()
        self._composing: str | None = None
        self._busy_left = 0
        self._echo = True
        self._numeric_errors = True
        self._text_mode = False
        self._character_set = "GSM"
        self._notify = [0, 0, 0, 0, 0]
        self._references = count(1)
        self._long_texts = count(1)
        self._dead = False

    @property
    def reachable(self) -> bool:
        return self.fault.sim_present and self.fault.registered and self.sim.state == "READY"

    def spoil(self, fault: ModemFault) -> None:
        """From now on this is wrong with it."""
        was_reachable = self.reachable
        self.fault = fault
        self._busy_left = fault.busy_commands
        if self.reachable and not was_reachable:
            self._network.reachable_again(self.sim.number)

    def receive(self, data: bytes) -> None:
        """Bytes from the line."""
        if self._dead:
            return
        if self._echo and self._composing is None:
            self._say(data)
        for octet in data:
            if self._composing is not None:
                self._compose(octet)
            elif octet == _CR:
                line, self._buffer = self._buffer.decode("ascii", errors="replace").strip(), bytearray()
                if line:
                    self._obey(line)
            elif octet == _BACKSPACE:
                del self._buffer[-1:]
            elif octet >= 0x20:
                self._buffer.append(octet)

    def text_comes(self, pdu: bytes) -> None:
        mode = self._notify[1]
        if mode == 2:
            self._unasked(f"+CMT: ,{_tpdu_octets(pdu)}", pdu.hex().upper())
            return
        place = self.sim.keep(pdu)
        if place is not None and mode == 1:
            self._unasked(f'+CMTI: "SM",{place}')

    def report_comes(self, pdu: bytes) -> None:
        mode = self._notify[3]
        if mode == 1:
            self._unasked(f"+CDS: {_tpdu_octets(pdu)}", pdu.hex().upper())
        elif mode == 2:
            place = self.sim.keep(pdu)
            if place is not None:
                self._unasked(f'+CDSI: "SM",{place}')

    # saying

    def _unasked(self, *lines: str) -> None:
        if self.fault.answers and not self._dead:
            self._say("".join(f"\r\n{line}\r\n" for line in lines).encode())

    def _answer(self, *lines: str, final: str = "OK") -> None:
        spoken = [*lines[:1], *self.fault.unasked, *lines[1:]]
        self._say("".join(f"\r\n{line}\r\n" for line in (*spoken, final)).encode())

    # commands

    def _obey(self, line: str) -> None:
        match = _COMMAND.fullmatch(line)
        if match is None:
            return
        name, rest = match["name"].upper(), match["rest"]
        try:
            self._command(name, rest)
        except _Refused as error:
            self._answer(final=str(error) if self._numeric_errors else "ERROR")

    def _command(self, name: str, rest: str) -> None:  # noqa: PLR0912 - a table of commands, one line each
        match name:
            case "" | "Z" | "&F":
                self._answer()
            case "E0" | "E1":
                self._echo = name == "E1"
                self._answer()
            case "+CMEE":
                self._numeric_errors = rest != "=0"
                self._answer()
            case "+CPIN":
                self._pin(rest)
            case "+CREG" | "+CEREG":
                self._answer(f"{name}: 0,{1 if self.fault.registered and self.fault.sim_present else 2}")
            case "+CSQ":
                self._answer(f"+CSQ: {_SIGNAL if self.fault.registered else 99},99")
            case "+COPS":
                self._answer(f'+COPS: 0,0,"{_OPERATOR}",7' if self.fault.registered else "+COPS: 0")
            case "+CSCA":
                self._answer(f'+CSCA: "{SERVICE_CENTRE}",145')
            case "+CPMS":
                used = len(self.sim.texts)
                self._answer(f"+CPMS: {used},30,{used},30,{used},30")
            case "+CMGF":
                self._text_mode = rest == "=1"
                self._answer()
            case "+CSCS":
                self._character_set = rest.strip('="').upper()
                self._answer()
            case "+CNMI":
                self._set_notify(rest)
            case "+CMGS":
                self._begin_text(rest)
            case "+CMGR" | "+CMGD":
                self._need_sim("CMS")
                (self._read if name == "+CMGR" else self._delete)(_place(rest))
            case "+CMGL":
                self._need_sim("CMS")
                self._list(rest)
            case _:
                self._answer(final="ERROR")

    def _pin(self, rest: str) -> None:
        if rest == "?":
            self._need_sim("CME", locked=True)
            self._answer(f"+CPIN: {self.sim.state}")
            return
        self._need_sim("CME", locked=True)
        entered = rest.strip('="')
        if self.fault.pin_wrong:
            entered += "-"
        if not self.sim.enter(entered):
            raise _Refused("CME", _WRONG_PIN if self.sim.tries_left else _SIM_PUK)
        self._answer()
        self._network.reachable_again(self.sim.number)

    def _need_sim(self, kind: str, *, locked: bool = False) -> None:
        number = 0
        if not self.fault.sim_present:
            number = _NO_SIM
        elif self._busy_left > 0:
            self._busy_left -= 1
            number = _SIM_BUSY
        elif not locked and self.sim.state != "READY":
            number = _SIM_PIN if self.sim.state == "SIM PIN" else _SIM_PUK
        if number:
            raise _Refused(kind, number if kind == "CME" else _CME_OF_CMS[number])

    def _set_notify(self, rest: str) -> None:
        values = rest.removeprefix("=").split(",")
        if not all(value.isdecimal() or not value for value in values) or len(values) > 5:
            raise _Refused("CMS", _CMS_INVALID_PARAMETER)
        for place, value in enumerate(values):
            self._notify[place] = int(value or self._notify[place])
        self._answer()

    def _begin_text(self, rest: str) -> None:
        self._need_sim("CMS")
        if not self.fault.registered:
            raise _Refused("CMS", _CMS_NO_NETWORK)
        self._composing = rest.removeprefix("=")
        self._buffer = bytearray()
        self._say(b"\r\n> ")

    def _compose(self, octet: int) -> None:
        if octet == _ESCAPE:
            self._composing = None
            self._buffer = bytearray()
            self._answer()
        elif octet == _CTRL_Z:
            to, self._composing = self._composing or "", None
            content, self._buffer = bytes(self._buffer), bytearray()
            if self.fault.hangs_after_prompt:
                self._dead = True
                return
            self._send(to, content)
        else:
            self._buffer.append(octet)

    def _send(self, to: str, content: bytes) -> None:
        try:
            submits = self._submits(to, content)
        except (ProtocolError, ValueError):
            self._answer(final=f"+CMS ERROR: {_CMS_INVALID_PDU}")
            return
        reference = 0
        for submit in submits:
            reference = next(self._references) & 0xFF
            if self.fault.delivers:
                self._network.take(self.sim.number, submit, reference, reports=self.fault.reports)
        self._answer(f"+CMGS: {reference}")

    def _submits(self, to: str, content: bytes) -> list[Submit]:
        if not self._text_mode:
            pdu = bytes.fromhex(content.decode("ascii"))
            if _tpdu_octets(pdu) != int(to):
                raise ValueError("the length that was said is not that of the PDU")
            return [decode_submit(pdu)]
        number = to.split(",", maxsplit=1)[0].strip('"')
        text = text_mode.decode(content, self._character_set)
        return [Submit(number, data) for data in split(text, next(self._long_texts) & 0xFF)]

    def _read(self, place: int) -> None:
        kept = self.sim.read(place)
        if kept is None:
            raise _Refused("CMS", _CMS_INVALID_PLACE)
        state, pdu = kept
        if self._text_mode:
            self._answer(*text_mode.shown("+CMGR: ", state, pdu, self._character_set))
        else:
            self._answer(f"+CMGR: {int(state)},,{_tpdu_octets(pdu)}", pdu.hex().upper())

    def _list(self, rest: str) -> None:
        wanted = rest.strip('="')
        lines: list[str] = []
        for place in sorted(self.sim.texts):
            state = self.sim.texts[place][0]
            if wanted not in ("4", "ALL") and wanted != (
                text_mode.STATE[state] if self._text_mode else str(int(state))
            ):
                continue
            _, pdu = self.sim.texts[place]
            if self._text_mode:
                lines += text_mode.shown(f"+CMGL: {place},", state, pdu, self._character_set)
            else:
                lines += [f"+CMGL: {place},{int(state)},,{_tpdu_octets(pdu)}", pdu.hex().upper()]
            self.sim.texts[place] = (Kept.READ, pdu)
        self._answer(*lines)

    def _delete(self, place: int) -> None:
        self.sim.texts.pop(place, None)
        self._answer()


def _tpdu_octets(pdu: bytes) -> int:
    return len(pdu) - 1 - pdu[0]


def _place(rest: str) -> int:
    digits = rest.removeprefix("=").split(",")[0]
    if not digits.isdecimal():
        raise _Refused("CMS", _CMS_INVALID_PLACE)
    return int(digits)
