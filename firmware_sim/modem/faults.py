"""What can be wrong with a modem, its SIM or the network, by name. A test may change it while the modem runs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ModemFault:
    title: str
    answers: bool = True
    garbage: bool = False
    late_s: float = 0.0
    """Each answer comes so much later."""
    unasked: tuple[str, ...] = ()
    """Lines that stand in the middle of every answer."""
    busy_commands: int = 0
    """So many commands to the SIM are answered with busy."""
    hangs_after_prompt: bool = False
    """A text that is being given to it is its end: it says nothing any more."""
    sim_present: bool = True
    pin_wrong: bool = False
    """The SIM's PIN is another one than is known."""
    registered: bool = True
    delivers: bool = True
    """The network passes texts on."""
    reports: bool = True


SOUND = ModemFault("nothing is wrong")
FAULTS: dict[str, ModemFault] = {
    "silent": ModemFault("says nothing", answers=False),
    "garbage": ModemFault("says noise", garbage=True),
    "slow": ModemFault("every answer comes 1 s late", late_s=1.0),
    "chatty": ModemFault(
        "speaks unasked in the middle of answers",
        unasked=("RING", "^RSSI:18", "+CREG: 1", '+CUSD: 0,"Your balance",15', "^BOOT:0,0,0,0,0"),
    ),
    "busy": ModemFault("the SIM is busy at first", busy_commands=3),
    "hang": ModemFault("hangs when it is given a text", hangs_after_prompt=True),
    "no_sim": ModemFault("no SIM in it", sim_present=False),
    "wrong_pin": ModemFault("its SIM has another PIN", pin_wrong=True),
    "no_network": ModemFault("finds no network", registered=False),
    "lost": ModemFault("the network loses every text it took", delivers=False, reports=False),
    "no_reports": ModemFault("the network reports no delivery", reports=False),
}


class UnknownModemFault(ValueError):
    """No fault of this name; the message lists those that are."""


def modem_fault_of(name: str) -> ModemFault:
    if name not in FAULTS:
        raise UnknownModemFault(f"{name!r} is not a fault of a modem; there are: {', '.join(FAULTS)}")
    return FAULTS[name]
