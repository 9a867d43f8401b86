"""`doorstep-cloud escalation`: the stage itself, and what its policy means."""

import typer

escalation_app = typer.Typer(name="escalation", invoke_without_command=True)
