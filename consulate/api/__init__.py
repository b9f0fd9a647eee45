"""The groups of calls for threads, under their documented names. If the group for tasks differs, it is in the same module.

`consulate.api.kv.KV` and its siblings are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consulate.api import acl, agent, catalog, event, health, kv, session, snapshot, status, txn

__all__ = ["acl", "agent", "catalog", "event", "health", "kv", "session", "snapshot", "status", "txn"]

if not TYPE_CHECKING:  # checkers see the imports above, and object to any other name

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    """Return the public names, and what Python itself looks for."""
    return sorted({*(name for name in globals() if name.endswith("__")), *__all__})
