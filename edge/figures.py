"""What the gateway knows of itself and its devices: counters for Prometheus, and who was heard when."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge

from edge.clock import Clock
from edge.config import Device
from protocols.telemetry.messages import DeviceStatus


@dataclass(frozen=True)
class DeviceFigures:
    device: Device
    heard_at: datetime | None = None
    """UTC by the gateway's clock."""
    heard_s: float | None = None
    """Monotonic: watching runs on the wall clock."""
    rssi_dbm: int | None = None
    battery_percent: float | None = None
    trouble: str | None = None

    def status(self) -> DeviceStatus:
        return DeviceStatus(
            device=self.device.name,
            heard_at=self.heard_at,
            rssi_dbm=self.rssi_dbm,
            battery_percent=self.battery_percent,
            trouble=self.trouble,
        )


class Figures:
    """Safe to use from any thread."""

    def __init__(self, devices: Iterable[Device], clock: Clock) -> None:
        self.registry = CollectorRegistry()
        self.readings = Counter("doorstep_readings_taken", "Readings written to the outbox", registry=self.registry)
        self.known = Counter("doorstep_readings_known", "Records read again and known", registry=self.registry)
        self.control = Counter("doorstep_control_solutions", "Control solutions, not stored", registry=self.registry)
        self.unusable = Counter("doorstep_values_unusable", "Values that are no number", registry=self.registry)
        self.dropped = Counter("doorstep_sensor_values_dropped", "Lost while the disk was full", registry=self.registry)
        self.sessions = Counter(
            "doorstep_meter_sessions", "Sessions with meters", ["device", "outcome"], registry=self.registry
        )
        self.messages = Counter("doorstep_messages_sent", "Messages of readings", registry=self.registry)
        self.resent = Counter("doorstep_readings_resent", "Readings sent again", registry=self.registry)
        self.receipts = Counter("doorstep_receipts", "Receipts of the centre", registry=self.registry)
        self.presses = Counter("doorstep_presses", "Alarms raised by buttons", registry=self.registry)
        self.refused = Counter(
            "doorstep_adverts_refused", "Advertisements refused", ["device", "reason"], registry=self.registry
        )
        self._heard = Gauge("doorstep_device_heard_seconds", "Unix time", ["device"], registry=self.registry)
        self._clock = clock
        self._lock = threading.Lock()
        self._devices = {device.name: DeviceFigures(device) for device in devices}
        self._listeners: list[Callable[[], None]] = []

    def on_trouble_changed(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def heard(self, name: str, rssi_dbm: int | None = None) -> None:
        now = self._clock.now()
        self._heard.labels(name).set(now.timestamp())
        with self._lock:
            self._devices[name] = replace(
                self._devices[name], heard_at=now, heard_s=time.monotonic(), rssi_dbm=rssi_dbm
            )

    def battery(self, name: str, percent: float) -> None:
        with self._lock:
            self._devices[name] = replace(self._devices[name], battery_percent=percent)

    def trouble(self, name: str, sentence: str | None) -> bool:
        """What is wrong with a device in one sentence, None when it is well; True when that is new."""
        with self._lock:
            changed = self._devices[name].trouble != sentence
            self._devices[name] = replace(self._devices[name], trouble=sentence)
        if changed:
            for listener in self._listeners:
                listener()
        return changed

    def devices(self) -> tuple[DeviceFigures, ...]:
        with self._lock:
            return tuple(self._devices.values())
