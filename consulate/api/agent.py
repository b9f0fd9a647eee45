"""`consulate.api.agent.Agent`, with `Agent.Check` and `Agent.Service`, under their documented names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from consul_proto.codec import Codec
from consul_proto.endpoints import agent
from consul_proto.endpoints.check import Check as _Check
from consul_proto.endpoints.service import Service as _Service
from consul_proto.namespace import Sync
from consulate.api.documented import Documented


class Agent(Documented, agent.Agent[Sync]):
    """The agent on this machine: its services and checks, its view of the cluster, and the agent itself."""

    class Check(Documented, _Check[Sync]):
        """Register and deregister checks on the local agent, and report on TTL checks."""

    class Service(Documented, _Service[Sync]):
        """Register, deregister and read the services of the local agent."""

    def _begin(self, run: Callable[[Any], Any], codec: Codec) -> None:
        super()._begin(run, codec)
        self.check = self.Check.over(run, codec)
        self.service = self.Service.over(run, codec)
