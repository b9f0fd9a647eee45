"""Probes: the checks that the host runs, since the simulator has no network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Probe:
    """How to check something. One of `http`, `tcp`, `udp` and `script` is set.

    check_id: the agent's check. interval, timeout: seconds. http: a URL, requested with method, headers and body; redirects are followed
    unless `follow` is False, certificates verified unless `verify` is False. tcp, udp: "host:port". tls: whether the TCP port must speak
    TLS. server_name: the name that its certificate must have, if not the host's. script: a command with arguments.
    limit: bytes of the output that are stored.
    """

    check_id: str
    interval: float
    timeout: float = 10.0
    http: str = ""
    method: str = "GET"
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    body: str = ""
    follow: bool = True
    verify: bool = True
    tcp: str = ""
    udp: str = ""
    tls: bool = False
    server_name: str = ""
    script: tuple[str, ...] = ()
    limit: int = 4096
