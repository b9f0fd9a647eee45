"""Requests as the handlers see them."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, Protocol
from urllib.parse import quote_plus

from consul_proto.message import Request
from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_11, V1_X
from consul_proto.simulator.go.durations import nanoseconds
from consul_proto.simulator.go.json import Shape, decode
from consul_proto.simulator.go.json_text import Unreadable

_NO_NAMESPACES = " - Namespaces are a Consul Enterprise feature"

#: Features of Consul Enterprise only: the parameter, the header, and the text of the refusal. Partitions came with 1.11.
_NAMESPACE = ("ns", "X-Consul-Namespace", _NO_NAMESPACES)
_PARTITION = ("partition", "X-Consul-Partition", " - Partitions are a Consul Enterprise feature")

#: Seconds that a query waits by default, and at most: https://developer.hashicorp.com/consul/api-docs/features/blocking
_WAIT, _LONGEST_WAIT = 300.0, 600.0


class Authorizer(Protocol):
    """What a token may do."""

    def allows(self, resource: str, name: str, access: str) -> bool:
        """Return whether it may.

        resource: "key", "service", "node" and so on. name: "" for a resource without names. access: "read", "list" or "write".
        """
        ...

    def refusal(self, resource: str, name: str, access: str) -> str:
        """Return Consul's words for a token that may not."""
        ...


