"""The command line: `filon …` and `python -m filon …`. One file a command group, each a thin door, loaded when asked."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "backup": "filon.cli.operations:backup",
    "bench": "filon.cli.bench:bench",
    "demo": "filon.cli.demo:demo",
    "doctor": "filon.cli.operations:doctor",
    "export": "filon.cli.exports:export",
    "import": "filon.cli.imports:import_",
    "key": "filon.cli.accounts:key",
    "kpi": "filon.cli.kpi:kpi",
    "lake": "filon.cli.kpi:lake",
    "migrate": "filon.cli.serve:migrate",
    "purge": "filon.cli.operations:purge",
    "restore": "filon.cli.operations:restore",
    "score": "filon.cli.score:score",
    "serve": "filon.cli.serve:serve",
    "user": "filon.cli.accounts:user",
    "worker": "filon.cli.serve:worker",
}
"""Command → module:object."""


class _Lazy(click.Group):
    """Loads a command when it is asked for, so that `--help` needs no database."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="filon")
def main() -> None:
    """Filon: every lead, from the first signal to the signature."""
