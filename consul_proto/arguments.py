"""The keyword arguments that a call takes, and the error for any other one.

The method's signature is the only source: its parameters, and the keys of the TypedDict in `**options: Unpack[...]`. So a type
checker and the check at run time always accept the same arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from inspect import Parameter, signature
from typing import Any

from consul_proto.options_of import options_of

#: The name in other clients, other calls and Consul's query -> the names here. The first one that the call takes is suggested.
_SYNONYMS = {
    "dc": ("datacenter",),
    "ns": ("namespace",),
    "sg": ("sameness_group",),
    "key": ("item",),
    "keys": ("items",),
    "id": ("service_id", "check_id", "session_id", "acl_id", "node_id"),
    "lock_delay": ("delay",),
    "check": ("script",),
    "script": ("check",),
    "http": ("httpcheck",),
    "httpcheck": ("http",),
    "service": ("service_id",),
}

#: The kinds of checks for which `agent.service.register` has no argument.
_KINDS = {"args", "tcp", "udp", "grpc", "h2ping", "os_service", "docker_container_id", "alias_service", "alias_node"}

#: Flags of Consul's query. Here they are values of `consistency`.
_CONSISTENCIES = {"stale", "consistent", "leader"}

#: Settings of the client, which `using` changes. No method has these parameters.
_OF_THE_CLIENT = {"timeout", "token"}


@cache
def keywords(build: Callable[..., Any]) -> frozenset[str] | None:
    """Return the keywords that a method takes; None if the signature does not say (as with `**options: Any`)."""
    found: set[str] = set()
    for parameter in list(signature(build).parameters.values())[1:]:
        if parameter.kind is Parameter.VAR_KEYWORD:
            options = options_of(parameter.annotation, build)
            if options is None:
                return None
            found |= options.__optional_keys__ | options.__required_keys__
        elif parameter.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY):
            found.add(parameter.name)
    return frozenset(found)


def check_keywords(call: str, build: Callable[..., Any], given: Iterable[str]) -> None:
    """Raise TypeError for a keyword that the method does not take. call: the name to show ("kv.get")."""
    taken = keywords(build)
    if taken is None:
        return
    for keyword in given:
        if keyword not in taken:
            raise TypeError(f"{call}() got an unexpected keyword argument {keyword!r}{_advice(keyword, taken)}")


def _advice(keyword: str, taken: frozenset[str]) -> str:
    if keyword in _CONSISTENCIES and "consistency" in taken:
        return f'; did you mean consistency="{keyword}"?'
    if keyword in _OF_THE_CLIENT:
        return f"; it is a setting of the client: client.using({keyword}=...)"
    if keyword in _KINDS and "httpcheck" in taken:
        return "; give a check of this kind in Consul's own words as checks=[{...}]"
    meant = next((name for name in _SYNONYMS.get(keyword, ()) if name in taken), "")
    if not meant:
        from difflib import get_close_matches

        meant = next(iter(get_close_matches(keyword, sorted(taken), 1)), "")
    if meant:
        return f"; did you mean {meant!r}?"
    return f"; it takes {', '.join(sorted(taken))}" if taken else "; it takes none"


def wrong_arguments(call: str, error: TypeError) -> TypeError:
    """Return the error for too few or too many arguments. call: the name to show instead of the method's own."""
    return TypeError(f"{call}(){str(error).partition('()')[2]}")
