"""How a peripheral pairs: by Just Works, or by a passkey printed on its back or shown on its display."""

from __future__ import annotations

from bumble.device import Connection, Device
from bumble.pairing import PairingConfig, PairingDelegate

PASSKEY_MAX = 999_999


class PairingMode:
    """Whether a device pairs with whoever asks. Real meters do so for a minute after a button was held."""

    def __init__(self, on: bool = True) -> None:
        self.on = on


class PrintedPasskey(PairingDelegate):
    """A device with a display and one fixed passkey (1 to 999999)."""

    def __init__(self, passkey: int, mode: PairingMode) -> None:
        if not 0 < passkey <= PASSKEY_MAX:
            raise ValueError(f"passkey {passkey} is not between 1 and {PASSKEY_MAX}")
        super().__init__(
            io_capability=PairingDelegate.IoCapability.DISPLAY_OUTPUT_ONLY,
            local_initiator_key_distribution=PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY,
            local_responder_key_distribution=PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY,
        )
        self._passkey = passkey
        self._mode = mode

    async def accept(self) -> bool:
        """Only in pairing mode."""
        return self._mode.on

    async def generate_passkey(self) -> int:
        """Return the printed passkey."""
        return self._passkey


class JustWorks(PairingDelegate):
    """A device with neither display nor keys."""

    def __init__(self, mode: PairingMode) -> None:
        self._mode = mode
        super().__init__(
            io_capability=PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT,
            local_initiator_key_distribution=PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY,
            local_responder_key_distribution=PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY,
        )

    async def accept(self) -> bool:
        """Only in pairing mode."""
        return self._mode.on


def set_pairing(device: Device, passkey: int | None = None, mode: PairingMode | None = None) -> None:
    """Let a peripheral bond with LE Secure Connections: by `passkey` (1 to 999999), or by Just Works without one.

    Without a `mode` it is always in pairing mode.
    """
    mode = PairingMode() if mode is None else mode
    delegate = JustWorks(mode) if passkey is None else PrintedPasskey(passkey, mode)

    def create_config(_connection: Connection) -> PairingConfig:
        return PairingConfig(sc=True, mitm=passkey is not None, bonding=True, delegate=delegate)

    device.pairing_config_factory = create_config
