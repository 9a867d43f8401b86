"""Which source of power's state a home's configuration names."""

from edge.addresses import parse_gpio
from edge.config import PowerSection
from edge.power.supply import PowerSource
from edge.power.upspack import UpspackSource


def create_power_source(config: PowerSection) -> PowerSource | None:
    """None where nothing tells the gateway of its power."""
    if config.ups_port:
        return UpspackSource(config.ups_port)
    pin = parse_gpio(config.mains_pin)
    if pin is None:
        return None
    from edge.power.mains_pin import MainsPin  # noqa: PLC0415 - gpiozero weighs 4 MB, for those who have a pin

    return MainsPin(pin)
