"""`doorstep-cloud demand`: what sorts free words into kinds of wishes, and how well."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, ConfigOption, DataOption, connected, load_config, sentences
from cloud.errors import NotFound

if TYPE_CHECKING:
    from cloud.registry.demands.model import Model
    from cloud.registry.demands.sentences import Sentence

demand_app = typer.Typer(help="Sorting wishes in free words, Chinese or English.", no_args_is_help=True)


@demand_app.command("train")
def train_model(
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    corrections: Annotated[
        Path | None, typer.Option(help="Real sentences, each below a line `[kind]` that a person gave it.")
    ] = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="Not from this house's own wishes: needs no database.")
    ] = False,
) -> None:
    """Learns from the sentences that come with the program and from what people set right, and keeps the next version.

    That is what they said on the pages of this house, of which kind a wish is, and what stands in --corrections. It is
    not used by that.

    Example: doorstep-cloud demand train
    """
    from cloud.registry.demands import files  # noqa: PLC0415 - `--help` must be quick
    from cloud.registry.demands.sentences import glossary, learned_from, read_corrections  # noqa: PLC0415
    from cloud.registry.demands.training import train  # noqa: PLC0415

    with sentences():
        folder = Path(load_config(config, data).data)
        corrected = [] if corrections is None else read_corrections(corrections)
        if not alone:
            corrected += _set_right(config, data)
        model = train(learned_from(), glossary(), corrected)
        typer.echo(f"{files.keep(folder, model)}: {_said(model)}")


@demand_app.command("list")
def list_models(config: ConfigOption = DEFAULT_CONFIG, data: DataOption = None) -> None:
    """All versions, how well each does on voices it has not learned from, and which is used."""
    from cloud.registry.demands import files  # noqa: PLC0415 - `--help` must be quick

    with sentences():
        folder = Path(load_config(config, data).data)
        now = files.used(folder)
        for one in files.kept(folder):
            typer.echo(f"{one.name}{' (used)' if now is not None and now.name == one.name else ''}: {_said(one.model)}")
        if now is None:
            typer.echo("none is used: people sort every wish")


@demand_app.command("use")
def use_model(
    name: Annotated[str, typer.Argument(help="A version as `demand list` names it.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """From now on that version sorts. One that is too weak is refused.

    Example: doorstep-cloud demand use 0001-0123456789ab
    """
    from cloud.registry.demands import files  # noqa: PLC0415 - `--help` must be quick

    with sentences():
        files.use(Path(load_config(config, data).data), name)
        typer.echo(f"{name} sorts from now on")


@demand_app.command("sort")
def sort_text(
    text: Annotated[str, typer.Argument(help="A wish in anybody's words.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Says which kind of wish a text is, how sure that is, and what is done with it. Nothing is kept.

    Example: doorstep-cloud demand sort "水龙头一直滴水"
    """
    from cloud.registry.demands import files  # noqa: PLC0415 - `--help` must be quick

    with sentences():
        now = files.used(Path(load_config(config, data).data))
        if now is None:
            raise NotFound("no model is used: run `demand train`, then `demand use` with the name it says")
        guess = now.model.guess(text)
        others = ", ".join(f"{kind} {certainty:.2f}" for kind, certainty in guess.others)
        typer.echo(f"{guess.answer}: {guess.kind} {guess.certainty:.2f} (then {others})")


@demand_app.command("figures")
def print_figures() -> None:
    """Prints the page of figures: trains on the program's own sentences and asks about voices left out.

    Example: doorstep-cloud demand figures > docs/demand-figures.md
    """
    from cloud.registry.demands.page import page  # noqa: PLC0415 - `--help` must be quick
    from cloud.registry.demands.sentences import glossary, held_back, learned_from  # noqa: PLC0415
    from cloud.registry.demands.training import ask, compare, train  # noqa: PLC0415

    with sentences():
        known, words = learned_from(), glossary()
        typer.echo(page(compare(known, words), ask(train(known, words), held_back())), nl=False)


def _set_right(config: Path, data: Path | None) -> "list[Sentence]":
    """Wishes of this house of which a person said the kind, where that kind still stands."""
    from cloud.registry.demands import store  # noqa: PLC0415 - `--help` must be quick
    from cloud.registry.demands.sentences import Sentence  # noqa: PLC0415
    from cloud.registry.demands.tree.store import standing  # noqa: PLC0415

    with connected(config, data, "demand") as connection:
        kinds = standing(connection)
        return [Sentence(text, kind, "corrections") for kind, text in store.corrections(connection) if kind in kinds]


def _said(model: "Model") -> str:
    figures = model.figures
    return (
        f"{model.examples} sentences and {model.corrections} corrections; on voices left out macro-F1 "
        f"{figures.macro_f1:.3f}, emergencies heard {figures.calls_heard:.3f}; data {model.data[:12]}"
    )
