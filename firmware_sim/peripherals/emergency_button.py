"""An emergency button that is worn."""

from firmware_sim.peripherals.trigger_beacon import TriggerBeacon
from protocols.adverts.bthome_objects import BUTTON, ButtonPress


class EmergencyButton(TriggerBeacon):
    quiet = (BUTTON, ButtonPress.NONE)

    async def press(self, kind: ButtonPress = ButtonPress.PRESS) -> float:
        """Returns, once the first frame is out, the wall's Unix seconds just before it went."""
        return await self.say([(BUTTON, kind)])
