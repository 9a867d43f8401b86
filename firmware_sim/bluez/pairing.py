"""How the central pairs: LE Secure Connections, with the registered agent for everything a person must say."""

from __future__ import annotations

from bumble.pairing import PairingConfig, PairingDelegate

from firmware_sim.bluez.agents import Agent

_ENCRYPTION_KEY = PairingDelegate.KeyDistribution.DISTRIBUTE_ENCRYPTION_KEY


class AgentDelegate(PairingDelegate):
    """Asks the agent. `asked_for` says that a client called Pair; then Just Works needs no further consent.

    Without an agent a pairing that needs any consent is refused, as in bluetoothd; that includes Just Works.
    """

    def __init__(self, agent: Agent | None, device_path: str, *, asked_for: bool) -> None:
        super().__init__(
            io_capability=PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT if agent is None else agent.io_capability,
            local_initiator_key_distribution=_ENCRYPTION_KEY,
            local_responder_key_distribution=_ENCRYPTION_KEY,
        )
        self._agent = agent
        self._device_path = device_path
        self._asked_for = asked_for

    def config(self) -> PairingConfig:
        """Return the configuration of one pairing: a person in the middle is excluded when the agent can help."""
        can_help = self.io_capability != PairingDelegate.IoCapability.NO_OUTPUT_NO_INPUT
        return PairingConfig(sc=True, mitm=can_help, bonding=True, delegate=self)

    async def confirm(self, auto: bool = False) -> bool:  # noqa: ARG002  (bumble's signature)
        """Consent to Just Works."""
        if self._agent is None:
            return False
        return (
            self._asked_for or await self._agent.request("RequestAuthorization", "o", [self._device_path]) is not None
        )

    async def compare_numbers(self, number: int, digits: int) -> bool:  # noqa: ARG002  (always six)
        """Numeric comparison."""
        if self._agent is None:
            return False
        return await self._agent.request("RequestConfirmation", "ou", [self._device_path, number]) is not None

    async def get_number(self) -> int | None:
        """Passkey entry: the user reads it off the device. bumble cannot take 000000, which is refused."""
        if self._agent is None:
            return None
        answer = await self._agent.request("RequestPasskey", "o", [self._device_path])
        if not answer or not isinstance(answer[0], int) or not 0 < answer[0] <= 999_999:
            return None
        return answer[0]

    async def display_number(self, number: int, digits: int) -> None:  # noqa: ARG002  (always six)
        """Passkey entry on the device: the agent shows it."""
        if self._agent is not None:
            await self._agent.request("DisplayPasskey", "ouq", [self._device_path, number, 0])
