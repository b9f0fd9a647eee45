"""`consulate.api.agent.Agent`, with `Agent.Check` and `Agent.Service`, under their documented names."""

# A group is only read, so a subclass may narrow its type; pyright takes it for a variable that could be set.
# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

from consul_proto.endpoints import agent
from consul_proto.endpoints.agent_check import Check as _Check
from consul_proto.endpoints.agent_service import Service as _Service
from consul_proto.namespace import Sync, group
from consulate.api.documented import Documented


class Agent(Documented, agent.Agent[Sync]):
    """The agent on this machine: its services and checks, its view of the cluster, and the agent itself."""

    class Check(Documented, _Check[Sync]):
        """Register and deregister checks on the local agent, and report on TTL checks."""

    class Service(Documented, _Service[Sync]):
        """Register, deregister and read the services of the local agent."""

    check: group[Check] = group("consulate.api.agent:Agent.Check")
    service: group[Service] = group("consulate.api.agent:Agent.Service")
