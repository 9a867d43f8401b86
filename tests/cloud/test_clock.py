"""The simulated line that a centre is given, and what it says of one that it cannot read."""

import pytest
from typer.testing import CliRunner

from cloud.cli import app
from cloud.clock import clock_from_environment
from protocols.configuration import ConfigurationError
from protocols.simulated_time import CLOCK_VARIABLE


def test_a_line_that_is_none_is_said_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CLOCK_VARIABLE, "nonsense")
    with pytest.raises(ConfigurationError, match="DOORSTEP_CLOCK: 'nonsense' is not ORIGIN@STARTEDxSPEED"):
        clock_from_environment()
    told = CliRunner().invoke(app, ["up", "--config", "configs/cloud.toml"])
    assert told.exit_code == 2
    assert "DOORSTEP_CLOCK: 'nonsense'" in told.output
