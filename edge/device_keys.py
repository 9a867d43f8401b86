"""Which keys of a [[device]] its driver uses. One that stands there and does nothing would be a promise nobody keeps.

`name`, `kind`, `model` and `heard_within_s` are for every device and stand in no list here.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from edge.catalogue import (
    BLOOD_PRESSURE_PROFILE,
    BTHOME_BUTTON,
    BTHOME_FALL,
    BTHOME_SENSOR,
    DRIVERS_WITH_A_KEY,
    GLUCOSE_PROFILE,
    LIFESCAN_VERIO_BLE,
    MICROLIFE_BLE,
    RUUVI,
    Model,
    Transport,
)
from protocols.configuration import ConfigurationError

_BONDING = frozenset({"passkey", "pair"})
_KEYS = frozenset({"bind_key", "bind_key_env", "bind_key_file"})
_BROADCASTING = frozenset({BTHOME_SENSOR, BTHOME_BUTTON, BTHOME_FALL, RUUVI})
_OF_TRANSPORT: Mapping[Transport, frozenset[str]] = MappingProxyType(
    {
        Transport.BLUETOOTH: frozenset({"address", "canary"}),
        Transport.SERIAL: frozenset({"port", "poll_interval_s"}),
        Transport.WIRE: frozenset({"port"}),
    }
)
_OF_DRIVER: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        GLUCOSE_PROFILE: frozenset({"set_clock", "erase_after_read"}),
        BLOOD_PRESSURE_PROFILE: frozenset({"set_clock"}),
        LIFESCAN_VERIO_BLE: frozenset({"set_clock"}),
        MICROLIFE_BLE: frozenset({"set_clock"}),
        BTHOME_SENSOR: _KEYS,
        BTHOME_BUTTON: _KEYS,
        BTHOME_FALL: _KEYS,
        **dict.fromkeys(DRIVERS_WITH_A_KEY, _KEYS),
    }
)
_BECAUSE: Mapping[str, str] = MappingProxyType(
    {
        "address": "it stands on a cable and is found by its port",
        "port": "it is on the air and is found by its address",
        "poll_interval_s": "nobody asks it; it is heard when it speaks",
        "passkey": "it is never paired",
        "pair": "it is never paired",
        "canary": "it is not on the air",
        "set_clock": "its driver cannot set its clock",
        "erase_after_read": "its driver deletes nothing",
        **dict.fromkeys(_KEYS, "nothing between it and this gateway is locked by a key, so this one protects nothing"),
    }
)


def keys_used_by(model: Model) -> frozenset[str]:
    """Names of those keys that the driver of `model` uses, beside the ones for every device."""
    bonding = model.transport is Transport.BLUETOOTH and model.driver not in _BROADCASTING
    return _OF_TRANSPORT[model.transport] | _OF_DRIVER.get(model.driver, frozenset()) | (_BONDING if bonding else set())


def refuse_unused(where: str, given: Collection[str], name: str, model: Model) -> None:
    """`given` are the keys that the file names for this device, `name` is its model's.

    Raises ConfigurationError, one sentence, for the first key that would do nothing.
    """
    used = keys_used_by(model)
    for key, because in _BECAUSE.items():
        if key in given and key not in used:
            raise ConfigurationError(f"{where}.{key}: a {name} does not use it ({because}); take it out")
