"""Consul's rules for the members of a service: addresses, weights, metadata.

https://developer.hashicorp.com/consul/docs/reference/service
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, ip_address
from typing import Any

from consul_proto.simulator.engine.versions import V1_X, Version

#: Addresses that are not the address of a host (agent.isInvalidAddress).
NO_HOSTS = frozenset(("0.0.0.0", "::", "[::]"))  # noqa: S104 # what is refused

#: The limits of metadata: https://developer.hashicorp.com/consul/docs/services/configuration/services-configuration-reference#meta
_MOST_META, _LONGEST_KEY, _LONGEST_VALUE, _META_KEY = 64, 128, 512, re.compile(r"[a-zA-Z0-9_-]+")

#: The largest port, and the largest weight in DNS.
LARGEST_PORT = 65535


def kind_of_address(address: str, version: Version) -> str:
    """Return "ipv4" or "ipv6" as Go takes an address, "" for a name. An address with a zone is a name, an IPv4 one in IPv6 is IPv4."""
    if version < V1_X:  # old versions of Go ignore leading zeros
        address = _LEADING_ZEROS.sub("", address) if _DOTTED.fullmatch(address) else address
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    if isinstance(found, IPv4Address):
        return "ipv4"
    return "" if found.scope_id else "ipv4" if found.ipv4_mapped else "ipv6"


#: An IPv4 address whose numbers may begin with zeros.
_DOTTED, _LEADING_ZEROS = re.compile(r"\d+(?:\.\d+){3}", re.ASCII), re.compile(r"\b0+(?=\d)", re.ASCII)


def weights_fault(weights: dict[str, Any] | None) -> str:
    """Return what is wrong with weights, in Consul's words; "" for nothing."""
    if weights is None:
        return ""
    passing, warning = weights.get("Passing", 0), weights.get("Warning", 0)
    if passing < 1:
        return "Passing must be greater than 0"
    if warning < 0:
        return "Warning must be greater or equal than 0"
    if passing > LARGEST_PORT or warning > LARGEST_PORT:
        return "DNS Weight must be between 0 and 65535"
    return ""


def meta_fault(meta: dict[str, str]) -> str:
    """Return what is wrong with metadata, in Consul's words; "" if it is valid."""
    if len(meta) > _MOST_META:
        return f"Node metadata cannot contain more than {_MOST_META} key/value pairs"
    for key, value in meta.items():
        rules = (
            (not key, "Key cannot be blank"),
            (key and not _META_KEY.fullmatch(key), "Key contains invalid characters"),
            (len(key) > _LONGEST_KEY, f"Key is too long (limit: {_LONGEST_KEY} characters)"),
            (key.startswith("consul-"), "Key prefix 'consul-' is reserved for internal use"),
            (len(value) > _LONGEST_VALUE, f"Value is too long (limit: {_LONGEST_VALUE} characters)"),
        )
        for is_broken, text in rules:
            if is_broken:
                return f"Couldn't load metadata pair ('{key}', '{value}'): {text}"
    return ""
