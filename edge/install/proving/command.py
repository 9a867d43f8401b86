"""The walk, its report on the disk, and the report at the centre."""

from pathlib import Path

import msgspec
import typer
from rich.table import Table

from edge.config import EdgeConfig
from edge.errors import Permanent, Temporary
from edge.identity.folder import IdentityFolder
from edge.install.centre import Centre
from edge.install.pair_dialogue import tell_places
from edge.install.proving.walk import Person, Walk
from edge.install.state import StateFile
from edge.whole_file import hand_over, write_whole
from protocols.enrolment.reports import ProofReport

_FOLDER = "proofs"


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    sent: bool
    """The centre has all reports."""
    report: ProofReport | None = None
    """None where only older ones were sent."""


def prove(config: EdgeConfig, *, anew: bool, send_only: bool, wait_s: float, asks: bool) -> Proven:
    """Raises Permanent, CentreAway and the like with a sentence, and OSError."""
    centre = Centre(IdentityFolder(config.identity_path).read())
    report = None
    try:
        if not send_only:
            if not config.devices:
                raise Permanent("this home has no device yet: `doorstep-edge pair`")
            tell_places(config, {device.name: device.kind for device in config.devices}, _say)
            report = Walk(config, centre, Person(_say, _ask if asks else _no), wait_s=wait_s).walk(anew=anew)
            _keep(config.data, report)
        return Proven(sent=_send(config.data, centre), report=report)
    finally:
        hand_over(config.data)


def _keep(data: Path, report: ProofReport) -> None:
    folder = data / _FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    name = f"{report.began_at:%Y%m%dT%H%M%S%f}.json"  # the same again, where power was lost before it was noted
    write_whole(folder / name, msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    state = StateFile(data)
    state.change(proving=None, unsent=(*state.read().unsent, name))


def _send(data: Path, centre: Centre) -> bool:
    state = StateFile(data)
    for name in state.read().unsent:
        report = msgspec.json.decode((data / _FOLDER / name).read_bytes(), type=ProofReport)
        try:
            centre.prove(report)
        except Temporary as error:
            _say(str(error))
            return False
        state.change(unsent=tuple(other for other in state.read().unsent if other != name))
    return True


def table(report: ProofReport) -> Table:
    shown = Table(title=f"{report.gateway}, {report.ended_at:%Y-%m-%d %H:%M} UTC", title_justify="left")
    for heading in ("", "What", "Device", "Seen"):
        shown.add_column(heading)
    for check in report.checks:
        shown.add_row("ok" if check.passed else "NO", check.what, check.device, check.detail)
    return shown


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _ask(question: str) -> bool:
    return typer.confirm(question, err=True)


def _no(_question: str) -> bool:
    """Nobody is here to try again, to see or to hear."""
    return False
