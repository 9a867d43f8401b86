"""Where the machine believes to be: the Wi-Fi's country, and the home that the configuration names."""

from edge.config import EdgeConfig
from edge.identity.folder import Identity
from edge.install.doctor.finding import Finding, Machine, ill
from edge.install.doctor.radio import rfkill

_PART = "region"
_WORLD = "00"


def wireless(machine: Machine) -> Finding | None:
    """None where there is no Wi-Fi."""
    cards = [card.name for card in machine.folders("sys/class/net") if (card / "wireless").exists()]
    if not cards:
        return None
    country = machine.read("sys/module/cfg80211/parameters/ieee80211_regdom")
    blocked = rfkill(machine, "wlan")
    set_it = "sudo raspi-config nonint do_wifi_country CN (the country where the home is), then start the machine anew"
    if blocked is not None:
        return ill(_PART, f"{blocked.says}; a new Raspberry Pi keeps it so until its country is set", set_it)
    if country == _WORLD:
        return ill(_PART, f"the Wi-Fi of {cards[0]} is set to no country: some channels are closed to it", set_it)
    return Finding(part=_PART, says=f"the Wi-Fi's country is {country or 'set by its card'}")


def home(config: EdgeConfig, identity: Identity) -> Finding:
    """Whether the configuration is that of the home for which this machine was enrolled."""
    told = identity.settings
    if config.gateway != told.gateway:
        return ill(
            _PART,
            f"the configuration is that of {config.gateway}, and this machine was enrolled as {told.gateway}",
            f'set gateway = "{told.gateway}", or enrol this machine with a code for {config.gateway}',
        )
    if config.zone.key != told.time_zone:
        return ill(
            _PART,
            f"the configuration says {config.zone.key}, and the centre has this home in {told.time_zone}: "
            "meters' clocks would be read wrong",
            f'set time_zone = "{told.time_zone}", or have the centre correct the home',
        )
    return Finding(part=_PART, says=f"{told.gateway} of {told.home}, {told.time_zone}")
