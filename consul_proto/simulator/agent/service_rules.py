"""Consul's rules for the registration of a service and its sidecar: addresses, weights, metadata, checks, and their order.

https://developer.hashicorp.com/consul/docs/reference/service
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, ip_address
from typing import Any

from consul_proto.simulator.agent.checks import STATES, checks_in, fault
from consul_proto.simulator.agent.local import Local
from consul_proto.simulator.agent.sidecars import as_proxy, sidecar_faults, sidecar_id, sidecar_in
from consul_proto.simulator.catalog.registration import agent_faults, service_faults
from consul_proto.simulator.engine.answers import Refusal, multierror
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.versions import V1_X, Version

#: Addresses that are not the address of a host (agent.isInvalidAddress).
_NO_HOSTS = frozenset(("0.0.0.0", "::", "[::]"))  # noqa: S104 # what is refused

#: The limits of metadata: https://developer.hashicorp.com/consul/docs/services/configuration/services-configuration-reference#meta
_MOST_META, _LONGEST_KEY, _LONGEST_VALUE, _META_KEY = 64, 128, 512, re.compile(r"[a-zA-Z0-9_-]+")

#: The largest port, and the largest weight in DNS.
LARGEST_PORT = 65535


def check_service(given: dict[str, Any], request: ServerRequest, local: Local) -> None:
    """Refuse an invalid service, and a token that may not register it. If several things are wrong, the order decides."""
    is_early = request.settings.version < V1_X
    if not given.get("Name"):
        raise Refusal(400, "Missing service name")
    if (given.get("Address") or "") in _NO_HOSTS and not request.is_own:
        raise Refusal(400, "Invalid service address")
    request.know_token()
    if wrong := _weights_fault(given.get("Weights")):
        raise Refusal(400, f"Invalid Weights: {wrong}")
    if wrong := meta_fault(given.get("Meta") or {}):
        raise Refusal(400, f"Invalid Service Meta: {wrong}")
    if wrong := service_faults({**given, "Service": given["Name"]}, request.settings, sidecar_faults(given)):
        raise Refusal(400, wrong if is_early else f"Validation failed: {wrong}")
    _check_checks(given, request)
    sidecar = sidecar_in(given)
    # 1.8.7 answers 500 to an invalid sidecar.
    status, before = (500, request.settings.bad_request) if is_early else (400, "")
    if sidecar is not None:
        if given.get("Ports"):
            raise Refusal(400, "MultiPort cannot be used with Consul Connect.")
        _check_checks(sidecar, request, "Invalid check in sidecar_service", status, before)
    service_id = given.get("ID") or given["Name"]
    _require(request, given["Name"], local.services.get(service_id))
    if sidecar is not None:
        if wrong := meta_fault(sidecar.get("Meta") or {}):
            raise Refusal(status, f"{before}Invalid SidecarService: {wrong}")
        if not is_early and (wrongs := agent_faults(as_proxy(sidecar, given["Name"]), request.settings.version)):
            raise Refusal(400, f"Failed Validation: {multierror(wrongs)}")
        name, known = sidecar.get("Name") or sidecar_id(given["Name"]), local.services.get(sidecar_id(service_id))
        _require(request, name, known, sidecar.get("Token") or "")


def _require(request: ServerRequest, name: str, known: dict[str, Any] | None, secret: str = "") -> None:
    """Refuse a token that may not write a service, or what the agent knows by its id. secret: of a token other than the request's."""
    request.require_of_agent("service", name, secret)
    if known is not None:
        request.require_of_agent("service", known["Service"], secret, shown=name)


def _check_checks(given: dict[str, Any], request: ServerRequest, what: str = "Invalid check", status: int = 400, before: str = "") -> None:
    """Refuse invalid checks of a service. The agent's own configuration may set any status.

    what: names the checks. status: of the refusal. before: how it begins.
    """
    for check in checks_in(given):
        if wrong := fault(check, request.settings.version):
            raise Refusal(status, f"{before}{what}: {wrong}")
    for check in checks_in(given):
        if check.get("Status") not in (None, "", *STATES) and not request.is_own:
            raise Refusal(status, f"{before}Status for checks must 'passing', 'warning', 'critical'")


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


def _weights_fault(weights: dict[str, Any] | None) -> str:
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
