"""One session with a meter that no configuration names: told as it comes, kept nowhere.

The session is the gateway's own, over an outbox that is thrown away at the end; so what is shown here is what the
gateway would have sent.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from edge.catalogue import Model
from edge.clock import Clock
from edge.config import Device
from edge.figures import Figures
from edge.intake import Intake
from edge.outbox import Outbox
from edge.sources.meter_session import MeterSessions
from protocols.reading import Reading

Tell = Callable[[Reading], None]


def create_device(name: str, model: Model, *, port: str = "", address: str = "") -> Device:
    """A device with nothing but its place; the rest as a configuration leaves it."""
    return Device(
        name=name,
        kind=model.kinds[0],
        model=model,
        address=address,
        port=port,
        poll_interval_s=1.0,
        passkey=None,
        pair=True,
        heard_within_s=0.0,
    )


class TellingIntake(Intake):
    """Tells each reading that is new."""

    def __init__(self, outbox: Outbox, figures: Figures, tell: Tell) -> None:
        super().__init__(outbox, figures, wake_uplink=lambda: None)
        self._tell = tell

    def put(self, readings: Sequence[Reading]) -> int:
        new = 0
        for reading in readings:
            if super().put([reading]):
                new += 1
                self._tell(reading)
        return new


@contextmanager
def sessions_of(device: Device, zone: ZoneInfo, clock: Clock, tell: Tell) -> Iterator[MeterSessions]:
    """Sessions with `device`; `zone` is the home's. `tell` may be called from any one thread at a time."""
    with tempfile.TemporaryDirectory(prefix="doorstep-read-") as folder:
        outbox = Outbox(Path(folder) / "outbox.db")
        try:
            figures = Figures([device], clock)
            yield MeterSessions(outbox, figures, clock, zone, TellingIntake(outbox, figures, tell))
        finally:
            outbox.close()
