"""TCP and UDP ports, as calls take them."""

from __future__ import annotations

#: RFC 9293, section 3.1; 0 means that the service has no port.
_HIGHEST = 65535


def checked_port(port: object) -> None:
    """Raise ValueError for a port out of range, and TypeError for anything but an int or None."""
    if port is None:
        return
    if isinstance(port, bool) or not isinstance(port, int):
        raise TypeError(f"a port must be an int, not {type(port).__name__}")
    if not 0 <= port <= _HIGHEST:
        raise ValueError(f"a port must be between 0 and 65535, not {port}")
