"""What a host does for the simulator, which has no network: the checks that ask something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Probe:
    """How to learn whether something is well. One of `http`, `tcp`, `udp` and `script` is given.

    check_id: of the agent's check. interval, timeout: seconds. http: a URL, asked with method, headers and body; redirects are followed
    unless `follow` is False, and certificates verified unless `verify` is False. tcp, udp: "host:port". script: a command with arguments.
    limit: how many bytes of what it says are kept.
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
    script: tuple[str, ...] = ()
    limit: int = 4096
