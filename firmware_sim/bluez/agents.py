"""org.bluez.AgentManager1, and the agents that answer for their users when devices pair."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import structlog
from bumble.pairing import PairingDelegate
from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from firmware_sim.bluez import errors
from firmware_sim.bluez.errors import BluezError
from firmware_sim.bluez.objects import Interface, Method

AGENT = "org.bluez.Agent1"
REQUEST_TIMEOUT_S = 60.0

_CAPABILITIES = {
    "DisplayOnly": PairingDelegate.IoCapability.DISPLAY_OUTPUT_ONLY,
    "DisplayYesNo": PairingDelegate.IoCapability.DISPLAY_OUTPUT_AND_YES_NO_INPUT,
    "KeyboardOnly": PairingDelegate.IoCapability.KEYBOARD_INPUT_ONLY,
    "NoInputNoOutput": PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT,
    "KeyboardDisplay": PairingDelegate.IoCapability.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT,
    "": PairingDelegate.IoCapability.DISPLAY_OUTPUT_AND_KEYBOARD_INPUT,
}

log = structlog.get_logger()


@dataclass(frozen=True)
class Agent:
    """A client's agent: where it lives and what its user can do."""

    bus: MessageBus
    owner: str
    path: str
    io_capability: PairingDelegate.IoCapability

    async def request(self, member: str, signature: str, body: list[Any]) -> list[Any] | None:
        """Ask the agent; None when it refuses, cancels, has gone, or does not answer within 60 s."""
        call = Message(
            destination=self.owner, path=self.path, interface=AGENT, member=member, signature=signature, body=body
        )
        try:
            reply = await asyncio.wait_for(self.bus.call(call), REQUEST_TIMEOUT_S)
        except TimeoutError:
            log.warning("bluez.agent_silent", agent=self.owner, asked=member)
            return None
        if reply.message_type is not MessageType.METHOD_RETURN:
            log.info("bluez.agent_refused", agent=self.owner, asked=member, error=reply.error_name)
            return None
        return list(reply.body)


class Agents:
    """The registered agents; the one that asked to be the default last is the default."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._by_owner: dict[str, Agent] = {}
        self._defaults: list[str] = []

    def interface(self) -> Interface:
        """Return org.bluez.AgentManager1."""
        return Interface(
            "org.bluez.AgentManager1",
            {
                "RegisterAgent": Method(self._register, "os"),
                "RequestDefaultAgent": Method(self._request_default, "o"),
                "UnregisterAgent": Method(self._unregister, "o"),
            },
        )

    def find(self, owner: str | None = None) -> Agent | None:
        """Return the agent of a client, or else the default one."""
        if owner is not None and owner in self._by_owner:
            return self._by_owner[owner]
        return self._by_owner[self._defaults[-1]] if self._defaults else None

    def drop_client(self, owner: str) -> None:
        """Forget the agent of a client that has left the bus."""
        self._by_owner.pop(owner, None)
        self._defaults = [name for name in self._defaults if name != owner]

    async def _register(self, message: Message) -> list[Any]:
        path, capability = message.body
        owner = message.sender or ""
        if owner in self._by_owner:
            raise BluezError(errors.ALREADY_EXISTS, "Already Exists")
        if capability not in _CAPABILITIES:
            raise BluezError(errors.INVALID_ARGUMENTS, "Invalid arguments in method call")
        self._by_owner[owner] = Agent(self._bus, owner, path, _CAPABILITIES[capability])
        return []

    def _own(self, message: Message) -> Agent:
        agent = self._by_owner.get(message.sender or "")
        if agent is None or agent.path != message.body[0]:
            raise BluezError(errors.DOES_NOT_EXIST, "Does Not Exist")
        return agent

    async def _request_default(self, message: Message) -> list[Any]:
        owner = self._own(message).owner
        self._defaults = [*(name for name in self._defaults if name != owner), owner]
        return []

    async def _unregister(self, message: Message) -> list[Any]:
        self.drop_client(self._own(message).owner)
        return []
