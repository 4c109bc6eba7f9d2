"""The command line's root: sub-commands load when they are called, and every ending becomes one exit code.

Exit codes: 0 healthy · 1 diagnosed · 2 usage or tool error · 3 unexplained · 4 undetermined, or no target · 130 Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

import click

from hairpin_doctor.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

ERROR, INTERRUPTED = 2, 130
DEBUG = "HAIRPIN_DOCTOR_DEBUG"
COMMANDS = {
    "scan": ("hairpin_doctor.cli.scan:scan", "Find out why a LoadBalancer IP cannot be reached."),
    "judge": ("hairpin_doctor.cli.judge:judge", "Judge saved reports, without touching any machine."),
    "fix": ("hairpin_doctor.cli.fix:fix", "Show how to mend it; with --apply carry it out, reversibly."),
    "walk": ("hairpin_doctor.cli.walk:walk", "Be guided from symptom to cure, step by step."),
    "explain": ("hairpin_doctor.cli.explain:explain", "Explain a cause, such as HD301."),
    "probes": ("hairpin_doctor.cli.catalogues:probes", "List what the doctor looks at."),
    "rules": ("hairpin_doctor.cli.catalogues:rules", "List the causes that the doctor knows."),
    "completion": ("hairpin_doctor.cli.completion:completion", "Teach your shell to complete all this."),
    "lab": ("hairpin_doctor.cli.lab:lab", "Build networks with a known fault, and look around in them."),
}


class LazyGroup(click.Group):
    """Imports a sub-command when it is called; `--help` needs only its one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        import importlib

        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands' names, without importing one: a Tab must be quick."""
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=text)
            for name, (_, text) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return names or super().shell_complete(ctx, incomplete)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown command is answered with the nearest ones."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from hairpin_doctor.cli.nearest import did_you_mean

            ctx.fail(f"there is no command {args[0]!r}{did_you_mean(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hairpin-doctor", message="%(prog)s %(version)s")
def cli() -> None:
    """Find out, with proof, why a LoadBalancer IP cannot be reached on bare metal, and how to mend it.

    It only looks, unless you say `fix --apply` or apply a plan in `walk`; no packet goes anywhere but to the targets
    and their link.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code; never a traceback unless HAIRPIN_DOCTOR_DEBUG=1."""
    code = run(arguments)
    if code == INTERRUPTED:
        os._exit(code)  # threads that still wait for an answer would hold the exit up
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    try:
        result = cli.main(args=arguments, prog_name="hairpin-doctor", standalone_mode=False)
        return _flushed(result if isinstance(result, int) else 0)
    except click.ClickException as error:  # click's own codes differ; ours must not look like a verdict
        error.show()
        return ERROR
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; nothing was left behind", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        _give_up_stdout()
        return ERROR
    except Exception as error:  # whatever breaks, the exit code must not look like a verdict
        if os.environ.get(DEBUG) == "1":
            raise
        _say_crash(error)
        return ERROR


def _flushed(code: int) -> int:
    """A full disk or a closed pipe shows only now, and must not pass for success."""
    try:
        sys.stdout.flush()
    except OSError:
        _give_up_stdout()
        raise
    return code


def _give_up_stdout() -> None:
    """What is still buffered cannot be written: the interpreter would try again at exit and end with 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say_crash(error: Exception) -> None:
    from hairpin_doctor.report.printable import printable

    what = printable(f"{type(error).__name__}: {error}")
    click.echo(
        f"Error: hairpin-doctor itself failed ({what}); {DEBUG}=1 shows where. Please report this.", err=True
    )
