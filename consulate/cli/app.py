"""The command `consulate`, and how it finds its commands: each is a file in the folder `commands`, which is imported when it is used.

`commands/kv/get.py` is `consulate kv get`: it has a click command called `command`. A folder is a group of commands. The first line of a
file, its docstring, is what the list of commands says about it; so this list needs no imports.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from consulate import __version__
from consulate.cli.connection import Connection
from consulate.cli.problems import problem_of
from consulate.cli.suggestions import suggest_files

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_HELP = {"help_option_names": ["-h", "--help"]}

#: Another name of a command -> the command, by group.
_ALIASES: Mapping[str, Mapping[str, str]] = {"kv": {"del": "rm"}}

#: The file of a group.
_GROUP = "__init__.py"


class Commands(click.Group):
    """A group whose commands are the files of a folder. package: the name of the folder, as Python imports it."""

    def __init__(self, package: str, **options: Any) -> None:
        super().__init__(no_args_is_help=True, context_settings=_HELP, **options)
        self._package = package
        self._folder: str = import_module(package).__path__[0]
        self._aliases = _ALIASES.get(package.rpartition(".")[2], {})

    def _files(self) -> dict[str, str]:
        """Return the files of the commands, and of the groups their `__init__.py`, by name."""
        with os.scandir(self._folder) as found:
            entries = [entry for entry in found if not entry.name.startswith(("_", "."))]
        files = {entry.name.removesuffix(".py"): entry.path for entry in entries if entry.name.endswith(".py")}
        return files | {entry.name: f"{entry.path}/{_GROUP}" for entry in entries if entry.is_dir()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own
        """Return the names of the commands."""
        return sorted(self._files())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's own
        """Return the command of this name, or None."""
        name = self._aliases.get(cmd_name, cmd_name)
        file = self._files().get(name)
        if file is None:
            return None
        package = f"{self._package}.{name}"
        if file.endswith(_GROUP):
            return Commands(package, name=name, help=_first_line(file))
        command: click.Command = import_module(package).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's own
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first_line(file)) for name, file in sorted(self._files().items())])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands, or the options, that begin with what is typed. No command is imported for this."""
        from click.shell_completion import CompletionItem

        found = [(name, _first_line(file)) for name, file in sorted(self._files().items()) if name.startswith(incomplete)]
        return [*(CompletionItem(name, help=line) for name, line in found), *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name. Raises UsageError, with a similar name if there is one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            similar = get_close_matches(args[0], self.list_commands(ctx), n=1)
            if not similar:
                raise
            raise click.UsageError(f"{error.message.rstrip('.')}; did you mean {similar[0]!r}?", ctx) from None


def _first_line(file: str) -> str:
    """Return the first line of a command's file, without its quotes."""
    with open(file, encoding="utf-8") as text:  # noqa: PTH123 - pathlib takes longer to import than this module
        return text.readline().strip().strip('"')


class App(Commands):
    """The group of all commands. What they raise becomes one line for the user, and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that the arguments name."""
        try:
            value = super().invoke(ctx)
            sys.stdout.flush()  # here, where a reader that is gone is not an error
        except (click.exceptions.Exit, click.Abort, click.ClickException, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:
            if isinstance(error, ModuleNotFoundError):
                raise
            problem = problem_of(error)
            click.echo(f"Error: {' '.join(str(problem).split())}", err=True)
            raise click.exceptions.Exit(problem.exit_code) from None
        return value


@click.pass_context
def _begin(ctx: click.Context, /, **options: Any) -> None:
    ctx.obj = Connection(**options)


def _option(*names: str, **settings: Any) -> click.Option:
    return click.Option(names, **settings)


consulate = App(
    "consulate.cli.commands",
    name="consulate",
    help="Command-line tools of Consulate, a client for HashiCorp Consul.",
    epilog="Defaults come from CONSUL_HTTP_ADDR (or CONSUL_RPC_ADDR), CONSUL_HTTP_TOKEN and the other variables of the official client."
    " Exit codes: 0 done, 1 not found, false or failed, 2 usage, 3 Consul cannot be reached, 4 denied, 5 partly done.",
    callback=_begin,
    params=[
        _option("--api-scheme", type=click.Choice(["http", "https", "http+unix", "https+unix"]), help="How to connect.  [default: http]"),
        _option(
            "--api-host", metavar="HOST", help="Host of the agent, its URL, or with http+unix the path of its socket.  [default: localhost]"
        ),
        _option("--api-port", metavar="PORT", type=click.IntRange(1, 65535), help="Port of the agent.  [default: 8500]"),
        _option("--datacenter", metavar="NAME", help="The datacenter of all calls.  [default: the agent's own]"),
        _option("--token", metavar="TOKEN", help="The ACL token. `ps` shows it to everybody on this machine: better use --token-file."),
        _option(
            "--token-file", metavar="FILE", shell_complete=suggest_files, help="A file with the ACL token; - reads it from standard input."
        ),
    ],
)
click.version_option(__version__)(consulate)
