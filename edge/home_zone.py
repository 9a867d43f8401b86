"""The zone of this machine, by name: a gateway stands in the home whose wall clock it shares."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from protocols.configuration import ConfigurationError

_LOCALTIME = Path("/etc/localtime")


def home_zone(name: str = "") -> ZoneInfo:
    """The zone of this `name`; of TZ or /etc/localtime where it is empty; UTC where these tell none.

    Raises ConfigurationError for a name that is no zone.
    """
    for candidate in (name, os.environ.get("TZ", "").removeprefix(":")):
        if candidate:
            try:
                return ZoneInfo(candidate)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                if candidate == name:
                    raise ConfigurationError(f"expected a time zone such as Asia/Shanghai, got {name!r}") from error
    _, _, found = str(_LOCALTIME.resolve()).partition("/zoneinfo/")
    try:
        return ZoneInfo(found or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
