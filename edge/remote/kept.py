"""What this gateway remembers of configurations from the centre: one file, whole or not at all.

The home's own file is never written. What the centre changes is laid over it at each start (edge/remote/laid_over.py),
so comments stay, and a person who repairs the file by hand repairs it for good.
"""

from pathlib import Path

import msgspec
import structlog

from edge.whole_file import write_whole
from protocols.remote.wanted import Wanted
from protocols.telemetry.messages import ConfigurationRefused

_log = structlog.get_logger()

NAME = "configuration.json"


class Taken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A configuration whose signature was the centre's."""

    version: int
    wanted: Wanted
    digest: str = ""
    """SHA-256 of the text that was signed, hexadecimal: the same again changes nothing."""
    starts: int = 0
    """How often the gateway began with it while it was on trial."""


class KeptConfiguration(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    working: Taken | None = None
    """The last that kept the link."""
    trial: Taken | None = None
    """In force, and not known to keep the link."""
    refused: ConfigurationRefused | None = None

    @property
    def in_force(self) -> tuple[Taken, ...]:
        """What to begin with, and what where that does not fit the home's own file any more."""
        return tuple(taken for taken in (self.trial, self.working) if taken is not None)

    @property
    def newest(self) -> int:
        """The highest version that was looked at."""
        refused = 0 if self.refused is None else self.refused.version
        return max([refused, *(taken.version for taken in self.in_force)])


def read_kept(data: Path) -> KeptConfiguration:
    """Nothing where there is no such file; where it is damaged, nothing too: the centre says it again."""
    try:
        return msgspec.json.decode((data / NAME).read_bytes(), type=KeptConfiguration)
    except FileNotFoundError:
        return KeptConfiguration()
    except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
        _log.error("configuration_unreadable", path=str(data / NAME), problem=str(error))
        return KeptConfiguration()


def write_kept(data: Path, kept: KeptConfiguration) -> None:
    """Durable before it is seen. Raises OSError."""
    write_whole(data / NAME, msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
