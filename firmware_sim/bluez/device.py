"""org.bluez.Device1: one remote device, heard, connected or bonded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog
from bumble import att, core, hci
from bumble.device import Connection, Peer
from dbus_fast import Message, Variant

from firmware_sim.bluez import errors
from firmware_sim.bluez.advertised import Advertised
from firmware_sim.bluez.agents import Agents
from firmware_sim.bluez.central import Central
from firmware_sim.bluez.device_properties import dashed, first_properties, heard_changes
from firmware_sim.bluez.errors import BluezError, LinkLostError
from firmware_sim.bluez.gatt import RemoteServices, discover
from firmware_sim.bluez.link import LinkAttempt, Listening
from firmware_sim.bluez.objects import Interface, Method, ObjectTree
from firmware_sim.bluez.security import Security
from firmware_sim.bluez.waiting import until_link_lost

DEVICE = "org.bluez.Device1"
ATT_MTU = 517

_T = TypeVar("_T")

log = structlog.get_logger()


class RemoteDevice:
    """One device of an adapter. `heard_at` is the loop's time of its last advertisement."""

    def __init__(
        self,
        tree: ObjectTree,
        central: Central,
        agents: Agents,
        *,
        adapter_path: str,
        address: hci.Address,
        listening: Listening,
    ) -> None:
        self.address = address
        self.path = f"{adapter_path}/dev_{address.to_string(False).replace(':', '_')}"
        self.heard_at = asyncio.get_running_loop().time()
        self.is_temporary = True
        self.attempt: LinkAttempt | None = None
        self._listening = listening
        self._tree = tree
        self._central = central
        self._connection: Connection | None = None
        self._services: RemoteServices | None = None
        self._work: set[asyncio.Task[None]] = set()
        self._pairing: asyncio.Task[None] | None = None
        self._link_gone = asyncio.Event()
        self._link_gone.set()
        self._advertised_uuids: set[str] = set()
        self._security = Security(central, agents, self.path)
        self._interface = Interface(
            DEVICE,
            {
                "Connect": Method(self._connect),
                "Disconnect": Method(self._disconnect),
                "Pair": Method(self._pair),
                "CancelPairing": Method(self._cancel_pairing),
            },
            first_properties(address, adapter_path),
            {"Trusted": self._set_trusted, "Alias": self._set_alias, "Blocked": self._set_blocked},
        )

    @property
    def is_connected(self) -> bool:
        """Whether a link exists."""
        return self._connection is not None

    @property
    def is_bonded(self) -> bool:
        """Whether keys for this device are kept."""
        return bool(self._interface.properties["Bonded"].value)

    @property
    def name(self) -> str | None:
        """The name the device gave itself."""
        name = self._interface.properties.get("Name")
        return None if name is None else str(name.value)

    def show(self) -> None:
        """Export the object with what is known by now."""
        self._tree.add(self.path, [self._interface])

    def restore_bond(self, name: str | None) -> None:
        """Mark a device whose keys were found in the file."""
        self.is_temporary = False
        changed = {"Paired": Variant("b", True), "Bonded": Variant("b", True)}
        if name is not None:
            changed |= {"Name": Variant("s", name), "Alias": Variant("s", name)}
        self._change(changed)

    def _change(self, changed: dict[str, Variant], gone: tuple[str, ...] = ()) -> None:
        self._tree.change(self.path, self._interface, changed, gone)

    def hear(self, advertised: Advertised, rssi_dbm: int, *, duplicates: bool) -> None:
        """Take over an advertisement and signal what it changes."""
        self.heard_at = asyncio.get_running_loop().time()
        self._advertised_uuids.update(advertised.uuids)
        old = self._interface.properties
        self._change(heard_changes(old, advertised, self._all_uuids(), rssi_dbm, duplicates=duplicates))

    def _all_uuids(self) -> set[str]:
        resolved = self._services.uuids if self._services is not None else []
        return self._advertised_uuids.union(resolved)

    def stop_hearing(self) -> None:
        """Discovery ended: signal strengths are no longer true."""
        self._change({}, ("RSSI", "TxPower"))

    async def _connect(self, _message: Message) -> list[Any]:
        if self.attempt is not None or self._pairing is not None:
            raise BluezError(errors.IN_PROGRESS, "In Progress")
        if self._connection is None:
            await self._open_link()
        return []

    async def _open_link(self) -> Connection:
        """Connect, and encrypt when a bond exists. Raises BluezError with bluetoothd's words."""
        self.is_temporary = False
        self.attempt = LinkAttempt(lambda: self._central.connect(self.address, self._attach), self._listening)
        try:
            connection = await self.attempt.run()
        finally:
            self.attempt = None
        if self._connection is not connection:
            raise BluezError(errors.FAILED, "le-connection-abort-by-remote")
        if self.is_bonded:
            try:
                await self._security.encrypt(connection)
            except (hci.HCI_Error, LinkLostError, core.BaseBumbleError) as error:
                # The device has lost its bond: the kernel drops the link, and this is all that a client sees of it.
                log.warning("bluez.bond_refused", device=self.path, error=str(error))
                await self._close_link(hci.HCI_ErrorCode.AUTHENTICATION_FAILURE_ERROR)
                raise BluezError(errors.FAILED, "le-connection-abort-by-local") from error
        self._start(self._resolve(connection))
        return connection

    def _attach(self, connection: Connection) -> None:
        """Listen to a link from its first moment on: the device may speak, or hang up, at once."""
        self._connection = connection
        self._link_gone.clear()
        connection.on(Connection.EVENT_DISCONNECTION, self._on_disconnection)
        connection.on(Connection.EVENT_SECURITY_REQUEST, lambda _auth_req: self._start(self._on_security_request()))
        self._change({"Connected": Variant("b", True)})

    def _start(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        task = asyncio.get_running_loop().create_task(run())
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _resolve(self, connection: Connection) -> None:
        peer = Peer(connection)
        try:
            await until_link_lost(discover(peer, ATT_MTU))
        except LinkLostError:
            return
        except (att.ATT_Error, core.BaseBumbleError, TimeoutError) as error:
            log.warning("bluez.services_unreadable", device=self.path, error=str(error))
            await self._close_link(hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR)
            return
        if self._connection is not connection:
            return
        self._services = RemoteServices(self._tree, self, peer)
        self._services.show()
        self._change({"UUIDs": Variant("as", sorted(self._all_uuids())), "ServicesResolved": Variant("b", True)})

    async def _on_security_request(self) -> None:
        if self._connection is not None:
            await self._raise_security(self._connection)

    def _on_disconnection(self, reason: int) -> None:
        log.debug("bluez.link_lost", device=self.path, reason=reason)
        self._connection = None
        self.heard_at = asyncio.get_running_loop().time()
        services, self._services = self._services, None
        if services is not None:
            services.withdraw()
            self._change({"ServicesResolved": Variant("b", False)})
        self._change({"Connected": Variant("b", False)})
        self._link_gone.set()

    async def _close_link(self, reason: int) -> None:
        connection = self._connection
        if connection is not None:
            try:
                await until_link_lost(connection.disconnect(reason))
            except (LinkLostError, core.BaseBumbleError, hci.HCI_Error) as error:
                log.debug("bluez.link_gone_already", device=self.path, error=str(error))
        await self._link_gone.wait()

    async def _disconnect(self, _message: Message) -> list[Any]:
        if self.attempt is not None:
            self.attempt.cancel("br-connection-canceled")
            return []
        if self._connection is None:
            raise BluezError(errors.NOT_CONNECTED, "Not Connected")
        await self._close_link(hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR)
        return []

    async def _pair(self, message: Message) -> list[Any]:
        if self.is_bonded:
            raise BluezError(errors.ALREADY_EXISTS, "Already Exists")
        if self._pairing is not None or self.attempt is not None:
            raise BluezError(errors.IN_PROGRESS, "In Progress")
        self._pairing = asyncio.get_running_loop().create_task(self._connect_and_pair(message.sender))
        try:
            await asyncio.wait({self._pairing})
            if self._pairing.cancelled():
                raise BluezError(errors.AUTHENTICATION_CANCELED, "Authentication Canceled")
            self._pairing.result()
        finally:
            self._pairing = None
        return []

    async def _connect_and_pair(self, client: str | None) -> None:
        connection = self._connection
        if connection is None:
            try:
                connection = await self._open_link()
            except BluezError as error:
                raise BluezError(errors.CONNECTION_ATTEMPT_FAILED, "Page Timeout") from error
        await self._security.pair(connection, client)
        await self._bonded()

    async def _bonded(self) -> None:
        self.is_temporary = False
        if self.name is not None:
            await self._central.bonds.remember_name(self.address, self.name)
        self._change({"Paired": Variant("b", True), "Bonded": Variant("b", True)})

    async def _cancel_pairing(self, _message: Message) -> list[Any]:
        if self._pairing is None:
            raise BluezError(errors.DOES_NOT_EXIST, "Does Not Exist")
        self._pairing.cancel()
        await self._close_link(hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR)
        return []

    async def secured(self, operation: Callable[[], Awaitable[_T]]) -> _T:
        """Run an ATT operation; when the device asks for security, raise it and try once more, as bluetoothd does."""
        connection = self._connection
        if connection is None:
            raise LinkLostError
        try:
            return await until_link_lost(operation())
        except att.ATT_Error as error:
            wants_security = error.error_code in (
                att.ErrorCode.INSUFFICIENT_AUTHENTICATION,
                att.ErrorCode.INSUFFICIENT_ENCRYPTION,
            )
            if not wants_security or not await self._raise_security(connection):
                raise
        return await until_link_lost(operation())

    async def _raise_security(self, connection: Connection) -> bool:
        if self._pairing is not None:
            await asyncio.wait({self._pairing})
            return connection.is_encrypted
        raised = await self._security.raise_level(connection, is_bonded=self.is_bonded)
        if raised and not self.is_bonded:
            await self._bonded()
        return raised

    async def forget(self) -> None:
        """Drop the link, the bond and the object (Adapter1.RemoveDevice)."""
        if self.attempt is not None:
            self.attempt.cancel("br-connection-canceled")
        await self._close_link(hci.HCI_ErrorCode.REMOTE_USER_TERMINATED_CONNECTION_ERROR)
        if self._central.is_powered:
            await self._central.bonds.delete(str(self.address))
        await self.withdraw()

    async def withdraw(self) -> None:
        """Remove the object and end what still runs."""
        for task in list(self._work):
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        self._tree.remove(self.path)

    async def drop_client(self, owner: str) -> None:
        """End the subscriptions of a client that has left the bus. The link stays, as in bluetoothd."""
        if self._services is not None:
            await self._services.drop_client(owner)

    async def _set_trusted(self, value: bool) -> None:
        self._change({"Trusted": Variant("b", value)})

    async def _set_alias(self, value: str) -> None:
        self._change({"Alias": Variant("s", value or self.name or dashed(self.address))})

    async def _set_blocked(self, _value: bool) -> None:
        raise BluezError(errors.NOT_SUPPORTED, "Operation is not supported")
