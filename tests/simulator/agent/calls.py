"""Calls for tests of the agent's services and checks."""

from __future__ import annotations

from tests.simulator.differential.calls import REGISTER_SERVICE, delete, get, put, with_rules

OWN_CHECK = {"TTL": "10m", "CheckID": "c1"}

#: A service with a check.
REGISTER_WEB = put(REGISTER_SERVICE, {"Name": "web", "Check": {"TTL": "1h"}})
DEREGISTER_WEB = put("/v1/agent/service/deregister/web")

#: A token that may write all services and nodes; and what deletes it, or takes its rights away.
WRITES_ALL = with_rules(0, 'service_prefix "" { policy = "write" } node_prefix "" { policy = "write" }')

#: A token that may write one service.
WRITES_WEB = with_rules(0, 'service "web" { policy = "write" }')
NO_TOKEN, NO_RIGHTS = delete("/v1/acl/token/{t0}"), put("/v1/acl/token/{t0}", {})

#: What the catalog says of the agent's node.
OWN_READS = [get(f"/v1/{path}") for path in ("catalog/node-services/test-node", "health/node/test-node")]
