"""`edge.toml` changed by a command: what people wrote stays, comments too, and no change is kept that does not load."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import ParseError
from tomlkit.items import AoT, Table

from edge.catalogue import find_catalogue
from edge.config import EdgeConfig, load
from edge.whole_file import remove_left, write_whole
from protocols.configuration import ConfigurationError

_NEW = """\
# The gateway of one home. Every key is explained in docs/gateway.md; `doorstep-edge pair` adds devices.
"""
HEALTH_PORT = 8081


class SettingsFile:
    def __init__(self, path: Path, data: Path) -> None:
        """The file at `path`, or a new one whose data folder is `data`. Raises ConfigurationError."""
        self.path = path
        self.is_new = not path.exists()
        try:
            text = _NEW if self.is_new else path.read_text(encoding="utf-8")
            self._document = tomlkit.parse(text)
        except (OSError, UnicodeDecodeError, ParseError) as error:
            raise ConfigurationError(f"{path}: cannot be read: {error}") from error
        if self.is_new:
            catalogue = find_catalogue(path.parent)
            self._document["data"] = str(data)
            if catalogue.parent != path.parent:
                self._document["catalogue"] = str(catalogue)
            self.set("health", "port", HEALTH_PORT)

    @property
    def data(self) -> Path:
        """The data folder that the file names."""
        named = self._document.get("data", "/var/lib/doorstep-edge")
        return self.path.resolve().parent / str(named)

    @property
    def identity(self) -> Path:
        """The folder of key and certificate."""
        broker = self._document.get("broker", {})
        return self.data / str(broker.get("identity", "identity"))

    def set(self, section: str, key: str, value: str | int) -> None:
        """`section` empty: at the top."""
        if not section:
            self._document[key] = value
            return
        if section not in self._document:
            self._document[section] = tomlkit.table()
        table = self._document[section]
        if not isinstance(table, Table):
            raise ConfigurationError(f"{self.path}: {section}: expected a table")
        table[key] = value

    def put_device(self, section: Mapping[str, str | int | float | bool]) -> None:
        """Adds a `[[device]]`; one of the same name is replaced."""
        devices = self._document.get("device")
        if not isinstance(devices, AoT):
            devices = tomlkit.aot()
            self._document["device"] = devices
        table = tomlkit.table()
        for key, value in section.items():
            table[key] = value
        for place, known in enumerate(devices):
            if known.get("name") == section["name"]:
                del devices[place]
                break
        devices.append(table)

    def save(self) -> EdgeConfig:
        """On the disk, whole. Raises ConfigurationError where it would not load, and OSError; the file then stays."""
        text = tomlkit.dumps(self._document).encode()
        self.path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        trial = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        try:
            with open(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(text)
            loaded = load(trial)
        except ConfigurationError as error:
            raise ConfigurationError(str(error).replace(str(trial), str(self.path))) from error
        finally:
            trial.unlink(missing_ok=True)
        remove_left(self.path)
        if self.is_new or self.path.read_bytes() != text:
            write_whole(self.path, text, mode=0o600 if self.is_new else self.path.stat().st_mode & 0o777)
        return loaded
