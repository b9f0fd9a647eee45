"""Read Consul's own agent configuration files: the settings that a simulated agent has.

https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from consul_proto.simulator.engine.settings import Policy, Settings, datacenter_name
from consul_proto.simulator.engine.versions import Version, VersionName
from consul_proto.simulator.go.durations import nanoseconds
from consul_proto.simulator.go.hcl import parse
from consulate.cli.dev.definitions import Definition, check_definition, entry_definition, service_definition
from consulate.cli.dev.shapes import Duration, Flag, InvalidValue, ListOf, MapOf, Number, Opaque, Place, Text
from consulate.cli.problems import Problem

#: Names of this machine in a file; for each of them, the agent listens on 127.0.0.1.
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "{{ GetLoopbackIP }}"})

_UNIX = "unix://"

#: The defaults.
_STANDARD = Settings()


@dataclass(frozen=True, slots=True)
class AgentConfiguration:
    """The settings of the files.

    has_tcp: whether to listen on TCP. default_policy: None if no file sets it. session_ttl_min: nanoseconds.
    definitions: services, checks and configuration entries to register. ignored: names of settings that have no effect here.
    """

    node: str = ""
    node_id: str = ""
    node_meta: Mapping[str, str] = field(default_factory=dict)
    datacenter: str = ""
    http_port: int | None = None
    has_tcp: bool = True
    unix_paths: tuple[str, ...] = ()
    acls: bool = False
    default_policy: Policy | None = None
    management_token: str = field(default="", repr=False)
    agent_token: str = field(default="", repr=False)
    default_token: str = field(default="", repr=False)
    script_checks: bool = False
    local_script_checks: bool = False
    connect: bool = True
    session_ttl_min: int = _STANDARD.session_ttl_min
    kv_max_value_size: int = _STANDARD.kv_max_value_size
    txn_max_req_len: int = _STANDARD.txn_max_req_len
    definitions: tuple[Definition, ...] = ()
    ignored: tuple[str, ...] = ()


def read_files(paths: Sequence[str], version: VersionName = "1.22.5") -> AgentConfiguration:
    """Read the files in order: later settings win, and services and checks add up. Raises Problem.

    version: of Consul, which decides what a service or a check can have.
    """
    configured = AgentConfiguration()
    for path in paths:
        try:
            configured = _merge(configured, _parse(path), Place("", not path.endswith(".json"), Version.parse(version)))
        except InvalidValue as error:
            raise Problem(f"{path}: {error}") from None
    return replace(configured, ignored=tuple(dict.fromkeys(configured.ignored)))


def _parse(path: str) -> Mapping[str, Any]:
    try:
        text = Path(path).read_text(encoding="utf-8")
        value = (json.loads(text) if text.strip() else {}) if path.endswith(".json") else parse(text)
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise Problem(f"{path} is not JSON: {error.msg}, line {error.lineno}") from None
    except ValueError as error:
        raise Problem(f"{path} is not HCL: {error}") from None
    if not isinstance(value, dict):
        raise Problem(f"{path} is not an agent configuration: it must contain one object")
    return value


def _string(value: Any, place: Place) -> str:
    return Text().read(value, place)


def _datacenter(value: Any, place: Place) -> str:
    try:
        return datacenter_name(_string(value, place))
    except ValueError as error:
        raise InvalidValue(str(error)) from None


def _flag(value: Any, place: Place) -> bool:
    return Flag().read(value, place)


def _number(value: Any, place: Place) -> int:
    return Number().read(value, place)


def _port(value: Any, place: Place) -> int:
    """Return a port, or -1 for none. A file may also write 0 for none."""
    port = _number(value, place)
    if not -1 <= port <= 65535:
        raise place.refuse("a port number up to 65535, or -1 for no port")
    return port or -1


def _duration(value: Any, place: Place) -> int:
    return nanoseconds(Duration().read(value, place))


def _policy(value: Any, place: Place) -> Policy:
    for policy in get_args(Policy):
        if value == policy:
            return value  # type: ignore[no-any-return] # it equals a Policy
    raise place.refuse('"allow" or "deny"')


def _strings(value: Any, place: Place) -> Mapping[str, str]:
    return MapOf(Text()).read(value, place)


#: Setting in a file -> field of AgentConfiguration, and the function that reads its value. Includes the names from before Consul 1.4.
_READ: dict[str, tuple[str, Callable[[Any, Place], Any]]] = {
    "node_name": ("node", _string),
    "node_id": ("node_id", lambda value, place: _string(value, place).lower()),
    "node_meta": ("node_meta", _strings),
    "datacenter": ("datacenter", _datacenter),
    "ports.http": ("http_port", _port),
    "acl.enabled": ("acls", _flag),
    "acl.default_policy": ("default_policy", _policy),
    "acl.tokens.initial_management": ("management_token", _string),
    "acl.tokens.master": ("management_token", _string),
    "acl.tokens.agent": ("agent_token", _string),
    "acl.tokens.default": ("default_token", _string),
    "acl_default_policy": ("default_policy", _policy),
    "acl_master_token": ("management_token", _string),
    "acl_agent_token": ("agent_token", _string),
    "acl_token": ("default_token", _string),
    "acl_datacenter": ("acls", lambda value, place: bool(_string(value, place))),
    "connect.enabled": ("connect", _flag),
    "session_ttl_min": ("session_ttl_min", _duration),
    "limits.kv_max_value_size": ("kv_max_value_size", _number),
    "limits.txn_max_req_len": ("txn_max_req_len", _number),
    "enable_script_checks": ("script_checks", _flag),
    "enable_local_script_checks": ("local_script_checks", _flag),
}

#: Blocks with settings that have an effect here.
_BLOCKS = frozenset({"ports", "acl", "acl.tokens", "limits", "config_entries", "connect"})

#: Definitions, in the order of registration: a check may belong to a service, and a service may depend on configuration entries.
_DEFINITIONS: dict[str, Callable[[Any, Place], Definition]] = {
    "config_entries.bootstrap": entry_definition,
    "services": service_definition,
    "service": service_definition,
    "checks": check_definition,
    "check": check_definition,
}

#: Those of which a file has one.
_SINGLE = frozenset({"service", "check"})


def _merge(configured: AgentConfiguration, given: Mapping[str, Any], root: Place) -> AgentConfiguration:
    changes: dict[str, Any] = {}
    ignored = list(configured.ignored)
    leaves = dict(_leaves(given, root))
    for name, value in leaves.items():
        if name in _READ:
            here, read = _READ[name]
            changes[here] = read(value, root.named(name))
        elif name == "addresses":
            changes |= _addresses(value, configured, ignored, root.named(name))
        elif name not in _DEFINITIONS:
            ignored.append(name)
    definitions = (*configured.definitions, *_read_definitions(leaves, root))
    return replace(configured, **changes, definitions=definitions, ignored=tuple(ignored))


def _leaves(given: Mapping[str, Any], within: Place) -> Iterator[tuple[str, Any]]:
    """Yield the settings that have a value, by their names in lower case."""
    names: set[str] = set()
    for member, value in given.items():
        place = within.inside(member.lower())
        if place.name in names:
            raise InvalidValue(f"{place.name} is given twice, in different case")
        names.add(place.name)
        if value is None:
            continue
        if place.name in _BLOCKS:
            yield from _leaves(Opaque().read(value, place), place)
        else:
            yield place.name, value


def _addresses(value: Any, configured: AgentConfiguration, ignored: list[str], place: Place) -> dict[str, Any]:
    """Read `addresses`: of those for HTTP, the ones of this machine and UNIX sockets."""
    changes: dict[str, Any] = {}
    for member, addresses in Opaque().read(value, place).items():
        if member.lower() != "http":
            ignored.append(f"addresses.{member}")
            continue
        given = _string(addresses, place.inside("http")).split()
        paths = [address.removeprefix(_UNIX) for address in given if address.startswith(_UNIX)]
        hosts = [address for address in given if not address.startswith(_UNIX)]
        ignored += [f"addresses.http {host} (127.0.0.1 is served)" for host in hosts if host not in _LOOPBACK]
        changes |= {"unix_paths": tuple(paths) or configured.unix_paths, "has_tcp": bool(hosts) or not paths}
    return changes


def _read_definitions(given: Mapping[str, Any], root: Place) -> Iterator[Definition]:
    for name, read in _DEFINITIONS.items():
        place = root.named(name)
        if name in given and name in _SINGLE:
            yield read(given[name], place)
        elif name in given:
            for number, one in enumerate(ListOf(Opaque()).read(given[name], place)):
                yield read(one or {}, place.at(number))
