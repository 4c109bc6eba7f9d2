"""`hairpin-doctor completion SHELL`: the lines that teach a shell to complete its words."""

from __future__ import annotations

import click

SHELLS = ("bash", "zsh", "fish")
# click's lines for fish cut a description at its first comma; in those of other shells there is no such text.
UNTIL_THE_FIRST_COMMA = ('string split ","', 'string split --max 1 ","')
VARIABLE = "_HAIRPIN_DOCTOR_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what teaches SHELL to complete commands, codes, cases and probes.

    \b
    bash:  hairpin-doctor completion bash > /etc/bash_completion.d/hairpin-doctor
    zsh:   hairpin-doctor completion zsh > "${fpath[1]}/_hairpin-doctor"
    fish:  hairpin-doctor completion fish > ~/.config/fish/completions/hairpin-doctor.fish
    """
    from click.shell_completion import get_completion_class

    from hairpin_doctor.cli.main import cli

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click knows no completion for {shell}")
    made = kind(cli, {}, "hairpin-doctor", VARIABLE)
    click.echo((made.source_template % made.source_vars()).replace(*UNTIL_THE_FIRST_COMMA))
