"""Durations on the command line: a Go duration, such as 90s or 1h30m; a number means seconds, as in older versions of `consulate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from consul_proto.durations import Duration


def duration_of(text: str) -> Duration:
    """Return a duration that a user typed. The library checks it."""
    return float(text) if text.replace(".", "", 1).isdecimal() else text


class _Seconds(click.ParamType):  # type: ignore[type-arg] # it takes none before click 8.4
    """The value of an option, in seconds."""

    name = "duration"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds. Raises BadParameter for anything else."""
        from consul_proto.durations import seconds

        try:
            return seconds(duration_of(value) if isinstance(value, str) else value)
        except ValueError as error:
            raise click.BadParameter(str(error), ctx, param) from None


#: The type of an option that takes a duration.
SECONDS = _Seconds()
