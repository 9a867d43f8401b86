"""A model of bluetoothd on a private D-Bus, backed by a bumble central, for machines without Bluetooth.

It serves what bleak's BlueZ backend, and an agent, use of org.bluez: names, signals, errors and their order follow
bluetoothd 5.66 (Debian 12). It is a model: no classic Bluetooth, no advertising, no GATT server of its own, no cache of
services between connections (as with `[GATT] Cache = no`), no private addresses.
"""

from firmware_sim.bluez.private_bluez import PrivateBluez

__all__ = ["PrivateBluez"]
