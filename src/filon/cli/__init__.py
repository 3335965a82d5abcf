"""The command line: `filon …` and `python -m filon …`. One file a command group, loaded when asked."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "backup": ("filon.cli.operations:backup", "Everything in one file, while Filon runs."),
    "bench": ("filon.cli.bench:bench", "Measure this machine on made data."),
    "demo": ("filon.cli.demo:demo", "Fill the workspace with sample data."),
    "doctor": ("filon.cli.operations:doctor", "Check that everything is sound."),
    "export": ("filon.cli.exports:export", "Write records to a file, whole and re-importable."),
    "import": ("filon.cli.imports:import_", "Take a file in, rehearse it, or take it back."),
    "key": ("filon.cli.accounts:key", "API keys."),
    "kpi": ("filon.cli.kpi:kpi", "One figure, as the pages show it."),
    "lake": ("filon.cli.kpi:lake", "The files that figures are computed from."),
    "migrate": ("filon.cli.serve:migrate", "Bring the database's tables up to this version."),
    "purge": ("filon.cli.operations:purge", "Forget what has been kept long enough."),
    "restore": ("filon.cli.operations:restore", "A backup, into an empty place."),
    "score": ("filon.cli.score:score", "Explain and recompute scores."),
    "serve": ("filon.cli.serve:serve", "Run Filon: web and worker."),
    "user": ("filon.cli.accounts:user", "Colleagues."),
    "worker": ("filon.cli.serve:worker", "Run jobs: reactions, scheduled work, long tasks."),
}
"""Command → (module:object, what `filon --help` says of it)."""


class _Lazy(click.Group):
    """Loads a command when it is asked for, so that `--help` is quick and needs no database."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, loaded now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, without loading any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="filon")
def main() -> None:
    """Filon: every lead, from the first signal to the signature."""
