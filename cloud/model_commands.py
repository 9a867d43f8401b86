"""`doorstep-cloud model`: what ranks the alerts of a community, learned from what its nurses said."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, ConfigOption, DataOption, connected, load_config, sentences
from cloud.errors import NotFound

if TYPE_CHECKING:
    from cloud.detection.together.model import Figures, Model

model_app = typer.Typer(help="Models that rank a community's alerts, each with its version.", no_args_is_help=True)

CommunityArgument = Annotated[str, typer.Argument(help="The community's code.")]


@model_app.command("train")
def train_model(community: CommunityArgument, config: ConfigOption = DEFAULT_CONFIG, data: DataOption = None) -> None:
    """Learns from the alerts that nurses judged, and keeps the next version. It is not used by that.

    Example: doorstep-cloud model train 320106001001
    """
    from cloud.detection.limits import load_limits  # noqa: PLC0415 - `--help` must be quick
    from cloud.detection.together import files, store  # noqa: PLC0415
    from cloud.detection.together.learning import examples  # noqa: PLC0415
    from cloud.detection.together.training import train  # noqa: PLC0415

    with connected(config, data, "model") as connection:
        loaded = load_config(config, data)
        limits = load_limits(loaded.beside(loaded.detection.limits))
        team = store.communities(connection).get(community)
        if team is None:
            raise NotFound(f"there is no community {community!r} with homes")
        model = train(community, examples(connection, team, limits))
        typer.echo(f"{files.keep(Path(loaded.data), model)}: {_said(model)}")


@model_app.command("list")
def list_models(community: CommunityArgument, config: ConfigOption = DEFAULT_CONFIG, data: DataOption = None) -> None:
    """All versions, what each was trained on, and which is used."""
    from cloud.detection.together import files  # noqa: PLC0415 - `--help` must be quick

    with sentences():
        folder = Path(load_config(config, data).data)
        now = files.used(folder, community)
        for one in files.kept(folder, community):
            typer.echo(f"{one.name}{' (used)' if now is not None and now.name == one.name else ''}: {_said(one.model)}")
        if now is None:
            typer.echo("none is used: alerts are ranked by the layers alone")


@model_app.command("compare")
def compare_model(community: CommunityArgument, config: ConfigOption = DEFAULT_CONFIG, data: DataOption = None) -> None:
    """Says how a model of today's verdicts would rank people who were left out, beside the layers alone."""
    from cloud.detection.limits import load_limits  # noqa: PLC0415 - `--help` must be quick
    from cloud.detection.together import store  # noqa: PLC0415
    from cloud.detection.together.learning import examples  # noqa: PLC0415
    from cloud.detection.together.training import compare  # noqa: PLC0415

    with connected(config, data, "model") as connection:
        loaded = load_config(config, data)
        limits = load_limits(loaded.beside(loaded.detection.limits))
        team = store.communities(connection).get(community)
        if team is None:
            raise NotFound(f"there is no community {community!r} with homes")
        typer.echo(_compared(compare(examples(connection, team, limits))))


@model_app.command("use")
def use_model(
    community: CommunityArgument,
    name: Annotated[str, typer.Argument(help="A version as `model list` names it, or `none`.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """From now on that version ranks the alerts that wait. One that is not better than the layers alone is refused."""
    from cloud.detection.together import files  # noqa: PLC0415 - `--help` must be quick

    with sentences():
        files.use(Path(load_config(config, data).data), community, None if name == "none" else name)
        typer.echo(f"{community}: {'the layers alone rank' if name == 'none' else name + ' ranks'} from now on")


def _said(model: "Model") -> str:
    return (
        f"{model.examples} alerts of {model.people} people, {model.right} right; {_compared(model.figures)}; "
        f"data {model.data[:12]}"
    )


def _compared(figures: "Figures") -> str:
    verdict = "better" if figures.better else "not better: it is not used"
    return (
        f"average precision on people left out {figures.model:.3f}, layers alone {figures.layers:.3f} "
        f"(gain {figures.gain_low:+.3f} to {figures.gain_high:+.3f}), {verdict}"
    )
