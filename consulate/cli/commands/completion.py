"""Print the script that completes commands, keys and services in a shell."""

from __future__ import annotations

import click

from consulate.cli.output import write_line


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that makes SHELL complete commands, options, keys, services and files.

    bash: add `eval "$(consulate completion bash)"` to ~/.bashrc.

    zsh: add `eval "$(consulate completion zsh)"` to ~/.zshrc, after compinit.

    fish: run `consulate completion fish > ~/.config/fish/completions/consulate.fish`.
    """
    from consulate.cli.completion import SCRIPTS

    write_line(SCRIPTS[shell].rstrip("\n"))
