"""`doorstep-cloud limits`: a clinician's own figures for one elder."""

from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, ConfigOption, DataOption, connected, load_config, sentences
from cloud.errors import CloudError, NotFound
from protocols.reading import CANONICAL_UNIT, Metric, Unit, in_canonical_unit

limits_app = typer.Typer(help="Limits of one elder, in place of the file's, within its bounds.", no_args_is_help=True)

ElderArgument = Annotated[str, typer.Argument(help="The elder's code, as in the community file.")]
RuleArgument = Annotated[str, typer.Argument(help="The rule's id in the limits file.")]
MetricArgument = Annotated[Metric, typer.Argument(help="Which of the rule's figures.")]
ByOption = Annotated[str, typer.Option(help="The clinician who decides.")]
WhyOption = Annotated[str, typer.Option(help="The reason; the alert's page shows it.")]


@limits_app.command("set")
def set_limit(
    elder: ElderArgument,
    rule: RuleArgument,
    metric: MetricArgument,
    value: Annotated[float, typer.Argument(help="The figure.")],
    *,
    by: ByOption,
    why: WhyOption,
    unit: Annotated[Unit | None, typer.Option(help="Of the figure; without it the unit of the database.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Sets a figure for one elder. A floor cannot be moved, and others only within the file's bounds.

    Example: doorstep-cloud limits set e1 raised_pressure systolic 170 --by "Dr. Li" --why "used to 165, no symptoms"
    """
    from cloud.clock import clock_from_environment  # noqa: PLC0415 - `--help` must be quick
    from cloud.detection.limits import load_limits  # noqa: PLC0415
    from cloud.detection.personal import store  # noqa: PLC0415
    from cloud.detection.personal.model import Override, check  # noqa: PLC0415

    if not by.strip() or not why.strip():
        raise typer.BadParameter("--by and --why: expected a name and a reason")
    with sentences():
        loaded = load_config(config, data)
        limits = load_limits(loaded.beside(loaded.detection.limits))
        try:
            figure = in_canonical_unit(metric, value, unit or CANONICAL_UNIT[metric])
        except ValueError as error:
            raise CloudError(f"--unit: {error}") from error
        check(limits, rule, metric, figure)
    with connected(config, data, "limits") as connection:
        elder_id = _elder(store.elder_of(connection, elder), elder)
        override = Override(rule, metric, figure, by.strip(), why.strip(), clock_from_environment().now())
        store.set_override(connection, elder_id, override)
        typer.echo(f"{elder}: {rule} {metric} is {figure:g} {CANONICAL_UNIT[metric]} from now on")


@limits_app.command("end")
def end_limit(
    elder: ElderArgument,
    rule: RuleArgument,
    metric: MetricArgument,
    *,
    by: ByOption,
    why: WhyOption,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """The file's figure holds again.

    Example: doorstep-cloud limits end e1 raised_pressure systolic --by "Dr. Li" --why "new treatment"
    """
    from cloud.clock import clock_from_environment  # noqa: PLC0415 - `--help` must be quick
    from cloud.detection.personal import store  # noqa: PLC0415

    with connected(config, data, "limits") as connection:
        elder_id = _elder(store.elder_of(connection, elder), elder)
        now = clock_from_environment().now()
        if not store.end_override(connection, elder_id, rule, metric, at=now, by=by, why=why):
            raise CloudError(f"{elder}: no figure of their own is in force for {metric} of {rule}")
        typer.echo(f"{elder}: the file's figure for {metric} of {rule} holds again")


@limits_app.command("show")
def show_limits(elder: ElderArgument, config: ConfigOption = DEFAULT_CONFIG, data: DataOption = None) -> None:
    """All figures that were ever set for the elder, with author, reason and end.

    Example: doorstep-cloud limits show elder-1
    """
    from cloud.detection.personal import store  # noqa: PLC0415 - `--help` must be quick

    with connected(config, data, "limits") as connection:
        for one in store.overrides(connection, _elder(store.elder_of(connection, elder), elder)):
            ended = "in force"
            if one.ended_at is not None:
                ended = f"until {one.ended_at:%Y-%m-%d %H:%M}, {one.ended_by}: {one.ended_why}"
            unit = CANONICAL_UNIT[one.metric]
            typer.echo(
                f"{one.set_at:%Y-%m-%d %H:%M}  {one.rule} {one.metric} {one.value:g} {unit}  "
                f"{one.author}: {one.reason}; {ended}"
            )


def _elder(elder_id: int | None, code: str) -> int:
    if elder_id is None:
        raise NotFound(f"there is no elder {code!r}; the community file says which there are")
    return elder_id
