"""Host names to addresses, within a time limit: the system's resolver cannot be interrupted, so it runs in a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address
from time import monotonic
from typing import Any

#: As `socket.getaddrinfo` gives it: family, kind, protocol, canonical name, address.
AddressInfo = tuple[int, int, int, str, Any]


def resolve(host: str, port: int, deadline: float) -> Sequence[AddressInfo]:
    """Return the addresses of a host. Raises OSError; TimeoutError where the time of the monotonic clock is up before there are any."""
    if _is_address(host) or deadline == float("inf"):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found: list[AddressInfo] = []
    failed: list[OSError] = []

    def look_up() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failed.append(error)
        except UnicodeError as error:
            failed.append(socket.gaierror(socket.EAI_NONAME, str(error)))

    thread = threading.Thread(target=look_up, name="consulate-resolve", daemon=True)
    thread.start()
    thread.join(max(0.0, deadline - monotonic()))
    if failed:
        raise failed[0]
    if not found:
        raise TimeoutError
    return found


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def connect(host: str, port: int, deadline: float) -> socket.socket:
    """Return a socket that is connected to one of a host's addresses, each of which gets its share of the time. Raises OSError."""
    addresses = resolve(host, port, deadline)
    last: OSError = OSError("the host has no address")
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(None if left == float("inf") else left / (len(addresses) - tried))
            sock.connect(address)
        except OSError as error:
            sock.close()
            last = error
        except BaseException:
            sock.close()
            raise
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    raise last
