"""Turn services, checks and configuration entries of configuration files into the requests that register them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: https://developer.hashicorp.com/consul/api-docs/agent/service, /agent/check: the API's names; files write them in lower case, with "_".
_NAMES = (
    *("ID", "Name", "Tags", "Address", "TaggedAddresses", "Meta", "Port", "SocketPath", "Kind", "EnableTagOverride", "Weights", "Passing"),
    *("Warning", "Check", "Checks", "Proxy", "Connect", "Native", "SidecarService", "Notes", "ServiceID", "Status", "Args", "HTTP"),
    *(
        "Header",
        "Method",
        "Body",
        "DisableRedirects",
        "TCP",
        "TCPUseTLS",
        "UDP",
        "Interval",
        "DockerContainerID",
        "Shell",
        "GRPC",
        "GRPCUseTLS",
    ),
    *("H2PING", "H2PingUseTLS", "OSService", "AliasNode", "AliasService", "TLSServerName", "TLSSkipVerify", "Timeout", "TTL"),
    *("SuccessBeforePassing", "FailuresBeforeWarning", "FailuresBeforeCritical", "DeregisterCriticalServiceAfter", "OutputMaxSize"),
    *("DestinationServiceName", "DestinationServiceID", "LocalServiceAddress", "LocalServicePort", "LocalServiceSocketPath", "Mode"),
    *("TransparentProxy", "Config", "Upstreams", "DestinationType", "DestinationNamespace", "DestinationName", "Datacenter"),
    *("LocalBindAddress", "LocalBindPort", "LocalBindSocketPath", "LocalBindSocketMode", "MeshGateway", "Expose", "Paths", "Path"),
    *("ListenerPort", "LocalPathPort", "Protocol", "OutboundListenerPort", "DialedDirectly", "Locality", "Region", "Zone"),
)

_BY_NAME = {name.lower(): name for name in _NAMES} | {"scriptargs": "Args"}

#: The members inside these belong to the user, and are passed on unchanged.
_OPAQUE = frozenset({"Meta", "Header", "Config"})

#: Blocks. In HCL, each of them is read as a list with one item.
_BLOCKS = frozenset(
    (
        *("Meta", "Header", "Config", "Check", "Weights", "Proxy", "Connect", "SidecarService", "TaggedAddresses", "MeshGateway"),
        *("TransparentProxy", "Expose", "Locality"),
    )
)


@dataclass(frozen=True, slots=True)
class Definition:
    """A service, a check or a configuration entry to register.

    path, body: the path and the body of the request that registers it. where: its name in messages.
    """

    path: str
    where: str
    body: Mapping[str, Any] = field(repr=False)


def service_definition(given: Mapping[str, Any], ignored: list[str]) -> Definition:
    """Return the definition of a service. The id of a check in a file is its CheckID in the API."""
    body = _in_api(given, "services", ignored)
    checks = [body["Check"]] if isinstance(body.get("Check"), dict) else []
    for check in [*checks, *(one for one in body.get("Checks") or () if isinstance(one, dict))]:
        if "ID" in check:
            check["CheckID"] = check.pop("ID")
    return Definition("/v1/agent/service/register", _label("service", body.get("Name")), body)


def check_definition(given: Mapping[str, Any], ignored: list[str]) -> Definition:
    """Return the definition of a check, of the node or of a service."""
    body = _in_api(given, "checks", ignored)
    return Definition("/v1/agent/check/register", _label("check", body.get("Name")), body)


def entry_definition(given: Mapping[str, Any], _ignored: list[str]) -> Definition:
    """Return the definition of a configuration entry. `/v1/config` accepts it in the form of the file."""
    name = next((value for known, value in given.items() if known.lower() == "name"), None)
    return Definition("/v1/config", _label("configuration entry", name), given)


def _label(what: str, name: object) -> str:
    return f"the {what} {name!r}" if name else f"a {what} without a name"


def merge_blocks(value: Any) -> dict[str, Any] | None:
    """Return a block as one dict (HCL may give its parts as a list). Return None for any other value."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and all(isinstance(part, dict) for part in value):
        return {name: one for part in value for name, one in part.items()}
    return None


def _in_api(given: Mapping[str, Any], within: str, ignored: list[str]) -> dict[str, Any]:
    """Return a definition with the API's names for its members."""
    body = {}
    for name, value in given.items():
        known = _BY_NAME.get(name.replace("_", "").lower())
        if known is None:
            ignored.append(f"{within}.{name}")
        else:
            body[known] = _value(known, value, within, ignored)
    return body


def _value(name: str, value: Any, within: str, ignored: list[str]) -> Any:
    if name in _BLOCKS:
        value = value if (block := merge_blocks(value)) is None else block
    if name in _OPAQUE:
        return value
    if name == "TaggedAddresses" and isinstance(value, dict):
        return {tag: _value("", address, within, ignored) for tag, address in value.items()}
    if isinstance(value, dict):
        return _in_api(value, within, ignored)
    if isinstance(value, list):
        return [_in_api(one, within, ignored) if isinstance(one, dict) else one for one in value]
    return value