class ServerRequest:
    """A request as a handler sees it: its path decoded, its query by name, and what its token may do.

    rest: what follows the path of the route. resolve: finds what a token may do, by its secret, and raises Refusal for an unknown one; None
    while ACLs are off. is_own: the request comes from the agent's own configuration.
    """

    def __init__(
        self, request: Request, rest: str, settings: Settings, resolve: Callable[[str], Authorizer] | None, *, is_own: bool = False
    ) -> None:
        self.method = request.method
        self.headers = request.headers
        body = request.body
        self.body = (body if isinstance(body, bytes) else request.read_body()) or b""
        #: What follows the path of the route: a key, an id.
        self.rest = rest
        self.path = request.path
        self._query = request.query
        #: The first value of each parameter.
        self._first: dict[str, str] = {}
        for name, value in request.query:
            self._first.setdefault(name, value or "")
        self.settings = settings
        self._resolve = resolve
        self._authorizer: Authorizer | None = None
        self.is_own = is_own
        #: Whether the answer leaves out something that the token may not see.
        self.is_filtered = False

    @property
    def may_have_scripts(self) -> bool:
        """Whether checks may have scripts."""
        return self.settings.script_checks or (self.is_own and self.settings.local_script_checks)

    @property
    def token(self) -> str:
        """The secret of the token, "" for none."""
        bearer = self.headers.get("authorization") or ""
        given = self.first("token") or self.headers.get("x-consul-token") or ""
        return given or (bearer[7:].strip() if bearer[:7].lower() == "bearer " else "")

    @property
    def registration_token(self) -> str | None:
        """The token whose rights a registration keeps using; None while ACLs are off."""
        return None if self.authorizer is None else self.token

    @property
    def authorizer(self) -> Authorizer | None:
        """What the token may do; None while ACLs are off. Raises Refusal for an unknown token."""
        if self._authorizer is None and self._resolve is not None:
            self._authorizer = self._resolve(self.token)
        return self._authorizer

    def begin(self) -> None:
        """Look the token up again: a query may have waited for a long time."""
        self._authorizer, self.is_filtered = None, False

    def allows(self, resource: str, name: str, access: str) -> bool:
        """Return whether the token may do something."""
        authorizer = self.authorizer
        return authorizer is None or authorizer.allows(resource, name, access)

    def may(self, resource: str, name: str, access: str) -> bool:
        """Return whether the token may see something; if not, the answer leaves it out."""
        if self.allows(resource, name, access):
            return True
        self.is_filtered = True
        return False

    def require(self, resource: str, name: str, access: str, secret: str = "") -> None:
        """Refuse a token that lacks a right. secret: of a token other than the request's."""
        authorizer = self._resolve(secret) if secret and self._resolve is not None else self.authorizer
        if authorizer is not None and not authorizer.allows(resource, name, access):
            raise Refusal(403, authorizer.refusal(resource, name, access))

    def require_of_agent(self, resource: str, name: str, secret: str = "", *, shown: str = "") -> None:
        """Refuse a token that may not write a service or a check of the agent; 1.8 names the missing right.

        secret: of a token other than the request's. shown: the name that 1.8 shows, if it is another.
        """
        try:
            self.require(resource, name, "write", secret)
        except Refusal as refusal:
            is_lacking = self.settings.version < V1_X and refusal.text == "Permission denied"
            raise Refusal(refusal.status, refusal.text + f": Missing {resource}:write on {shown or name}" * is_lacking) from None

    def decode(self, shape: Shape, before: str = "Request decode failed: ", status: int = 400, *, namespaced: bool = False) -> Any:
        """Decode the body into a type. Refuses an invalid body.

        before: what comes before the reason in the refusal. status: of the refusal. namespaced: whether Consul Enterprise has a namespace
        here, which the refusal mentions.
        """
        try:
            return decode(self.body, shape, version=self.settings.version)
        except Unreadable as error:
            after = _NO_NAMESPACES if namespaced and str(error).endswith('"Namespace"') else ""
            raise Refusal(status, f"{before}{error}{after}") from None

    def only_default(self) -> None:
        """Refuse a namespace or a partition: only Consul Enterprise has them."""
        if self._query or self.headers.items:  # usually there is neither, and reads in memory must be cheap
            self._have_no(_NAMESPACE)
            self.only_default_partition()

    def only_default_partition(self) -> None:
        """Refuse a partition."""
        if self.settings.version >= V1_11:
            self._have_no(_PARTITION)

    def _have_no(self, scope: tuple[str, str, str]) -> None:
        parameter, header, why = scope
        if self.headers.get(header):
            raise Refusal(400, f'{self.settings.bad_request}Invalid header: "{header}"{why}')
        if self.first(parameter):
            raise Refusal(400, f'{self.settings.bad_request}Invalid query parameter: "{parameter}"{why}')

    def options(self) -> tuple[float, int]:
        """Read the parameters that most calls share: the wait in seconds, and the index to wait on. Refuses invalid ones."""
        self.one_consistency()
        return self.waiting()

    def one_consistency(self) -> None:
        """Refuse an invalid `max_stale`, and more than one consistency mode."""
        is_stale = self._is_stale()
        if self.flag("consistent"):
            for other, is_asked in (("stale", is_stale), ("cached", self.flag("cached"))):
                if is_asked:
                    raise Refusal(400, f"Cannot specify ?{other} with ?consistent, conflicting semantics.")

    def _is_stale(self) -> bool:
        """Return whether a stale answer will do: with `stale`, or a `max_stale` above 0. Refuses an invalid one."""
        longest = self.first("max_stale")
        try:
            return bool(longest and nanoseconds(longest) > 0) or self.flag("stale")
        except ValueError:
            raise Refusal(400, f'Invalid max_stale value "{longest}"') from None

    def waiting(self) -> tuple[float, int]:
        """Read `wait` and `index`, as `options`, without a check of the consistency."""
        wait = _WAIT
        if self.first("wait"):
            try:
                wait = min(nanoseconds(self.first("wait")) / 10**9, _LONGEST_WAIT)
            except ValueError:
                raise Refusal(400, "Invalid wait time") from None
        index = self.first("index")
        if index and not (index.isascii() and index.isdigit() and int(index) < 1 << 64):
            raise Refusal(400, "Invalid index")
        return wait if wait > 0 else _WAIT, int(index or 0)

    def need_acls(self) -> None:
        """Refuse the request while ACLs are off."""
        if not self.settings.acls:
            raise Refusal(401, "ACL support disabled")

    def reach_servers(self) -> None:
        """Refuse an unknown datacenter, then an unknown token. Call it after the checks that the agent itself makes."""
        self.reach_datacenter()
        self.know_token()

    def reach_datacenter(self) -> None:
        """Refuse an unknown datacenter."""
        if self.first("dc") not in ("", self.settings.datacenter):
            raise Refusal(500, "No path to datacenter")

    def know_token(self) -> None:
        """Refuse an unknown token."""
        _ = self.authorizer

    def flag(self, name: str) -> bool:
        """Return whether a parameter is present; `stale=false` means stale."""
        return name in self._first

    def first(self, name: str) -> str:
        """Return the first value of a parameter, "" if it has none."""
        return self._first.get(name, "")

    def every(self, name: str) -> list[str]:
        """Return all values of a parameter."""
        return [value or "" for known, value in self._query if known == name]

    @property
    def consistency(self) -> str:
        """The consistency mode."""
        return "stale" if self._is_stale() else "consistent" if self.flag("consistent") else "leader"

    def query_text(self, without: Container[str] = ()) -> str:
        """Return the query as Go writes it: sorted by name."""
        pairs = sorted((pair for pair in self._query if pair[0] not in without), key=lambda pair: pair[0])
        return "&".join(f"{quote_plus(name)}={quote_plus(value or '')}" for name, value in pairs)
