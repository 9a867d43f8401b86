"""A Ruuvi tag's advertisement -> humidity and temperature, and whether its battery has to be changed.

Its other values are of no use here: that the tag was moved says nothing of the room it hangs in.
"""

from edge.config import Device
from edge.figures import Figures
from edge.sources.advert import ManufacturerData, SensorAdvert, refuse
from protocols.adverts.ruuvi import RUUVI_COMPANY, RuuviAdvert, decode_ruuvi
from protocols.errors import ProtocolError
from protocols.reading import Metric

LOW_BATTERY = "its battery is low; change it"
WELL_ABOVE_MV = 100
"""A battery that was low is well again only this far above: a voltage near the limit says low once."""


class RuuviDecoder:
    carrier = ManufacturerData(RUUVI_COMPANY)

    def __init__(self, device: Device, figures: Figures) -> None:
        self._device = device
        self._figures = figures
        self._is_low = False

    def sensed(self, manufacturer_data: bytes) -> SensorAdvert | None:
        """None where it is refused; the reason is said once, in the device's trouble."""
        try:
            advert = decode_ruuvi(manufacturer_data)
        except ProtocolError as error:
            refuse(self._device, self._figures, "malformed", f"its frames cannot be read: {error}")
            return None
        said = ((Metric.AMBIENT_TEMPERATURE, advert.temperature_c), (Metric.HUMIDITY, advert.humidity_percent))
        return SensorAdvert(
            tuple((metric, value) for metric, value in said if value is not None),
            advert.sequence,
            trouble=LOW_BATTERY if self._battery_is_low(advert) else None,
        )

    def _battery_is_low(self, advert: RuuviAdvert) -> bool:
        """A lithium cell keeps its voltage until shortly before its end: millivolts make no percentage."""
        if advert.battery_mv is not None:
            limit_mv = low_battery_mv(advert.temperature_c)
            self._is_low = advert.battery_mv < limit_mv + (WELL_ABOVE_MV if self._is_low else 0)
        return self._is_low


def low_battery_mv(temperature_c: float | None) -> int:
    """The maker's limits (github.com/ruuvi/com.ruuvi.station, issue 538): a cold cell gives less and is well."""
    if temperature_c is None or temperature_c >= 0:
        return 2500
    return 2300 if temperature_c >= -20 else 2000
