"""Read Consul's own agent configuration files. Only the settings that a simulated agent has are used.

https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, get_args

from consul_proto.simulator.engine.settings import Policy, Settings, datacenter_name
from consul_proto.simulator.go.durations import nanoseconds
from consul_proto.simulator.go.hcl import parse
from consulate.cli.dev.definitions import Definition, check_definition, entry_definition, merge_blocks, service_definition
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


def read_files(paths: Sequence[str]) -> AgentConfiguration:
    """Read the files in order: later settings win, and services and checks add up. Raises Problem."""
    configured = AgentConfiguration()
    for path in paths:
        try:
            configured = _merge(configured, _parse(path))
        except _InvalidValue as error:
            raise Problem(f"{path}: {error}") from None
    return replace(configured, ignored=tuple(dict.fromkeys(configured.ignored)))


class _InvalidValue(Exception):
    """A setting has a value of the wrong type. The message does not show the value, which could be a token."""


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


def _string(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise _InvalidValue(f"{name} must be a string")
    return value


def _datacenter(value: Any, name: str) -> str:
    try:
        return datacenter_name(_string(value, name))
    except ValueError as error:
        raise _InvalidValue(str(error)) from None


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise _InvalidValue(f"{name} must be true or false")
    return value


def _number(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _InvalidValue(f"{name} must be a whole number")
    return value


def _port(value: Any, name: str) -> int:
    """Return a port, or -1 for none. A file may also write 0 for none."""
    port = _number(value, name)
    if not -1 <= port <= 65535:
        raise _InvalidValue(f"{name} must be a port number up to 65535, or -1 for no port")
    return port or -1


def _duration(value: Any, name: str) -> int:
    try:
        return nanoseconds(_string(value, name))
    except ValueError:
        raise _InvalidValue(f'{name} must be a duration, such as "1s"') from None


def _policy(value: Any, name: str) -> Policy:
    for policy in get_args(Policy):
        if value == policy:
            return value  # type: ignore[no-any-return] # it equals a Policy
    raise _InvalidValue(f'{name} must be "allow" or "deny"')


def _block(value: Any, name: str) -> Mapping[str, Any]:
    found = merge_blocks(value)
    if found is None:
        raise _InvalidValue(f"{name} must be a block (an object in JSON)")
    return found


def _strings(value: Any, name: str) -> Mapping[str, str]:
    return {key: _string(one, f"{name}.{key}") for key, one in _block(value, name).items()}


#: Setting in a file -> field of AgentConfiguration, and the function that reads its value. Includes the names from before Consul 1.4.
_READ: dict[str, tuple[str, Callable[[Any, str], Any]]] = {
    "node_name": ("node", _string),
    "node_id": ("node_id", lambda value, name: _string(value, name).lower()),
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
    "acl_datacenter": ("acls", lambda value, name: bool(_string(value, name))),
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
_DEFINITIONS: dict[str, Callable[[Mapping[str, Any], list[str]], Definition]] = {
    "config_entries.bootstrap": entry_definition,
    "service": service_definition,
    "services": service_definition,
    "check": check_definition,
    "checks": check_definition,
}


def _merge(configured: AgentConfiguration, given: Mapping[str, Any]) -> AgentConfiguration:
    changes: dict[str, Any] = {}
    ignored = list(configured.ignored)
    for name, value in _leaves(given, ""):
        if value is None:
            continue
        if name in _READ:
            here, read = _READ[name]
            changes[here] = read(value, name)
        elif name == "addresses":
            changes |= _addresses(value, configured, ignored)
        elif name not in _DEFINITIONS:
            ignored.append(name)
    definitions = [*configured.definitions, *_read_definitions(dict(_leaves(given, "")), ignored)]
    return replace(configured, **changes, definitions=tuple(definitions), ignored=tuple(ignored))


def _leaves(given: Mapping[str, Any], within: str) -> Iterator[tuple[str, Any]]:
    for member, value in given.items():
        name = f"{within}{member}"
        if name in _BLOCKS:
            yield from _leaves(_block(value, name), f"{name}.")
        else:
            yield name, value


def _addresses(value: Any, configured: AgentConfiguration, ignored: list[str]) -> dict[str, Any]:
    """Read `addresses`. Only the HTTP addresses of this machine and the UNIX sockets are used."""
    changes: dict[str, Any] = {}
    for member, addresses in _block(value, "addresses").items():
        if member != "http":
            ignored.append(f"addresses.{member}")
            continue
        given = _string(addresses, "addresses.http").split()
        paths = [address.removeprefix(_UNIX) for address in given if address.startswith(_UNIX)]
        hosts = [address for address in given if not address.startswith(_UNIX)]
        ignored += [f"addresses.http {host} (127.0.0.1 is served)" for host in hosts if host not in _LOOPBACK]
        changes |= {"unix_paths": tuple(paths) or configured.unix_paths, "has_tcp": bool(hosts) or not paths}
    return changes


def _read_definitions(given: Mapping[str, Any], ignored: list[str]) -> Iterator[Definition]:
    for name in sorted(_DEFINITIONS.keys() & given.keys(), key=list(_DEFINITIONS).index):
        value = given[name]
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, dict):
                raise _InvalidValue(f"{name} must be a definition or a list of definitions")
            yield _DEFINITIONS[name](one, ignored)
