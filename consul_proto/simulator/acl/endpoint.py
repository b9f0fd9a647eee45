"""Tokens, policies, roles, binding rules and auth methods.

https://developer.hashicorp.com/consul/api-docs/acl
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, NoReturn

from consul_proto.simulator.acl.bodies import ACL_METHOD, ACL_POLICY, ACL_ROLE, ACL_RULE, ACL_TOKEN
from consul_proto.simulator.acl.expiry import check_dates, check_lifetime, keep_expiration, new_expiration
from consul_proto.simulator.acl.grants import Grants
from consul_proto.simulator.acl.login_records import build_auth_method, build_binding_rule
from consul_proto.simulator.acl.policies import check_rules
from consul_proto.simulator.acl.tables import ANONYMOUS, MANAGEMENT, READ_ONLY, ACLs, Record
from consul_proto.simulator.acl.templates import synthetics
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic, server_headers
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.uuids import UUID, UUID_LENGTH, WRONG_LENGTH
from consul_proto.simulator.engine.versions import V1_8, V1_9, V1_12, V1_14, V1_X, pick
from consul_proto.simulator.go.json import Struct

_LOST_ACCESSOR = f"Failed acl token lookup by accessor: failed acl token lookup: {WRONG_LENGTH}"


class Kind(NamedTuple):
    """One kind of record: its table, its name, and its members in the order of answers."""

    table: str
    name: str
    body: Struct

    @property
    def title(self) -> str:
        """The name at the start of a sentence."""
        return self.plain.title().replace(" ", "")

    @property
    def plain(self) -> str:
        """The name within a sentence."""
        return self.name.replace("-", " ")


POLICY = Kind("policies", "policy", ACL_POLICY)
ROLE = Kind("roles", "role", ACL_ROLE)
TOKEN = Kind("tokens", "token", ACL_TOKEN)
RULE = Kind("binding-rules", "binding-rule", ACL_RULE)
METHOD = Kind("auth-methods", "auth-method", ACL_METHOD)

_NAMES = {
    V1_8: (re.compile(r"[A-Za-z0-9\-_]{1,128}"), "Only alphanumeric characters, '-' and '_' are allowed"),
    V1_X: (re.compile(r"[A-Za-z0-9\-_]+/?[A-Za-z0-9\-_]*"), "Only alphanumeric characters, a single '/', '-' and '_' are allowed"),
}


class ACLEndpoint:
    """`/v1/acl/`, without the legacy system."""

    def __init__(self, store: Store, acls: ACLs, settings: Settings, new_id: Callable[[], str]) -> None:
        self._store, self._acls, self._settings, self._new_id = store, acls, settings, new_id
        self._grants = Grants(acls, settings)

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        get, put = partial(Route, ("GET",), index=True, first=ServerRequest.need_acls), partial(Route, ("PUT",))
        routes = {"/v1/acl/token/self": get(self.own, topics=_of("tokens"))}
        for kind, plural in ((POLICY, "policies"), (ROLE, "roles"), (TOKEN, "tokens"), (RULE, "binding-rules"), (METHOD, "auth-methods")):
            one = f"/v1/acl/{kind.name}"
            routes[f"/v1/acl/{plural}"] = get(partial(self.every, kind), topics=_of(kind.table))
            routes[one] = put(write=partial(self.create, kind))
            routes[f"{one}/"] = Route(
                ("GET", "PUT", "DELETE"),
                partial(self.get, kind),
                partial(self.change, kind),
                _of(kind.table),
                deep=True,
                index=True,
                first=partial(self._need_id, kind),
            )
        for kind in (POLICY, ROLE):
            read, first = partial(self.get_by_name, kind), partial(self._need_name, kind)
            routes[f"/v1/acl/{kind.name}/name/"] = get(read, topics=_of(kind.table), deep=True, first=first)
        return routes

    # Checks that every call begins with.

    def _bad(self, text: str) -> Refusal:
        return Refusal(400, self._settings.bad_request + text)

    def _decode(self, request: ServerRequest, kind: Kind) -> Record:
        request.only_default()
        before = f"{self._settings.bad_request}{kind.title} decoding failed: "
        if kind is TOKEN:
            check_dates(request, before)
        given: Record = request.decode(kind.body, before, namespaced=True)
        return given

    # Reads.

    def every(self, kind: Kind, request: ServerRequest) -> ReadAnswer:
        """GET all records of a kind."""
        request.only_default()
        request.reach_datacenter()
        request.require("acl", "", "read")
        if kind is TOKEN:
            _check_filters(request)
        # Tokens are sorted by their secrets; other records by their names since 1.9, but by their ids before 1.9 or without a name.
        by = ("SecretID", "ID", "Name") if self._settings.version < V1_9 else ("SecretID", "Name", "ID")
        records = sorted(self._acls.tables[kind.table].values(), key=lambda one: str(next(one[name] for name in by if one.get(name))))
        return self._answer(kind, [self._list_item(kind, record, request) for record in records if _is_wanted(record, request)])

    def _list_item(self, kind: Kind, record: Record, request: ServerRequest) -> Record:
        shown = self._render(kind, record)
        if kind is POLICY:
            names = ("ID", "Name", "Description", "Datacenters", "Hash", "CreateIndex", "ModifyIndex")
            return {name: {**record, **shown}.get(name) for name in names}
        if kind is METHOD:
            hidden = ("Config", "MaxTokenTTL", "TokenLocality") if self._settings.version < V1_X else ("Config",)
            return {name: value for name, value in shown.items() if name not in hidden}
        if kind is not TOKEN:
            return shown
        may_write = request.allows("acl", "", "write")
        if self._settings.version < V1_X:
            return {name: value for name, value in shown.items() if name != "SecretID"}
        return shown if may_write else {**shown, "SecretID": "<hidden>"}

    def _answer(self, kind: Kind, body: Any) -> ReadAnswer:
        return ReadAnswer(self._store.table(f"acl {kind.table}"), body, null=True)

    def _render(self, kind: Kind, record: Record) -> Record:
        """Return a record as in answers. Its links show the current names."""
        shown = {name: value for name, value in record.items() if name not in ("Type", "Name", "Rules") or kind is not TOKEN or value}
        if kind is TOKEN and record.get("Policies"):
            shown.pop("Type", None)
        if kind is POLICY and not shown.get("Datacenters"):
            shown.pop("Datacenters", None)
        for member, table in (("Policies", "policies"), ("Roles", "roles")):
            links = shown.pop(member, None)
            if links and (there := self._acls.links(links, table)):
                shown[member] = there
        order: dict[str, float] = {name: place for place, name in enumerate(kind.body.members)}
        order.setdefault("Type", order.get("Rules", 0) - 0.5)  # of a legacy token
        return dict(sorted(shown.items(), key=lambda item: order.get(item[0], len(order))))

    def get(self, kind: Kind, request: ServerRequest) -> ReadAnswer:
        """GET one record by its id."""
        identity = self._identity(kind, request, "read")
        record = self._acls.tables[kind.table].get(identity)
        if record is None:
            return self._not_found(kind)
        shown = self._render(kind, record)
        if kind is TOKEN and request.flag("expanded") and self._settings.version >= V1_12:
            shown |= self._expand(record)
        return self._answer(kind, shown)

    def _need_id(self, kind: Kind, request: ServerRequest) -> None:
        """Refuse a path without an id."""
        request.need_acls()
        if not request.rest:
            what = "name" if kind is METHOD else "AccessorID" if kind is TOKEN and self._settings.version >= V1_X else "ID"
            raise self._bad(f"Missing {kind.plain} {what}")

    def _reach_primary(self, kind: Kind, request: ServerRequest) -> None:
        """Refuse an unknown datacenter for a write. Most kinds are written in the primary datacenter, whatever the request says."""
        if kind in (METHOD, RULE) and self._settings.version >= V1_X:
            request.reach_datacenter()

    def _identity(self, kind: Kind, request: ServerRequest, access: str) -> str:
        """Return the id in the path. Refuses a token that lacks the right."""
        request.only_default()
        if access == "read":
            request.reach_datacenter()
        else:
            self._reach_primary(kind, request)
        request.require("acl", "", access)
        if kind is TOKEN and access == "write" and not UUID.fullmatch(request.rest):
            raise Refusal(500, "Accessor ID is missing or an invalid UUID")
        if kind is not METHOD and len(request.rest) != UUID_LENGTH:
            raise Refusal(500, f"failed acl {kind.plain} lookup: {WRONG_LENGTH}")
        return request.rest

    def _not_found(self, kind: Kind) -> NoReturn:
        if self._settings.version < V1_X:
            refusal = Refusal(403, "ACL not found") if kind in (POLICY, TOKEN) else Refusal(404, "")
            refusal.headers = (
                (("X-Consul-Index", str(self._store.table(f"acl {kind.table}") or 1)), *server_headers()) if refusal.text else ()
            )
            raise refusal
        if kind is TOKEN:
            raise Refusal(403, "token does not exist: ACL not found")
        raise Refusal(404, f"Requested {kind.plain} does not exist: ACL not found")

    def _expand(self, token: Record) -> Record:
        policies, roles = self._acls.tables["policies"], self._acls.roles_of(token)
        holders = (token, *roles)
        linked = {link["ID"]: policies[link["ID"]] for one in holders for link in self._acls.links(one.get("Policies") or [], "policies")}
        made = {policy["ID"]: policy for one in holders for policy in synthetics(one)}
        return {
            "ExpandedPolicies": [self._render(POLICY, policy) for policy in (*linked.values(), *made.values())] or None,
            "ExpandedRoles": [self._render(ROLE, role) for role in roles] or None,
            "NamespaceDefaultPolicyIDs": None,
            "NamespaceDefaultRoleIDs": None,
            "AgentACLDefaultPolicy": self._settings.default_policy,
            "AgentACLDownPolicy": "extend-cache",
            "ResolvedByAgent": self._settings.node,
        }

    def _need_name(self, kind: Kind, request: ServerRequest) -> None:
        """Refuse a path without a name."""
        request.need_acls()
        if not request.rest:
            raise self._bad(f"Missing {kind.name} Name")

    def get_by_name(self, kind: Kind, request: ServerRequest) -> ReadAnswer:
        """GET a policy or a role by its name."""
        request.only_default()
        request.reach_datacenter()
        request.require("acl", "", "read")
        record = self._acls.by_name(kind.table, request.rest)
        return self._not_found(kind) if record is None else self._answer(kind, self._render(kind, record))

    def own(self, request: ServerRequest) -> ReadAnswer:
        """GET the token of the request."""
        request.reach_datacenter()
        token = self._acls.by_secret(request.token)
        return self._not_found(TOKEN) if token is None else self._answer(TOKEN, self._render(TOKEN, token))

    # Writes.

    def create(self, kind: Kind, request: ServerRequest, now: float) -> Record:
        """PUT: return the new record."""
        request.need_acls()
        given = self._decode(request, kind)
        if given.get("ID") and kind is POLICY:
            raise self._bad("Cannot specify the ID when creating a new policy")
        if kind in (ROLE, RULE):
            self._check_id(kind, request, given)
        return self._put(kind, request, given, now)

    def change(self, kind: Kind, request: ServerRequest, now: float) -> Any:
        """PUT or DELETE a record by its id; PUT also clones a token."""
        request.need_acls()
        if request.method == "DELETE":
            self._need_id(kind, request)
            return self._delete(kind, request)
        if kind is TOKEN and request.rest.endswith("/clone"):
            return self._clone(request, now)
        given = self._decode(request, kind)
        if kind is not METHOD or request.rest:
            self._check_id(kind, request, given)
        return self._put(kind, request, given, now)

    def _check_id(self, kind: Kind, request: ServerRequest, given: Record) -> None:
        """Refuse a body whose id is not that of the path."""
        member = {TOKEN: "AccessorID", METHOD: "Name"}.get(kind, "ID")
        if given.get(member) not in (None, "", request.rest):
            what = {TOKEN: "Token Accessor ID", METHOD: "AuthMethod Name"}.get(kind, f"{kind.title} ID")
            raise self._bad(f"{what} in URL and payload do not match")

    def _put(self, kind: Kind, request: ServerRequest, given: Record, now: float) -> Record:
        """Write a record: a new one if the path has no id. An auth method need not exist."""
        identity = request.rest
        self._reach_primary(kind, request)
        request.require("acl", "", "write")
        before = self._acls.tables[kind.table].get(identity)
        if kind is METHOD and identity:
            given["Name"] = identity
        elif identity and not UUID.fullmatch(identity):
            of_token = _LOST_ACCESSOR if self._settings.version < V1_X else "AccessorID is not a valid UUID"
            raise Refusal(500, of_token if kind is TOKEN else f"{kind.plain.title()} ID invalid UUID")
        elif identity and before is None:
            raise Refusal(500, f'Cannot find token "{identity}"' if kind is TOKEN else f"cannot find {kind.plain} {identity}")
        return self._write(kind, self._build_record(kind, given, before, now))

    def _build_record(self, kind: Kind, given: Record, before: Record | None, now: float) -> Record:
        check = {POLICY: self._policy, ROLE: self._role, TOKEN: self._token}.get(kind)
        if check is not None:
            return check(given, before, now)
        return self._other(kind, given, before)

    def _write(self, kind: Kind, record: Record) -> Record:
        self._store.apply()
        ends = record.pop("_ends", None)
        written = self._acls.write(kind.table, record)
        if ends is not None:
            self._acls.ends.set(written["AccessorID"], ends)
        return self._render(kind, written)

    def _name(self, kind: Kind, given: Record, before: Record | None) -> str:
        """Return the name. Refuses one that is invalid or taken."""
        name = given.get("Name") or ""
        pattern, allowed = pick(_NAMES, self._settings.version)
        if not name:
            raise Refusal(500, f"Invalid {kind.title}: no Name is set")
        if not pattern.fullmatch(name):
            raise Refusal(500, f"Invalid {kind.title}: invalid Name. {allowed}")
        other = self._acls.by_name(kind.table, name)
        if other is not None and (before is None or other["ID"] != before["ID"]):
            a_other = f"A {kind.title} with Name" if before is None else f"A {kind.name} with name"
            raise Refusal(500, f'Invalid {kind.title}: {a_other} "{name}" already exists')
        return str(name)

    def _policy(self, given: Record, before: Record | None, _now: float) -> Record:
        name, rules = self._name(POLICY, given, before), given.get("Rules") or ""
        identity = before["ID"] if before else self._new_id()
        if identity == MANAGEMENT and rules != (before or {}).get("Rules"):
            raise Refusal(500, "Changing the Rules for the builtin global-management policy is not permitted")
        check_rules(rules, version=self._settings.version)
        record = {"ID": identity, "Name": name, "Description": given.get("Description") or "", "Rules": rules}
        return record | ({} if given.get("Datacenters") is None else {"Datacenters": given["Datacenters"]})

    def _role(self, given: Record, before: Record | None, _now: float) -> Record:
        name = self._name(ROLE, given, before)
        record = {"ID": before["ID"] if before else self._new_id(), "Name": name, "Description": given.get("Description") or ""}
        return record | self._grants.of_role(given)

    def _token(self, given: Record, before: Record | None, now: float) -> Record:
        accessor, secret = given.get("AccessorID") or "", given.get("SecretID") or ""
        if before is None:
            self._check_new(accessor, secret)
            ends = self._new_expiration(given, now)
        else:
            self._check_same(given, before, secret)
            ends = keep_expiration(given, before, self._settings)
        granted = self._grants.of_token(given)
        record: Record = {
            "AccessorID": before["AccessorID"] if before else accessor or self._new_id(),
            "SecretID": before["SecretID"] if before else secret or self._new_id(),
            "Description": given.get("Description") or "",
            **granted,
            "Local": before["Local"] if before else bool(given.get("Local")),
        }
        kept: Record = {name: before[name] for name in ("AuthMethod", "CreateTime") if name in before} if before else {}
        return {**record, **ends, "CreateTime": self._settings.date(now), **kept}

    def _check_new(self, accessor: str, secret: str) -> None:
        """Refuse an accessor or a secret that is invalid or taken."""
        if accessor and not UUID.fullmatch(accessor):
            raise Refusal(500, _LOST_ACCESSOR if self._settings.version < V1_X else "Invalid Token: AccessorID - not a valid UUID")
        if accessor in self._acls.tables["tokens"]:
            raise Refusal(500, "Invalid Token: AccessorID is already in use")
        if secret and not UUID.fullmatch(secret):
            raise Refusal(500, f"Invalid Token: SecretID {'is' if self._settings.version < V1_X else '-'} not a valid UUID")
        if secret and self._acls.by_secret(secret):
            raise Refusal(500, "Invalid Token: SecretID is already in use")

    def _new_expiration(self, given: Record, now: float) -> Record:
        """Return when a new token expires. Refuses a token with an auth method; 1.8 does so first."""
        version = self._settings.version
        ends = {} if version < V1_X and given.get("AuthMethod") else new_expiration(given, now, self._settings)
        if given.get("AuthMethod"):
            raise Refusal(500, f"AuthMethod field is disallowed outside of {'Login' if version < V1_X else 'login'}")
        return ends

    def _check_same(self, given: Record, before: Record, secret: str) -> None:
        """Refuse changes to the members of a token that cannot change."""
        accessor = before["AccessorID"]
        if secret and secret != before["SecretID"]:
            whose = "tokens" if self._settings.version < V1_X else "token's"
            raise Refusal(500, f"Changing a {whose} SecretID is not permitted")
        if bool(given.get("Local")) != before["Local"]:
            raise Refusal(500, f"{'cannot' if self._settings.version < V1_X else 'Cannot'} toggle local mode of {accessor}")
        if given.get("AuthMethod") and given["AuthMethod"] != before.get("AuthMethod"):
            raise Refusal(500, f"Cannot change AuthMethod of {accessor}")

    def _other(self, kind: Kind, given: Record, before: Record | None) -> Record:
        if kind is METHOD:
            return build_auth_method(given, self._acls.tables[kind.table].get(given.get("Name") or ""), self._settings)
        return build_binding_rule(given, before, self._acls, self._new_id)

    def _clone(self, request: ServerRequest, now: float) -> Record:
        given = self._decode(request, TOKEN)
        request.require("acl", "", "write")
        accessor = request.rest.removesuffix("/clone")
        if len(accessor) != UUID_LENGTH:
            raise Refusal(500, f"failed acl token lookup: {WRONG_LENGTH}")
        token = self._acls.tables["tokens"].get(accessor)
        if token is None:
            raise Refusal(403, "ACL not found" if self._settings.version < V1_X else "token does not exist: ACL not found")
        if accessor == ANONYMOUS:
            raise Refusal(500, "Cannot clone the anonymous token")
        copied = {name: value for name, value in token.items() if name not in ("CreateIndex", "ModifyIndex", "Hash")}
        own: Record = {"AccessorID": self._new_id(), "SecretID": self._new_id(), "CreateTime": self._settings.date(now)}
        if (ends := self._acls.ends.dump().get(accessor)) is not None:
            check_lifetime(ends - now, self._settings)
            own["_ends"] = ends
        return self._write(TOKEN, {**copied, **own, "Description": given.get("Description") or token["Description"]})

    def _delete(self, kind: Kind, request: ServerRequest) -> bool:
        missing = Refusal(404, f"Cannot find {kind.plain} to delete")
        try:
            identity = self._identity(kind, request, "write")
        except Refusal as refusal:
            # Here the agent mistakes an unknown token for a missing record.
            raise missing if refusal.text == "ACL not found" and self._settings.version >= V1_9 else refusal from None
        if kind is POLICY and (identity == MANAGEMENT or (identity == READ_ONLY and self._settings.version >= V1_X)):
            name = self._acls.tables["policies"][identity]["Name"]
            raise Refusal(500, f"Delete operation not permitted on the builtin {name} policy")
        if kind is TOKEN and identity == ANONYMOUS:
            raise Refusal(500, "Delete operation not permitted on the anonymous token")
        if identity not in self._acls.tables[kind.table]:
            if self._settings.version < V1_X:
                return True
            raise missing
        self._store.apply()
        self._acls.delete(kind.table, identity)
        return True


def _check_filters(request: ServerRequest) -> None:
    """Refuse more than one parameter to filter tokens by."""
    by_service = () if request.settings.version < V1_14 else ("servicename",)
    if sum(bool(request.first(name)) for name in ("policy", "role", "authmethod", *by_service)) > 1:
        raise Refusal(500, f"can only filter by one of policy, role, {'serviceName, ' if by_service else ''}or methodName at a time")


def _is_wanted(record: Record, request: ServerRequest) -> bool:
    """Return whether a list shows a record, by the parameters `policy`, `role` and so on."""
    links = {"policy": "Policies", "role": "Roles"}
    for parameter, member in links.items():
        if (wanted := request.first(parameter)) and wanted not in [link["ID"] for link in record.get(member) or ()]:
            return False
    if (method := request.first("authmethod")) and record.get("AuthMethod") != method:
        return False
    service = "" if request.settings.version < V1_14 else request.first("servicename")
    return not service or service in [identity["ServiceName"] for identity in record.get("ServiceIdentities") or ()]


def _of(table: str) -> Callable[[ServerRequest], tuple[Topic, ...]]:
    topics: tuple[Topic, ...] = (("table", f"acl {table}"),)
    return lambda _request: topics
