from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloud.cli import app
from cloud.registry.demands import files
from cloud.registry.demands.model import Model

CONFIG = Path(__file__).parents[4] / "configs" / "cloud.toml"


def test_a_wish_is_sorted_by_the_version_in_use(tmp_path: Path, model: Model) -> None:
    place = ["--config", str(CONFIG), "--data", str(tmp_path)]
    run = CliRunner().invoke(app, ["demand", "sort", "灯坏了", *place])
    assert run.exit_code == 1
    assert "no model is used" in run.output
    name = files.keep(tmp_path, model)
    assert "people sort every wish" in CliRunner().invoke(app, ["demand", "list", *place]).output
    assert CliRunner().invoke(app, ["demand", "use", name, *place]).exit_code == 0
    assert f"{name} (used)" in CliRunner().invoke(app, ["demand", "list", *place]).output
    assert CliRunner().invoke(app, ["demand", "sort", "灯坏了,不亮", *place]).output.startswith("sorted: repair")
    assert CliRunner().invoke(app, ["demand", "sort", "我摔了起不来", *place]).output.startswith("call: ")


def test_corrections_are_learned_from(tmp_path: Path) -> None:
    corrected = tmp_path / "corrected.txt"
    corrected.write_text("[repair]\nthe step by the coal hole is loose\n", encoding="utf-8")
    place = ["--config", str(CONFIG), "--data", str(tmp_path), "--corrections", str(corrected), "--alone"]
    run = CliRunner().invoke(app, ["demand", "train", *place])
    assert run.exit_code == 0, run.output
    assert "and 1 corrections" in run.output
    (one,) = files.kept(tmp_path)
    assert one.model.guess("the step by the coal hole").kind == "repair"


@pytest.mark.parametrize("name", ["0001-000000000000", "../x"])
def test_a_version_that_is_not_there_is_a_sentence(tmp_path: Path, name: str) -> None:
    run = CliRunner().invoke(app, ["demand", "use", name, "--config", str(CONFIG), "--data", str(tmp_path)])
    assert run.exit_code == 1
    assert "there is no model" in run.output
