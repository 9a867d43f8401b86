"""`[[device]]` of the gateway's configuration, as it is written; `edge.config.Device` is what it comes to."""

from typing import Annotated

import msgspec

from edge.section import NotNegative, Positive, Section
from protocols.device_kind import DeviceKind


class DeviceSection(Section, frozen=True):
    """One [[device]] of the file."""

    name: str
    """Its name on the wire; the centre's registry knows it by this."""
    kind: DeviceKind
    model: str
    """An entry of the catalogue."""
    address: str = ""
    """Bluetooth devices: AA:BB:CC:DD:EE:FF."""
    port: str = ""
    """Serial devices and wires: `usb:VENDOR:PRODUCT` or `usb:VENDOR:PRODUCT:SERIAL`, wherever it is plugged in; or a
    path. Wires on a pin: `gpio:17`."""
    poll_interval_s: Positive | None = None
    """Serial devices: the meter is asked so often, and as soon as its port appears; 60 where it is left out."""
    passkey: Annotated[int, msgspec.Meta(ge=0, le=999999)] | None = None
    pair: bool | None = None
    """False for the few meters that refuse bonding."""
    set_clock: bool | None = None
    """Set the meter's clock to the home's time when all was read, where the meter lets that happen."""
    erase_after_read: bool | None = None
    """Delete what was read from the meter's memory, where the meter lets that happen. The person loses it there."""
    bind_key: str = ""
    """32 hexadecimal digits; or one of the next two, which keep it out of this file."""
    bind_key_env: str = ""
    bind_key_file: str = ""
    heard_within_s: NotNegative = 0.0
    """Health turns bad when it was not heard for so long (wall clock); 0: not watched."""
    canary: bool | None = None
    """It is always near and advertises by itself: when no canary is heard within its time, the radio is deaf."""

    @property
    def given(self) -> frozenset[str]:
        """The optional keys that the file names."""
        return frozenset(name for name in self.__struct_fields__ if getattr(self, name) not in (None, ""))
