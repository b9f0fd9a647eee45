"""Authorization of a connection, for proxies and Connect native programs.

https://developer.hashicorp.com/consul/api-docs/agent/connect#authorize
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from consul_proto.simulator.catalog.bodies import AUTHORIZE
from consul_proto.simulator.connect.intentions import Intention, Intentions
from consul_proto.simulator.engine.answers import Refusal, WriteAnswer
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_8, V1_10, V1_X, pick

#: The paths of URIs in certificates; since 1.10 they may have a partition.
_PARTITION = {V1_8: "", V1_10: "(?:/ap/[^/]+)?"}
_SERVICE = "/ns/(?P<namespace>[^/]+)/dc/[^/]+/svc/(?P<service>[^/]+)"
_OTHERS = {
    V1_8: "/agent/client/dc/[^/]+/id/[^/]+",
    V1_X: "/agent/client/dc/[^/]+/id/[^/]+|/gateway/mesh/dc/[^/]+|/agent/server/dc/[^/]+",
}


class AuthorizeEndpoint:
    """`/v1/agent/connect/authorize`."""

    def __init__(self, intentions: Intentions, settings: Settings) -> None:
        self._intentions, self._settings = intentions, settings
        #: The tokens and targets of earlier requests: the real agent caches their intentions.
        self._cache_keys: set[tuple[str, str]] = set()

    def routes(self) -> dict[str, Route]:
        """Return the endpoint."""
        return {"/v1/agent/connect/authorize": Route(("POST",), write=self.authorize)}

    def authorize(self, request: ServerRequest, _now: float) -> WriteAnswer:
        """POST authorize: decide by the intention with the highest precedence, else by the default policy of ACLs."""
        request.only_default()
        bad = self._settings.bad_request
        given = request.decode(AUTHORIZE, f"{bad}Request decode failed: ")
        target = given.get("Target") or ""
        if not target:
            raise Refusal(400, f"{bad}Target service must be specified")
        source = self._source(given.get("ClientCertURI") or "")
        self._know_token(request)
        request.require("service", target, "write")
        one = None if source is None else self._intentions.between(source, target)
        if one is None:
            allowed = not self._settings.acls or self._settings.default_policy == "allow"
            is_open = self._settings.version < V1_X and not self._settings.acls
            reason = "ACLs disabled, access is allowed by default" if is_open else "Default behavior configured by ACLs"
        else:
            allowed, reason = one.get("Action") == "allow" and not one.get("Permissions"), f"Matched {self._render(one)}"
        return WriteAnswer({"Authorized": allowed, "Reason": reason}, headers=self._cache(request.token, target))

    def _cache(self, token: str, target: str) -> tuple[tuple[str, str], ...]:
        known = (token, target) in self._cache_keys
        self._cache_keys.add((token, target))
        return (("X-Cache", "HIT"), ("Age", "0")) if known else (("X-Cache", "MISS"),)

    def _source(self, uri: str) -> str | None:
        """Return the service of a certificate, None for an unknown namespace."""
        bad = f"{self._settings.bad_request}ClientCertURI not a valid"
        try:
            parsed = urlsplit(uri)
        except ValueError:
            raise Refusal(400, f"{bad} Connect identifier") from None
        partition = pick(_PARTITION, self._settings.version)
        service = re.fullmatch(partition + _SERVICE, parsed.path)
        signing = not parsed.path and parsed.netloc.find(".") > 0
        other = signing or re.fullmatch(f"{partition}(?:{pick(_OTHERS, self._settings.version)})", parsed.path)
        if parsed.scheme != "spiffe" or not (service or other):
            raise Refusal(400, f"{bad} Connect identifier")
        if service is None:
            raise Refusal(400, f"{bad} Service identifier")
        return unquote(service["service"]) if unquote(service["namespace"]) == "default" else None

    def _know_token(self, request: ServerRequest) -> None:
        try:
            request.know_token()
        except Refusal as refusal:
            before = "" if self._settings.version < V1_X else "Could not resolve token to authorizer: "
            raise Refusal(refusal.status, before + refusal.text) from None

    def _render(self, one: Intention) -> str:
        """Return an intention as Consul writes it."""
        pair = f"default/{one['SourceName']} => default/{one['DestinationName']}"
        identity = f"ID: {one['ID']}, " if one.get("ID") else ""
        precedence, action = f"{identity}Precedence: {one['Precedence']}", str(one.get("Action") or "").upper()
        if self._settings.version < V1_X:
            return f"intention: {action} {pair} ({precedence})"
        permissions = one.get("Permissions") or ()
        detail = f"Permissions: {len(permissions)}" if permissions else f"Action: {action}"
        return f"L{7 if permissions else 4} intention: {pair} ({precedence}, {detail})"
