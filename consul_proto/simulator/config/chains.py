"""Discovery chains: routers, splitters and resolvers of a service. Agents refuse an entry that breaks a chain.

https://developer.hashicorp.com/consul/docs/connect/manage-traffic/discovery-chain
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from consul_proto.simulator.config.intention_sources import has_permissions, providers
from consul_proto.simulator.engine.answers import Refusal, multierror
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_X

Entry = dict[str, Any]
Entries = Mapping[tuple[str, str], Entry]

#: The kinds of entries that form a chain.
_LINKS = ("service-router", "service-splitter", "service-resolver")

#: The kinds whose change may break a chain, or something that depends on its protocol.
_CONCERNED = frozenset((*_LINKS, "service-defaults", "proxy-defaults", "ingress-gateway"))

#: An ingress gateway and a terminating gateway cannot have the same name.
_OTHER_GATEWAY = {"ingress-gateway": "terminating-gateway", "terminating-gateway": "ingress-gateway"}

#: The protocols with requests that can be routed and split.
_OF_REQUESTS = frozenset(("http", "http2", "grpc"))


def check_chains(entries: Entries, kind: str, name: str, settings: Settings) -> None:
    """Refuse a change after which the entries would be invalid.

    The order in which a real agent checks the chains is not known.
    """
    other = _OTHER_GATEWAY.get(kind)
    if other is not None and (kind, name) in entries and (other, name) in entries:
        shown = f'cannot create a "{kind}" config entry with name "{name}", a "{other}" config entry with that name already exists'
        raise Refusal(500, shown)
    if kind == "service-intentions" and (kind, name) in entries:
        _check_intentions(entries, entries[kind, name], settings)
    if kind not in _CONCERNED:
        return
    links = [(entry["Name"], entry) for (known, _), entry in sorted(entries.items()) if known in _LINKS]
    others = [of for of, entry in links if kind == "proxy-defaults" or name in _targets(entry)]
    concerned: list[str] = [*([] if kind in ("proxy-defaults", "ingress-gateway") else [name]), *others]
    protocols = {service: _Chain(entries, service, settings).check() for service in dict.fromkeys(concerned)}
    _check_protocols(entries, protocols, kind, name, settings)


def _check_intentions(entries: Entries, intentions: Entry, settings: Settings) -> None:
    for provider in providers(intentions):
        if ("jwt-provider", provider) not in entries:
            raise Refusal(500, multierror([f"Referenced JWT Provider does not exist. Provider Name: {provider}"]))
    if has_permissions(intentions):
        _check_permitted(intentions["Name"], _Chain(entries, intentions["Name"], settings).check())


def _check_permitted(service: str, protocol: str) -> None:
    """Refuse permissions for a service whose protocol has no requests."""
    if protocol not in _OF_REQUESTS:
        raise Refusal(500, f'service "{service}" has protocol "{protocol}", which is incompatible with L7 intentions permissions')


def _check_protocols(entries: Entries, protocols: dict[str, str], kind: str, name: str, settings: Settings) -> None:
    """Refuse listeners and permissions that do not fit the protocol. protocols: the known ones, by service; more are added."""

    def protocol_of(service: str) -> str:
        if service not in protocols:
            protocols[service] = _Chain(entries, service, settings).check()
        return protocols[service]

    for (known, of), entry in sorted(entries.items()):
        if known == "service-intentions" and (kind == "proxy-defaults" or of in protocols) and has_permissions(entry):
            _check_permitted(of, protocol_of(of))
        if known != "ingress-gateway":
            continue
        for listener in entry["Listeners"] or ():
            for service in (one["Name"] for one in listener.get("Services") or ()):
                is_concerned = (known, of) == (kind, name) or kind == "proxy-defaults" or service in protocols
                if service != "*" and is_concerned and protocol_of(service) != listener["Protocol"]:
                    shown = f'service "{service}" has protocol "{protocol_of(service)}"'
                    raise Refusal(500, f'{shown}, which does not match defined listener protocol "{listener["Protocol"]}"')


def destinations(entry: Entry) -> Iterator[Entry]:
    """Return the destinations of a router, a splitter or a resolver."""
    for route in entry.get("Routes") or ():
        yield route.get("Destination") or {}
    yield from entry.get("Splits") or ()
    yield entry.get("Redirect") or {}
    for failover in (entry.get("Failover") or {}).values():
        yield from failover.get("Targets") or (failover,)


def _targets(entry: Entry) -> set[str]:
    return {_target(destination, entry["Name"])[0] for destination in destinations(entry)}


def _target(destination: Entry, service: str) -> tuple[str, str]:
    """Return the service and the subset of a destination; without a service, it is the entry's own."""
    return str(destination.get("Service") or service), str(destination.get("ServiceSubset") or "")


