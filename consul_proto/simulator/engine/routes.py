"""Find the endpoint for a path."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from consul_proto.message import Request, Response
from consul_proto.simulator.engine.answers import ReadAnswer, Refusal, Topic, Unrouted, make_response
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.versions import V1_X, Version

#: Paths of both versions that are not simulated: they answer 501. Unknown paths answer 404.
_ALWAYS = (
    *("/v1/agent/connect/ca/leaf/", "/v1/connect/ca/configuration", "/v1/discovery-chain/", "/v1/internal/federation-state/"),
    *("/v1/internal/federation-states", "/v1/internal/federation-states/mesh-gateways"),
    *(f"/v1/internal/ui/{name}" for name in ("nodes", "node/", "services", "gateway-services-nodes/")),
)

#: Further ones that came after 1.8.
_LATER = (
    *("/v1/exported-services", "/v1/imported-services", "/v1/peerings", "/v1/peering/", "/v1/internal/service-virtual-ip"),
    *(f"/v1/internal/ui/{name}" for name in ("exported-services", "catalog-overview", "gateway-intentions/", "service-topology/")),
    "/v1/internal/ui/metrics-proxy/",
)

#: Characters that Go's net/url does not escape in a path, besides letters, digits and "_.-~"; and those that its http.Redirect escapes in
#: HTML.
_UNESCAPED = "/$&+,:;=@"
_AS_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"})

_NO_API = "if attempting to use the HTTP API, ensure the path starts with '/v1/'"

Read = Callable[[ServerRequest], ReadAnswer]
Write = Callable[[ServerRequest, float], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    read: answers GET; the request may be parked if `topics` says what the answer depends on. write: answers any other method, and GET if
    there is no `read`; its result is a value for JSON, or a `WriteAnswer`. deep: whether a key or an id follows the path. index: whether
    refusals carry the headers of a read. first: checks that come before the shared parameters are read; options: reads these.
    """

    methods: tuple[str, ...]
    read: Read | None = None
    write: Write | None = None
    topics: Callable[[ServerRequest], tuple[Topic, ...]] | None = None
    deep: bool = False
    index: bool = False
    first: Callable[[ServerRequest], None] | None = None
    options: Callable[[ServerRequest], tuple[float, int]] = ServerRequest.options


class Routes:
    """All endpoints by path. A path that ends with "/" can be continued."""

    def __init__(self, *groups: Mapping[str, Route], version: Version) -> None:
        self._version = version
        self._routes = {path: route for group in groups for path, route in group.items()}
        self._unsimulated = _ALWAYS if version < V1_X else (*_ALWAYS, *_LATER)

    def __contains__(self, path: str) -> bool:
        return path in self._routes or path in self._unsimulated

    def find(self, encoded: str, method: str) -> tuple[str, Route] | str | None:
        """Return the endpoint of a path and the rest of the path; or the clean path if it was not clean.

        None for a path that is not printable. Raises Refusal for an unknown path or method.
        """
        path = text_of(encoded)
        if not path.isprintable():
            return None
        given = path if self._version < V1_X else encoded
        clean = self._clean(given)
        if clean != given:
            return clean
        prefix, route = self._route(path, method)
        return path[len(prefix) :], route

    def _clean(self, given: str) -> str:
        if "//" not in given and "/." not in given and (given.endswith("/") or given in self or given + "/" not in self):
            return given
        clean = posixpath.normpath(given if not given.startswith("//") else given[1:])
        is_folder = given.endswith("/") or (clean not in self and clean + "/" in self)
        return clean + "/" if is_folder and clean != "/" else clean

    def _route(self, path: str, method: str) -> tuple[str, Route]:
        """Return the endpoint and the rest of the path. Raises Refusal for an unknown path or method."""
        found = self._find(path)
        if found is None:
            raise self._not_found(path, method)
        if method in found[1].methods:
            return found
        allowed = ",".join(("OPTIONS", *found[1].methods))
        if method == "OPTIONS":
            raise Refusal(200, "", Allow=allowed, Content_Type="" if self._version < V1_X else "application/json; charset=utf-8")
        raise Refusal(405, f"method {method} not allowed", Allow=allowed)

    def _find(self, path: str) -> tuple[str, Route] | None:
        if route := self._routes.get(path):
            return path, route
        end = path.rfind("/")
        while end > 0:
            prefix = path[: end + 1]
            if (route := self._routes.get(prefix)) and route.deep:
                return prefix, route
            end = path.rfind("/", 0, end)
        return None

    def _not_found(self, path: str, method: str) -> Refusal:
        if any(path.startswith(one) if one.endswith("/") else path == one for one in self._unsimulated):
            return Refusal(501, f"the simulator does not know {method} {path}")
        known = "not a recognized HTTP API endpoint" if path.startswith("/v1/") else _NO_API
        return Unrouted(404, "" if self._version < V1_X else f"Invalid URL path: {known}\n")


def text_of(path: str) -> str:
    """Decode a percent-encoded path. Bytes that are not UTF-8 become U+FFFD, as in Consul's JSON."""
    return unquote_to_bytes(path).decode("utf-8", "replace") if "%" in path else path


def redirect(request: Request, clean: str, version: Version) -> Response:
    """Redirect to the clean path, as Go's router does."""
    where = quote(clean, safe=_UNESCAPED) + ("?" + request.target.partition("?")[2] if request.query else "")
    status, what = (301, "Moved Permanently") if version < V1_X else (307, "Temporary Redirect")
    body = f'<a href="{where.translate(_AS_HTML)}">{what}</a>.\n\n'.encode() if request.method == "GET" else b""
    headers = [("Location", where)] + ([("Content-Type", "text/html; charset=utf-8")] if request.method in ("GET", "HEAD") else [])
    return make_response(status, body, headers)
