"""READ FIRST. The home gateway in one page: sources -> outbox -> uplink, and the alarm beside it.

    BleScanner ----> SensorListener --(thinned)--> Intake --> Outbox --> Uplink --> broker
               |---> BleMeter ------(each record)---^           ^------------------- receipts
    SerialMeter ----(each record before its ACK)----^
               `---> ButtonListener --> AlarmJournal --> the alarm's own process --> broker

A reading is durable before its meter is let go, and leaves the outbox only by a receipt of the database. A press is
durable before anything else happens, and its process shares nothing with the readings but the journal file. Where the
disk has no room at all at the start, calls alone work (`calls_only`).
"""

import asyncio
import contextlib
import time
from collections.abc import Coroutine
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from edge.alarm.button import ButtonListener
from edge.alarm.calling import Calling
from edge.alarm.child import AlarmChild
from edge.alarm.drill import Drill
from edge.alarm.fall import FallListener
from edge.alarm.journal import AlarmJournal
from edge.alarm.long_stay import Bathroom, LongStays
from edge.alarm.sms.memory import ModemReport, modem_report
from edge.alarm.supervision import TriggerWatch
from edge.alarm.technical import Conditions
from edge.alarm.wired import create_wired
from edge.asked import AskedOfHome
from edge.calls_only import CallsOnly
from edge.catalogue import BTHOME_BUTTON, BTHOME_FALL, Transport
from edge.clock import Clock
from edge.config import EdgeConfig, load_with
from edge.errors import Permanent, Temporary
from edge.figures import Figures
from edge.health import HealthReport, HealthServer, fullness, unheard
from edge.install.kept_readings import take_up
from edge.intake import Intake
from edge.outbox import SEEN_DAYS, Outbox
from edge.power.source import create_power_source
from edge.power.watch import PowerWatch
from edge.remote.keeping import ConfigurationKeeper
from edge.sources.advert import AdvertListener
from edge.sources.ble_link import PROFILE_OF_DRIVER
from edge.sources.ble_meter import BleMeter
from edge.sources.ble_scanner import BleScanner, Listeners
from edge.sources.bluez_agent import AgentKeeper
from edge.sources.meter_session import MeterSessions
from edge.sources.movement import create_movement
from edge.sources.radio_watch import Canary, RadioWatch
from edge.sources.sensor import DECODER_OF_DRIVER, SensorListener
from edge.sources.serial_meter import SerialMeter
from edge.sqlite_file import hold_alone
from edge.tasks import end
from edge.updates.state import read_releases
from edge.uplink import Uplink
from protocols.alarm.kinds import AlarmKind
from protocols.telemetry import topics
from protocols.telemetry.messages import StatusMessage

if TYPE_CHECKING:
    from edge.identity.keeping import IdentityKeeper
    from edge.updates.keeping import ReleaseKeeper

_log = structlog.get_logger()
_VERSION = version("doorstep")


