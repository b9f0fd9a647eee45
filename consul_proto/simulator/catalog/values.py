"""What the catalog stores of a registration, in the order of answers.

https://developer.hashicorp.com/consul/api-docs/catalog
"""

from __future__ import annotations

from typing import Any

from consul_proto.simulator.catalog.check_definitions import kind_of_check, render_definition
from consul_proto.simulator.engine.versions import V1_8, V1_X, Version, pick

#: The members in the order of answers; a version does not have members that it does not list.
_SERVICE = {
    V1_8: (
        *("Kind", "ID", "Service", "Tags", "Address", "TaggedAddresses", "Meta", "Port", "Weights", "EnableTagOverride"),
        *("Proxy", "Connect"),
    ),
    V1_X: (
        *("Kind", "ID", "Service", "Tags", "Address", "TaggedAddresses", "Meta", "Port", "Ports", "SocketPath", "Weights"),
        *("EnableTagOverride", "Locality", "Proxy", "Connect", "PeerName"),
    ),
}

#: The members from `Ports` on.
_FROM_PORTS = (*_SERVICE[V1_X][_SERVICE[V1_X].index("Ports") :], "CreateIndex", "ModifyIndex")

#: Members of a service that are left out if they are empty.
_OMITTED = {V1_8: {"Kind", "TaggedAddresses"}, V1_X: {"Kind", "TaggedAddresses", "Port", "Ports", "SocketPath", "Locality"}}

_CHECK = {
    V1_8: (*("Node", "CheckID", "Name", "Status", "Notes", "Output", "ServiceID", "ServiceName", "ServiceTags", "Type", "Definition"),),
    V1_X: (
        *("Node", "CheckID", "Name", "Status", "Notes", "Output", "ServiceID", "ServiceName", "ServiceTags", "Type"),
        *("Interval", "Timeout", "ExposedPort", "Definition"),
    ),
}


def node_value(given: dict[str, Any], datacenter: str) -> dict[str, Any]:
    """Return a node as in answers."""
    return {
        "ID": (given.get("ID") or "").lower(),
        "Node": given.get("Node") or "",
        "Address": given.get("Address") or "",
        "Datacenter": datacenter,
        "TaggedAddresses": given.get("TaggedAddresses"),
        "Meta": given.get("NodeMeta", given.get("Meta")),
        **({"Locality": given["Locality"]} if given.get("Locality") else {}),
    }


def service_value(given: dict[str, Any], version: Version) -> dict[str, Any]:
    """Return a service as in answers, from its registration."""
    proxy, ports = given.get("Proxy") or {}, given.get("Ports")
    value = {
        "Kind": given.get("Kind") or "",
        "ID": given.get("ID") or given.get("Service") or "",
        "Service": given.get("Service") or "",
        "Tags": given.get("Tags"),
        "Address": given.get("Address") or "",
        "TaggedAddresses": given.get("TaggedAddresses"),
        "Meta": given.get("Meta"),
        "Port": given.get("Port") or 0,
        "Ports": None if ports is None else [{"Name": "", "Port": 0, "Default": False} | port for port in ports],
        "SocketPath": given.get("SocketPath"),
        "Weights": _weights(given.get("Weights") or {}),
        "EnableTagOverride": bool(given.get("EnableTagOverride")),
        "Proxy": _proxy(proxy, version),
        "Connect": given.get("Connect") or {},
        "Locality": given.get("Locality"),
        "PeerName": given.get("PeerName") or "",
    }
    omitted = pick(_OMITTED, version)
    return {name: value[name] for name in pick(_SERVICE, version) if value[name] or name not in omitted or value[name] == []}


def port_of(service: dict[str, Any]) -> int:
    """Return the port of a service, or the default one of its named ports; 0 for none."""
    named = (port["Port"] for port in service.get("Ports") or () if port["Default"])
    return int(service.get("Port") or next(named, 0))


