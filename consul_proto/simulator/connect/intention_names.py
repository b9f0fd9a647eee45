"""Names in requests for intentions: "web", or "default/web" with the only namespace."""

from __future__ import annotations

from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_X

_ONLY = "default"

_NO_NAMESPACES = "Namespaces is a Consul Enterprise feature"


def parts(text: str, settings: Settings, what: str) -> tuple[str, str]:
    """Return the namespace and the name of a service. Refuses too many parts. what: the parameter.

    In later versions a partition may come first; it is ignored.
    """
    *before, name = text.split("/")
    if len(before) > (1 if settings.version < V1_X else 2):
        raise Refusal(500, f"{what} \"{text}\" is invalid: input can contain at most {'one' if settings.version < V1_X else 'two'} '/'")
    return (before[-1] if before else _ONLY), name


def resolve_name(namespace: str, name: str, settings: Settings, invalid: str) -> str | None:
    """Return the name; None for an unknown namespace, which later versions refuse. invalid: the beginning of the refusal."""
    if settings.version < V1_X:
        return name if namespace == _ONLY else None
    if namespace.lower() not in ("", _ONLY):
        raise Refusal(500, f'{invalid} "{namespace}": {_NO_NAMESPACES}')
    return name


def check_namespaces(given: dict[str, object], settings: Settings) -> None:
    """Refuse an intention of another namespace; 1.8.7 stores it."""
    for member in ("SourceNS", "DestinationNS"):
        namespace = str(given.get(member) or "")
        if settings.version >= V1_X and namespace.lower() not in ("", _ONLY):
            raise Refusal(400, f"Invalid {member}({namespace}): {_NO_NAMESPACES}")
