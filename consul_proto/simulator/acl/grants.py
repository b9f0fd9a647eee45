"""What a token or a role grants: linked policies and roles, and identities that stand for rules.

https://developer.hashicorp.com/consul/api-docs/acl/tokens
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from consul_proto.simulator.acl.tables import ACLs, Record
from consul_proto.simulator.acl.templates import IDENTITY_NAME, read_templates
from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.uuids import UUID_LENGTH, WRONG_LENGTH
from consul_proto.simulator.engine.versions import V1_X

#: The kinds of links: member, table and name.
_POLICIES, _ROLES = ("Policies", "policies", "policy"), ("Roles", "roles", "role")


class Grants:
    """Reads grants, in the order in which agents check them."""

    def __init__(self, acls: ACLs, settings: Settings) -> None:
        self._acls, self._settings = acls, settings

    def of_token(self, given: Record) -> Record:
        """Return the grants of a token, without empty ones."""
        kinds = (_POLICIES, _ROLES) if self._settings.version < V1_X else (_ROLES, _POLICIES)
        linked = {member: [self._of_token(link, table, what) for link in given.get(member) or ()] for member, table, what in kinds}
        return self._grant(given, {member: linked[member] for member in ("Policies", "Roles")}, "token")

    def of_role(self, given: Record) -> Record:
        """Return the grants of a role, without empty ones. The ids of its policies are looked up when it is written."""
        links = [link if link.get("ID") else self._by_name(link, "policies", "policy") for link in given.get("Policies") or ()]
        identities = self._grant(given, {}, "role")
        policies = {"Policies": [self._of_role(link["ID"]) for link in links]}
        return self._grant({}, policies, "role") | identities

    def _grant(self, given: Record, links: dict[str, list[dict[str, str]]], what: str) -> Record:
        """Return the links, each once, and the identities."""
        every = {
            **{member: list({link["ID"]: link for link in several}.values()) for member, several in links.items()},
            "ServiceIdentities": self._services(given.get("ServiceIdentities") or (), what, is_local=bool(given.get("Local"))),
            "NodeIdentities": self._nodes(given.get("NodeIdentities") or (), what),
            "TemplatedPolicies": read_templates(given.get("TemplatedPolicies") or [], what),
        }
        return {member: granted for member, granted in every.items() if granted}

    def _of_token(self, link: dict[str, str], table: str, what: str) -> dict[str, str]:
        identity = link.get("ID")
        if not identity:
            return self._by_name(link, table, what)
        if len(identity) != UUID_LENGTH:
            shown = f'id "{identity}"' if self._settings.version < V1_X else f'ID: "{identity}"'
            raise Refusal(500, f"Error looking up {what} for {shown}: failed acl {what} lookup: {WRONG_LENGTH}")
        known = self._acls.tables[table].get(identity)
        if known is None:
            raise Refusal(500, f'No such ACL {what} with ID "{identity}"')
        return {"ID": identity, "Name": known["Name"]}

    def _of_role(self, policy: str) -> dict[str, str]:
        before = "" if self._settings.version < V1_X else "Failed to apply role upsert request: "
        if len(policy) != UUID_LENGTH:
            raise Refusal(500, f"{before}failed acl policy lookup: {WRONG_LENGTH}")
        known = self._acls.tables["policies"].get(policy)
        if known is None:
            raise Refusal(500, f"{before}No such policy with ID: {policy}")
        return {"ID": policy, "Name": known["Name"]}

    def _by_name(self, link: dict[str, str], table: str, what: str) -> dict[str, str]:
        record = self._acls.by_name(table, link.get("Name", ""))
        if record is None:
            raise Refusal(500, f'No such ACL {what} with name "{link.get("Name", "")}"')
        return {"ID": record["ID"], "Name": record["Name"]}

    def _services(self, given: Iterable[Record], what: str, *, is_local: bool) -> list[Record]:
        """Return each name once, with all of its datacenters."""
        places: dict[str, list[list[str]]] = {}
        for identity in given:
            name, here = identity.get("ServiceName") or "", identity.get("Datacenters") or []
            if not name:
                raise Refusal(500, f"Service identity is missing the service name field on this {what}")
            if is_local and here:
                raise Refusal(500, f'Service identity "{name}" cannot specify a list of datacenters on a local token')
            if not IDENTITY_NAME.fullmatch(name):
                raise Refusal(500, f'Service identity "{name}" has an invalid name. {self._allowed}')
            places.setdefault(name, []).append(here)
        return [{"ServiceName": name} | self._datacenters(places[name]) for name in self._in_order(places)]

    def _datacenters(self, several: list[list[str]]) -> dict[str, list[str]]:
        """Join the datacenters of identities. If one is for all datacenters, the result is too in 1.8; later versions ignore that one."""
        joined = sorted({datacenter for each in several for datacenter in each})
        everywhere = self._settings.version < V1_X and not all(several)
        return {"Datacenters": joined} if joined and not everywhere else {}

    def _nodes(self, given: Iterable[Record], what: str) -> list[Record]:
        known: dict[tuple[str, str], Record] = {}
        for identity in given:
            name, datacenter = identity.get("NodeName") or "", identity.get("Datacenter") or ""
            for is_missing, member in ((not name, "node name"), (not datacenter, "datacenter")):
                if is_missing:
                    raise Refusal(500, f"Node identity is missing the {member} field on this {what}")
            if not IDENTITY_NAME.fullmatch(name):
                raise Refusal(500, f"Node identity has an invalid name. {self._allowed}")
            known.setdefault((name, datacenter), {"NodeName": name, "Datacenter": datacenter})
        return [known[key] for key in self._in_order(known)]

    def _in_order(self, keys: Iterable[Any]) -> list[Any]:
        return sorted(keys) if self._settings.version < V1_X else list(keys)

    @property
    def _allowed(self) -> str:
        return f"Only {'' if self._settings.version < V1_X else 'lowercase '}alphanumeric characters, '-' and '_' are allowed"
