"""All that the doctor looks at, in the order in which one thing rests on another."""

import asyncio
from pathlib import Path

from edge.catalogue import Transport
from edge.config import EdgeConfig, load
from edge.identity.enrolment import wall_now
from edge.identity.folder import Identity, IdentityFolder, Now
from edge.install.doctor import broker, certificate, clock, disk, ports, radio, region, service
from edge.install.doctor.finding import Finding, Machine, ill
from protocols.configuration import ConfigurationError


async def examine(config: Path, machine: Machine | None = None, now: Now = wall_now) -> list[Finding]:
    """Raises nothing that is a gateway's trouble: that is what it finds."""
    on = machine or Machine()
    try:
        settings = load(config)
    except (ConfigurationError, ValueError) as error:
        found = [await radio.look(on), ill("configuration", str(error), await asyncio.to_thread(_mend, config))]
        return [*found, *_wireless(on)]
    found = [Finding(part="configuration", says=f"{config}: {settings.gateway}, {len(settings.devices)} devices")]
    if any(device.model.transport is Transport.BLUETOOTH for device in settings.devices):
        found.append(await radio.look(on, settings.bluetooth.adapter))
    found += _wireless(on)
    found.append(disk.look(on, settings.data))
    found += await asyncio.to_thread(ports.look, on, settings)
    found += await asyncio.to_thread(_centre, settings, now)
    return [*found, *await asyncio.to_thread(service.look, on, settings)]


def _mend(config: Path) -> str:
    if config.exists():
        return "correct that line; docs/gateway.md has all keys"
    return "name the file with --config; where this machine has none yet: sudo doorstep-edge enrol"


def _wireless(machine: Machine) -> list[Finding]:
    found = region.wireless(machine)
    return [] if found is None else [found]


def _centre(settings: EdgeConfig, now: Now) -> list[Finding]:
    if not settings.broker.is_secure:
        return [broker.look(settings)]
    held, identity = certificate.look(IdentityFolder(settings.identity_path), now)
    return [*_enrolled(settings, identity, now), held, broker.look(settings)]


def _enrolled(settings: EdgeConfig, identity: Identity | None, now: Now) -> list[Finding]:
    if identity is None:
        return []
    return [clock.look(identity.settings.server, now), region.home(settings, identity)]