def with_port(shown: dict[str, Any]) -> dict[str, Any]:
    """Return a service as the answers about health show it: its default port also stands alone."""
    if not shown.get("Ports"):
        return shown
    before = {name: shown[name] for name in shown if name not in _FROM_PORTS}
    return {**before, "Port": port_of(shown), **shown}


def _weights(given: dict[str, Any]) -> dict[str, int]:
    """Return the weights; the defaults if one of them is invalid."""
    passing, warning = given.get("Passing") or 0, given.get("Warning") or 0
    return {"Passing": passing, "Warning": warning} if passing > 0 and warning >= 0 else {"Passing": 1, "Warning": 1}


def _proxy(given: dict[str, Any], version: Version) -> dict[str, Any]:
    names = ("DestinationServiceName", "DestinationServiceID", "LocalServiceAddress", "LocalServicePort", "LocalServiceSocketPath")
    shown = {name: given[name] for name in names if given.get(name)}
    if version >= V1_X:
        shown["Mode"] = given.get("Mode") or ""
        shown |= {name: given[name] for name in ("TransparentProxy", "AccessLogs", "EnvoyExtensions") if _has_content(given.get(name))}
    if given.get("Config"):
        shown["Config"] = given["Config"]
    if given.get("Upstreams"):
        shown["Upstreams"] = [_upstream(upstream, version) for upstream in given["Upstreams"]]
    return shown | {"MeshGateway": _mesh_gateway(given), "Expose": _expose(given.get("Expose") or {}, version)}


def _mesh_gateway(given: dict[str, Any]) -> dict[str, Any]:
    mode = (given.get("MeshGateway") or {}).get("Mode")
    return {"Mode": mode} if mode else {}


def _expose(given: dict[str, Any], version: Version) -> dict[str, Any]:
    names = ("ListenerPort", "Path", "LocalPathPort", "Protocol", "ParsedFromCheck")
    paths = [{name: path[name] for name in names if path.get(name)} for path in given.get("Paths") or ()]
    if version < V1_X:
        paths = [{**path, "ParsedFromCheck": path.get("ParsedFromCheck", False)} for path in paths]
    return ({"Checks": True} if given.get("Checks") else {}) | ({"Paths": paths} if paths else {})


def _has_content(given: Any) -> bool:
    """Return whether an object or a list has a member that is not zero."""
    return any(given.values()) if isinstance(given, dict) else bool(given)


_LOCAL_BINDS = ("LocalBindAddress", "LocalBindPort", "LocalBindSocketPath", "LocalBindSocketMode")


def _upstream(given: dict[str, Any], version: Version) -> dict[str, Any]:
    shown = {
        "DestinationType": given.get("DestinationType") or "",
        **({"DestinationPeer": given["DestinationPeer"]} if given.get("DestinationPeer") else {}),
        "DestinationName": given.get("DestinationName") or "",
        "Datacenter": given.get("Datacenter") or "",
        **{name: given[name] for name in _LOCAL_BINDS if given.get(name)},
    }
    if given.get("Config") or version < V1_X:
        shown["Config"] = given.get("Config")
    return shown | {"MeshGateway": _mesh_gateway(given)}


def check_value(given: dict[str, Any], version: Version) -> dict[str, Any]:
    """Return a check as in answers, from its registration."""
    definition = render_definition(given.get("Definition") or {})
    value = {
        "Node": given.get("Node") or "",
        "CheckID": given.get("CheckID") or given.get("Name") or "",
        "Name": given.get("Name") or "",
        "Status": given.get("Status") or "critical",
        "Notes": given.get("Notes") or "",
        "Output": given.get("Output") or "",
        "ServiceID": given.get("ServiceID") or "",
        "ServiceName": given.get("ServiceName") or "",
        "ServiceTags": given.get("ServiceTags"),
        "Type": given.get("Type") or kind_of_check(definition),
        "Interval": given.get("Interval") or "",
        "Timeout": given.get("Timeout") or "",
        "ExposedPort": given.get("ExposedPort") or 0,
        "Definition": definition,
    }
    return {name: value[name] for name in pick(_CHECK, version)}