class Gateway:
    """One home's gateway, from its files to its sockets. Nothing is opened before `run`."""

    def __init__(self, config: EdgeConfig, config_path: Path, clock: Clock) -> None:
        self._config = config
        self._config_path = config_path
        self._clock = clock
        self._radio_trouble: str | None = None
        self._scanner: BleScanner | None = None
        self._crash: str | None = None
        self._started_s = time.monotonic()
        self.begins_anew = False
        """Whether it ended so that the process begins once more, with what changed."""

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`, which it sets itself where it is to begin anew.

        Raises EdgeError with a sentence when the gateway cannot do its work.
        """
        with contextlib.ExitStack() as files:
            files.enter_context(hold_alone(self._config.data / "gateway.lock"))
            self._journal = AlarmJournal(self._config.journal_path)
            files.callback(self._journal.close)
            outbox = await self._open_outbox(stop)
            if outbox is None:
                return
            self._outbox = outbox
            files.callback(self._outbox.close)
            take_up(self._config.data, outbox)
            self._outbox.prune(self._clock.now() - timedelta(days=SEEN_DAYS))
            self._figures = Figures(self._config.devices, self._clock)
            self._figures.watch_outbox(self._outbox.backlog, self._outbox.given_up)
            self._child = AlarmChild(self._config_path)
            rules = self._config.alarm.press_rules
            self._calling = Calling(self._journal, self._child, self._figures, self._clock, rules)
            self._child.on_started(self._calling.tell_again)
            self._conditions = Conditions(self._calling)
            hours, zone = self._config.alarm.drilling, self._config.zone
            self._drill = Drill(self._journal, self._calling, self._clock, hours=hours, zone=zone)
            self._power = PowerWatch(self._config.power.rules, self._conditions, self._clock, self._status_changed)
            self._identity = self._open_identity()
            self._stop = stop
            self._loop = asyncio.get_running_loop()
            self._asked = AskedOfHome(
                self._config.journal_path,
                self._clock,
                lambda: self._loop.call_soon_threadsafe(self._child.wake),
                has_voice=bool(self._config.alarm.voice),
            )
            files.callback(self._asked.close)
            self._remote = self._open_remote()
            self._uplink = Uplink(
                self._config,
                self._outbox,
                self._clock,
                self._figures,
                status=self._status,
                crashed=self._crashed,
                hears={topics.CONFIGURATION: self._remote.arrived, topics.MEASURE_AGAIN: self._asked.arrived},
            )
            self._updates = self._open_updates()
            self._figures.on_trouble_changed(self._uplink.status_changed)
            if self._config.health.port:
                address = (self._config.health.host, self._config.health.port)
                files.callback(HealthServer(address, self.report, self._figures.registry).stop)
            await self._work()
        if self._crash is not None:
            raise Permanent(self._crash)

    async def _open_outbox(self, stop: asyncio.Event) -> Outbox | None:
        """None where `stop` came before there was room for it. Raises EdgeError."""

        def opened() -> Outbox:
            return Outbox(self._config.outbox_path, self._config.outbox.bound)

        try:
            return opened()
        except Temporary as full:
            if not self._config.calls:
                raise
            return await CallsOnly(self._config, self._config_path, self._clock, self._journal).until(
                opened, full, stop
            )

    async def _work(self) -> None:
        intake = Intake(self._outbox, self._figures, self._uplink.wake)
        self._uplink.start()
        writing = asyncio.create_task(intake.write_offered(), name="intake")
        sources = [asyncio.create_task(work, name=name) for name, work in self._sources(intake)]
        _log.info("gateway_started", gateway=self._config.gateway, devices=len(self._config.devices))
        try:
            stopping = asyncio.create_task(self._stop.wait())
            done, _ = await asyncio.wait({stopping, writing, *sources}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()  # a source never ends by itself: its error ends the gateway, and systemd begins anew
        finally:
            stopping.cancel()
            await end(sources)  # first nobody brings readings any more,
            await end([writing])  # then all that were brought are durable,
            await asyncio.to_thread(self._uplink.stop, "stopped")  # then they are sent as far as that goes
            _log.info("gateway_stopped", backlog=self._outbox.backlog().rows)

    def _sources(self, intake: Intake) -> list[tuple[str, Coroutine[None, None, None]]]:
        config, figures = self._config, self._figures
        sessions = MeterSessions(self._outbox, figures, self._clock, config.zone, intake)
        connecting = asyncio.Lock()
        rules, movement = config.alarm.stay_rules, create_movement(config.alarm.bathroom_still_min, self._clock)
        sensors = {
            device.address: SensorListener(
                device, intake, figures, self._clock, calling=self._calling, stay_rules=rules, movement=movement
            )
            for device in config.devices
            if device.model.driver in DECODER_OF_DRIVER
        }
        buttons: dict[str, AdvertListener] = {
            d.address: ButtonListener(d, self._calling, figures, heartbeat=self._drill.heartbeat)
            for d in config.by_driver(BTHOME_BUTTON)
        } | {d.address: FallListener(d, self._calling, figures) for d in config.by_driver(BTHOME_FALL)}
        meters = {
            device.address: BleMeter(device, config.bluetooth, sessions, connecting)
            for device in config.devices
            if device.model.driver in PROFILE_OF_DRIVER
        }
        works = [
            (device.name, SerialMeter(device, sessions).run())
            for device in config.devices
            if device.model.transport is Transport.SERIAL
        ]
        triggers: list[tuple[str, Coroutine[None, None, None]]] = [
            (device.name, create_wired(device, self._calling, figures, hold_s=config.alarm.hold_s).run())
            for device in config.devices
            if device.model.transport is Transport.WIRE
        ]
        works += [*triggers, ("configuration", self._remote.run())]
        if self._identity is not None:
            works.append(("identity", self._identity.run()))
        if self._updates is not None:
            works.append(("updates", self._updates.run()))
        bathrooms: list[Bathroom] = [s for s in sensors.values() if s.watches_stays]
        bathrooms += [movement] if movement else []
        if bathrooms:
            works.append(("bathrooms", LongStays(bathrooms, self._calling, self._clock).run()))
        supply = create_power_source(config.power)
        if supply is not None:
            works.append(("power", supply.run(self._power.told)))
        if config.calls:
            supervision = TriggerWatch(self._conditions, figures.devices, lambda: self._radio_trouble)
            works += [("supervision", supervision.run()), ("drill", self._drill.run())]
        if config.calls or config.alarm.voice or supply is not None:
            works += [("alarm process", self._child.keep_alive()), ("alarm memory", self._calling.keep_trying())]
        if meters:
            paired = {d.address: d for d in config.devices if d.address in meters}
            works.append(("pairing agent", AgentKeeper(paired).run()))
            works += [(address, meter.run()) for address, meter in meters.items()]
        if sensors or buttons or meters:
            listeners = Listeners(
                adverts={**sensors, **buttons}, meters={address: meter.seen for address, meter in meters.items()}
            )
            self._scanner = BleScanner(
                config.bluetooth.adapter,
                listeners,
                self._radio_told,
                self._clock,
                watch=RadioWatch({d.address: Canary(d.name, d.heard_within_s) for d in config.devices if d.canary}),
                in_use=lambda: any(meter.in_session for meter in meters.values()),
            )
            works.append(("scanner", self._scanner.run()))
        return works

    def _open_identity(self) -> "IdentityKeeper | None":
        if not self._config.broker.is_secure:
            return None
        from edge.identity.keeping import IdentityKeeper  # noqa: PLC0415 - for those who have enrolled

        return IdentityKeeper(self._config.identity_path, self._config.gateway)

    def _open_remote(self) -> ConfigurationKeeper:
        return ConfigurationKeeper(
            self._config,
            key=lambda: self._uplink.centre_key,
            fit=lambda wanted: load_with(self._config_path, wanted),
            link_up=self._link_up,
            free=self._nobody_calls,
            begin_anew=self._begin_anew,
            changed=self._status_changed,
        )

    def _open_updates(self) -> "ReleaseKeeper | None":
        rules = self._config.updates
        if not rules.release and not read_releases(self._config.data).current:
            return None
        from edge.updates.keeping import ReleaseKeeper  # noqa: PLC0415 - for homes that are updated from afar

        return ReleaseKeeper(
            rules,
            self._config.data,
            self._config_path,
            self._config.identity_path,
            ask=self._uplink.ask_receipt,
            came_through=lambda: self._uplink.receipts_taken > 0 and self._link_up(),
            free=self._nobody_calls,
            begin_anew=self._begin_anew,
        )

    def _link_up(self) -> bool:
        return self._uplink.is_up and (not self._config.calls or self._line_connected())

    def _nobody_calls(self) -> bool:
        try:
            return all(call.kind is AlarmKind.DRILL for call in self._journal.open_calls())
        except Temporary:
            return False

    def _begin_anew(self) -> None:
        self.begins_anew = True
        self._stop.set()

    def _status_changed(self) -> None:
        self._uplink.status_changed()

    def _crashed(self, reason: str) -> None:
        """From the uplink's thread."""
        self._crash = reason
        self._loop.call_soon_threadsafe(self._stop.set)

    def _radio_told(self, trouble: str | None) -> None:
        if trouble != self._radio_trouble:
            self._radio_trouble = trouble
            if trouble is not None:
                _log.warning("radio", problem=trouble)
            self._uplink.status_changed()

    def _problems(self) -> list[str]:
        problems = unheard(self._figures.devices(), self._started_s, time.monotonic())
        if self._radio_trouble is not None:
            problems.append(self._radio_trouble)
        for name, path in (("outbox", self._outbox.set_aside), ("alarm journal", self._journal.set_aside)):
            if path is not None:
                problems.append(f"the {name} was damaged and is set aside as {path.name}; a new one is in use")
        if self._figures.disk_trouble is not None:
            problems.append(f"{self._figures.disk_trouble}; meters keep what they have until it does")
        if self._identity is not None and (ill := self._identity.problem()) is not None:
            problems.append(ill)
        if self._updates is not None and (waits := self._updates.problem()) is not None:
            problems.append(waits)
        refused = self._uplink.problem()
        if refused is not None:
            problems.append(refused)
        problems += [*self._calling.problems, *self._alarm_troubles(), *self._power_problems()]
        problems += fullness(self._outbox.given_up(), self._clock.now())
        if self._config.calls and not self._line_connected():
            problems.append("the alarm's connection to the broker is down")
        modem = self._modem()
        if modem is not None and modem.trouble is not None:
            problems.append(f"calls cannot go by text: {modem.trouble}")
        return problems

    def _modem(self) -> ModemReport | None:
        return None if self._config.sms is None else modem_report(self._config.sms_path)

    def _power_problems(self) -> list[str]:
        power = self._power.status()
        problems = [self._power.trouble] if self._power.trouble else []
        if power is not None and not power.mains:
            battery = "" if power.battery_percent is None else f", {power.battery_percent:.0f} % left"
            problems.append(f"the mains are lost: the gateway lives on its battery{battery}")
        return problems

    def _line_connected(self) -> bool:
        try:
            return self._journal.line_connected
        except Temporary:
            return False

    def _alarm_troubles(self) -> list[str]:
        try:
            return self._journal.troubles()
        except Temporary as error:
            return [str(error)]

    def report(self) -> HealthReport:
        """What /health says. From any thread."""
        problems = self._problems()
        backlog = self._outbox.backlog()
        return HealthReport(
            well=not problems,
            problems=tuple(problems),
            gateway=self._config.gateway,
            version=_VERSION,
            epoch=self._outbox.epoch,
            readings_taken=self._outbox.taken,
            backlog_rows=backlog.rows,
            backlog_bytes=backlog.bytes,
            oldest_backlog_at=backlog.oldest_at,
            broker_connected=self._uplink.is_up,
            alarm_line_connected=self._line_connected(),
            devices=tuple(entry.status() for entry in self._figures.devices()),
            radio=None if self._scanner is None else self._scanner.status(),
            modem=self._modem(),
            power=self._power.status(),
            drill=self._drill.status() if self._config.calls else None,
            given_up=self._outbox.given_up(),
        )

    def _status(self) -> StatusMessage:
        """The heartbeat. From the uplink's thread."""
        report = self.report()
        return StatusMessage(
            online=True,
            at=self._clock.now(),
            reason="; ".join(report.problems) or None,
            version=report.version,
            epoch=report.epoch,
            backlog_rows=report.backlog_rows,
            backlog_bytes=report.backlog_bytes,
            oldest_backlog_at=report.oldest_backlog_at,
            readings_taken=report.readings_taken,
            given_up=report.given_up,
            config_version=self._remote.version,
            config_refused=self._remote.refused,
            devices=report.devices,
            radio=report.radio,
            power=report.power,
            drill=report.drill,
            asked=self._asked.settled(),
        )
