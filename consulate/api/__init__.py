"""The groups of calls under their documented names, for threads; beside each, where it differs, the one for tasks.

`consulate.api.kv.KV` and its siblings are imported when they are first used.
"""

from importlib import import_module

_MODULES = frozenset({"acl", "agent", "catalog", "event", "health", "kv", "session", "status", "txn"})


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
