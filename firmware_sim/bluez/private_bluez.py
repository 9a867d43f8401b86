"""The whole model: a bus, a name on it, an adapter, and who comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import structlog
from dbus_fast import Message, MessageType, NameFlag, RequestNameReply
from dbus_fast.aio import MessageBus

from firmware_sim.bluez.adapter import TEMPORARY_TIMEOUT_S, Adapter
from firmware_sim.bluez.agents import Agents
from firmware_sim.bluez.bus_daemon import BusDaemon
from firmware_sim.bluez.central import Central
from firmware_sim.bluez.errors import BluezStartError
from firmware_sim.bluez.objects import ObjectTree

BUS_NAME = "org.bluez"
DBUS = "org.freedesktop.DBus"

log = structlog.get_logger()


class PrivateBluez:
    """A running model. Give `bus_address` to clients as DBUS_SYSTEM_BUS_ADDRESS."""

    def __init__(self, stack: AsyncExitStack, bus_address: str, controller_lost: asyncio.Future[None]) -> None:
        self._stack = stack
        self.bus_address = bus_address
        self.controller_lost = controller_lost

    @classmethod
    async def start(
        cls, *, hci: str, keystore: Path, bus_folder: Path, temporary_timeout_s: float = TEMPORARY_TIMEOUT_S
    ) -> PrivateBluez:
        """Start a bus in `bus_folder`, own org.bluez on it and power the adapter on.

        `hci` is the dongle (`tcp-client:HOST:PORT`), `keystore` the JSON file of the bonds (made when missing).
        Raises BluezStartError with a sentence when something is missing; nothing is left running then.
        """
        async with AsyncExitStack() as stack:
            central = await Central.open(hci, keystore)
            stack.push_async_callback(central.close)
            daemon = await BusDaemon.start(bus_folder)
            stack.push_async_callback(daemon.stop)
            bus = await MessageBus(bus_address=daemon.address).connect()
            stack.push_async_callback(_hang_up, bus)
            tree = ObjectTree(bus)
            stack.push_async_callback(tree.close)
            agents = Agents(bus)
            tree.add("/org/bluez", [agents.interface()])
            adapter = Adapter(tree, central, agents, temporary_timeout_s)
            stack.push_async_callback(adapter.close)
            await adapter.start()
            stack.callback(await _watch_clients(bus, agents, adapter))
            reply = await bus.request_name(BUS_NAME, NameFlag.DO_NOT_QUEUE)
            if reply is not RequestNameReply.PRIMARY_OWNER:
                raise BluezStartError(f"{BUS_NAME} is owned by somebody else on {daemon.address}")
            log.info("bluez.ready", bus=daemon.address, hci=hci)
            return cls(stack.pop_all(), daemon.address, central.lost)
        raise AssertionError("the stack swallows nothing")

    async def stop(self) -> None:
        """Drop all links, leave the bus and end it. May be called more than once."""
        await self._stack.aclose()


async def _hang_up(bus: MessageBus) -> None:
    bus.disconnect()
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]  # dbus-fast leaves it untyped


async def _watch_clients(bus: MessageBus, agents: Agents, adapter: Adapter) -> Callable[[], None]:
    """Tell agents and adapter when a client leaves the bus. Returns what ends the watching."""
    farewells: set[asyncio.Task[None]] = set()

    def on_message(message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL or message.member != "NameOwnerChanged":
            return
        name, _old_owner, new_owner = message.body
        if message.sender == DBUS and name.startswith(":") and not new_owner:
            agents.drop_client(name)
            farewell = asyncio.get_running_loop().create_task(adapter.drop_client(name))
            farewells.add(farewell)
            farewell.add_done_callback(farewells.discard)

    def stop() -> None:
        bus.remove_message_handler(on_message)
        for farewell in farewells:
            farewell.cancel()

    rule = f"type='signal',sender='{DBUS}',interface='{DBUS}',member='NameOwnerChanged'"
    await bus.call(
        Message(
            destination=DBUS,
            path="/org/freedesktop/DBus",
            interface=DBUS,
            member="AddMatch",
            signature="s",
            body=[rule],
        )
    )
    bus.add_message_handler(on_message)
    return stop
