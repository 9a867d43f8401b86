"""`doorstep-cloud dead-letters`: list, look at, and try again what could not be stored."""

from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, FAILED, ConfigOption, DataOption, connected
from cloud.errors import CloudError

letters_app = typer.Typer(
    help="Messages that could not be stored: list them, look at one, try again.", no_args_is_help=True
)


@letters_app.command("list")
def list_letters(
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: Annotated[bool, typer.Option("--json", help="For programs; bytes in base64.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="The newest so many.")] = 100,
) -> None:
    """The letters that wait to be mended, newest last.

    Example: doorstep-cloud dead-letters list --json
    """
    from cloud import dead_letters  # noqa: PLC0415
    from cloud.readings.letters import store  # noqa: PLC0415

    with connected(config, data, "dead-letters") as connection:
        typer.echo(dead_letters.listed(store.letters(connection, limit=limit), in_json=in_json))


@letters_app.command("show")
def show_letter(
    letter: Annotated[int, typer.Argument(min=1, help="Its number in the list.")],
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """One letter with all its bytes.

    Example: doorstep-cloud dead-letters show 17
    """
    from cloud import dead_letters  # noqa: PLC0415
    from cloud.readings.letters import store  # noqa: PLC0415

    with connected(config, data, "dead-letters") as connection:
        found = store.letter(connection, letter)
        if found is None:
            raise CloudError(f"there is no dead letter {letter}; `doorstep-cloud dead-letters list` shows them")
        typer.echo(dead_letters.shown(found))


@letters_app.command("replay")
def replay_letters(
    letter: Annotated[int | None, typer.Argument(min=1, help="Its number in the list.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
) -> None:
    """Tries a letter again, or all, after what they died of was mended. Ends with 1 where some are still refused.

    Example: doorstep-cloud dead-letters replay --all
    """
    from cloud import dead_letters  # noqa: PLC0415
    from cloud.clock import clock_from_environment  # noqa: PLC0415
    from cloud.logs import set_up_logs  # noqa: PLC0415
    from cloud.readings.letters import store  # noqa: PLC0415
    from cloud.readings.letters.model import Outcome  # noqa: PLC0415
    from cloud.readings.letters.replay import replay  # noqa: PLC0415

    if (letter is None) != every:
        raise typer.BadParameter("give the number of one letter, or --all")
    set_up_logs("dead-letters")
    clock, refused = clock_from_environment(), 0
    with connected(config, data, "dead-letters") as connection:
        for number in store.waiting(connection) if letter is None else [letter]:
            replayed = replay(connection, number, clock.now())
            refused += replayed.outcome is Outcome.REFUSED
            typer.echo(dead_letters.said(replayed))
    if refused:
        raise typer.Exit(FAILED)
