"""Check the arguments of a client, of a view and of one call. An error names the call, and says what to write instead."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import wraps
from inspect import Parameter, cleandoc, signature
from typing import TYPE_CHECKING, Any, TypeVar, cast

from consul_proto.config import Limits
from consulate.configuration import AsyncCallOptions, CallOptions, ClientOptions, ViewOptions, read_configuration
from transports.cancel import Cancel
from transports.identity import Identity

if TYPE_CHECKING:
    from consulate.configuration import Options

F = TypeVar("F", bound=Callable[..., Any])

_TEXT = ((str,), "a str")
_FILE = ((str, os.PathLike), "the path of a file")

#: Argument -> its types, and a description of them. None is always accepted: it means that the argument is not given.
_TYPES: dict[str, tuple[tuple[type[Any], ...], str]] = {
    "host": ((str, list, tuple), "a str, or a list of several agents' addresses"),
    "uri": _TEXT,
    "port": ((int,), "an int"),
    "datacenter": _TEXT,
    "token": _TEXT,
    "scheme": _TEXT,
    "kv_codec": _TEXT,
    "timeout": ((int, float), "a number of seconds, or None for no limit"),
    "auth": ((str, Identity), "a token, a TokenFile or a Login"),
    "token_file": _FILE,
    "basic_auth": ((tuple, list), 'a tuple of user and password, as in ("user", "password")'),
    "consistency": _TEXT,
    "namespace": _TEXT,
    "partition": _TEXT,
    "verify": ((bool,), "True or False"),
    "ca_file": _FILE,
    "ca_path": ((str, os.PathLike), "the path of a directory"),
    "client_cert": _FILE,
    "client_key": _FILE,
    "server_name": _TEXT,
    "proxy": _TEXT,
    "limits": ((Limits,), "a Limits, as in Limits(connections=8)"),
    "agent_order": _TEXT,
    "retry": ((bool,), "True or False"),
    "cancel": ((Cancel,), "a Cancel"),
}

#: Argument -> what else to say about a wrong value.
_HINTS = {
    "auth": "; for a user and a password, use basic_auth=",
    "verify": "; name the authorities to trust with ca_file= or ca_path=",
    "timeout": "; for a timedelta, give its total_seconds()",
    "cancel": "; make one with consulate.Cancel()",
}

#: The name in other clients -> what to write here.
_SYNONYMS = {
    **dict.fromkeys(("url", "uri", "base_url", "base_uri", "addr", "address", "hostname"), "host"),
    **dict.fromkeys(("hosts", "agents", "addresses", "urls", "nodes"), "host"),
    **dict.fromkeys(("load_balance_hosts", "order", "randomize_hosts"), "agent_order"),
    **dict.fromkeys(("http_auth", "httpauth"), "basic_auth"),
    **dict.fromkeys(("ca", "cacert", "ca_cert", "cafile"), "ca_file"),
    **dict.fromkeys(("ssl", "tls", "https", "use_ssl"), 'scheme="https"'),
    **dict.fromkeys(("proxies", "http_proxy", "https_proxy"), "proxy"),
    "dc": "datacenter",
    "ns": "namespace",
    "capath": "ca_path",
    "cert": "client_cert",
    "key": "client_key",
    "codec": "kv_codec",
    "max_connections": "limits",
    "acl_token": "token",
    "stale": 'consistency="stale"',
    "consistent": 'consistency="consistent"',
    "leader": 'consistency="leader"',
}

#: All arguments of a client.
_OF_A_CLIENT = ("host", "port", "datacenter", "token", "scheme", "adapter", "transport", "kv_codec", *ClientOptions.__annotations__)


#: Options -> option -> the types that most of its values have: a quick look, for calls that are made often.
_USUAL: dict[Options, dict[str, tuple[type[Any], ...]]] = {
    options: {name: (type(None), *_TYPES[name][0]) for name in options.__annotations__}
    for options in (ClientOptions, ViewOptions, CallOptions, AsyncCallOptions)
}


def check_options(call: str, options: Options, given: Mapping[str, object]) -> None:
    """Raise TypeError for a keyword that is not one of these options, or whose value has the wrong type."""
    usual = _USUAL[options]
    for name, value in given.items():
        if type(value) not in usual.get(name, ()):
            _check_names(call, usual, given)
            _check_types(call, {name: value})


def _check_names(call: str, taken: Collection[str], given: Iterable[str]) -> None:
    for name in given:
        if name not in taken:
            raise TypeError(f"{call}() got an unexpected keyword argument {name!r}; {_advice(name, taken)}")


def _check_types(call: str, given: Mapping[str, object]) -> None:
    """Raise TypeError for a value of the wrong type, ValueError for an unknown codec or order. No message shows a secret."""
    for name, value in given.items():
        if value is None or name not in _TYPES:
            continue
        types, expected = _TYPES[name]
        is_right = isinstance(value, types) and (bool in types or not isinstance(value, bool))
        if not is_right or (name == "basic_auth" and not _is_pair(value)) or (name == "host" and not _is_text(value)):
            raise TypeError(f"{call}(): {name} must be {expected}, not {type(value).__name__}{_HINTS.get(name, '')}")
    if given.get("kv_codec") not in (None, "json", "text"):
        raise ValueError(f'{call}(): kv_codec must be "json" or "text", not {given["kv_codec"]!r}')
    if given.get("agent_order") not in (None, "given", "random"):
        raise ValueError(f'{call}(): agent_order must be "given" or "random", not {given["agent_order"]!r}')


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or all(isinstance(part, str) for part in value)


def _is_pair(value: Any) -> bool:
    return len(value) == 2 and all(isinstance(part, str) for part in value)


def _advice(name: str, taken: Collection[str]) -> str:
    """Return what to do instead of passing this keyword."""
    meant = _SYNONYMS.get(name, name)
    keyword = meant.partition("=")[0]
    if keyword in taken:
        quoted = meant if "=" in meant else repr(meant)
        return f"did you mean {quoted}?" + (" It may be a URL, as in http://127.0.0.1:8500" if meant == "host" else "")
    if keyword in ViewOptions.__annotations__ and "retry" in taken:
        return f"it is a setting of the client: client.using({meant if '=' in meant else f'{meant}=...'})"
    if keyword in _OF_A_CLIENT:
        return f"it belongs to the client and its connections: make another client with {keyword}=..."
    if keyword == "cancel" and "retry" in taken:
        return "to cancel a call of an AsyncConsul, cancel its task"
    if keyword in CallOptions.__annotations__:
        return f"it belongs to one call: client.perform(operation, {keyword}=...)"
    from difflib import get_close_matches  # imported when it is used: only mistakes need it

    close = get_close_matches(name, sorted(taken), 1)
    if close:
        return f"did you mean {close[0]!r}?"
    of_the_api = "; options of the API belong to the operation: client.ops.kv.get(..., index=...)" if "retry" in taken else ""
    return f"it takes {', '.join(sorted(taken))}{of_the_api}"


#: Argument -> the methods that an adapter or a transport must have, for threads and for tasks.
THREADS = {"adapter": ("transport",), "transport": ("send", "close")}
TASKS = {"adapter": ("async_transport",), "transport": ("send", "aclose")}


def checked(options: Options | None = None, carriers: Mapping[str, tuple[str, ...]] = THREADS) -> Callable[[F], F]:
    """Check each argument of a constructor before anything else. An error names the class.

    options: the keywords of `**options`; `help()` shows them. carriers: the methods that an adapter or a transport must have.
    """

    def check(function: F) -> F:
        own = signature(function)
        taken = [name for name in own.parameters if name not in ("self", "options")]
        taken += options.__annotations__ if options else ()

        @wraps(function)
        def called(self: Any, *args: Any, **kwargs: Any) -> Any:
            call = type(self).__name__
            _check_names(call, taken, kwargs)
            try:
                given = own.bind(self, *args, **kwargs).arguments
            except TypeError as error:
                raise TypeError(f"{call}(): {error}") from None
            _check_types(call, {**given, **kwargs})
            for name, methods in carriers.items():
                carrier = given.get(name)
                if carrier is not None and not all(callable(getattr(carrier, method, None)) for method in methods):
                    needed = " and ".join(f"{method}()" for method in methods)
                    raise TypeError(f"{call}(): {name} must have {needed}, but {type(carrier).__name__} does not")
            return function(self, *args, **kwargs)

        shown: Any = lists_options(options)(called) if options else called
        return cast("F", shown)

    return check


class _OfTheClient:
    def __repr__(self) -> str:
        return "<the client's>"


#: The default of an option that otherwise comes from the client.
_OF_THE_CLIENT = _OfTheClient()


def lists_options(options: Options) -> Callable[[F], F]:
    """Show each option in the signature of a function with `**options`, for help() and editors, and the docs of settings."""
    defaults: dict[str, object] = {"retry": True, "cancel": None}
    if options is ClientOptions:
        reader = signature(read_configuration).parameters
        defaults = {name: reader[name].default for name in ClientOptions.__annotations__}

    def listed(function: F) -> F:
        own = signature(function)
        shown = [
            Parameter(name, Parameter.KEYWORD_ONLY, default=defaults.get(name, _OF_THE_CLIENT), annotation=_text(annotation))
            for name, annotation in options.__annotations__.items()
        ]
        kept = [parameter for parameter in own.parameters.values() if parameter.kind is not Parameter.VAR_KEYWORD]
        function.__signature__ = own.replace(parameters=[*kept, *shown])  # type: ignore[attr-defined] # what inspect and help() look for
        if options not in (CallOptions, AsyncCallOptions):
            docs = [cleandoc(doc) for doc in (function.__doc__, options.__doc__) if doc]
            function.__doc__ = "\n\n".join(docs) or None
        return function

    return listed


def _text(annotation: Any) -> str:
    """Return an annotation as it is written: TypedDict wraps it."""
    text: str = getattr(annotation, "__forward_arg__", None) or str(annotation)
    return text
