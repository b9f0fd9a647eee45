"""What is suggested for a word that is typed in a shell: keys and services of Consul, and files.

A call has a short time limit. Where Consul cannot be reached, or the token may not ask, there are no suggestions, and no error.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

    from consul_proto.operation import Operation
    from consulate.client import Consul

T = TypeVar("T")

#: Seconds that Consul has to answer.
LIMIT = 1.0

_STANDARD_INPUT = "-"


def suggest_keys(context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Return the keys and folders that begin with what is typed, up to the next slash."""
    prefix = typed.rstrip()  # Consul refuses a space at the end
    return [key for key in _ask(context, lambda consul: consul.ops.kv.keys(prefix, "/")) or () if key.startswith(typed)]


def suggest_services(context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Return the names of services in the catalog."""
    services = _ask(context, lambda consul: consul.ops.catalog.services()) or ()
    return sorted(each["Service"] for each in services if each["Service"].startswith(typed))


def suggest_service_ids(context: click.Context, _parameter: click.Parameter, typed: str) -> list[str]:
    """Return the IDs of the services of the agent."""
    services = _ask(context, lambda consul: consul.ops.agent.services()) or ()
    return sorted(each["ID"] for each in services if each["ID"].startswith(typed))


def suggest_files(_context: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
    """Leave it to the shell to suggest files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(typed, type="file")]


def _ask(context: click.Context, call: Callable[[Consul], Operation[T]]) -> T | None:
    """Make one call with the global options that are on the line. Return None if there is no answer."""
    from consulate.cli.connection import Connection

    given: dict[str, Any] = {name: _expanded(value) for name, value in context.find_root().params.items()}
    if given["token_file"] == _STANDARD_INPUT:
        return None  # it is not there before the command runs
    with suppress(Exception), Connection(**given).client() as consul:
        return consul.perform(call(consul), timeout=LIMIT, retry=False)
    return None


def _expanded(value: object) -> object:
    """Return an option with `~` and variables replaced: the shell has not done so yet, since the line is still being typed."""
    return os.path.expanduser(os.path.expandvars(value)) if isinstance(value, str) else value  # noqa: PTH111 - it may be no path
