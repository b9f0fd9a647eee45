"""The ACL system as a whole: bootstrap, replication, and questions about rights.

https://developer.hashicorp.com/consul/api-docs/acl
"""

from __future__ import annotations

from consul_proto.simulator.acl.bodies import ACL_AUTHORIZE, ACL_BOOTSTRAP
from consul_proto.simulator.acl.tables import ACLs, Record
from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.versions import V1_15, V1_X

#: The resources that a request may name.
_RESOURCES = ("acl", "agent", "event", "intention", "key", "keyring", "node", "operator", "query", "service", "session")
_LATER_RESOURCES = ("mesh", "peering")

#: The most questions in one request.
_MOST = 64


class ACLSystem:
    """`/v1/acl/bootstrap`, `replication` and `/v1/internal/acl/authorize`."""

    def __init__(self, store: Store, acls: ACLs, settings: Settings) -> None:
        self._store, self._acls, self._settings = store, acls, settings

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        return {
            "/v1/acl/bootstrap": Route(("PUT",), write=self.bootstrap),
            "/v1/acl/replication": Route(("GET",), write=self.replication),
            "/v1/internal/acl/authorize": Route(("POST",), write=self.authorize),
        }

    def bootstrap(self, request: ServerRequest, now: float) -> Record:
        """PUT bootstrap: return the first management token; it works once."""
        request.need_acls()
        given = {} if self._settings.version < V1_15 or not request.body else request.decode(ACL_BOOTSTRAP, "Request decoding failed: ")
        if self._acls.bootstrap_index:
            text = f"ACL bootstrap no longer allowed (reset index: {self._acls.bootstrap_index})"
            raise Refusal(403, f"Permission denied: {text}")
        secret = given.get("BootstrapSecret", "")
        self._store.apply()
        self._acls.bootstrap_index = self._store.index
        token = self._acls.add_management(secret, "Bootstrap Token (Global Management)", now)
        return {"ID": token["SecretID"], **token}

    def replication(self, request: ServerRequest, _now: float) -> Record:
        """GET replication: there is none, with one datacenter."""
        request.need_acls()
        request.options()
        request.reach_datacenter()
        never = "0001-01-01T00:00:00Z"
        indexes = dict.fromkeys(("ReplicatedIndex", "ReplicatedRoleIndex", "ReplicatedTokenIndex"), 0)
        ends = {"LastSuccess": never, "LastError": never} | ({} if self._settings.version < V1_X else {"LastErrorMessage": ""})
        return {"Enabled": False, "Running": False, "SourceDatacenter": "", "ReplicationType": "", **indexes, **ends}

    @property
    def _before_reason(self) -> str:
        return f"{self._settings.bad_request}Failed to decode request body: "

    def authorize(self, request: ServerRequest, _now: float) -> list[Record]:
        """POST authorize: return for each right whether the token has it."""
        request.need_acls()
        every = request.decode(ACL_AUTHORIZE, self._before_reason)
        if len(every) > _MOST:
            raise Refusal(400, f"{self._settings.bad_request}Refusing to process more than {_MOST} authorizations at once")
        if every:
            request.reach_servers()
        return [self._authorize_one(request, wanted) for wanted in every]

    def _authorize_one(self, request: ServerRequest, wanted: Record) -> Record:
        resource, access, segment = (wanted.get(name) or "" for name in ("Resource", "Access", "Segment"))
        if resource not in _RESOURCES and (self._settings.version < V1_X or resource not in _LATER_RESOURCES):
            raise Refusal(400, f'{self._settings.bad_request}Invalid ACL resource requested: "{resource}"')
        how = access.lower()
        if how not in ("read", "write") and (resource != "key" or how not in ("list", "write-prefix")):
            raise Refusal(400, f"{self._settings.bad_request}Invalid access level for {resource} resource: {access}")
        below = how == "write-prefix"
        allowed = request.allows("key_prefix" if below else resource, segment, "write" if below else how)
        return {"Resource": resource, "Access": access, **({"Segment": segment} if segment else {}), "Allow": allowed}
