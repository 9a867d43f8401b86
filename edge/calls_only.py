"""The gateway while its disk has no room to begin with: no reading could be kept, so none is asked for, but whoever
calls is heard.

Calls live in memory and go to the centre with the word that they are not kept here. They are written down as soon as
there is room, and then the whole gateway begins.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import structlog

from edge.alarm.button import ButtonListener
from edge.alarm.calling import Calling
from edge.alarm.child import AlarmChild
from edge.alarm.fall import FallListener
from edge.alarm.journal import AlarmJournal
from edge.alarm.wired import create_wired
from edge.catalogue import BTHOME_BUTTON, BTHOME_FALL, Transport
from edge.clock import Clock
from edge.config import EdgeConfig
from edge.errors import Temporary
from edge.figures import Figures
from edge.health import HealthReport, HealthServer
from edge.sources.advert import AdvertListener
from edge.sources.ble_scanner import BleScanner, Listeners
from edge.sources.radio_watch import RadioWatch
from edge.tasks import end

_log = structlog.get_logger()

Opened = TypeVar("Opened")

LOOK_S = 2.0


class CallsOnly:
    def __init__(self, config: EdgeConfig, config_path: Path, clock: Clock, journal: AlarmJournal) -> None:
        self._config = config
        self._clock = clock
        self._journal = journal
        self._figures = Figures(config.devices, clock)
        self._child = AlarmChild(config_path)
        self._calling = Calling(journal, self._child, self._figures, clock, config.alarm.press_rules)
        self._child.on_started(self._calling.tell_again)
        self._problem = ""
        self._radio_trouble: str | None = None

    async def until(self, opened: Callable[[], Opened], problem: Temporary, stop: asyncio.Event) -> Opened | None:
        """What `opened` gives as soon as it raises Temporary no more, for `problem` and the like; None where `stop`
        comes first. Raises EdgeError."""
        self._problem = str(problem)
        _log.error("calls_only", problem=self._problem)
        health = self._config.health
        with contextlib.ExitStack() as servers:
            if health.port:
                address = (health.host, health.port)
                servers.callback(HealthServer(address, self.report, self._figures.registry).stop)
            works = [asyncio.create_task(work, name=name) for name, work in self._works()]
            looking = asyncio.create_task(self._look(opened))
            stopping = asyncio.create_task(stop.wait())
            try:
                done, _ = await asyncio.wait({looking, stopping, *works}, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {stopping, looking}:
                    task.result()  # none ends by itself: its error ends the gateway, and systemd begins anew
                return looking.result() if looking in done else None
            finally:
                stopping.cancel()
                looking.cancel()
                await asyncio.wait({stopping, looking})
                await end(works)

    async def _look(self, opened: Callable[[], Opened]) -> Opened:
        while True:
            await asyncio.sleep(LOOK_S)
            self._calling.write_unkept()
            if self._calling.problems:
                continue  # the next one to look after these calls finds them in the journal
            try:
                found = opened()
            except Temporary as error:
                self._problem = str(error)
            else:
                _log.info("room_again")
                return found

    def _works(self) -> list[tuple[str, Coroutine[None, None, None]]]:
        config, calling, figures = self._config, self._calling, self._figures
        buttons: dict[str, AdvertListener] = {
            d.address: ButtonListener(d, calling, figures) for d in config.by_driver(BTHOME_BUTTON)
        } | {d.address: FallListener(d, calling, figures) for d in config.by_driver(BTHOME_FALL)}
        works = [
            (device.name, create_wired(device, calling, figures, hold_s=config.alarm.hold_s).run())
            for device in config.devices
            if device.model.transport is Transport.WIRE
        ]
        if buttons:
            scanner = BleScanner(
                config.bluetooth.adapter,
                Listeners(adverts=buttons, meters={}),
                self._radio_told,
                self._clock,
                watch=RadioWatch({}),
            )
            works.append(("scanner", scanner.run()))
        return [*works, ("alarm process", self._child.keep_alive()), ("alarm memory", calling.keep_trying())]

    def _radio_told(self, trouble: str | None) -> None:
        self._radio_trouble = trouble

    def report(self) -> HealthReport:
        """What /health says. From any thread."""
        problems = [f"{self._problem}: only calls work, no meter is read until it has", *self._calling.problems]
        if self._radio_trouble is not None:
            problems.append(self._radio_trouble)
        return HealthReport(
            well=False,
            problems=tuple(problems),
            gateway=self._config.gateway,
            version=version("doorstep"),
            epoch=0,
            readings_taken=0,
            backlog_rows=0,
            backlog_bytes=0,
            oldest_backlog_at=None,
            broker_connected=False,
            alarm_line_connected=False,
            devices=tuple(entry.status() for entry in self._figures.devices()),
        )
