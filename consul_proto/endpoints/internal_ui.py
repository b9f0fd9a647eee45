"""The summaries that Consul's own web UI shows."""

from __future__ import annotations

from consul_proto.namespace import M, Namespace


class UI(Namespace[M]):
    """The summaries that Consul's own web UI shows."""
