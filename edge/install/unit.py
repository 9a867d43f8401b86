"""What systemd is told of the gateway: its unit, its user, its folders. Text only; nothing is written here."""

import re
from collections.abc import Iterable
from pathlib import Path

USER = "doorstep"
UNIT = "doorstep-edge.service"
WANTED_GROUPS = ("bluetooth", "dialout", "gpio", "audio")
"""BlueZ over D-Bus, serial meters, lamp and cords on pins, the voice. systemd refuses a group that is not there."""


def unit_text(program: Path, config: Path, data: Path, groups: Iterable[str] = WANTED_GROUPS[:2]) -> str:
    """`program` is doorstep-edge, as it is installed."""
    writable = "" if data == Path("/var/lib/doorstep-edge") else f"ReadWritePaths={data}\n"
    return f"""\
# The home gateway. Made by `doorstep-edge service install`; changes of your own belong in a drop-in (systemctl edit).
[Unit]
Description=Doorstep home gateway
After=bluetooth.service network.target time-sync.target
Wants=bluetooth.service
# never give up: a home without a gateway is a home without an alarm
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={program} run --config {config}
User={USER}
SupplementaryGroups={" ".join(groups)}
# the gateway says every 20 s that it turns; the start reads its files first
WatchdogSec=60
TimeoutStartSec=180
# SIGTERM goes to the gateway only, which then ends its alarm process in order
KillMode=mixed
TimeoutStopSec=30
Restart=always
RestartSec=2

StateDirectory=doorstep-edge
StateDirectoryMode=0700
ConfigurationDirectory=doorstep
{writable}UMask=0077
NoNewPrivileges=true
ProtectSystem=strict
ProtectHome=true
PrivateTmp=true
ProtectKernelTunables=true
ProtectKernelModules=true
ProtectKernelLogs=true
ProtectControlGroups=true
ProtectClock=true
ProtectHostname=true
RestrictNamespaces=true
RestrictSUIDSGID=true
RestrictRealtime=true
LockPersonality=true
MemoryDenyWriteExecute=true
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
SystemCallArchitectures=native
SystemCallFilter=@system-service
CapabilityBoundingSet=

[Install]
WantedBy=multi-user.target
"""


def configuration_in(unit: str) -> Path | None:
    """The configuration file that a unit of ours starts the gateway with; None where it is not of ours."""
    found = re.search(r"^ExecStart=.* run --config (.+)$", unit, re.MULTILINE)
    return None if found is None else Path(found[1])


def sysusers_text(data: Path) -> str:
    return f'u {USER} - "Doorstep home gateway" {data}\n'


def tmpfiles_text(config: Path, data: Path) -> str:
    """The folders of configuration and data are the gateway's own."""
    return f"d {config.parent} 0750 {USER} {USER}\nd {data} 0700 {USER} {USER}\n"
