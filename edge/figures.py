"""What the gateway knows of itself and its devices: counters for Prometheus, and who was heard when."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge

from edge.clock import Clock
from edge.config import Device
from edge.outbox import Backlog
from protocols.telemetry.messages import DeviceStatus, GivenUp
from protocols.telemetry.worth import Worth


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
        self.receipts_refused = Counter(
            "doorstep_receipts_refused", "Receipts with a signature that is not the centre's", registry=self.registry
        )
        self.presses = Counter("doorstep_presses", "Alarms raised by buttons", registry=self.registry)
        self.refused = Counter(
            "doorstep_adverts_refused", "Advertisements refused", ["device", "reason"], registry=self.registry
        )
        self._disk_trouble: str | None = None
        self._heard = Gauge("doorstep_device_heard_seconds", "Unix time", ["device"], registry=self.registry)
        self._clock = clock
        self._lock = threading.Lock()
        self._devices = {device.name: DeviceFigures(device) for device in devices}
        self._listeners: list[Callable[[], None]] = []

    def on_trouble_changed(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

    def watch_outbox(self, backlog: Callable[[], Backlog], given_up: Callable[[], tuple[GivenUp, ...]]) -> None:
        """Shows in /metrics what they say whenever it is asked for."""

        def gauge(name: str, meaning: str, value: Callable[[], float]) -> None:
            Gauge(name, meaning, registry=self.registry).set_function(value)

        def oldest() -> float:
            oldest_at = backlog().oldest_at
            return 0.0 if oldest_at is None else (self._clock.now() - oldest_at).total_seconds()

        def readings_given_up(worth: Worth) -> Callable[[], float]:
            return lambda: float(sum(entry.readings for entry in given_up() if entry.worth is worth))

        gauge("doorstep_outbox_rows", "Readings that wait for their receipt", lambda: backlog().rows)
        gauge("doorstep_outbox_bytes", "Their size", lambda: backlog().bytes)
        gauge("doorstep_outbox_oldest_seconds", "How long the oldest has waited", oldest)
        lost = Gauge("doorstep_outbox_given_up", "Deleted undelivered: it was full", ["worth"], registry=self.registry)
        for worth in Worth:
            lost.labels(worth.value).set_function(readings_given_up(worth))

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
            self._tell()
        return changed

    def disk(self, sentence: str | None) -> None:
        """Why the disk took nothing just now; None when it took something."""
        with self._lock:
            changed = self._disk_trouble != sentence
            self._disk_trouble = sentence
        if changed:
            self._tell()

    @property
    def disk_trouble(self) -> str | None:
        with self._lock:
            return self._disk_trouble

    def _tell(self) -> None:
        for listener in self._listeners:
            listener()

    def devices(self) -> tuple[DeviceFigures, ...]:
        with self._lock:
            return tuple(self._devices.values())
