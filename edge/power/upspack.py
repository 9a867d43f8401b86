"""An UPSPack on its serial line: it speaks by itself, once a second."""

import asyncio
import threading
import time

import serial
from serial.tools import list_ports

from edge.errors import Temporary
from edge.power.supply import Power, PowerTold
from edge.reasons import reason_of
from edge.usb_ports import NoSuchPort, Ports, find_port
from protocols.serial.upspack import BAUD, UpsLines

SILENCE_S = 10.0
AGAIN_S = 2.0
READ_SLICE_S = 0.5


class UpspackSource:
    def __init__(self, port: str, ports: Ports = list_ports.comports, *, silence_s: float = SILENCE_S) -> None:
        """`port`: a path, or `usb:VENDOR:PRODUCT`."""
        self._port = port
        self._ports = ports
        self._silence_s = silence_s
        self._stop = threading.Event()

    async def run(self, told: PowerTold) -> None:
        loop = asyncio.get_running_loop()

        def tell(power: Power | None, trouble: str | None) -> None:
            loop.call_soon_threadsafe(told, power, trouble)

        thread = threading.Thread(target=self._listen, args=(tell,), name=f"ups {self._port}", daemon=True)
        thread.start()
        try:
            await asyncio.Event().wait()
        finally:
            self._stop.set()
            await asyncio.to_thread(thread.join, 3.0)

    def _listen(self, tell: PowerTold) -> None:
        while not self._stop.is_set():
            try:
                self._hear(tell)
            except NoSuchPort as error:
                tell(None, f"the UPS is away: {error}")
            except (OSError, ValueError, Temporary) as error:  # SerialException is an OSError
                tell(None, f"the UPS on {self._port} is lost: {reason_of(error)}")
            self._stop.wait(AGAIN_S)

    def _hear(self, tell: PowerTold) -> None:
        lines, heard_s = UpsLines(), time.monotonic()
        with serial.Serial(find_port(self._port, self._ports), BAUD, timeout=READ_SLICE_S, exclusive=True) as port:
            while not self._stop.is_set():
                for report in lines.receive(port.read(max(1, port.in_waiting))):
                    heard_s = time.monotonic()
                    tell(Power(report.mains, float(report.battery_percent)), None)
                if time.monotonic() - heard_s > self._silence_s:
                    tell(None, f"the UPS on {self._port} has said nothing for {self._silence_s:.0f} s")
                    heard_s = time.monotonic()
