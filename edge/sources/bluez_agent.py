"""The gateway's own pairing agent (org.bluez.Agent1), since nobody sits at its screen to type a passkey.

It answers for the devices of the configuration only; whoever else wants to pair is turned away.
"""

import asyncio
from collections.abc import Mapping

import structlog
from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusObjectPath, DBusStr, DBusUInt16, DBusUInt32
from dbus_fast.errors import DBusError
from dbus_fast.service import ServiceInterface, dbus_method

from edge.config import Device

_log = structlog.get_logger()

AGENT_PATH = "/org/doorstep/agent"
_REJECTED = "org.bluez.Error.Rejected"
_CAPABILITY = "KeyboardDisplay"
LOOK_S = 5.0


def address_of(device_path: str) -> str:
    """`/org/bluez/hci0/dev_AA_BB_CC_DD_EE_FF` -> `AA:BB:CC:DD:EE:FF`."""
    return device_path.rpartition("/dev_")[2].replace("_", ":").upper()


class PairingAgent(ServiceInterface):
    def __init__(self, devices: Mapping[str, Device]) -> None:
        """`devices` by address in upper case."""
        super().__init__("org.bluez.Agent1")
        self._devices = devices

    def _known(self, device_path: str) -> Device:
        device = self._devices.get(address_of(device_path))
        if device is None:
            _log.warning("pairing_refused", address=address_of(device_path))
            raise DBusError(_REJECTED, "not a device of this home")
        return device

    def _passkey(self, device_path: str) -> int:
        device = self._known(device_path)
        if device.passkey is None:
            _log.warning("passkey_missing", device=device.name)
            raise DBusError(_REJECTED, "its passkey is not in the configuration")
        return device.passkey

    @dbus_method(name="Release")
    def release(self) -> None:
        pass

    @dbus_method(name="RequestPinCode")
    def request_pin_code(self, device: DBusObjectPath) -> DBusStr:
        return f"{self._passkey(device):06d}"

    @dbus_method(name="RequestPasskey")
    def request_passkey(self, device: DBusObjectPath) -> DBusUInt32:
        return self._passkey(device)

    @dbus_method(name="DisplayPinCode")
    def display_pin_code(self, device: DBusObjectPath, _pincode: DBusStr) -> None:
        self._known(device)

    @dbus_method(name="DisplayPasskey")
    def display_passkey(self, device: DBusObjectPath, _passkey: DBusUInt32, _entered: DBusUInt16) -> None:
        self._known(device)

    @dbus_method(name="RequestConfirmation")
    def request_confirmation(self, device: DBusObjectPath, passkey: DBusUInt32) -> None:
        """A meter that shows a number: it must be the one of the configuration, where there is one."""
        known = self._known(device)
        if known.passkey is not None and known.passkey != passkey:
            raise DBusError(_REJECTED, "another passkey than the configuration's")

    @dbus_method(name="RequestAuthorization")
    def request_authorization(self, device: DBusObjectPath) -> None:
        self._known(device)

    @dbus_method(name="AuthorizeService")
    def authorize_service(self, device: DBusObjectPath, _uuid: DBusStr) -> None:
        self._known(device)

    @dbus_method(name="Cancel")
    def cancel(self) -> None:
        pass


class AgentKeeper:
    """Keeps the agent registered, over restarts of bluetoothd and of the bus."""

    def __init__(self, devices: Mapping[str, Device]) -> None:
        self._devices = devices
        self.registered = asyncio.Event()
        """Set once the agent stood for the first time: pairing may be tried."""

    async def run(self) -> None:
        """Until cancelled."""
        told = False
        while True:
            try:
                await self._serve()
            except (OSError, EOFError, DBusError) as error:
                if not told:
                    _log.warning("agent_away", problem=str(error) or type(error).__name__)
                    told = True
            await asyncio.sleep(LOOK_S)

    async def _serve(self) -> None:
        """Until the bus goes away."""
        bus = MessageBus(bus_type=BusType.SYSTEM)
        try:
            await bus.connect()
            bus.export(AGENT_PATH, PairingAgent(self._devices))
            owner = ""
            while bus.connected:
                now = await self._owner(bus)
                if now and now != owner:
                    await self._call(bus, "RegisterAgent", "os", [AGENT_PATH, _CAPABILITY])
                    await self._call(bus, "RequestDefaultAgent", "o", [AGENT_PATH])
                    _log.info("agent_registered")
                    self.registered.set()
                owner = now
                await asyncio.sleep(LOOK_S if now else 1.0)
        finally:
            bus.disconnect()

    @staticmethod
    async def _owner(bus: MessageBus) -> str:
        """The unique name of bluetoothd; empty where it is not running."""
        reply = await bus.call(
            Message(
                destination="org.freedesktop.DBus",
                path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus",
                member="GetNameOwner",
                signature="s",
                body=["org.bluez"],
            )
        )
        if reply.message_type is MessageType.ERROR:
            return ""
        return str(reply.body[0])

    @staticmethod
    async def _call(bus: MessageBus, member: str, signature: str, body: list[str]) -> None:
        reply = await bus.call(
            Message(
                destination="org.bluez",
                path="/org/bluez",
                interface="org.bluez.AgentManager1",
                member=member,
                signature=signature,
                body=body,
            )
        )
        if reply.message_type is MessageType.ERROR:
            raise DBusError(str(reply.error_name), f"{member}: {reply.body}")
