"""At each start of the gateway: one that is on trial and ends the gateway again and again is taken back."""

from pathlib import Path

import msgspec
import structlog

from edge.remote.kept import read_kept, write_kept
from protocols.telemetry.messages import ConfigurationRefused

_log = structlog.get_logger()

MOST_STARTS = 3
"""So often the gateway begins with one that is on trial."""


def count_start(data: Path) -> bool:
    """Whether what is in force changed by it: the configuration is to be loaded again."""
    kept = read_kept(data)
    if kept.trial is None:
        return False
    starts = kept.trial.starts + 1
    if starts <= MOST_STARTS:
        again = msgspec.structs.replace(kept, trial=msgspec.structs.replace(kept.trial, starts=starts))
    else:
        why = f"the gateway began {MOST_STARTS} times with it and did not stay up"
        refused = ConfigurationRefused(version=kept.trial.version, why=why)
        again = msgspec.structs.replace(kept, trial=None, refused=refused)
        _log.warning("configuration_refused", version=refused.version, problem=why)
    try:
        write_kept(data, again)
    except OSError as error:  # a full disk: the gateway begins all the same, with what was in force
        _log.warning("start_not_counted", problem=str(error))
        return False
    return again.trial is None
