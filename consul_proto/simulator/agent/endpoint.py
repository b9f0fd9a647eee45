"""The agent itself, and the members of its cluster: only itself.

https://developer.hashicorp.com/consul/api-docs/agent
"""

from __future__ import annotations

from functools import partial
from ipaddress import ip_address
from typing import Any

from consul_proto.simulator.acl.bodies import AGENT_TOKEN
from consul_proto.simulator.agent.checks import DONE
from consul_proto.simulator.agent.local import Local
from consul_proto.simulator.agent.members import ADDRESS, SERF_PORT, SERF_WAN_PORT, SERVER_PORT, own_node
from consul_proto.simulator.agent.services import NODE_MAINTENANCE, enable_parameter, maintenance
from consul_proto.simulator.agent.telemetry import go_time
from consul_proto.simulator.catalog.coordinates import ORIGIN
from consul_proto.simulator.engine.answers import Refusal, WriteAnswer, multierror
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_8, V1_14, V1_16, V1_X, pick
from consul_proto.simulator.filters.expressions import MEMBER
from consul_proto.simulator.filters.parameter import read_filter
from consul_proto.simulator.go.durations import as_go_writes

#: The tokens that can be set: https://developer.hashicorp.com/consul/api-docs/agent#update-acl-tokens
_OLD_TOKENS = (
    *("acl_token", "default", "acl_agent_token", "agent", "acl_agent_master_token", "agent_master"),
    *("acl_replication_token", "replication"),
)
_TOKENS = {V1_8: _OLD_TOKENS, V1_X: (*_OLD_TOKENS, "agent_recovery", "config_file_service_registration", "dns")}

#: The ports of gossip, by network.
_SERF = {"LAN": SERF_PORT, "WAN": SERF_WAN_PORT}


_NO_PROMETHEUS = "Prometheus is not enabled since its retention time is not positive"


