"""When a meter can be heard: often when it was just switched on or used, seldom while a record waits, else hardly ever.

Real meters wake their radio when they are used. These intervals are of the radio, so they pass on the wall's time even
where a simulated clock runs faster.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from bumble.core import UUID, AdvertisingData, DataType
from bumble.data_types import (
    CompleteLocalName,
    Flags,
    IncompleteListOf16BitServiceUUIDs,
    IncompleteListOf128BitServiceUUIDs,
)
from bumble.device import Connection, Device

from firmware_sim.bonding import PairingMode
from firmware_sim.peripherals.assigned import assigned, is_assigned

FRESH_INTERVAL_MS = 250.0
FRESH_FOR_S = 30.0
WAITING_INTERVAL_MS = 2_000.0
LARGEST_ADVERTISEMENT_BYTES = 31
IDLE_INTERVAL_MS = 10_240.0  # the longest that legacy advertising allows
_FLAGS = AdvertisingData.Flags


def service_lists(services: Sequence[str]) -> list[DataType]:
    """Incomplete lists of services: those with assigned numbers and the others apart."""
    short = [assigned(uuid) for uuid in services if is_assigned(uuid)]
    long = [UUID(uuid) for uuid in services if not is_assigned(uuid)]
    lists: list[DataType] = [IncompleteListOf16BitServiceUUIDs(short)] if short else []
    return [*lists, IncompleteListOf128BitServiceUUIDs(long)] if long else lists


class MeterAdvertiser:
    """Advertises `device` as connectable while it has no connection. `waiting`: is there a record to hand over?"""

    def __init__(
        self,
        device: Device,
        services: Sequence[str],
        waiting: Callable[[], bool],
        pairing_mode: PairingMode | None = None,
    ) -> None:
        """`services` are UUIDs, for the advertisement. Out of `pairing_mode` it is connectable and not discoverable."""
        self._device = device
        self._services = services
        self._waiting = waiting
        self._pairing_mode = PairingMode() if pairing_mode is None else pairing_mode
        self._changed = asyncio.Event()
        self._turn = asyncio.Lock()
        self._fresh_until = 0.0
        self._advertised_ms: float | None = None
        self._met = False
        self._task: asyncio.Task[None] | None = None
        device.on(Device.EVENT_CONNECTION, self._connected)

    def start(self) -> None:
        self.measured()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            await self._advertise(None)

    def measured(self) -> None:
        """It is in somebody's hands: be heard at once."""
        self._fresh_until = asyncio.get_running_loop().time() + FRESH_FOR_S
        self._changed.set()

    def look_again(self) -> None:
        """What waits has changed."""
        self._changed.set()

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            wanted_ms, for_s = self._policy()
            if wanted_ms != self._advertised_ms:
                self._advertised_ms = wanted_ms
                await self._advertise(wanted_ms)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(for_s):  # wait_for of Python 3.11 may swallow a cancellation
                    await self._changed.wait()

    def _policy(self) -> tuple[float | None, float | None]:
        """Interval (None: silent) and how many seconds it holds (None: until something changes)."""
        if self._device.connections:
            return None, None
        if self._met and not self._waiting():
            return IDLE_INTERVAL_MS, None
        fresh_s = self._fresh_until - asyncio.get_running_loop().time()
        return (FRESH_INTERVAL_MS, fresh_s) if fresh_s > 0 else (WAITING_INTERVAL_MS, None)

    async def _advertise(self, interval_ms: float | None) -> None:
        # Shielded: bumble loses track of its controller, or of the cancellation, when a command is cut short.
        await asyncio.shield(self._set_advertising(interval_ms))

    async def _set_advertising(self, interval_ms: float | None) -> None:
        async with self._turn:
            if interval_ms is None:
                await self._device.stop_advertising()
                return
            advertisement, scan_response = self._data()
            await self._device.start_advertising(
                advertising_data=advertisement,
                scan_response_data=scan_response,
                advertising_interval_min=interval_ms,
                advertising_interval_max=interval_ms,
            )

    def _data(self) -> tuple[bytes, bytes]:
        """Advertisement and scan response; the name stands in the one where it fits, else in the other."""
        discoverable = _FLAGS.LE_GENERAL_DISCOVERABLE_MODE if self._pairing_mode.on else _FLAGS(0)
        parts: list[DataType] = [Flags(discoverable | _FLAGS.BR_EDR_NOT_SUPPORTED), *service_lists(self._services)]
        name = CompleteLocalName(self._device.name)
        whole = bytes(AdvertisingData([*parts, name]))
        if len(whole) <= LARGEST_ADVERTISEMENT_BYTES:
            return whole, b""
        return bytes(AdvertisingData(parts)), bytes(AdvertisingData([name]))

    def _connected(self, connection: Connection) -> None:
        self._met = True
        self._advertised_ms = None  # a connection ends the advertising that it answers
        self._changed.set()
        connection.on(Connection.EVENT_DISCONNECTION, lambda _reason: self._changed.set())
