"""What the gateway's processes carry for as long as they live."""

import subprocess
import sys

import pytest

_LOADED = (
    "import sys; from edge import processes; import {module}; "
    "print(*{{name.partition('.')[0] for name in sys.modules}})"
)


@pytest.mark.parametrize("module", ["edge.gateway", "edge.alarm.process"])
def test_nothing_of_the_command_line_is_loaded(module: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", _LOADED.format(module=module)], capture_output=True, text=True, timeout=60, check=True
    )
    assert {"structlog", "msgspec"} <= set(told.stdout.split())
    assert not {"typer", "pydantic", "rich", "pygments", "gpiozero"} & set(told.stdout.split())
