"""A device's key: from the file, the environment or a file of its own; never printed."""

import os
import stat
from pathlib import Path

from protocols.configuration import ConfigurationError

BIND_KEY_BYTES = 16


def find_device_key(where: str, inline: str, variable: str, file: str, folder: Path) -> bytes | None:
    """The 16-byte key named by at most one of three settings of `where`; None where none is set.

    Raises ConfigurationError that says what is expected and never what was found.
    """
    given = [
        name for name, value in (("bind_key", inline), ("bind_key_env", variable), ("bind_key_file", file)) if value
    ]
    if not given:
        return None
    if len(given) > 1:
        raise ConfigurationError(f"{where}: give one of {' and '.join(given)}, not both")
    setting = f"{where}.{given[0]}"
    if variable:
        text = os.environ.get(variable, "")
        if not text:
            raise ConfigurationError(f"{setting}: the environment has no {variable}")
    elif file:
        text = read_private(setting, folder / file)
    else:
        text = inline
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != BIND_KEY_BYTES:
        raise ConfigurationError(f"{setting}: expected {2 * BIND_KEY_BYTES} hexadecimal digits")
    return key


def read_private(setting: str, path: Path) -> str:
    """The text of a file that nobody else may read. Raises ConfigurationError that never shows what is in it."""
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigurationError(f"{setting}: {path} can be read by others; give it mode 0600")
        return path.read_text(encoding="ascii")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{setting}: {path} is not text") from error
    except OSError as error:
        raise ConfigurationError(f"{setting}: {path} cannot be read: {error.strerror}") from error