class _Chain:
    """The chain of one service."""

    def __init__(self, entries: Entries, service: str, settings: Settings) -> None:
        self._entries, self._service, self._settings = entries, service, settings
        self._protocol = ""
        self._is_advanced = False

    def check(self) -> str:
        """Follow the chain to its end, and return its protocol."""
        router = self._entries.get(("service-router", self._service))
        if router is None:
            self._split(self._service)
        else:
            self._is_advanced = True
            self._speak(self._service)
            for route in router["Routes"] or ():
                service, subset = _target(route.get("Destination") or {}, self._service)
                if subset:
                    self._resolve(service, subset)
                else:
                    self._split(service)
            self._split(self._service)
        if self._is_advanced and self._protocol not in _OF_REQUESTS:
            shown = f'discovery chain "{self._service}" uses a protocol "{self._protocol}"'
            raise Refusal(500, f"{shown} that does not permit advanced routing or splitting behavior")
        return self._protocol

    def _speak(self, service: str) -> None:
        """Record the protocol of a service: all services of a chain must have the same one."""
        own = self._entries.get(("service-defaults", service))
        # proxy-defaults do not count for a service that has defaults of its own.
        usual = (self._entries.get(("proxy-defaults", "global"), {}).get("Config") or {}).get("protocol")
        protocol = str((own["Protocol"] if own else usual) or "tcp").lower()
        self._protocol = self._protocol or protocol
        if protocol != self._protocol:
            shown = f'service "{service}" has "{protocol}" which is not "{self._protocol}"'
            raise Refusal(500, f'discovery chain "{self._service}" uses inconsistent protocols; {shown}')

    def _split(self, service: str, seen: tuple[str, ...] = ()) -> None:
        splitter = None if service in seen else self._entries.get(("service-splitter", service))
        if splitter is None:
            self._resolve(service, "")
            return
        self._is_advanced = True
        for split in splitter["Splits"] or ():
            to, subset = _target(split, service)
            if subset:
                self._resolve(to, subset)
            else:
                self._split(to, (*seen, service))

    def _resolve(self, service: str, subset: str, *, fails_over: bool = False) -> None:
        """Follow redirects to the instances, and check the failover."""
        passed: list[tuple[str, str]] = []
        while True:
            self._speak(service)
            resolver = self._entries.get(("service-resolver", service), {})
            passed.append((service, subset))
            if (service, subset) in passed[:-1]:
                raise Refusal(500, f"detected circular resolver redirect: [{' -> '.join(map(self._render, passed))}]")
            redirect = resolver.get("Redirect") or {}
            to = _target(redirect, service)
            if redirect and to != (service, subset):
                service, subset = to
            elif not subset and resolver.get("DefaultSubset"):
                subset = str(resolver["DefaultSubset"])
            else:
                break
        if subset and subset not in (resolver.get("Subsets") or {}):
            raise Refusal(500, f'service "{service}" does not have a subset named "{subset}"')
        failovers = resolver.get("Failover") or {}
        failover = failovers.get(subset) or failovers.get("*") or {}
        if failover and not fails_over:
            for target in failover.get("Targets") or (failover,):
                if "Peer" not in target:
                    self._resolve(*_target(target, service), fails_over=True)

    def _render(self, target: tuple[str, str]) -> str:
        service, subset = target
        between = "default" if self._settings.version < V1_X else "default.default"
        return ".".join([*([subset] if subset else []), service, between, self._settings.datacenter])