class AgentEndpoint:
    """`/v1/agent/`, without services and checks."""

    def __init__(self, store: Store, local: Local, settings: Settings) -> None:
        self._store, self._local, self._settings = store, local, settings

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        get, put = partial(Route, ("GET",)), partial(Route, ("PUT",))
        routes = {
            "/v1/agent/self": get(write=self.own),
            "/v1/agent/host": get(write=self.host),
            "/v1/agent/metrics": get(write=self.metrics),
            "/v1/agent/members": get(write=self.members),
            "/v1/agent/reload": put(write=self.reload),
            "/v1/agent/maintenance": put(write=self.maintenance),
            "/v1/agent/join/": put(write=self.join, deep=True),
            "/v1/agent/leave": put(write=self.leave),
            "/v1/agent/force-leave/": put(write=self.force_leave, deep=True),
            "/v1/agent/token/": put(write=self.token, deep=True),
        }
        if self._settings.version >= V1_16:
            routes["/v1/agent/version"] = get(write=self.version)
        return routes

    def _require(self, request: ServerRequest, access: str) -> None:
        request.require("agent", self._settings.node, access)

    def version(self, _request: ServerRequest, _now: float) -> dict[str, Any]:
        """GET version: it needs no right."""
        return {"SHA": "", "BuildDate": "1970-01-01T00:00:01Z", "HumanVersion": str(self._settings.version), "FIPS": ""}

    def host(self, request: ServerRequest, _now: float) -> dict[str, Any]:
        """GET host: only names, since there is no real machine."""
        request.require("operator", "", "read")
        named = {"hostname": self._settings.node, "os": "linux", "uptime": 0, "bootTime": 0, "procs": 0, "hostId": self._settings.node_id}
        return {"Memory": {}, "CPU": [], "Host": named, "Disk": {}, "CollectionTime": 0, "Errors": None}

    def metrics(self, request: ServerRequest, now: float) -> dict[str, Any] | WriteAnswer:
        """GET metrics: there are none."""
        self._require(request, "read")
        if request.first("format") == "prometheus":
            if self._settings.version < V1_X:
                raise Refusal(415, _NO_PROMETHEUS)
            return WriteAnswer(b"", headers=(("X-Consul-Reason", _NO_PROMETHEUS),))
        return {"Timestamp": go_time(self._settings, now), "Gauges": [], "Points": [], "Counters": [], "Samples": []}

    def own(self, request: ServerRequest, _now: float) -> dict[str, Any]:
        """GET self."""
        self._require(request, "read")
        settings = self._settings
        config: dict[str, Any] = {"Datacenter": settings.datacenter}
        config |= {} if settings.version < V1_X else {"PrimaryDatacenter": settings.datacenter}
        config |= {"NodeName": settings.node, "NodeID": settings.node_id, "Revision": "", "Server": True, "Version": str(settings.version)}
        config |= {} if settings.version < V1_X else {"BuildDate": "1970-01-01T00:00:01Z", "BindAddr": ADDRESS}
        return {
            "Config": config,
            "DebugConfig": self._debug_config(),
            "Coord": ORIGIN,
            "Member": self._member(wan=False),
            "Stats": self._stats(),
            "Meta": own_node(settings)["Meta"],
        }

    def _debug_config(self) -> dict[str, Any]:
        """Return the part that programs look up: the configuration, and the agent's addresses."""
        settings = self._settings
        where = {f"Serf{what}Addr{net}": f"tcp://{ADDRESS}:{port}" for what in ("Advertise", "Bind") for net, port in _SERF.items()}
        said = {"Datacenter": settings.datacenter, "PrimaryDatacenter": settings.datacenter, "NodeName": settings.node}
        said |= {"NodeID": settings.node_id, "Version": str(settings.version), "BindAddr": ADDRESS}
        limits = {"KVMaxValueSize": settings.kv_max_value_size, "TxnMaxReqLen": settings.txn_max_req_len}
        ports = {f"SerfPort{net}": port for net, port in _SERF.items()} | {"ServerPort": SERVER_PORT, "HTTPPort": settings.http_port}
        said["SessionTTLMin"] = as_go_writes(settings.session_ttl_min / 10**9)
        flags = {"ACLsEnabled": settings.acls, "ConnectEnabled": settings.connect, "DevMode": True, "ServerMode": True, "Bootstrap": False}
        return dict(sorted((said | where | limits | ports | flags).items()))

    def _stats(self) -> dict[str, dict[str, str]]:
        checks, version, server = self._local.checks.values(), str(self._settings.version), f"{ADDRESS}:{SERVER_PORT}"
        agent = {
            "check_monitors": str(sum(check.probe is not None and bool(check.probe.script) for check in checks)),
            "check_ttls": str(sum(bool(check.ttl) for check in checks)),
            "checks": str(len(checks)),
            "services": str(len(self._local.services)),
        }
        consul = {"acl": "enabled" if self._settings.acls else "disabled", "bootstrap": "false", "known_datacenters": "1"}
        index = str(self._store.index)
        build = {"prerelease": "", "revision": "", "version": version}
        build |= {} if self._settings.version < V1_X else {"version_metadata": ""}
        return {
            "agent": agent,
            "build": build,
            "consul": consul | {"leader": "true", "leader_addr": server, "server": "true"},
            "raft": {"applied_index": index, "commit_index": index, "last_log_index": index, "num_peers": "0", "state": "Leader"},
            "runtime": {},
            "serf_lan": {"members": "1", "failed": "0", "left": "0"},
            "serf_wan": {"members": "1", "failed": "0", "left": "0"},
        }

    def _member(self, *, wan: bool) -> dict[str, Any]:
        settings = self._settings
        tags = {"acls": "1" if settings.acls else "0", "build": f"{settings.version}:", "dc": settings.datacenter, "ft_fs": "1"}
        tags |= {} if settings.version < V1_X else {"ft_si": "1"}
        tags |= {"id": settings.node_id, "port": str(SERVER_PORT), "raft_vsn": "3", "role": "consul", "segment": "", "vsn": "2"}
        tags |= {"vsn_max": "3", "vsn_min": "2"} | ({} if wan else {"wan_join_port": str(SERF_WAN_PORT)})
        name, port = (f"{settings.node}.{settings.datacenter}", SERF_WAN_PORT) if wan else (settings.node, SERF_PORT)
        protocols = {"ProtocolMin": 1, "ProtocolMax": 5, "ProtocolCur": 2, "DelegateMin": 2, "DelegateMax": 5, "DelegateCur": 4}
        return {"Name": name, "Addr": ADDRESS, "Port": port, "Tags": tags, "Status": 1, **protocols}

    def members(self, request: ServerRequest, _now: float) -> list[dict[str, Any]]:
        """GET members."""
        wan, segment = bool(request.first("wan")), request.first("segment")
        if wan and segment not in ("", "_all"):
            raise Refusal(400, "Cannot provide a segment with wan=true")
        request.only_default_partition()
        if segment not in ("", "_all"):
            raise Refusal(500, "Network segments are not supported in this version of Consul")
        request.know_token()
        keep = (lambda _value: True) if self._settings.version < V1_14 else read_filter(request, MEMBER)
        member = self._member(wan=wan)
        is_kept = request.may("node", self._settings.node, "read") and keep({**member, "Addr": ip_address(ADDRESS).packed})
        return [member] if is_kept else []

    def reload(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """PUT reload: there is nothing to reload."""
        self._require(request, "write")
        return DONE

    def maintenance(self, request: ServerRequest, now: float) -> WriteAnswer:
        """PUT maintenance: add or remove a critical check of the node."""
        enable = enable_parameter(request)
        request.require("node", self._settings.node, "write")
        known = NODE_MAINTENANCE in self._local.checks
        if enable and not known:
            self._local.add_check(
                maintenance(NODE_MAINTENANCE, "Node", request.first("reason"), self._settings), now, token=request.registration_token
            )
        elif not enable and known:
            self._local.remove_check(NODE_MAINTENANCE)
        return DONE

    def join(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """PUT join: an agent can only join itself; there is no other."""
        self._require(request, "write")
        request.only_default_partition()
        if not request.rest:
            raise Refusal(500, multierror(["Failed to resolve : lookup : no such host"]))
        host, _, port = request.rest.partition(":")
        if host not in (ADDRESS, "localhost") or port not in ("", str(SERF_PORT), str(SERF_WAN_PORT)):
            address = f"{host}:{port or SERF_PORT}"
            where = host if self._settings.version < V1_X else address
            why = f"Failed to join {where}: dial tcp {address}: connect: connection refused"
            raise Refusal(500, multierror([why]))
        return DONE

    def leave(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """PUT leave: accept it, and change nothing. The program that started the simulator stops it."""
        self._require(request, "write")
        return DONE

    def force_leave(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """PUT force-leave: refuse unknown nodes."""
        request.require("operator", "", "write")
        request.only_default_partition()
        if request.rest not in (self._settings.node, f"{self._settings.node}.{self._settings.datacenter}"):
            raise Refusal(500, f"agent: No node found with name '{request.rest}'")
        return DONE

    def token(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """PUT token: accept it, and change nothing: the agent writes to the catalog without a token."""
        request.need_acls()
        self._require(request, "write")
        request.decode(AGENT_TOKEN)
        if request.rest not in pick(_TOKENS, self._settings.version):
            raise Refusal(404, f'Token "{request.rest}" is unknown')
        return DONE
