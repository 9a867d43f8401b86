"""Serial ports of the configuration: plugged in, and open to the gateway's user."""

import grp
import os
import pwd
import stat

from edge.config import EdgeConfig
from edge.install.doctor.finding import Finding, Machine, ill
from edge.usb_ports import NoSuchPort, find_port


def look(machine: Machine, config: EdgeConfig) -> list[Finding]:
    wanted = {device.name: device.port for device in config.devices if device.port}
    if config.power.ups_port:
        wanted["the UPS"] = config.power.ups_port
    if config.sms is not None:
        wanted["the modem"] = config.sms.port
    return [port(machine, name, text) for name, text in wanted.items() if not text.startswith("gpio:")]


def port(machine: Machine, name: str, text: str) -> Finding:
    """`text` is a path or usb:VENDOR:PRODUCT."""
    part = f"port of {name}"
    try:
        path = find_port(text)
    except NoSuchPort as error:
        return ill(part, str(error), "plug it in; `ls -l /dev/serial/by-id` shows what is there")
    found = os.stat(path)
    who, user, groups = _user(machine)
    if not opens(found, user, groups):
        group = _group(found.st_gid)
        return ill(
            part,
            f"{path} does not open to {who}",
            f"sudo usermod -a -G {group} {who}, then sudo systemctl restart doorstep-edge",
        )
    return Finding(part=part, says=f"{path} opens to {who}")


def opens(found: os.stat_result, user: int, groups: frozenset[int]) -> bool:
    """Whether a file with this mode and these owners may be read and written by the user with these groups."""
    if user == 0:
        return True
    read_write = stat.S_IRUSR | stat.S_IWUSR
    if found.st_uid == user:
        return found.st_mode & read_write == read_write
    shift = 3 if found.st_gid in groups else 6
    return found.st_mode & (read_write >> shift) == read_write >> shift


def _user(machine: Machine) -> tuple[str, int, frozenset[int]]:
    """As whom the gateway runs: the service's user, or whoever asks."""
    try:
        known = pwd.getpwnam(machine.user)
    except KeyError:
        return "you", os.geteuid(), frozenset({os.getegid(), *os.getgroups()})
    return machine.user, known.pw_uid, frozenset(os.getgrouplist(machine.user, known.pw_gid))


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
