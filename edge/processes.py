"""The gateway's own two processes: `python -m edge.processes run CONFIG`, which starts `... alarm CONFIG`.

`doorstep-edge run` checks its arguments and becomes the first. Nothing of the command line is loaded here: typer, with
the pydantic that it checks arguments by, weighs 15 MB, and these processes live as long as the home has a gateway.
Exit codes: 0 ended by SIGTERM, 1 not well, 2 the configuration is refused.
"""

import asyncio
import os
import signal
import sys
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from edge import structlog_alone  # noqa: F401 - before all that logs
from edge.clock import Clock, clock_from_environment
from edge.config import EdgeConfig, load
from edge.errors import EdgeError
from edge.logs import set_up_logs
from edge.remote.starting import count_start
from edge.sqlite_file import hold_alone
from edge.tasks import end as end_tasks
from edge.updates.launch import installed_python
from edge.watchdog import Watchdog
from protocols.configuration import ConfigurationError

RUN, ALARM, CHECK = "run", "alarm", "check"
"""The last says that this release can read the configuration and load its programs, and its version."""


def command_of(process: str, config: Path) -> list[str]:
    """What starts `process`. Not from the folder that it is started in: that one may hold an `edge` of its own.

    What was installed by hand chooses the release of the gateway, which starts what is its own.
    """
    if process == RUN:
        return [installed_python(), "-P", "-m", "edge.updates.launch", str(config)]
    return [sys.executable, "-P", "-m", "edge.processes", process, str(config)]


def run_gateway(settings: EdgeConfig, config: Path, clock: Clock) -> bool:
    """Until SIGTERM or Ctrl-C; or until it is to begin anew, which is then what it returns."""
    from edge.gateway import Gateway  # noqa: PLC0415 - the alarm's process does without bleak

    async def work() -> bool:
        stop = asyncio.Event()
        loop, asked = asyncio.get_running_loop(), asyncio.Event()

        def end() -> None:
            asked.set()
            stop.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end)
        gateway = Gateway(settings, config, clock)
        watchdog = asyncio.create_task(Watchdog().run(), name="watchdog")
        try:
            await gateway.run(stop)
        finally:
            await end_tasks([watchdog])
        return gateway.begins_anew and not asked.is_set()

    return asyncio.run(work())


def run_alarm(settings: EdgeConfig, clock: Clock) -> None:
    """Until standard input ends or SIGTERM."""
    from edge.alarm.ask_journal import AskJournal  # noqa: PLC0415 - the gateway's process does without these
    from edge.alarm.asking import Asking, hours_of  # noqa: PLC0415
    from edge.alarm.feedback import FeedbackLog  # noqa: PLC0415
    from edge.alarm.home_feedback import create_feedback  # noqa: PLC0415
    from edge.alarm.journal import AlarmJournal  # noqa: PLC0415
    from edge.alarm.process import AlarmProcess  # noqa: PLC0415
    from edge.alarm.sms.path import create_paths  # noqa: PLC0415
    from edge.alarm.troubles import Troubles  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the gateway's: it closes our standard input
    with hold_alone(settings.data / "alarm.lock"):
        journal = AlarmJournal(settings.journal_path, beside=True)
        troubles = Troubles(journal)
        log = FeedbackLog(settings.feedback_path, clock)
        feedback = create_feedback(settings.alarm, log, troubles.tell)
        asks = AskJournal(settings.journal_path)
        speaks_now = hours_of(settings.alarm.asking, settings.zone, clock)
        asking = Asking(asks, feedback.speaker, clock, speaks_now, log.note_ask)
        process = AlarmProcess(settings, journal, feedback, create_paths(settings.sms, settings.sms_path), asking)
        signal.signal(signal.SIGTERM, lambda _number, _frame: process.end())
        process.follow(sys.stdin.fileno())
        process.run()
        feedback.stop()
        asks.close()
        journal.close()


def main(process: str, config: Path) -> None:
    """Ends the program with a sentence where the gateway cannot do its work."""
    os.umask(0o077)  # databases, locks and logs of a home are its own
    try:
        settings, clock = load(config), clock_from_environment()
    except (ConfigurationError, ValueError) as error:
        _refuse(str(error), 2)
    if process == CHECK:
        from edge.gateway import Gateway  # noqa: F401, PLC0415 - that it can be loaded is what is asked

        print(version("doorstep"))
        return
    set_up_logs()
    try:
        if process == ALARM:
            run_alarm(settings, clock)
        else:
            if count_start(settings.data):
                settings = load(config)
            if run_gateway(settings, config, clock):
                command = command_of(RUN, config)
                os.execv(command[0], command)  # noqa: S606 - our own process begins anew in it
    except EdgeError as error:
        _refuse(str(error), 1)


def _refuse(sentence: str, code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
