"""What is wrong between a program and Consul: the agent, its version, the leader, the clock, the token and its rights, the certificate.

It only reads. No finding contains the token.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from consul_proto.errors import ACLDisabled, ClientError, ConsulateException, Forbidden, RequestError
from transports.clients.tls import client_context

if TYPE_CHECKING:
    from consul_proto.config import Address, Config
    from consul_proto.types.acl_token import ACLToken
    from consul_proto.types.internal import ACLAuthorizationRequest
    from consulate.client import Consul

Level: TypeAlias = Literal["ok", "warn", "fail"]

#: Seconds by which the clocks may differ. The Date of an answer has no fractions.
_CLOCK = 5.0

#: Seconds before a token or a certificate ends that are worth a warning.
_TOKEN_ENDS, _CERTIFICATE_ENDS = 3600.0, 14 * 86400.0

#: Seconds for a connection that reads the certificate.
_PATIENCE = 10.0

#: The rights that are asked for: the resource, and how Consul calls the access to all names.
_RIGHTS = (
    ("acl", "read", "write"),
    ("agent", "read", "write"),
    ("event", "read", "write"),
    ("key", "list", "write-prefix"),
    ("keyring", "read", "write"),
    ("node", "read", "write"),
    ("operator", "read", "write"),
    ("query", "read", "write"),
    ("service", "read", "write"),
    ("session", "read", "write"),
)


class Finding(NamedTuple):
    """What was found. subject: "agent", "certificate", "clock", "version", "leader", "token" or "rights".

    error: what a call raised, if that is the reason.
    """

    level: Level
    subject: str
    text: str
    error: ConsulateException | None = None


def diagnose(consul: Consul, config: Config | None = None) -> Iterator[Finding]:
    """Yield what is found, one by one. If the agent cannot be reached, this is the last.

    config: the client's own, to read the certificates of its agents; without it, they are not looked at.
    """
    began = time.time()
    try:
        answer = consul.perform(consul.ops.request("GET", "/v1/status/leader"))
    except (RequestError, ClientError) as error:
        yield Finding("fail", "agent", f"cannot be reached: {error}", error)
        return
    except ConsulateException as error:
        yield Finding("ok", "agent", "it answers")
        yield Finding("fail", "leader", str(error), error)
    else:
        took = time.time() - began
        yield Finding("ok", "agent", f"it answers, in {took * 1000:.0f} ms")
        yield _clock(answer.headers.get("date"), began, took)
        yield _leader(consul, str(answer.json() or ""))
    yield _version(consul)
    yield from _token(consul)
    if config is not None and config.proxy is None:
        yield from (_certificate(config, address) for address in config.addresses if address.is_encrypted)


def _clock(date: str | None, began: float, took: float) -> Finding:
    """Compare the Date of an answer with the local clock, at the middle of the call."""
    try:
        theirs = parsedate_to_datetime(date or "").timestamp() + 0.5
    except ValueError:
        return Finding("warn", "clock", "the answer has no date to compare with")
    ahead = began + took / 2 - theirs
    off = max(abs(ahead) - 0.5 - took / 2, 0.0)
    if off <= _CLOCK:
        return Finding("ok", "clock", f"within {off + 1:.0f} s of the agent's")
    return Finding(
        "warn", "clock", f"{off:.0f} s {'ahead of' if ahead > 0 else 'behind'} the agent's: synchronize it, for example with NTP"
    )


def _leader(consul: Consul, leader: str) -> Finding:
    if not leader:
        return Finding("fail", "leader", "the cluster has none: reads and writes fail until most servers are connected again")
    try:
        peers = len(consul.status.peers())
    except ConsulateException as error:
        return Finding("warn", "leader", f"{leader}; its servers cannot be listed: {error}", error)
    return Finding("ok", "leader", f"{leader}, of {peers} server{'' if peers == 1 else 's'}")


def _version(consul: Consul) -> Finding:
    try:
        config = consul.agent.self()["Config"]
    except Forbidden:
        return Finding("warn", "version", "unknown, since the token may not read the agent (agent:read)")
    except ConsulateException as error:
        return Finding("fail", "version", str(error), error)
    kind = "server" if config["Server"] else "client agent"
    return Finding("ok", "version", f"Consul {config['Version']}, a {kind}, node {config['NodeName']} in {config['Datacenter']}")


def _token(consul: Consul) -> Iterator[Finding]:
    """Yield what the token is, and what it may do."""
    try:
        token = consul.acl.token.self()
    except ACLDisabled:
        yield Finding("ok", "token", "none is needed: ACLs are off, and everybody may do everything")
    except Forbidden as error:
        rights = _rights(consul)
        if isinstance(rights.error, Forbidden):
            yield Finding("fail", "token", str(error), error)
        else:
            yield Finding("warn", "token", "none is sent: the rights are those of the anonymous token")
            yield rights
    except ConsulateException as error:
        yield Finding("fail", "token", str(error), error)
    else:
        yield _about(token)
        yield _rights(consul)


def _about(token: ACLToken) -> Finding:
    parts = [f"accessor {token['AccessorID']}"]
    if token["Description"]:
        parts.append(repr(token["Description"]))
    for word, links in (("policies", token.get("Policies")), ("roles", token.get("Roles"))):
        if links:
            parts.append(f"{word} {', '.join(link['Name'] for link in links)}")
    for name, identities in (("service identities", token.get("ServiceIdentities")), ("node identities", token.get("NodeIdentities"))):
        if identities:
            parts.append(f"{len(identities)} {name}")
    says = "; ".join(parts)
    if "ExpirationTime" not in token:
        return Finding("ok", "token", says)
    left = (datetime.fromisoformat(token["ExpirationTime"]) - datetime.now(UTC)).total_seconds()
    return Finding("warn" if left < _TOKEN_ENDS else "ok", "token", f"{says}; it expires in {_duration(left)}")


def _rights(consul: Consul) -> Finding:
    wanted: list[ACLAuthorizationRequest] = [
        {"Resource": resource, "Access": access, "Segment": ""} for resource, *accesses in _RIGHTS for access in accesses
    ]
    try:
        found = [answer["Allow"] for answer in consul.internal.acl_authorize(wanted)]
    except ConsulateException as error:
        return Finding("warn", "rights", f"unknown: {error}", error)
    reads, writes = ([row[0] for row, may in zip(_RIGHTS, found[start::2], strict=True) if may] for start in (0, 1))
    texts = [
        f"{verb} {'everything' if len(names) == len(_RIGHTS) else ', '.join(names)}"
        for verb, names in (("read", reads), ("write", writes))
        if names
    ]
    if not texts:
        return Finding("warn", "rights", "none for all names; it may have rights for some names")
    return Finding("ok", "rights", f"for all names: {'; '.join(texts)}")


def _certificate(config: Config, address: Address) -> Finding:
    """Return when the certificate of an agent ends. A connection of its own reads it."""
    if not config.tls.verify:
        return Finding("warn", "certificate", f"that of {address} is not verified, so it is not known whose it is")
    try:
        ends = ssl.cert_time_to_seconds(_end_of_certificate(config, address))
    except (OSError, ValueError) as error:
        return Finding("fail", "certificate", f"that of {address} cannot be read: {error}")
    left = ends - time.time()
    date = datetime.fromtimestamp(ends, UTC).strftime("%Y-%m-%d")
    return Finding(
        "warn" if left < _CERTIFICATE_ENDS else "ok", "certificate", f"that of {address} is valid until {date}, for {_duration(left)}"
    )


def _end_of_certificate(config: Config, address: Address) -> str:
    if address.is_unix:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_PATIENCE)
        connection.connect(address.path)
    else:
        connection = socket.create_connection((address.host, address.port), _PATIENCE)
    name = config.tls.server_name or address.host
    with connection, client_context(config.tls).wrap_socket(connection, server_hostname=name) as wrapped:
        certificate = wrapped.getpeercert() or {}
    return str(certificate.get("notAfter", ""))


def _duration(seconds: float) -> str:
    """Return a time for people, in its largest unit."""
    for size, word in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {word}"
    return f"{seconds:.0f} seconds"
