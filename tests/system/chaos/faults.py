"""Each fault, carried out on a running stage, from the main thread."""

import contextlib
import resource
import signal
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta

import psutil

from edge.errors import Permanent
from edge.outbox import outbox_figures
from protocols.simulated_time import TimeScale
from tests.system.chaos.plan import ORDINARY, Break, Kind
from tests.system.chaos.service import Service
from tests.system.chaos.stage import Stage

_STAGE_OF = {
    Kind.INGEST_KILLED: "ingest",
    Kind.DETECT_KILLED: "detect",
    Kind.VISITS_KILLED: "visits",
    Kind.ALARMS_KILLED: "alarms",
    Kind.WEB_KILLED: "web",
}
_REORDERED, _LATE_S = 0.3, 0.15
_NO_BYTE_MORE = 1024


class Faults:
    """`begin` and `end` are called at their times; `settle` ends whatever a run's end found under way."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.done: Counter[str] = Counter()
        self.not_done: dict[str, str] = {}
        """By kind, why it could not be carried out on this machine or at that instant."""
        self._duplicates: dict[Break, Service] = {}
        self._leaving: list[Service] = []

    def begin(self, one: Break) -> None:
        why_not = self._begin(one)
        what = f"{one.kind} {one.target}".strip()
        if why_not is None:
            self.done[one.kind.value] += 1
            lasting = f" for {one.lasts_s:.1f} s" if one.lasts_s else ""
            self._stage.diary.note(f"{what}{lasting}{f' ({one.amount:g})' if one.amount else ''}")
        else:
            self.not_done[one.kind.value] = why_not
            self._stage.diary.note(f"{what} not done: {why_not}")

    def end(self, one: Break) -> None:
        stage = self._stage
        match one.kind:
            case Kind.LINK_CUT | Kind.OUTAGE_72H:
                stage.links[one.target].change(cut=False)
            case Kind.LINK_DELAYED:
                stage.links[one.target].change(delay_s=0.0)
            case Kind.LINK_STALLED:
                stage.links[one.target].change(stalled=False)
            case Kind.LINK_THROTTLED:
                stage.links[one.target].change(bytes_per_s=0.0)
            case Kind.LINK_HALF_OPEN:
                stage.links[one.target].change(half_open=False)
            case Kind.LINK_LOSSY if stage.lossy is not None:
                stage.lose_packets(0.0, 0.0, 0.0)
            case Kind.LINK_LOSSY:
                stage.links[one.target].change(delay_s=0.0)
            case Kind.OUTBOX_DISK_FULL if ORDINARY in stage.disks:
                stage.disks[ORDINARY].make_room()
                stage.services[ORDINARY].excused = False
            case Kind.OUTBOX_DISK_FULL:
                self._limit_files(ORDINARY, resource.RLIM_INFINITY)
            case Kind.DATABASE_DISK_FULL if "centre" in stage.disks:
                stage.disks["centre"].make_room()
                stage.services["centre"].excused = False
            case Kind.DUPLICATE_GATEWAY | Kind.CLONED_CARD if one in self._duplicates:
                self._leaving.append(self._duplicates.pop(one))
            case _:
                return
        stage.diary.note(f"{one.kind} {one.target}".strip() + " is over")

    def look(self) -> None:
        """A duplicate leaves when all that it held is receipted."""
        for service in list(self._leaving):
            with contextlib.suppress(Permanent):
                if outbox_figures(self._stage.outboxes[service.name]).backlog.rows == 0:
                    del self._stage.services[service.name]
                    self._leaving.remove(service)
                    self._stage.diary.note(f"{service.name} has told all and leaves with {service.stop()}")

    def settle(self) -> None:
        for one in list(self._duplicates):
            self.end(one)

    def _begin(self, one: Break) -> str | None:  # noqa: PLR0911, PLR0912 - one arm a kind
        """None where it was done, else why not."""
        stage = self._stage
        match one.kind:
            case Kind.GATEWAY_KILLED:
                return None if stage.services[one.target].kill() else "it was down"
            case Kind.ALARM_CHILD_KILLED:
                return self._kill(self._alarm_child(one.target))
            case Kind.BROKER_KILLED:
                return self._kill(stage.child_of_centre("mosquitto"))
            case Kind.BROKER_STORE_WIPED:
                broker = stage.child_of_centre("mosquitto")
                for file in (stage.folder / "centre" / "broker").glob("mosquitto.db*"):
                    file.unlink()
                return self._kill(broker)
            case Kind.SECOND_INGEST_KILLED:
                return None if stage.services["ingest-2"].kill() else "it was down"
            case Kind.DATABASE_KILLED:
                pid = stage.database_pid()
                return self._kill(psutil.Process(pid) if pid is not None and psutil.pid_exists(pid) else None)
            case Kind.DATABASE_BACKEND_KILLED:
                return self._kill(self._backend())
            case Kind.CENTRE_KILLED | Kind.CENTRE_CLOCK_JUMPED:
                if one.kind is Kind.CENTRE_CLOCK_JUMPED:
                    stage.centre_scale = _jumped(stage.centre_scale, one.amount)
                    stage.services["ingest-2"].kill()
                return None if stage.services["centre"].kill() else "it was down"
            case Kind.GATEWAY_CLOCK_JUMPED:
                stage.gateway_scales[one.target] = _jumped(stage.gateway_scales[one.target], one.amount)
                return None if stage.services[one.target].kill() else "it was down"
            case Kind.LINK_CUT | Kind.OUTAGE_72H:
                stage.links[one.target].change(cut=True)
            case Kind.LINK_DELAYED:
                stage.links[one.target].change(delay_s=one.amount)
            case Kind.LINK_STALLED:
                stage.links[one.target].change(stalled=True)
            case Kind.LINK_THROTTLED:
                stage.links[one.target].change(bytes_per_s=one.amount)
            case Kind.LINK_HALF_OPEN:
                stage.links[one.target].change(half_open=True)
            case Kind.LINK_LOSSY if stage.lossy is not None:
                stage.lose_packets(one.amount, _REORDERED, _LATE_S)
            case Kind.LINK_LOSSY:
                self.not_done["packets lost"] = "no TUN device here: the proxy delays instead"
                stage.links[one.target].change(delay_s=one.amount * 2)
            case Kind.OUTBOX_DISK_FULL if ORDINARY in stage.disks:
                stage.services[ORDINARY].excused = True
                stage.disks[ORDINARY].fill()
            case Kind.OUTBOX_DISK_FULL:
                return self._limit_files(ORDINARY, _NO_BYTE_MORE)
            case Kind.DATABASE_DISK_FULL if "centre" in stage.disks:
                stage.services["centre"].excused = True
                stage.disks["centre"].fill()
            case Kind.DATABASE_DISK_FULL:
                return "only root can mount the small disk that this fills"
            case Kind.DUPLICATE_GATEWAY:
                self._duplicates[one] = stage.start_duplicate(one.target, self.done[one.kind.value] + 1)
            case Kind.CLONED_CARD:
                try:
                    self._duplicates[one] = stage.start_clone(one.target, self.done[one.kind.value] + 1)
                except sqlite3.Error as error:
                    return f"the card could not be read: {error}"
            case Kind.DAYLIGHT_SAVING_LEAP:
                pass  # the home's time line leaps by itself
            case _:
                return self._kill(stage.child_of_centre(_STAGE_OF[one.kind]))
        return None

    @staticmethod
    def _kill(process: psutil.Process | None) -> str | None:
        if process is None:
            return "it was down"
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGKILL)
        return None

    def _alarm_child(self, gateway: str) -> psutil.Process | None:
        pid = self._stage.services[gateway].pid
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(pid).children() if pid is not None else ():
                if "alarm" in child.cmdline():
                    return child
        return None

    def _backend(self) -> psutil.Process | None:
        """A process of the database that serves one of ours."""
        pid = self._stage.database_pid()
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(pid).children() if pid is not None else ():
                if any("[local]" in word for word in child.cmdline()):
                    return child
        return None

    def _limit_files(self, gateway: str, soft: int) -> str | None:
        """Without a disk of our own: no file of this process may grow beyond `soft` bytes."""
        pid = self._stage.services[gateway].pid
        if pid is None:
            return "it was down"
        with contextlib.suppress(ProcessLookupError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if soft == resource.RLIM_INFINITY else soft, hard))
        return None


def _jumped(scale: TimeScale | None, seconds: float) -> TimeScale | None:
    """A clock that was right jumps; one that had jumped is right again."""
    now = datetime.now(UTC)
    return TimeScale(now + timedelta(seconds=seconds), now, 1.0) if scale is None else None
