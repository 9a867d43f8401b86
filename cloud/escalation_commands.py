"""`doorstep-cloud escalation explain`: what the policy means for one call. The stage itself stands in `cloud.cli`."""

import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from cloud.command_line import DEFAULT_CONFIG, ConfigOption, DataOption, database_errors, load_config, sentences
from protocols.configuration import ConfigurationError

escalation_app = typer.Typer(name="escalation", invoke_without_command=True)


@escalation_app.command()
def explain(
    *,
    community: Annotated[str, typer.Option(help="Code of the region where somebody calls.")],
    kind: Annotated[str, typer.Option(help="Such as personal_trigger, fall, mains_lost, street_silent, test.")],
    at: Annotated[str, typer.Option(help='Such as "2026-03-01 23:10+08:00"; without it, now.')] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    data: DataOption = None,
    in_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Says who would be told by what and when. Tells nobody. A wrong policy is refused with its line.

    Example: doorstep-cloud escalation explain --community 320106 --kind fall --at "2026-03-01 23:10+08:00"
    """
    from cloud.alarms.escalation.explain import explain as plan_of  # noqa: PLC0415 - `--help` must be quick
    from cloud.alarms.escalation.explain import in_words  # noqa: PLC0415
    from cloud.alarms.escalation.model import KINDS  # noqa: PLC0415
    from cloud.alarms.escalation.policy import load_policy, policy_path  # noqa: PLC0415
    from cloud.db.pool import create_async_pool  # noqa: PLC0415
    from cloud.stages.addresses import database_of  # noqa: PLC0415

    with sentences(), database_errors():
        if kind not in KINDS:
            raise ConfigurationError(f"--kind: expected one of {', '.join(sorted(KINDS))}, got {kind!r}")
        loaded = load_config(config, data)
        policy, moment = load_policy(policy_path(loaded)), _moment(at)

        async def ask(dsn: str) -> None:
            async with create_async_pool(dsn, "explain", size=1) as pool, pool.connection() as connection:
                plan = await plan_of(connection, policy, community, kind, moment)
            if in_json:
                typer.echo(json.dumps(asdict(plan), ensure_ascii=False, indent=2))
            else:
                typer.echo(in_words(plan, kind, community))

        with database_of(loaded) as dsn:
            asyncio.run(ask(dsn))


def _moment(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f'--at: {text!r} is no time; write it like "2026-03-01 23:10+08:00"') from error
    if moment.tzinfo is None:
        raise ConfigurationError('--at: say the zone too, such as "2026-03-01 23:10+08:00"')
    return moment
