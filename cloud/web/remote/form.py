"""The form's fields as changes, and a version as the form's fields. What is set by command alone stays. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from cloud.remote.model import as_lines, changed
from cloud.web.language import N_
from protocols.configuration import ConfigurationError
from protocols.remote.wanted import Wanted


class Kind(StrEnum):
    LINES = "lines"
    NUMBER = "number"
    TEXT = "text"


class Field(NamedTuple):
    key: str
    """As in edge.toml."""
    words: str
    kind: Kind


FIELDS = (
    Field("alarm.sms.numbers", N_("Who is told by text, one number a line, the centre's modem first"), Kind.LINES),
    Field("alarm.sms.test_days", N_("Days between two texts that test the way"), Kind.NUMBER),
    Field("alarm.long_stay_still_min", N_("Minutes in the bathroom without a move, then the home calls"), Kind.NUMBER),
    Field("alarm.long_stay_min", N_("Minutes under the shower, then the home calls"), Kind.NUMBER),
    Field("uplink.status_s", N_("Seconds between two heartbeats"), Kind.NUMBER),
    Field("updates.release", N_("Version of Doorstep"), Kind.TEXT),
)


def filled(wanted: Wanted) -> dict[str, str]:
    """What each field shows; empty: as the home's own file says."""
    told = msgspec.to_builtins(wanted)
    return {field.key: _shown(field, told) for field in FIELDS}


def beside(wanted: Wanted) -> list[str]:
    """What is set by command and has no field."""
    keys = {field.key for field in FIELDS}
    return [line for line in as_lines(wanted) if line.partition("=")[0] not in keys]


def sent(before: Wanted, values: Mapping[str, str]) -> Wanted:
    """Raises ConfigurationError."""
    return changed(before, [f"{field.key}={_value(field, values.get(field.key, '').strip())}" for field in FIELDS])


def _value(field: Field, text: str) -> str:
    if not text:
        return ""
    if field.kind is Kind.LINES:
        return msgspec.json.encode(text.split()).decode()
    if field.kind is Kind.NUMBER:
        try:
            return repr(float(text))
        except ValueError as error:
            raise ConfigurationError(f"{field.key}: expected a number, got {text[:40]!r}") from error
    return text


def _shown(field: Field, told: dict[str, Any]) -> str:
    value: Any = told
    for name in field.key.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None:
        return ""
    return "\n".join(value) if field.kind is Kind.LINES else f"{value:g}" if isinstance(value, float) else str(value)
