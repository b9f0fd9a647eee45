"""The transport of a client: that of its agent, or one over the transports of several agents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from consulate.adapters import adapter_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from consul_proto.config import Config
    from consulate.adapters import Adapter
    from transports.protocol import AsyncTransport, Transport

T = TypeVar("T")


def transport_to(config: Config, adapter: Adapter | type[Adapter] | None) -> Transport:
    """Return the transport of a `Consul`. Raises ValueError for an address or a certificate that the adapter cannot use."""
    if not config.others:
        return adapter_for(config, adapter).transport(config)
    from random import random

    from transports.several_agents import AgentsTransport

    made = {str(one.address): adapter_for(one, adapter).transport(one) for one in _each(config)}
    return AgentsTransport(made, config.agent_order, random)


def async_transport_to(config: Config, adapter: Adapter | type[Adapter] | None) -> AsyncTransport:
    """Return the transport of an `AsyncConsul`; see `transport_to`."""
    if not config.others:
        return adapter_for(config, adapter).async_transport(config)
    from random import random

    from transports.several_agents import AsyncAgentsTransport

    made = {str(one.address): adapter_for(one, adapter).async_transport(one) for one in _each(config)}
    return AsyncAgentsTransport(made, config.agent_order, random)


def only_one(host: str | Sequence[str] | None, transport: T) -> T:
    """Return the transport that the user gave. Raises ValueError for several addresses, since it decides itself where it connects."""
    if host is not None and (not isinstance(host, str) or "," in host):
        raise ValueError("several addresses cannot be combined with transport=, which connects by itself; leave one of them out")
    return transport


def _each(config: Config) -> Iterator[Config]:
    """Yield the configuration of each agent: its address, and the others."""
    addresses = config.addresses
    for number, address in enumerate(addresses):
        yield replace(config, address=address, others=addresses[:number] + addresses[number + 1 :])
