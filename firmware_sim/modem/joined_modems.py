"""Modems of one simulated network as a process: what one sends, the other receives."""

from collections.abc import Sequence
from pathlib import Path

import structlog

from firmware_sim.clock import Clock
from firmware_sim.foreground import Foreground
from firmware_sim.modem.faults import modem_fault_of
from firmware_sim.modem.modem_on_line import ModemOnLine
from firmware_sim.modem.network import SimulatedNetwork
from firmware_sim.modem.sim_card import SimCard

_log = structlog.get_logger()

FIRST_NUMBER = 8613800000001


async def run_modems(
    links: Sequence[Path],
    clock: Clock,
    *,
    numbers: Sequence[str] = (),
    pin: str = "",
    fault: str = "",
    inbox: Path | None = None,
) -> None:
    """One modem a link. `numbers` by link; those that are missing are counted on from +8613800000001. `fault` is a
    name of `faults.FAULTS`, of the first modem.

    Raises UnknownModemFault, ValueError for more numbers than links, OSError where a link cannot be made.
    """
    if len(numbers) > len(links):
        raise ValueError(f"{len(numbers)} numbers for {len(links)} modems; give a --link for each")
    foreground = Foreground()
    network = SimulatedNetwork(clock, inbox=inbox)
    trouble = modem_fault_of(fault) if fault else None
    plugged: list[ModemOnLine] = []
    try:
        for place, link in enumerate(links):
            number = numbers[place] if place < len(numbers) else f"+{FIRST_NUMBER + place}"
            modem = ModemOnLine(SimCard(number, pin), link, network)
            plugged.append(modem)
            if trouble is not None and place == 0:
                modem.modem.spoil(trouble)
            _log.info("modem.up", link=str(link), number=number)
        await foreground.until_told()
    finally:
        for modem in plugged:
            modem.unplug()
