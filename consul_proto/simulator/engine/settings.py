"""The configuration of an agent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from consul_proto.simulator.engine.versions import V1_22_5, V1_X, Version

Policy = Literal["allow", "deny"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: The real agent's message: "datacenter can only contain lowercase alphanumeric, - or _ characters".
_DATACENTER = re.compile(r"[a-z0-9_-]+")


def datacenter_name(given: str) -> str:
    """Return the name of a datacenter as Consul takes it, in lower case. Raises ValueError."""
    name = given.lower()
    if not _DATACENTER.fullmatch(name):
        raise ValueError('the name of a datacenter can only have lower case letters, digits, "-" and "_"')
    return name


@dataclass(frozen=True, slots=True)
class Settings:
    """The agent's configuration, as far as it matters without a network.

    version: the Consul version to emulate. node, node_id, node_meta, datacenter: the agent's names; an empty id is replaced by a new one.
    acls: whether the ACL system is on. default_policy: the policy if no rule applies. management_token: the secret of a token that may
    do everything. agent_token: the secret of the token that the agent itself uses. script_checks: whether checks may have scripts;
    local_script_checks: only those of the agent's own configuration. connect: whether there is a certificate authority. session_ttl_min:
    the least TTL of a session, in nanoseconds. kv_max_value_size, txn_max_req_len: the largest value and transaction, in bytes; a
    transaction may always be as large as a value. http_port: the port that the agent reports. seed: two agents with the same seed make the
    same ids. since: the agent's time 0, in seconds since 1970, for dates in answers.
    """

    version: Version = V1_22_5
    node: str = "consul"
    node_id: str = ""
    node_meta: Mapping[str, str] = field(default_factory=dict)
    datacenter: str = "dc1"
    acls: bool = False
    default_policy: Policy = "deny"
    management_token: str = field(default="", repr=False)
    agent_token: str = field(default="", repr=False)
    script_checks: bool = False
    local_script_checks: bool = False
    connect: bool = True
    session_ttl_min: int = 10 * 10**9
    kv_max_value_size: int = 512 * 1024
    txn_max_req_len: int = 512 * 1024
    http_port: int = 8500
    seed: int = 0
    since: float = 0.0

    def date(self, now: float) -> str:
        """Return a time of the agent as Go writes it in JSON: without zeros at the end of a fraction."""
        written = (_EPOCH + timedelta(seconds=self.since + now)).replace(tzinfo=None).isoformat()
        return f"{written.rstrip('0') if '.' in written else written}Z"

    @property
    def bad_request(self) -> str:
        """What 1.8.7 puts before the reason of many refusals with 400."""
        return "Bad request: " if self.version < V1_X else ""
