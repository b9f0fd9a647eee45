"""The members of the cluster: this agent, and how it describes itself.

https://developer.hashicorp.com/consul/api-docs/agent
"""

from __future__ import annotations

from typing import Any

from consul_proto.simulator.catalog.tables import Catalog
from consul_proto.simulator.catalog.values import check_value, node_value, service_value
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_X, Version

ADDRESS = "127.0.0.1"

#: The ports of the server's own calls and of gossip: https://developer.hashicorp.com/consul/docs/install/ports
SERVER_PORT, SERF_PORT, SERF_WAN_PORT = 8300, 8301, 8302


def register_itself(store: Store, catalog: Catalog, settings: Settings) -> None:
    """Write to the catalog what a server writes about itself at its start."""
    version = settings.version
    store.apply()
    catalog.ensure_node(node_value({"ID": settings.node_id, "Node": settings.node, "Address": ADDRESS}, settings.datacenter))
    catalog.ensure_service(settings.node, service_value(_consul(version), version))
    alive = {"Node": settings.node, "CheckID": "serfHealth", "Name": "Serf Health Status"}
    catalog.ensure_check(settings.node, check_value(alive | {"Status": "passing", "Output": "Agent alive and reachable"}, version))
    store.apply()
    catalog.ensure_node(own_node(settings))


def own_node(settings: Settings) -> dict[str, Any]:
    """Return the node as its agent writes it to the catalog."""
    addresses = dict.fromkeys(("lan", "lan_ipv4", "wan", "wan_ipv4"), ADDRESS)
    meta = {**settings.node_meta, "consul-network-segment": ""}
    meta |= {} if settings.version < V1_X else {"consul-version": str(settings.version)}
    given = {
        "ID": settings.node_id,
        "Node": settings.node,
        "Address": ADDRESS,
        "TaggedAddresses": addresses,
        "Meta": dict(sorted(meta.items())),
    }
    return node_value(given, settings.datacenter)


def _consul(version: Version) -> dict[str, Any]:
    serf = {"serf_protocol_current": "2", "serf_protocol_max": "5", "serf_protocol_min": "1"}
    speaks = {"raft_version": "3", **serf, "version": str(version)}
    roles = {"non_voter": "false"} | ({} if version < V1_X else {"read_replica": "false"})
    return {"ID": "consul", "Service": "consul", "Port": SERVER_PORT, "Meta": dict(sorted((roles | speaks).items()))}
