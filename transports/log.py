"""The logger "consulate". DEBUG: one line for each request. WARNING: one line for each retry, and for a failure that ends no call.

`logging` takes longer to import than a call. Nobody sees the log of a program that has not imported it, so nothing here imports it.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from logging import Logger

#: `logging.DEBUG`, `WARNING` and `ERROR`.
_DEBUG, _WARNING, _ERROR = 10, 30, 40

_modules = sys.modules


@cache
def _logger() -> Logger:
    import logging

    log = logging.getLogger("consulate")
    if not log.handlers:
        log.addHandler(logging.NullHandler())  # silent until the program configures logging
    return log


def logs_requests() -> bool:
    """Return whether each request is logged."""
    return "logging" in _modules and _logger().isEnabledFor(_DEBUG)


def debug(text: str, *values: object) -> None:
    """Log a detail. values: for the places in the text, as `logging` takes them."""
    _log(_DEBUG, text, values)


def warning(text: str, *values: object) -> None:
    """Log a retry, or a failure that ends no call."""
    _log(_WARNING, text, values)


def failure(text: str, *values: object) -> None:
    """Log the exception that is being handled, with its traceback."""
    _log(_ERROR, text, values, is_failure=True)


def _log(level: int, text: str, values: tuple[object, ...], *, is_failure: bool = False) -> None:
    if "logging" in _modules:
        _logger().log(level, text, *values, exc_info=is_failure, stacklevel=3)
