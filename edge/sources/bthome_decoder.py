"""What buttons and sensors share: who listens to BTHome, and what becomes of a frame that is refused."""

from typing import Protocol

import structlog

from edge.config import Device
from edge.figures import Figures
from protocols.adverts.bthome import BThomeAdvert, PlaintextRefused, decode_bthome
from protocols.errors import ChecksumMismatch, ProtocolError

_log = structlog.get_logger()


class AdvertListener(Protocol):
    """What the scanner calls for each advertisement of a device that speaks BTHome."""

    def heard(self, service_data: bytes, rssi_dbm: int | None) -> None: ...


class BthomeDecoder:
    """Decodes, and counts what is refused by its reason."""

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

    def refuse(self, reason: str, sentence: str) -> None:
        self._figures.refused.labels(self._device.name, reason).inc()
        if self._figures.trouble(self._device.name, sentence):
            _log.warning("advert_refused", device=self._device.name, reason=reason, problem=sentence)
