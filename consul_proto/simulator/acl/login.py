"""Login through an auth method, and logout.

https://developer.hashicorp.com/consul/api-docs/acl#login-to-auth-method
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from functools import partial
from typing import NoReturn

from consul_proto.simulator.acl.bodies import ACL_LOGIN
from consul_proto.simulator.acl.tables import ACLs
from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_8, V1_X, pick
from consul_proto.simulator.go.json import Anything, MapOf, decode
from consul_proto.simulator.go.json_text import Unreadable

#: The library that reads bearer tokens, by its name in errors.
_JOSE = {V1_8: "square/go-jose", V1_X: "go-jose/go-jose"}

_HEADER = MapOf(Anything(), "jose.rawHeader")

_BASE64 = re.compile(r"[A-Za-z0-9\-_]*")


class LoginEndpoint:
    """`/v1/acl/login` and `logout`. Every login fails: the simulator has no key that signs bearer tokens."""

    def __init__(self, acls: ACLs, settings: Settings) -> None:
        self._acls, self._settings = acls, settings

    def routes(self) -> dict[str, Route]:
        """Return the endpoints."""
        post = partial(Route, ("POST",))
        return {"/v1/acl/login": post(write=self.login), "/v1/acl/logout": post(write=self.logout)}

    def login(self, request: ServerRequest, _now: float) -> NoReturn:
        """POST login: refuse it, with the first fault of the method or of the bearer token."""
        request.need_acls()
        request.only_default()
        given = request.decode(ACL_LOGIN, f"{self._settings.bad_request}Failed to decode request body: ", namespaced=True)
        request.reach_datacenter()
        name = given.get("AuthMethod") or ""
        method = self._acls.tables["auth-methods"].get(name)
        if method is None:
            raise Refusal(403, "ACL not found" if self._settings.version < V1_X else f'ACL not found: auth method "{name}" not found')
        if method.get("Type") == "jwt":
            self._check_bearer(given.get("BearerToken") or "")
        raise Refusal(403, "Permission denied")

    def _check_bearer(self, token: str) -> NoReturn:
        if not token:
            raise Refusal(500, "missing jwt")
        parts = "".join(token.split()).split(".")
        if len(parts) != 3:
            raise Refusal(500, f"error parsing token: {pick(_JOSE, self._settings.version)}: compact JWS format must have three parts")
        try:
            header, _payload, _signature = (_bytes(part) for part in parts)
            if header:
                decode(header, _HEADER, version=self._settings.version)
        except Unreadable as error:
            raise Refusal(500, f"error parsing token: {error}") from None
        raise Refusal(500, "no known key successfully validated the token signature")

    def logout(self, request: ServerRequest, _now: float) -> NoReturn:
        """POST logout: refuse it, since no token came from a login."""
        request.need_acls()
        if not request.token:
            raise Refusal(403, "ACL not found") if self._settings.version < V1_X else Refusal(401, "Supplied token does not exist")
        request.reach_servers()
        raise Refusal(403, "Permission denied" if self._settings.version < V1_X else "Permission denied: token wasn't created via login")


def _bytes(part: str) -> bytes:
    """Decode a part of a bearer token. Raises Unreadable for invalid base64."""
    well = _BASE64.match(part)
    end = well.end() if well else 0
    if end < len(part) or end % 4 == 1:
        raise Unreadable(f"illegal base64 data at input byte {end if end < len(part) else end - 1}")
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
