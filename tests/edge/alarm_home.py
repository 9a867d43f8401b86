"""A home's calls with a real journal and no alarm process: what the triggers' tests look at."""

from pathlib import Path

from edge.alarm.call import Call, PressRules
from edge.alarm.calling import Calling
from edge.alarm.journal import AlarmJournal
from edge.catalogue import load_catalogue
from edge.clock import Clock
from edge.config import Device
from edge.figures import Figures
from protocols.device_kind import DeviceKind
from tests.edge.conftest import CATALOGUE, KEY


class Ears:
    """Where the alarm's process would be."""

    def __init__(self) -> None:
        self.woken = 0
        self.told: list[Call] = []

    def wake(self) -> None:
        self.woken += 1

    def tell(self, call: Call) -> None:
        self.told.append(call)


class CallingHome:
    def __init__(self, folder: Path, devices: tuple[Device, ...], clock: Clock | None = None) -> None:
        self.journal = AlarmJournal(folder / "alarm.db")
        self.ears = Ears()
        self.wall_s = 1000.0
        self.clock = clock or Clock()
        self.figures = Figures(devices, self.clock)
        rules = PressRules(same_press_s=3.0, cancel_within_s=60.0)
        self.calling = Calling(self.journal, self.ears, self.figures, self.clock, rules, wall_s=lambda: self.wall_s)

    @property
    def calls(self) -> list[Call]:
        return self.journal.open_calls()

    def trouble(self, device: Device) -> str | None:
        return next(figures.trouble for figures in self.figures.devices() if figures.device is device)


def create_device(
    name: str, kind: DeviceKind, model: str, *, address: str = "", port: str = "", heard_within_s: float = 0.0
) -> Device:
    return Device(
        name=name,
        kind=kind,
        model=load_catalogue(CATALOGUE)[model],
        address=address,
        port=port,
        poll_interval_s=60,
        passkey=None,
        pair=True,
        heard_within_s=heard_within_s,
        bind_key=bytes.fromhex(KEY) if model in ("bthome-button", "bthome-fall") else None,
    )
