"""The home's own file with what the centre wants laid over it. Pure."""

from typing import Any

import msgspec

from protocols.configuration import ConfigurationError
from protocols.remote.wanted import Wanted


def laid_over(tables: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """New tables; `tables` stay as they are. Raises ConfigurationError where `wanted` does not fit this home."""
    told: dict[str, Any] = msgspec.to_builtins(wanted)
    devices = told.pop("device", {})
    _keep_the_scheme(tables.get("broker", {}), told.get("broker", {}))
    merged = _merged(tables, told)
    if devices:
        merged["device"] = _devices(tables.get("device", []), devices)
    return merged


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for key, value in above.items():
        part = found.get(key)
        found[key] = _merged(part if isinstance(part, dict) else {}, value) if isinstance(value, dict) else value
    return found


def _devices(written: list[dict[str, Any]], wanted: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    strangers = sorted(wanted.keys() - {device.get("name") for device in written})
    if strangers:
        raise ConfigurationError(f"device: this home has no device {strangers[0]!r}; remove it from the configuration")
    return [device | wanted.get(str(device.get("name")), {}) for device in written]


def _keep_the_scheme(written: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Who came by TLS is not led away from it from afar."""
    url = wanted.get("url")
    before = str(written.get("url", "mqtt://")).partition(":")[0]
    if url is not None and url.partition(":")[0] != before:
        raise ConfigurationError(f"broker.url: expected {before}://HOST:PORT as before, got {url!r}")
