"""What routers, splitters and resolvers make of a service together: agents refuse an entry that lets no chain of them be.

https://developer.hashicorp.com/consul/docs/connect/manage-traffic/discovery-chain
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from consul_proto.simulator.asking import Refusal
from consul_proto.simulator.config_rules import an_object, objects
from consul_proto.simulator.settings import Settings

Entry = dict[str, Any]
Entries = Mapping[tuple[str, str], Entry]

#: The kinds that a chain is made of.
_LINKS = ("service-router", "service-splitter", "service-resolver")

#: The kinds a change of which may break a chain.
_CONCERNED = frozenset((*_LINKS, "service-defaults", "proxy-defaults"))

#: Gateways that cannot have the same name.
_OTHER_GATEWAY = {"ingress-gateway": "terminating-gateway", "terminating-gateway": "ingress-gateway"}

#: The protocols that have requests, which can be routed and split.
_OF_REQUESTS = frozenset(("http", "http2", "grpc"))


def check_chains(entries: Entries, kind: str, name: str, settings: Settings) -> None:
    """Refuse the entries as they would be after a change of one. Whose chain is looked at first, only the agent knows."""
    other = _OTHER_GATEWAY.get(kind)
    if other is not None and (kind, name) in entries and (other, name) in entries:
        shown = f'cannot create a "{kind}" config entry with name "{name}", a "{other}" config entry with that name already exists'
        raise Refusal(500, shown)
    if kind not in _CONCERNED:
        return
    links = [(entry["Name"], entry) for (known, _), entry in sorted(entries.items()) if known in _LINKS]
    others = [of for of, entry in links if kind == "proxy-defaults" or name in _related(entry)]
    concerned: list[str] = [*([] if kind == "proxy-defaults" else [name]), *others]
    for service in dict.fromkeys(concerned):
        _Chain(entries, service, settings).check()


def destinations(entry: Entry) -> Iterator[Entry]:
    """Where a router, a splitter or a resolver leads to."""
    for route in objects(entry.get("Routes")):
        yield an_object(route.get("Destination"))
    yield from objects(entry.get("Splits"))
    yield an_object(entry.get("Redirect"))
    yield from map(an_object, an_object(entry.get("Failover")).values())


def _related(entry: Entry) -> set[str]:
    return {_target(destination, entry["Name"])[0] for destination in destinations(entry)}


def _target(destination: Entry, service: str) -> tuple[str, str]:
    """A service and a subset of it; what names none is the one that it belongs to."""
    return str(destination.get("Service") or service), str(destination.get("ServiceSubset") or "")


class _Chain:
    """The chain of one service."""

    def __init__(self, entries: Entries, service: str, settings: Settings) -> None:
        self._entries, self._service, self._settings = entries, service, settings
        self._protocol = ""
        self._is_advanced = False

    def check(self) -> None:
        """Walk to where it ends."""
        router = self._entries.get(("service-router", self._service))
        if router is None:
            self._split(self._service)
        else:
            self._is_advanced = True
            self._speak(self._service)
            for route in objects(router.get("Routes")):
                service, subset = _target(an_object(route.get("Destination")), self._service)
                if subset:
                    self._resolve(service, subset)
                else:
                    self._split(service)
            self._split(self._service)
        if self._is_advanced and self._protocol not in _OF_REQUESTS:
            shown = f'discovery chain "{self._service}" uses a protocol "{self._protocol}"'
            raise Refusal(500, f"{shown} that does not permit advanced routing or splitting behavior")

    def _speak(self, service: str) -> None:
        """Note the protocol of a service, which is that of all."""
        own = self._entries.get(("service-defaults", service), {}).get("Protocol")
        usual = an_object(self._entries.get(("proxy-defaults", "global"), {}).get("Config")).get("protocol")
        protocol = str(own or usual or "tcp").lower()
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
        for split in objects(splitter.get("Splits")):
            to, subset = _target(split, service)
            if subset:
                self._resolve(to, subset)
            else:
                self._split(to, (*seen, service))

    def _resolve(self, service: str, subset: str, *, fails_over: bool = False) -> None:
        """Follow redirects to where instances are, and to where it goes on when they are ill."""
        passed: list[tuple[str, str]] = []
        while True:
            self._speak(service)
            resolver = self._entries.get(("service-resolver", service), {})
            passed.append((service, subset))
            if (service, subset) in passed[:-1]:
                raise Refusal(500, f"detected circular resolver redirect: [{' -> '.join(map(self._shown, passed))}]")
            redirect = an_object(resolver.get("Redirect"))
            to = _target(redirect, service)
            if redirect and to != (service, subset):
                service, subset = to
            elif not subset and resolver.get("DefaultSubset"):
                subset = str(resolver["DefaultSubset"])
            else:
                break
        if subset and subset not in an_object(resolver.get("Subsets")):
            raise Refusal(500, f'service "{service}" does not have a subset named "{subset}"')
        failover = an_object(resolver.get("Failover"))
        other = an_object(failover.get(subset) or failover.get("*"))
        if other and not fails_over:
            self._resolve(*_target(other, service), fails_over=True)

    def _shown(self, target: tuple[str, str]) -> str:
        service, subset = target
        between = "default" if self._settings.is_old else "default.default"
        return ".".join([*([subset] if subset else []), service, between, self._settings.datacenter])
