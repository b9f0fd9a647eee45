"""Rules for gateways, the mesh and exported services.

https://developer.hashicorp.com/consul/docs/reference/config-entry/ingress-gateway and its neighbours there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from consul_proto.simulator.config.metadata import of_all_metadata
from consul_proto.simulator.engine.versions import V1_8, V1_X, Version, pick

Entry = Mapping[str, Any]

_PROTOCOLS = ("tcp", "http", "http2", "grpc")

_VERSIONS = ("TLS_AUTO", "TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3")

#: The cipher suites that Envoy knows: key exchange and cipher.
_SUITES = frozenset(
    f"TLS_{exchange}WITH_{cipher}"
    for exchange in ("ECDHE_ECDSA_", "ECDHE_RSA_", "RSA_")
    for cipher in ("AES_128_GCM_SHA256", "AES_128_CBC_SHA", "AES_256_GCM_SHA384", "AES_256_CBC_SHA")
) | {f"TLS_ECDHE_{kind}_WITH_CHACHA20_POLY1305_SHA256" for kind in ("ECDSA", "RSA")}

#: The actions of request normalization.
_REGULAR = {
    "PathWithEscapedSlashesAction": (
        *("IMPLEMENTATION_SPECIFIC_DEFAULT", "KEEP_UNCHANGED", "REJECT_REQUEST", "UNESCAPE_AND_REDIRECT", "UNESCAPE_AND_FORWARD"),
    ),
    "HeadersWithUnderscoresAction": ("ALLOW", "REJECT_REQUEST", "DROP_HEADER"),
}

_SEVERAL = {
    V1_8: "for protocol = 'http'",
    V1_X: "for L7 protocols, 'http', 'grpc' and 'http2'",
}


def _of_tls(tls: Entry) -> Iterator[str]:
    """Return the faults of TLS versions and cipher suites."""
    least, most = tls.get("TLSMinVersion") or "", tls.get("TLSMaxVersion") or ""
    for version in (least, most):
        if version and version not in _VERSIONS:
            yield f"no matching TLS version found for {version}, please specify one of [{', '.join(_VERSIONS)}]"
    known = [_VERSIONS.index(version) for version in (least, most) if version in _VERSIONS[1:]]
    if len(known) > 1 and known[1] < known[0]:
        yield f"configuring max version {most} less than the configured min version {least} is invalid"
    suites = tls.get("CipherSuites") or ()
    if suites and least == _VERSIONS[-1]:
        shown = "configuring CipherSuites is only applicable to connections negotiated with TLS 1.2 or earlier"
        yield f"{shown}, TLSMinVersion is set to {least}"
    for suite in suites:
        if suite not in _SUITES:
            yield f"no matching Envoy TLS cipher suite found for {suite}"


def of_ingress(entry: Entry, version: Version) -> Iterator[str]:
    """Return the faults of an ingress gateway."""
    yield from of_all_metadata(entry)
    yield from _of_tls(entry["TLS"])
    ports: set[int] = set()
    for listener in entry["Listeners"] or ():
        port = listener["Port"]
        if port in ports:
            yield f"port {port} declared on two listeners"
        ports.add(port)
        yield from _of_listener(listener, entry["TLS"], version)


def _of_listener(listener: Entry, of_all: Entry, version: Version) -> Iterator[str]:
    protocol, services, where = listener["Protocol"], listener["Services"] or (), f"(listener on port {listener['Port']})"
    if protocol not in _PROTOCOLS:
        yield f"protocol must be 'tcp', 'http', 'http2', or 'grpc'. '{protocol}' is an unsupported protocol"
    if len(services) > 1 and (protocol != "http" if version < V1_X else protocol == "tcp"):
        yield f"Multiple services per listener are only supported {pick(_SEVERAL, version)} {where}"
    if not services:
        yield f"No service declared for listener with port {listener['Port']}"
    tls = listener.get("TLS") or {}
    yield from _of_tls(tls)
    sds, sds_of_all = tls.get("SDS") or {}, of_all.get("SDS") or {}
    if sds_of_all.get("CertResource") and not sds_of_all.get("ClusterName"):
        yield "TLS.SDS.ClusterName is required if CertResource is set"
    for given, lacking in (("ClusterName", "CertResource"), ("CertResource", "ClusterName")):
        if sds.get(given) and not sds.get(lacking):
            yield f"TLS.SDS.{lacking} is required if {given} is set for listener {where}"
    has_cluster = bool(sds.get("ClusterName") or sds_of_all.get("ClusterName"))
    is_encrypted = of_all["Enabled"] or tls.get("Enabled", False)
    hosts: set[str] = set()
    names: set[str] = set()
    for service in services:
        yield from _of_listened(service, protocol, where, has_cluster)
        if service["Name"] in names and version >= V1_X:
            yield f"Service {service['Name']} cannot be added multiple times {where}"
        names.add(service["Name"])
        for host in service["Hosts"] or ():
            if host in hosts:
                yield f"Hosts must be unique within a specific listener {where}"
            hosts.add(host)
            yield from _of_host(host)
            if host == "*" and is_encrypted:
                yield "Host '*' is not allowed when TLS is enabled, all hosts must be valid DNS records to add as a DNSSAN"


def _of_listened(service: Entry, protocol: str, where: str, has_cluster: bool) -> Iterator[str]:
    name, hosts = service["Name"], service["Hosts"]
    more = f'(service "{name}" on listener on port {where.rpartition(" ")[2]}'
    for member, shown in (("RequestHeaders", "request headers"), ("ResponseHeaders", "response headers")):
        if protocol == "tcp" and any((service.get(member) or {}).values()):
            yield f"{shown} only valid for http, http2 and grpc protocols {more}"
    if name == "*" and protocol == "tcp":
        yield f"Wildcard service name is only valid for protocol = 'http' {where}"
    if protocol == "tcp" and hosts:
        yield f"Associating hosts to a service is not supported for the {protocol} protocol {where}"
    if not name:
        yield f"Service name cannot be blank {where}"
    if name == "*" and hosts:
        yield f"Associating hosts to a wildcard service is not supported {where}"
    sds = (service.get("TLS") or {}).get("SDS") or {}
    if sds.get("CertResource") and not hosts:
        yield f"A service specifying TLS.SDS.CertResource must have at least one item in Hosts {more}"
    if sds.get("CertResource") and not sds.get("ClusterName") and not has_cluster:
        yield f"TLS.SDS.ClusterName is required if CertResource is set {more}"


def _of_host(host: str) -> Iterator[str]:
    if "*" in host and host != "*" and (not host.startswith("*.") or "*" in host[1:]):
        yield f'Host "{host}" is not valid, a wildcard specifier is only allowed as the leftmost label'
    if not host or ".." in host:
        yield f'Host "{host}" must be a valid DNS hostname'


def of_terminating(entry: Entry, _version: Version) -> Iterator[str]:
    """Return the faults of a terminating gateway."""
    yield from of_all_metadata(entry)
    names: set[str] = set()
    for service in entry["Services"] or ():
        name = service.get("Name") or ""
        if not name:
            yield "Service name cannot be blank."
        if name in names:
            yield f'Service "{name}" was specified more than once within a namespace'
        names.add(name)
        given = [bool(service.get(file)) for file in ("CertFile", "KeyFile", "CAFile")]
        if any(given[:2]) and not all(given):
            yield f'Service "{name}" must have a CertFile, CAFile, and KeyFile specified for TLS origination'


def of_exported(entry: Entry, _version: Version) -> Iterator[str]:
    """Return the faults of exported services."""
    if entry["Name"] != "default":
        yield 'exported-services Name must be "default"'
    yield from of_all_metadata(entry)
    for number, service in enumerate(entry.get("Services") or ()):
        for place, consumer in enumerate(service.get("Consumers") or ()):
            if consumer.get("SamenessGroup"):
                yield f"Services[{number}].Consumers[{place}]: sameness-groups are an enterprise-only feature"
    for number, service in enumerate(entry.get("Services") or ()):
        consumers = service.get("Consumers") or ()
        if not service["Name"]:
            yield f"Services[{number}]: service name cannot be empty"
        if not consumers:
            yield f"Services[{number}]: must have at least one consumer"
        for place, consumer in enumerate(consumers):
            yield from (f"Services[{number}].Consumers[{place}]: {fault}" for fault in _of_consumer(consumer))


def _of_consumer(consumer: Entry) -> Iterator[str]:
    if sum(bool(consumer.get(who)) for who in ("Peer", "Partition", "SamenessGroup")) > 1:
        yield "must define at most one of Peer, Partition, or SamenessGroup"
    if consumer.get("Peer") == "*":
        yield "exporting to all peers (wildcard) is not supported"


def of_mesh(entry: Entry, _version: Version) -> Iterator[str]:
    """Return the faults of the mesh entry."""
    yield from of_all_metadata(entry)
    for direction in ("Incoming", "Outgoing"):
        tls = (entry.get("TLS") or {}).get(direction) or {}
        yield from (f"error in {direction.lower()} TLS configuration: {fault}" for fault in _of_tls(tls))
    regular = ((entry.get("HTTP") or {}).get("Incoming") or {}).get("RequestNormalization") or {}
    for member, actions in _REGULAR.items():
        action = regular.get(member) or ""
        if action and action not in actions:
            text = f"no matching {member} value found for {action}, please specify one of [{', '.join(actions)}]"
            yield f"error in HTTP incoming request normalization configuration: {text}"
