"""A device of the home, tried once before it is written down: a meter is read, a sensor or button is heard.

Nothing is asked of a person here (`pair_dialogue`), and nothing is written but what a meter told (`kept_readings`).
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from bleak import BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from msgspec.structs import replace

from edge.catalogue import Catalogue, Model
from edge.clock import Clock
from edge.config import Device
from edge.errors import Temporary
from edge.figures import Figures
from edge.install import kept_readings
from edge.readout.ble_address import BleReader
from edge.readout.once import create_device
from edge.readout.scan import no_bluetooth
from edge.readout.serial_port import SerialReader
from edge.sources.advert import Carrier
from edge.sources.ble_link import PROFILE_OF_DRIVER
from edge.sources.ble_scanner import NO_RSSI_DBM, RADIO_ERRORS
from edge.sources.bthome_decoder import BthomeDecoder
from edge.sources.sensor import DECODER_OF_DRIVER
from protocols.device_kind import DeviceKind
from protocols.reading import Reading


@dataclass(frozen=True)
class Tried:
    """What a device said of itself."""

    name: str
    """For the configuration and the wire: `ble:ADDRESS` or `serial:MODEL`."""
    model: str
    sentence: str
    """For the person who installs."""
    readings: int = 0
    newest: Reading | None = None
    rssi_dbm: int | None = None


class NotHeard(Temporary):
    """The device was not heard, or not understood; the message says what to do."""


@dataclass(frozen=True)
class Pairing:
    data: Path
    """The gateway's data folder."""
    catalogue: Catalogue
    zone: ZoneInfo
    clock: Clock
    adapter: str = ""

    def is_meter(self, model: str) -> bool:
        """Whether it is connected to and read; what is not only speaks."""
        return self.catalogue[model].driver in PROFILE_OF_DRIVER

    async def read_over_air(
        self, address: str, model: str, passkey: int | None, key: bytes | None, hear_s: float
    ) -> Tried:
        """Bonds with the meter and reads all that it remembers. Raises NotRead."""
        readings: list[Reading] = []

        def tell(reading: Reading) -> None:
            kept_readings.keep(self.data, [reading])
            readings.append(reading)

        reader = BleReader(address, self.catalogue, self.zone, self.clock, tell, passkey, key, self.adapter, hear_s)
        found = await reader.read(model)
        return Tried(
            name=f"ble:{address}",
            model=found.model,
            sentence=found.sentence(self.catalogue),
            readings=len(readings),
            newest=_newest(readings),
        )

    def read_on_cable(self, port: str, model: str, taken: frozenset[str], listen_s: float) -> Tried:
        """Reads the meter at `port`; `model` empty: whichever answers. `taken` are names in use. Raises NotRead."""
        readings: list[Reading] = []
        reader = SerialReader(port, self.catalogue, self.zone, self.clock, tell=readings.append, listen_s=listen_s)
        found = reader.read(model) if model else reader.read_any()
        name, number = f"serial:{found.model}", 2
        while name in taken:
            name, number = f"serial:{found.model}-{number}", number + 1
        kept_readings.keep(self.data, [replace(reading, device=name) for reading in readings])
        return Tried(
            name=name,
            model=found.model,
            sentence=found.sentence(self.catalogue),
            readings=len(readings),
            newest=_newest(readings),
        )

    async def hear(self, address: str, model: str, kind: DeviceKind, key: bytes | None, hear_s: float) -> Tried:
        """Waits for a frame that fits the device and its key. Raises NotHeard."""
        device = replace(
            create_device(f"ble:{address}", self.catalogue[model], address=address), kind=kind, bind_key=key
        )
        figures = Figures([device], self.clock)
        understand, carrier = _ear(device, self.catalogue[model], figures)
        heard: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()

        def listen(found: BLEDevice, advertisement: AdvertisementData) -> None:
            if found.address.upper() != address or heard.done():
                return
            payload = carrier.of(advertisement)
            words = None if payload is None else understand(payload)
            if words is not None:
                heard.set_result((words, advertisement.rssi))

        scanner = BleakScanner(listen, bluez={"adapter": self.adapter} if self.adapter else {})
        try:
            await scanner.start()
            try:
                words, rssi_dbm = await asyncio.wait_for(heard, hear_s)
            finally:
                with contextlib.suppress(*RADIO_ERRORS):
                    await scanner.stop()
        except TimeoutError:
            trouble = figures.devices()[0].trouble
            why = trouble or f"it was not heard within {hear_s:.0f} s: is it near, is its battery good?"
            raise NotHeard(f"{address}: {why}", retry_after_s=0.0) from None
        except RADIO_ERRORS as error:
            raise no_bluetooth(error) from error
        told_dbm = None if rssi_dbm == NO_RSSI_DBM else rssi_dbm
        return Tried(name=device.name, model=model, sentence=f"heard: {words}", rssi_dbm=told_dbm)


def _ear(device: Device, model: Model, figures: Figures) -> tuple[Callable[[bytes], str | None], Carrier]:
    """What a frame says, in words, or None where it does not fit; and where in an advertisement it stands."""
    decoder = DECODER_OF_DRIVER.get(model.driver, BthomeDecoder)(device, figures)

    def button(payload: bytes) -> str | None:
        advert = decoder.decode(payload) if isinstance(decoder, BthomeDecoder) else None
        if advert is None:
            return None
        return ", ".join(press.name.lower().replace("_", " ") for press in advert.buttons) or "it lives"

    def sensor(payload: bytes) -> str | None:
        advert = decoder.sensed(payload)
        if advert is None:
            return None
        return ", ".join(f"{metric} {value:g}" for metric, value in advert.measurements) or "it lives"

    return (sensor if model.driver in DECODER_OF_DRIVER else button), decoder.carrier


def _newest(readings: list[Reading]) -> Reading | None:
    measured = [reading for reading in readings if not reading.metric.startswith("device_")]
    return max(measured, key=lambda reading: reading.measured_at, default=None)
