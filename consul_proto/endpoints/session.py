"""Sessions, which hold locks. https://developer.hashicorp.com/consul/api-docs/session"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Literal

from consul_proto.decode import boolean, each, first, member
from consul_proto.durations import go_duration, seconds
from consul_proto.namespace import M, Namespace, operation
from consul_proto.operation import Operation
from consul_proto.options import json_body, read_operation, write_operation
from consul_proto.paths import segment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from consul_proto.durations import Duration
    from consul_proto.types.options import ReadOptions, Scope
    from consul_proto.types.session import ServiceCheck, SessionEntry

#: Seconds. The minimum is the agent's session_ttl_min: 10 seconds unless its operator changed it. 0: no TTL.
#: https://developer.hashicorp.com/consul/api-docs/session#ttl
_TTL_LONGEST = 86400

_BEHAVIORS = ("release", "delete")


def _ttl(ttl: Duration) -> str:
    if seconds(ttl) > _TTL_LONGEST:
        raise ValueError(f"the TTL of a session must be at most 24 hours, not {ttl!r}")
    return go_duration(ttl)


class Session(Namespace[M]):
    """Create, renew, read and destroy sessions."""

    @operation
    def create(
        self,
        name: str | None = None,
        behavior: Literal["release", "delete"] = "release",
        node: str | None = None,
        delay: Duration | None = None,
        ttl: Duration | None = None,
        checks: Sequence[str] | None = None,
        *,
        node_checks: Sequence[str] | None = None,
        service_checks: Sequence[ServiceCheck] | None = None,
        **options: Unpack[Scope],
    ) -> Operation[str]:
        """Create a session and return its ID.

        name: a description for people. node: the node of the session; None: the agent's own node.
        behavior: what happens to the session's locks when it ends: "release" them, or "delete" their keys.
        delay: the lock delay: how long nobody can take a lock that was lost with its session (None: 15 seconds; at most 60).
        ttl: from 10 seconds (the agent's session_ttl_min) to 24 hours. A session that is not renewed within this time ends, after twice
        this time at the latest. None or 0: no TTL.
        checks: IDs of checks on the node; the session ends when one of them fails. If you give any, include "serfHealth".
        node_checks, service_checks: the same, in separate lists for the checks of the node and of services (since 1.7).

        Raises ValueError, Forbidden, ServerError for a node or check that is unknown or critical, and for a TTL that is too short.
        https://developer.hashicorp.com/consul/api-docs/session#create-session
        """
        if behavior not in _BEHAVIORS:
            raise ValueError(f"the behavior of a session must be 'release' or 'delete', not {behavior!r}")
        members = {
            "Name": name,
            "Behavior": None if behavior == "release" else behavior,
            "Node": node,
            "LockDelay": None if delay is None else go_duration(delay),
            "TTL": None if ttl is None else _ttl(ttl),
            "Checks": None if checks is None else list(checks),
            "NodeChecks": None if node_checks is None else list(node_checks),
            "ServiceChecks": None if service_checks is None else list(service_checks),
        }
        return write_operation("session.create", "/v1/session/create", member("ID"), options, body=json_body(members))

    @operation
    def destroy(self, session_id: str, **options: Unpack[Scope]) -> Operation[bool]:
        """End a session. Its locks are released, or their keys are deleted. Return True, even if the session does not exist.

        https://developer.hashicorp.com/consul/api-docs/session#delete-session
        """
        return write_operation("session.destroy", "/v1/session/destroy/" + segment(session_id, "a session ID"), boolean, options)

    @operation
    def info(self, session_id: str, **options: Unpack[ReadOptions]) -> Operation[SessionEntry]:
        """Return a session. Raises NotFound if it has ended or never existed.

        https://developer.hashicorp.com/consul/api-docs/session#read-session
        """
        read = first("no such session: it has ended or never existed")
        return read_operation("session.info", "/v1/session/info/" + segment(session_id, "a session ID"), read, options)

    @operation
    def list(self, **options: Unpack[ReadOptions]) -> Operation[builtins.list[SessionEntry]]:
        """Return the sessions of the datacenter.

        https://developer.hashicorp.com/consul/api-docs/session#list-sessions
        """
        return read_operation("session.list", "/v1/session/list", each, options)

    @operation
    def node(self, node: str, **options: Unpack[ReadOptions]) -> Operation[builtins.list[SessionEntry]]:
        """Return the sessions of a node.

        https://developer.hashicorp.com/consul/api-docs/session#list-sessions-for-node
        """
        return read_operation("session.node", "/v1/session/node/" + segment(node, "a node name"), each, options)

    @operation
    def renew(self, session_id: str, **options: Unpack[Scope]) -> Operation[SessionEntry]:
        """Restart the TTL of a session, and return the session. Its TTL may be longer than the one that was requested.

        Raises NotFound if the session has ended: it no longer holds its locks.
        https://developer.hashicorp.com/consul/api-docs/session#renew-session
        """
        read = first("no such session: it has ended and lost its locks")
        return write_operation("session.renew", "/v1/session/renew/" + segment(session_id, "a session ID"), read, options)
