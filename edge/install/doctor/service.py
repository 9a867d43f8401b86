"""The gateway itself: does it run, and what does it say of itself."""

from edge.config import EdgeConfig
from edge.errors import EdgeError
from edge.install.doctor.finding import Finding, Machine, ill
from edge.install.service import is_installed
from edge.status import ask_health

_PART = "gateway"


def look(machine: Machine, config: EdgeConfig) -> list[Finding]:
    if config.health.port == 0:
        return [ill(_PART, "health.port is 0: the running gateway cannot be asked", "set health.port = 8081")]
    try:
        report = ask_health(config)
    except EdgeError as error:
        return [ill(_PART, str(error), "see `doorstep-edge logs`")]
    if report is None:
        return [_away(machine)]
    if report.gateway != config.gateway:
        return [
            ill(
                _PART,
                f"{report.gateway} answers on port {config.health.port}, with another configuration",
                "sudo systemctl restart doorstep-edge, or choose another health.port",
            )
        ]
    if not report.problems:
        return [Finding(part=_PART, says=f"it runs and is well, version {report.version}")]
    return [ill(_PART, problem, "`doorstep-edge status` shows it whole") for problem in report.problems]


def _away(machine: Machine) -> Finding:
    if not is_installed(machine.root):
        return ill(_PART, "it does not run, and is no service of this machine", "sudo doorstep-edge service install")
    return ill(_PART, "it does not run", "sudo systemctl restart doorstep-edge; `doorstep-edge logs` says why")
