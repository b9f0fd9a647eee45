"""The ACL system from before Consul 1.4, which agents had until 1.10.

https://developer.hashicorp.com/consul/api-docs/v1.8.x/acl/legacy
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from consul_proto.simulator.acl.bodies import ACL_LEGACY
from consul_proto.simulator.acl.policies import check_rules
from consul_proto.simulator.acl.tables import ACLs, Record
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic, WriteAnswer, server_headers
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.store import Store
from consul_proto.simulator.engine.uuids import UUID_LENGTH, WRONG_LENGTH
from consul_proto.simulator.engine.versions import V1_11
from consul_proto.simulator.go.hcl import parse_items
from consul_proto.simulator.go.hcl_nodes import Array, Item, Literal, Node
from consul_proto.simulator.go.hcl_printer import format_hcl


class LegacyEndpoint:
    """`/v1/acl/create`, `update`, `destroy`, `info`, `clone`, `list` and `rules/translate`."""

    def __init__(self, store: Store, acls: ACLs, settings: Settings, new_id: Callable[[], str]) -> None:
        self._store, self._acls, self._settings, self._new_id = store, acls, settings, new_id

    def routes(self) -> dict[str, Route]:
        """Return the endpoints; none since 1.11."""
        if self._settings.version >= V1_11:
            return {}
        put = partial(Route, ("PUT",))
        return {
            "/v1/acl/create": put(write=self.create),
            "/v1/acl/update": put(write=self.update),
            "/v1/acl/destroy/": put(write=self.destroy, deep=True),
            "/v1/acl/info/": Route(("GET",), self.info, topics=_tokens, deep=True, index=True, first=ServerRequest.need_acls),
            "/v1/acl/clone/": put(write=self.clone, deep=True),
            "/v1/acl/list": Route(("GET",), self.every, topics=_tokens, index=True, first=ServerRequest.need_acls),
            "/v1/acl/rules/translate": Route(("POST",), write=self.translate),
            "/v1/acl/rules/translate/": Route(("GET",), write=self.translate_token, deep=True),
        }

    def _secret(self, request: ServerRequest) -> str:
        if not request.rest:
            raise Refusal(400, "Missing ACL")
        return request.rest

    def _body(self, request: ServerRequest) -> Record:
        if not request.body:
            return {}
        given: Record = request.decode(ACL_LEGACY)
        return given

    def create(self, request: ServerRequest, _now: float) -> Record:
        """PUT create: return the ID, which is the secret."""
        request.need_acls()
        given = self._body(request)
        request.require("acl", "", "write")
        return {"ID": self._write(given, given.get("ID") or self._new_id())}

    def update(self, request: ServerRequest, _now: float) -> Record:
        """PUT update: return the ID. An unknown token is created."""
        request.need_acls()
        given = self._body(request)
        if not given.get("ID"):
            raise Refusal(400, "ACL ID must be set")
        request.require("acl", "", "write")
        return {"ID": self._write(given, given["ID"])}

    def _write(self, given: Record, secret: str) -> str:
        kind, rules = given.get("Type") or "client", given.get("Rules") or ""
        if kind not in ("client", "management"):
            raise Refusal(500, "Invalid ACL Type")
        check_rules(rules, legacy=True, version=self._settings.version)
        before = self._acls.by_secret(secret)
        self._store.apply()
        own = {"AccessorID": before["AccessorID"] if before else self._new_id(), "SecretID": secret, "Description": given.get("Name") or ""}
        self._acls.write("tokens", {**own, "Type": kind, "Rules": rules, "Local": False, "CreateTime": "0001-01-01T00:00:00Z"})
        return secret

    def destroy(self, request: ServerRequest, _now: float) -> bool:
        """PUT destroy: return true, also for an unknown token."""
        request.need_acls()
        secret = self._secret(request)
        if secret == "anonymous":  # noqa: S105 # the name that everybody knows
            request.require("acl", "", "write")
            raise Refusal(403, "Permission denied: Cannot delete anonymous token")
        request.require("acl", "", "write")
        token = self._acls.by_secret(secret)
        if token is not None:
            self._store.apply()
            self._acls.delete("tokens", token["AccessorID"])
        return True

    def info(self, request: ServerRequest) -> ReadAnswer:
        """GET info: the token in a list, an empty list for an unknown one. Anyone who knows the ID may read the token."""
        token = self._acls.by_secret(self._secret(request))
        return ReadAnswer(self._store.table("acl tokens"), [] if token is None or "Type" not in token else [_render(token)])

    def clone(self, request: ServerRequest, _now: float) -> Record:
        """PUT clone: return the ID of a new token with the same rules."""
        request.need_acls()
        request.options()
        secret = self._secret(request)
        token = self._acls.by_secret(secret)
        if token is None:
            lost = Refusal(403, "Permission denied")
            lost.headers = (("X-Consul-Index", str(self._store.table("acl tokens") or 1)), *server_headers())
            raise lost
        request.require("acl", "", "write")
        copied = {"Name": token["Description"], "Type": token.get("Type"), "Rules": token.get("Rules")}
        return {"ID": self._write(copied, self._new_id())}

    def every(self, request: ServerRequest) -> ReadAnswer:
        """GET list."""
        request.need_acls()
        request.require("acl", "", "write")
        shown = [_render(token) for token in self._acls.tables["tokens"].values() if token.get("Type")]
        return ReadAnswer(self._store.table("acl tokens"), sorted(shown, key=lambda token: str(token["ID"])))

    def translate(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """POST rules/translate: return the rules of the body in today's syntax."""
        request.need_acls()
        request.require("acl", "", "read")
        return self._translate(request.body.decode("utf-8", "replace"))

    def translate_token(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """GET rules/translate: return the rules of a token, by its accessor."""
        request.need_acls()
        if not request.rest:
            raise Refusal(400, f"{self._settings.bad_request}Missing token ID")
        request.options()
        unseen = (("X-Consul-Index", "1"), *server_headers(known=False))
        try:
            request.reach_datacenter()
            request.require("acl", "", "read")
            if len(request.rest) != UUID_LENGTH:
                raise Refusal(500, f"failed acl token lookup: {WRONG_LENGTH}")
        except Refusal as refusal:
            refusal.headers = unseen
            raise
        token = self._acls.tables["tokens"].get(request.rest)
        if token is None or not token.get("Rules"):
            lost = Refusal(403, "ACL not found") if token is None else Refusal(500, "The specified token does not have any rules set")
            lost.headers = (("X-Consul-Index", str(self._store.table("acl tokens") or 1)), *server_headers())
            raise lost
        return self._translate(token["Rules"])

    def _translate(self, rules: str) -> WriteAnswer:
        try:
            items = parse_items(rules, once=False)
        except ValueError as error:
            raise Refusal(400, f"{self._settings.bad_request}Failed to parse rules: {error}") from None
        written = _as_hcl(items) if rules.lstrip().startswith("{") else rules
        translated = format_hcl(written, _new_name).encode()
        return WriteAnswer(translated, kind="text/plain; charset=utf-8" if translated else None)


#: The resources whose legacy rules apply to prefixes.
_PREFIXED = ("agent", "key", "node", "query", "service", "session", "event")


def _new_name(key: str) -> str:
    """Return a key in today's syntax. Keys inside of blocks change too, whatever they mean there."""
    name = key.strip('"')
    return f"{name}_prefix" if name in _PREFIXED else "policy" if name == "policy" else key


def _as_hcl(items: list[Item], between: str = "\n") -> str:
    """Write rules that were JSON as HCL, as agents do before they translate. Only one key is followed by "="."""
    return between.join(
        f"{' '.join(key.written for key in item.keys)} {'= ' * (len(item.keys) == 1)}{_value_as_hcl(item.value)}" for item in items
    )


def _value_as_hcl(node: Node) -> str:
    match node:
        case Literal():
            return node.written
        case Array():
            return f"[{', '.join(map(_value_as_hcl, node.values))}]"
        case _:
            return f"{{ {_as_hcl(node.items, ' ')} }}"


def _render(token: Record) -> dict[str, Any]:
    indexes = {name: token[name] for name in ("CreateIndex", "ModifyIndex")}
    return {"ID": token["SecretID"], "Name": token["Description"], "Type": token["Type"], "Rules": token.get("Rules") or "", **indexes}


def _tokens(_request: ServerRequest) -> tuple[Topic, ...]:
    return (("table", "acl tokens"),)
