"""The tables of tokens, policies and roles, and what a token may do.

https://developer.hashicorp.com/consul/docs/security/acl
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from consul_proto.simulator.acl.expiry import LAST
from consul_proto.simulator.acl.permissions import Permissions
from consul_proto.simulator.acl.policies import Rule, of_everything, of_node, of_service, read_rules
from consul_proto.simulator.acl.templates import rules_of, unique_templates
from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.request import Authorizer
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.timers import Timers
from consul_proto.simulator.engine.versions import V1_8, V1_11, V1_X, pick

#: https://developer.hashicorp.com/consul/docs/security/acl/acl-policies#built-in-policies, acl-tokens#special-purpose-tokens
MANAGEMENT, READ_ONLY = "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"
ANONYMOUS = "00000000-0000-0000-0000-000000000002"

_BUILTIN = {
    V1_8: "Builtin Policy that grants unlimited access",
    V1_X: "A built-in policy that grants read and write access to all Consul features",
}
_READER = "A built-in policy that grants read-only access to all Consul features"

Record = dict[str, Any]

TABLES = ("tokens", "policies", "roles", "binding-rules", "auth-methods")

#: What comes before the refusal of a token until the ACL system is bootstrapped (observed in 1.22.5).
_EARLY = "ACL system must be bootstrapped before making any requests that require authorization: "


class ACLs:
    """The tables, by the id of each record."""

    def __init__(self, store: Store, settings: Settings, new_id: Callable[[], str]) -> None:
        self._store, self._settings, self._new_id = store, settings, new_id
        self.tables: dict[str, dict[str, Record]] = {table: {} for table in TABLES}
        self._by_secret: dict[str, str] = {}
        #: The times at which tokens expire.
        self.ends = Timers()
        #: The index of the write that made the first management token; 0: bootstrap is still possible.
        self.bootstrap_index = 0
        if settings.acls:
            self._begin()

    def dump(self) -> Any:
        """Return the tables as JSON."""
        return [self.tables, self.ends.dump(), self.bootstrap_index]

    def load(self, state: Any, shift: float) -> None:
        """Load the dumped state. shift: seconds to add to its times."""
        self.tables, ends, self.bootstrap_index = state
        self.ends = Timers({accessor: end + shift for accessor, end in ends.items()})
        for accessor, end in self.ends.dump().items():
            self.tables["tokens"][accessor]["ExpirationTime"] = self._settings.date(min(end, LAST - self._settings.since))
        self._by_secret = {token["SecretID"]: accessor for accessor, token in self.tables["tokens"].items()}
        self._introduce_management()

    def _begin(self) -> None:
        """Write the records that a server writes at its start."""
        self._store.apply()
        version = self._settings.version
        rules = of_everything("write", version=version)
        builtin = {"Name": "global-management", "Description": pick(_BUILTIN, version), "Rules": rules, "Datacenters": None}
        self.write("policies", {"ID": MANAGEMENT, **builtin})
        if version >= V1_X:
            self._store.apply()
            rules = of_everything("read", version=version)
            reader = {"Name": "builtin/global-read-only", "Description": _READER, "Rules": rules, "Datacenters": None}
            self.write("policies", {"ID": READ_ONLY, **reader})
        self._introduce_management()
        self._store.apply()
        anonymous = {"AccessorID": ANONYMOUS, "SecretID": "anonymous", "Description": "Anonymous Token", "Local": False}
        self.write("tokens", {**anonymous, "CreateTime": self._settings.date(0.0)})

    def _introduce_management(self) -> None:
        """Add the management token of the configuration, if it is missing."""
        secret = self._settings.management_token
        if self._settings.acls and secret and self.by_secret(secret) is None:
            self._store.apply()
            self.bootstrap_index = self.bootstrap_index or self._store.index
            self.add_management(secret, "Master Token" if self._settings.version < V1_X else "Initial Management Token", 0.0)

    def add_management(self, secret: str, description: str, now: float) -> Record:
        """Add a token that may do everything."""
        own = {"AccessorID": self._new_id(), "SecretID": secret or self._new_id(), "Description": description}
        policies = [{"ID": MANAGEMENT, "Name": "global-management"}]
        # The legacy ACL system, which 1.11 removed, lists this token too.
        own |= {"Type": "management"} if self._settings.version < V1_11 else {}
        return self.write("tokens", {**own, "Policies": policies, "Local": False, "CreateTime": self._settings.date(now)})

    def write(self, table: str, record: Record) -> Record:
        """Write a record at the current index."""
        identity = record.get("AccessorID") or record.get("ID") or record["Name"]
        before = self.tables[table].get(identity)
        index = self._store.index
        shown = {name: value for name, value in record.items() if name not in ("Hash", "CreateIndex", "ModifyIndex")}
        hashed = {} if table in ("binding-rules", "auth-methods") else {"Hash": _hash(shown)}
        record = {**shown, **hashed, "CreateIndex": before["CreateIndex"] if before else index, "ModifyIndex": index}
        if table == "tokens":
            self._by_secret[record["SecretID"]] = identity
        self.tables[table][identity] = record
        self._store.change(f"acl {table}")
        return record

    def delete(self, table: str, identity: str) -> None:
        """Delete a record."""
        record = self.tables[table].pop(identity)
        if table == "tokens":
            self._by_secret.pop(record["SecretID"], None)
            self.ends.drop(identity)
        if table == "auth-methods":
            for rule in [rule for rule, made in self.tables["binding-rules"].items() if made["AuthMethod"] == identity]:
                self.delete("binding-rules", rule)
        self._store.change(f"acl {table}")

    def by_name(self, table: str, name: str) -> Record | None:
        """Return a policy or a role by its name."""
        return next((record for record in self.tables[table].values() if record["Name"] == name), None)

    def by_secret(self, secret: str) -> Record | None:
        """Return a token by its secret."""
        accessor = self._by_secret.get(secret)
        return None if accessor is None else self.tables["tokens"][accessor]

    def next_deadline(self) -> float | None:
        """Return when the next token expires."""
        return self.ends.first()

    def advance(self, now: float) -> None:
        """Delete the tokens that have expired."""
        for accessor in self.ends.due(now):
            self._store.apply()
            self.delete("tokens", accessor)

    def links(self, links: list[dict[str, str]], table: str) -> list[dict[str, str]]:
        """Return the linked policies or roles that still exist, with their current names."""
        known = self.tables[table]
        return [{"ID": link["ID"], "Name": known[link["ID"]]["Name"]} for link in links if link["ID"] in known]

    def roles_of(self, token: Record) -> list[Record]:
        """Return the roles of a token that still exist."""
        known = self.tables["roles"]
        return [known[link["ID"]] for link in token.get("Roles") or () if link["ID"] in known]

    def resolve(self, secret: str) -> Authorizer:
        """Return what a token may do. Raises Refusal for an unknown token."""
        token = self.by_secret(secret or "anonymous")
        if token is None:
            if secret and secret == self._settings.agent_token:
                return Permissions(tuple(of_node(self._settings.node)), self._settings.default_policy, accessor=secret)
            early = "" if self._settings.version < V1_X or self.bootstrap_index else _EARLY
            raise Refusal(403, f"{early}ACL not found")
        accessor = "" if self._settings.version < V1_X else token["AccessorID"]
        rules, manages = self._rules(token)
        roles = self.roles_of(token)
        for role in roles:
            more, also = self._rules(role)
            rules, manages = rules + more, manages or also
        for template in unique_templates([link for record in (token, *roles) for link in record.get("TemplatedPolicies") or ()]):
            if self._settings.datacenter in (template.get("Datacenters") or [self._settings.datacenter]):
                rules += rules_of(template)
        manages = manages or token.get("Type") == "management"
        is_anonymous = token["AccessorID"] == ANONYMOUS
        return Permissions(tuple(rules), self._settings.default_policy, manages, accessor, is_anonymous)

    def may_write(self, secret: str, resource: str, name: str) -> bool:
        """Return whether a token may write a resource. While ACLs are off, every token may. A deleted token may not."""
        try:
            return not self._settings.acls or self.resolve(secret).allows(resource, name, "write")
        except Refusal:
            return False

    def _rules(self, record: Record) -> tuple[list[Rule], bool]:
        """Return the rules of a token or a role, and whether it may do everything."""
        rules: list[Rule] = []
        named = [link["ID"] for link in record.get("Policies") or ()]
        for policy in (self.tables["policies"][identity] for identity in named if identity in self.tables["policies"]):
            here = policy.get("Datacenters")
            if not here or self._settings.datacenter in here:
                rules += read_rules(policy["Rules"], version=self._settings.version)
        for identity in record.get("ServiceIdentities") or ():
            if self._settings.datacenter in (identity.get("Datacenters") or [self._settings.datacenter]):
                rules += of_service(identity["ServiceName"])
        for identity in record.get("NodeIdentities") or ():
            if identity["Datacenter"] == self._settings.datacenter:
                rules += of_node(identity["NodeName"])
        if record.get("Rules"):
            rules += read_rules(record["Rules"], legacy=True, version=self._settings.version)
        if READ_ONLY in named:
            rules += [Rule(resource, "", True, "read") for resource in _READ]
        return rules, MANAGEMENT in named


#: The resources in the policy that reads everything.
_READ = ("acl", "agent", "event", "key", "keyring", "mesh", "node", "operator", "peering", "query", "service", "session")


def _hash(record: Record) -> str:
    return b64encode(blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=32).digest()).decode("ascii")
