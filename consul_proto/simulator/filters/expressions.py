"""The meaning of `filter` expressions, and their errors.

https://developer.hashicorp.com/consul/api-docs/features/filtering

A table of fields says which selectors and operators are valid: "str", "int", "bool", "map" (of strings), "list" (of strings), a table for a
structure, and `Each` for several structures, by name or in a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from consul_proto.simulator.engine.versions import V1_8, V1_X, Version
from consul_proto.simulator.filters.grammar import parse
from consul_proto.simulator.go.numbers import FALSE, TRUE, integer
from consul_proto.simulator.go.quoting import quote
from consul_proto.simulator.go.regexp import expression


class Each(NamedTuple):
    """Several structures of one kind, in a list or by name."""

    of: Mapping[str, Any]
    by_name: bool = False


Fields = Mapping[str, Any]

Keep = Callable[[Mapping[str, Any]], bool]

#: The prefix of a field that only newer versions have.
NEW = "new:"

_TAGGED = Each({"Address": "str", "Port": "int"}, by_name=True)
_WEIGHTS = {"Passing": "int", "Warning": "int"}
_UPSTREAM = {
    "DestinationType": "str",
    "DestinationNamespace": "str",
    "DestinationName": "str",
    "Datacenter": "str",
    "LocalBindAddress": "str",
    "LocalBindPort": "int",
    "MeshGateway": {"Mode": "str"},
}
_EXPOSE = {"Checks": "bool", "Paths": Each({"Path": "str", "Protocol": "str", "ListenerPort": "int", "LocalPathPort": "int"})}
_PROXY = {
    "DestinationServiceName": "str",
    "DestinationServiceID": "str",
    "LocalServiceAddress": "str",
    "LocalServicePort": "int",
    f"{NEW}Mode": "str",
    "Upstreams": Each(_UPSTREAM),
    "MeshGateway": {"Mode": "str"},
    "Expose": _EXPOSE,
    f"{NEW}TransparentProxy": {"OutboundListenerPort": "int", "DialedDirectly": "bool"},
}

NODE: Fields = {
    **dict.fromkeys(("ID", "Node", "Address", "Datacenter"), "str"),
    "TaggedAddresses": "map",
    "Meta": "map",
    f"{NEW}PeerName": "str",
    f"{NEW}Partition": "str",
}

NODE_SERVICE: Fields = {
    **dict.fromkeys(("Kind", "ID", "Service", "Address"), "str"),
    "Tags": "list",
    "TaggedAddresses": _TAGGED,
    "Meta": "map",
    "Port": "int",
    f"{NEW}SocketPath": "str",
    f"{NEW}PeerName": "str",
    "Weights": _WEIGHTS,
    "EnableTagOverride": "bool",
    "Proxy": _PROXY,
    "Connect": {"Native": "bool"},
}

AGENT_SERVICE = NODE_SERVICE

SERVICE_NODE: Fields = {
    **dict.fromkeys(("ID", "Node", "Address", "Datacenter", "ServiceKind", "ServiceID", "ServiceName", "ServiceAddress"), "str"),
    "TaggedAddresses": "map",
    "NodeMeta": "map",
    "ServiceTags": "list",
    "ServiceTaggedAddresses": _TAGGED,
    "ServiceWeights": _WEIGHTS,
    "ServiceMeta": "map",
    "ServicePort": "int",
    f"{NEW}ServiceSocketPath": "str",
    f"{NEW}PeerName": "str",
    "ServiceEnableTagOverride": "bool",
    "ServiceProxy": _PROXY,
    "ServiceConnect": {"Native": "bool"},
}

HEALTH_CHECK: Fields = {
    **dict.fromkeys(("Node", "CheckID", "Name", "Status", "Notes", "Output", "ServiceID", "ServiceName", "Type"), "str"),
    "ServiceTags": "list",
    **dict.fromkeys((f"{NEW}Interval", f"{NEW}Timeout", f"{NEW}PeerName"), "str"),
    f"{NEW}ExposedPort": "int",
}

AGENT_CHECK = HEALTH_CHECK

#: Members can be filtered since 1.14.
MEMBER: Fields = {
    "Name": "str",
    "Addr": "bytes",
    "Port": "uint16",
    "Tags": "map",
    "Status": "int",
    **dict.fromkeys(("ProtocolMin", "ProtocolMax", "ProtocolCur", "DelegateMin", "DelegateMax", "DelegateCur"), "uint8"),
}

_INTENTION: Fields = {
    **dict.fromkeys(("ID", "Description", "SourceNS", "SourceName", "DestinationNS", "DestinationName", "SourceType", "Action"), "str"),
    "Meta": "map",
    "Precedence": "int",
}

INTENTION: Mapping[Version, Fields] = {
    V1_8: {**_INTENTION, "DefaultAddr": "str", "DefaultPort": "int"},
    V1_X: {**_INTENTION, **dict.fromkeys(("SourcePartition", "DestinationPartition", "SourcePeer", "SourceSamenessGroup"), "str")},
}

#: Since 1.16, and only for entries of this kind. Fields are missing here that crash the agent if an entry does not have them.
SERVICE_DEFAULTS: Fields = {
    **dict.fromkeys(("Kind", "Name", "Protocol", "Mode", "MutualTLSMode", "ExternalSNI", "BalanceInboundConnections"), "str"),
    **dict.fromkeys(("MaxInboundConnections", "LocalConnectTimeoutMs", "LocalRequestTimeoutMs"), "int"),
    "TransparentProxy": {"OutboundListenerPort": "int", "DialedDirectly": "bool"},
    "MeshGateway": {"Mode": "str"},
    "Expose": _EXPOSE,
    "EnvoyExtensions": Each({"Name": "str", "Required": "bool", "ConsulVersion": "str", "EnvoyVersion": "str"}),
    "Meta": "map",
    "Hash": "uint64",
}

HEALTH_SERVICE: Fields = {"Node": NODE, "Service": NODE_SERVICE, "Checks": Each(HEALTH_CHECK)}

_EQUAL, _NOT_EQUAL = "Equal", "Not Equal"

#: The operators for each kind of field.
_OPERATORS = {
    "str": {_EQUAL, _NOT_EQUAL, "In", "Not In", "Matches", "Not Matches"},
    **{kind: {_EQUAL, _NOT_EQUAL} for kind in ("int", "uint8", "uint16", "uint64")},
    "bool": {_EQUAL, _NOT_EQUAL},
    "map": {"Is Empty", "Is Not Empty", "In", "Not In"},
    **{kind: {"Is Empty", "Is Not Empty", "In", "Not In"} for kind in ("list", "bytes")},
    "each": {"Is Empty", "Is Not Empty"},
    "named": {"Is Empty", "Is Not Empty", "In", "Not In"},
    "structure": set(),
}

#: The range of each kind of number, and the name of Go's parser.
_NUMBERS = {
    "int": (-(1 << 63), (1 << 63) - 1, "Int"),
    "uint64": (0, (1 << 64) - 1, "Uint"),
    "uint16": (0, (1 << 16) - 1, "Uint"),
    **dict.fromkeys(("uint8", "bytes"), (0, (1 << 8) - 1, "Uint")),
}

#: The result of each operator for a name that a map does not have, as observed.
_OF_NOTHING = {_EQUAL: False, _NOT_EQUAL: True, "In": False, "Not In": True, "Matches": True, "Not Matches": True}


def compile_filter(text: str, fields: Fields, version: Version) -> Keep:
    """Compile an expression. Raises SyntaxError for an invalid one, ValueError for one that does not fit the fields."""
    return _compile(parse(text), fields, version)


def _compile(tree: tuple[Any, ...], fields: Fields, version: Version) -> Keep:
    match tree:
        case ("or", list(several)):
            parts = [_compile(one, fields, version) for one in several]
            return lambda value: any(part(value) for part in parts)
        case ("and", list(several)):
            parts = [_compile(one, fields, version) for one in several]
            return lambda value: all(part(value) for part in parts)
        case ("not", inner):
            kept = _compile(inner, fields, version)
            return lambda value: not kept(value)
    operator, selector, wanted = tree
    kind = _kind_of(selector, fields, version)
    shown = ".".join(selector)
    if operator not in _OPERATORS[_class_of(kind)]:
        raise ValueError(f'Invalid match operator "{operator}" for selector "{shown}"')
    holds = _test(operator, _coerce(wanted, kind, shown, operator))
    return lambda value: _any(value, selector, fields, operator, holds)


def _class_of(kind: Any) -> str:
    if isinstance(kind, Each):
        return "named" if kind.by_name else "each"
    return kind if isinstance(kind, str) else "structure"


def _kind_of(selector: tuple[str, ...], fields: Fields, version: Version) -> Any:
    """Return the kind of the field that a selector names. Raises ValueError for an unknown field."""
    kind: Any = fields
    for place, name in enumerate(selector):
        if isinstance(kind, Each) and kind.by_name:
            kind = kind.of
            continue
        if isinstance(kind, Mapping | Each):
            members = kind.of if isinstance(kind, Each) else kind
            known = members.get(name) or (members.get(f"{NEW}{name}") if version >= V1_X else None)
            if known is None:
                raise ValueError(f'Selector "{".".join(selector[: place + 1])}" is not valid')
            kind = known
        elif kind == "map":
            kind = "str"
        else:
            raise ValueError(f'Selector "{".".join(selector)}" is not valid')
    return kind


def _coerce(wanted: str | None, kind: Any, shown: str, operator: str) -> Any:
    """Convert the value of a comparison. Raises ValueError if it does not fit the field."""
    if wanted is None:
        return None
    if operator in ("Matches", "Not Matches"):
        try:
            return expression(wanted)
        except ValueError as error:
            raise ValueError(f"Failed to compile regular expression {quote(wanted)}: {error}") from None
    fault = f'Failed to coerce value {quote(wanted)} for selector "{shown}": strconv.Parse'
    if isinstance(kind, str) and kind in _NUMBERS:
        least, most, reader = _NUMBERS[kind]
        try:
            return integer(wanted, least, most)
        except ValueError as error:
            raise ValueError(f"{fault}{reader}: parsing {quote(wanted)}: {error}") from None
    if kind == "bool":
        if wanted not in TRUE | FALSE:
            raise ValueError(f"{fault}Bool: parsing {quote(wanted)}: invalid syntax")
        return wanted in TRUE
    return wanted


def _test(operator: str, wanted: Any) -> Callable[[Any], bool]:
    tests: dict[str, Callable[[Any], bool]] = {
        _EQUAL: lambda value: bool(value == wanted),
        _NOT_EQUAL: lambda value: bool(value != wanted),
        "Is Empty": lambda value: not value,
        "Is Not Empty": lambda value: bool(value),
        "In": lambda value: wanted in value,
        "Not In": lambda value: wanted not in value,
        "Matches": lambda value: wanted.search(value) is not None,
        "Not Matches": lambda value: wanted.search(value) is None,
    }
    return tests[operator]


#: The value of a member that an answer leaves out because it is empty.
_EMPTY: dict[str, Any] = {
    **dict.fromkeys(("int", "uint8", "uint16", "uint64"), 0),
    **dict.fromkeys(("list", "each", "bytes"), ()),
    **{kind: {} for kind in ("map", "named", "structure")},
    "str": "",
    "bool": False,
}


def _any(value: Any, selector: tuple[str, ...], kind: Any, operator: str, holds: Callable[[Any], bool]) -> bool:
    """Return whether the test holds for the selected value, or for any of several values."""
    for place, name in enumerate(selector):
        if isinstance(kind, Each) and not kind.by_name:
            return any(_any(one, selector[place:], kind.of, operator, holds) for one in value)
        if isinstance(kind, Each) or kind == "map":
            if name not in value:
                return _OF_NOTHING.get(operator, False)
            kind, value = kind.of if isinstance(kind, Each) else "str", value[name]
            continue
        kind = kind.get(name) or kind[f"{NEW}{name}"]
        value = value.get(name) or _EMPTY[_class_of(kind)]
    return holds(value)
