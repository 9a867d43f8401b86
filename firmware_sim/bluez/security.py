"""Encryption and pairing of one device's link."""

from __future__ import annotations

import asyncio

import structlog
from bumble import core, hci
from bumble.device import Connection
from bumble.keys import PairingKeys
from bumble.pairing import PairingDelegate

from firmware_sim.bluez import errors
from firmware_sim.bluez.agents import Agent, Agents
from firmware_sim.bluez.central import Central
from firmware_sim.bluez.errors import BluezError, LinkLostError
from firmware_sim.bluez.pairing import AgentDelegate
from firmware_sim.bluez.waiting import until_link_lost

PAIRING_TIMEOUT_S = 90.0

log = structlog.get_logger()


class Security:
    """Raises the security of the link to one device, one step at a time."""

    def __init__(self, central: Central, agents: Agents, device_path: str) -> None:
        self._central = central
        self._agents = agents
        self._device_path = device_path
        self._steps = asyncio.Lock()

    async def encrypt(self, connection: Connection) -> None:
        """Switch encryption on with the bond's key. Raises HCI_Error when the device has no such bond any more."""
        async with self._steps:
            if not connection.is_encrypted:
                await until_link_lost(connection.encrypt())

    async def pair(self, connection: Connection, client: str | None) -> None:
        """Pair and bond because a client called Pair, with its agent or the default one.

        Raises BluezError: AuthenticationFailed (wrong key, refused, no agent), AuthenticationCanceled (link lost),
        AuthenticationTimeout.
        """
        async with self._steps:
            await self._pair(connection, self._agents.find(client), asked_for=True)

    async def raise_level(self, connection: Connection, *, is_bonded: bool) -> bool:
        """Make the link safer because the device asked for it: encrypt, or pair. Returns whether it is safer now."""
        was_encrypted = connection.is_encrypted
        async with self._steps:
            if connection.is_encrypted and not was_encrypted:
                return True
            try:
                if is_bonded and not connection.is_encrypted:
                    await until_link_lost(connection.encrypt())
                    return True
                agent = self._agents.find()
                if connection.is_encrypted and not await self._can_improve(connection, agent):
                    return False
                await self._pair(connection, agent, asked_for=False)
            except (BluezError, LinkLostError, hci.HCI_Error, core.BaseBumbleError) as error:
                log.info("bluez.security_not_raised", device=self._device_path, error=str(error))
                return False
            return True

    async def _can_improve(self, connection: Connection, agent: Agent | None) -> bool:
        """Whether an encrypted link could become an authenticated one: only with a person's help."""
        if agent is None or agent.io_capability == PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT:
            return False
        return not _is_authenticated(await self._central.bonds.get(str(connection.peer_address)))

    async def _pair(self, connection: Connection, agent: Agent | None, *, asked_for: bool) -> None:
        delegate = AgentDelegate(agent, self._device_path, asked_for=asked_for)
        with self._central.pairing_with(connection, delegate.config()):
            try:
                async with asyncio.timeout(PAIRING_TIMEOUT_S):
                    await until_link_lost(connection.pair())
            except TimeoutError as error:
                raise BluezError(errors.AUTHENTICATION_TIMEOUT, "Authentication Timeout") from error
            except LinkLostError as error:
                raise BluezError(errors.AUTHENTICATION_CANCELED, "Authentication Canceled") from error
            except (core.BaseBumbleError, hci.HCI_Error) as error:
                raise BluezError(errors.AUTHENTICATION_FAILED, "Authentication Failed") from error


def _is_authenticated(keys: PairingKeys | None) -> bool:
    """Whether a bond was made with a passkey or a comparison."""
    return keys is not None and keys.ltk is not None and keys.ltk.authenticated
