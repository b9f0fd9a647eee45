"""The keyword arguments that a call takes, and the error for any other one.

The method's signature is the only source: its parameters, and the keys of the TypedDict in `**options: Unpack[...]`. So what a type
checker accepts and what is accepted at run time cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from inspect import Parameter, signature
from typing import Any

#: What other clients and Consul's own query call it -> our name for it.
_SYNONYMS = {"dc": "datacenter", "ns": "namespace", "sg": "sameness_group"}

#: A flag of Consul's query -> what to write instead.
_CONSISTENCIES = {"stale", "consistent", "leader"}

#: What `using` sets for every call.
_OF_THE_CLIENT = {"timeout", "token"}


@cache
def keywords(build: Callable[..., Any]) -> frozenset[str] | None:
    """Return the keywords that a method takes; None where the signature does not say (as with `**options: Any`)."""
    found: set[str] = set()
    for parameter in list(signature(build).parameters.values())[1:]:
        if parameter.kind is Parameter.VAR_KEYWORD:
            options = _keys(parameter.annotation, build)
            if options is None:
                return None
            found |= options
        elif parameter.kind in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY):
            found.add(parameter.name)
    return frozenset(found)


def _keys(annotation: Any, build: Callable[..., Any]) -> frozenset[str] | None:
    """Return the keys of the TypedDict in `Unpack[...]`, found in the method's module or in `consul_proto.types.options`."""
    named: Any
    if isinstance(annotation, str):
        from consul_proto.types import options

        name = annotation.partition("Unpack[")[2].removesuffix("]")
        named = getattr(build, "__globals__", {}).get(name) or getattr(options, name, None)
    else:
        named = next(iter(getattr(annotation, "__args__", ())), None)
    return named.__optional_keys__ | named.__required_keys__ if hasattr(named, "__optional_keys__") else None


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
    meant = _SYNONYMS.get(keyword, keyword)
    if meant not in taken:
        from difflib import get_close_matches

        meant = next(iter(get_close_matches(keyword, sorted(taken), 1)), "")
    if meant:
        return f"; did you mean {meant!r}?"
    return f"; it takes {', '.join(sorted(taken))}" if taken else "; it takes none"


def wrong_arguments(call: str, error: TypeError) -> TypeError:
    """Return the error for too few or too many arguments. call: the name to show instead of the method's own."""
    return TypeError(f"{call}(){str(error).partition('()')[2]}")
