"""What buttons and sensors share that speak BTHome, and what becomes of a frame that is refused."""

from edge.config import Device
from edge.figures import Figures
from edge.sources.advert import SensorAdvert, ServiceData, refuse
from protocols.adverts.bthome import BTHOME_UUID, BThomeAdvert, PlaintextRefused, decode_bthome
from protocols.errors import ChecksumMismatch, ProtocolError


class BthomeDecoder:
    """Decodes, and counts what is refused by its reason."""

    carrier = ServiceData(BTHOME_UUID)

    def __init__(self, device: Device, figures: Figures) -> None:
        self._device = device
        self._figures = figures

    def decode(self, service_data: bytes) -> BThomeAdvert | None:
        """None where it is refused; the reason is said once, in the device's trouble."""
        device = self._device
        try:
            return decode_bthome(service_data, mac=device.address, bind_key=device.bind_key)
        except PlaintextRefused:
            self.refuse("plaintext", "it, or somebody with its address, speaks without encryption")
        except ChecksumMismatch:
            self.refuse("key", "its frames do not fit its key; enrol it anew")
        except ProtocolError as error:
            self.refuse("malformed", f"its frames cannot be read: {error}")
        return None

    def sensed(self, service_data: bytes) -> SensorAdvert | None:
        """What `decode` gives, as every sensor says it."""
        advert = self.decode(service_data)
        return None if advert is None else SensorAdvert(advert.measurements, advert.packet_id, advert.counter)

    def refuse(self, reason: str, sentence: str) -> None:
        refuse(self._device, self._figures, reason, sentence)
