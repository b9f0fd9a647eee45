"""Client for HashiCorp Consul: `Consul` for threads, `AsyncConsul` for asyncio and trio.

Each name is imported when it is first used, so `import consulate` takes almost no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consul_proto.config import Limits
    from consul_proto.meta import Meta, Reply
    from consulate import adapters, api, exceptions
    from consulate.client import AsyncConsul, Consul
    from consulate.client import Consul as Session
    from consulate.exceptions import ConsulateException
    from transports.cancel import Cancel
    from transports.identity.login import Login
    from transports.identity.token_file import TokenFile

__version__ = "2.0.0a1"

__all__ = [
    "AsyncConsul",
    "Cancel",
    "Consul",
    "ConsulateException",
    "Limits",
    "Login",
    "Meta",
    "Reply",
    "Session",
    "TokenFile",
    "adapters",
    "api",
    "exceptions",
]

#: Public name -> its module, and its name there; None for a module.
_HOMES = {
    "AsyncConsul": ("consulate.client", "AsyncConsul"),
    "Cancel": ("transports.cancel", "Cancel"),
    "Consul": ("consulate.client", "Consul"),
    "ConsulateException": ("consul_proto.errors", "ConsulateException"),
    "Limits": ("consul_proto.config", "Limits"),
    "Login": ("transports.identity.login", "Login"),
    "Meta": ("consul_proto.meta", "Meta"),
    "Reply": ("consul_proto.meta", "Reply"),
    "Session": ("consulate.client", "Consul"),
    "TokenFile": ("transports.identity.token_file", "TokenFile"),
    "adapters": ("consulate.adapters", None),
    "api": ("consulate.api", None),
    "exceptions": ("consulate.exceptions", None),
}


if not TYPE_CHECKING:  # type checkers see the imports above, and reject any other name

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module, attribute = _HOMES[name]
        value = import_module(module)
        found = value if attribute is None else getattr(value, attribute)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    """Return the public names, and what Python itself looks for."""
    return sorted({*(name for name in globals() if name.endswith("__")), *__all__})
