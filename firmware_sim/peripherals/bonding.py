"""How a meter is paired: without a question, or with six digits on its display; and what it remembers of it."""

from collections.abc import Callable
from pathlib import Path

import structlog
from bumble.device import Connection, Device
from bumble.keys import JsonKeyStore, MemoryKeyStore, PairingKeys
from bumble.pairing import PairingConfig, PairingDelegate
from bumble.utils import AsyncRunner

_log = structlog.get_logger()


class _PasskeyDisplay(PairingDelegate):
    """Shows the same six digits whenever it is paired, as a label or a simple display does."""

    def __init__(self, passkey: int) -> None:
        super().__init__(io_capability=PairingDelegate.IoCapability.DISPLAY_OUTPUT_ONLY)
        self._passkey = passkey

    async def generate_passkey(self) -> int:
        return self._passkey


def make_bondable(device: Device, bonds: Path | None, passkey: int | None = None) -> None:
    """Lets `device` (powered on) be bonded with LE Secure Connections.

    `bonds` is the file that keeps its keys; None: they are gone with the process. With `passkey` a pairing that
    nobody confirmed by the digits is thrown out again.
    """
    address = str(device.random_address)
    device.keystore = MemoryKeyStore() if bonds is None else JsonKeyStore(address, str(bonds))

    def pairing_config(_connection: Connection) -> PairingConfig:
        if passkey is None:
            return PairingConfig(sc=True, mitm=False, bonding=True, delegate=PairingDelegate())
        return PairingConfig(sc=True, mitm=True, bonding=True, delegate=_PasskeyDisplay(passkey))

    device.pairing_config_factory = pairing_config
    if passkey is not None:
        device.on(Device.EVENT_CONNECTION, _throw_out_unconfirmed(device))


def _throw_out_unconfirmed(device: Device) -> Callable[[Connection], None]:
    async def throw_out(connection: Connection) -> None:
        _log.warning("unconfirmed pairing refused", device=str(device.random_address))
        if device.keystore is not None:
            await device.keystore.delete(str(connection.peer_address))
        await connection.disconnect()

    def watch(connection: Connection) -> None:
        def paired(keys: PairingKeys) -> None:
            if keys.ltk is None or not keys.ltk.authenticated:
                AsyncRunner.spawn(throw_out(connection))  # type: ignore[no-untyped-call]  # bumble types all but this

        connection.on(Connection.EVENT_PAIRING, paired)

    return watch
