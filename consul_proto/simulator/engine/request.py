"""What was asked, what is answered, and what waits in between."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any, Protocol
from urllib.parse import quote_plus

from consul_proto.message import Request
from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_11, V1_X
from consul_proto.simulator.go.durations import nanoseconds
from consul_proto.simulator.go.json import Shape, Unreadable, decode

_NO_NAMESPACES = " - Namespaces are a Consul Enterprise feature"

#: What only Consul Enterprise has, by a parameter or by a header, and what is said of it. Before 1.11 nobody knew of partitions.
_NAMESPACE = ("ns", "X-Consul-Namespace", _NO_NAMESPACES)
_PARTITION = ("partition", "X-Consul-Partition", " - Partitions are a Consul Enterprise feature")

#: Seconds that a query waits where nothing is said, and at most: https://developer.hashicorp.com/consul/api-docs/features/blocking
_WAIT, _LONGEST_WAIT = 300.0, 600.0


class Authorizer(Protocol):
    """What a token may do."""

    def allows(self, resource: str, name: str, access: str) -> bool:
        """Whether it may: resource "key", "service", "node" ..., access "read", "list" or "write"; name "" where the rule has none."""
        ...

    def refusal(self, resource: str, name: str, access: str) -> str:
        """What Consul says to a token that may not."""
        ...


class ServerRequest:
    """A request as a handler sees it: its path decoded, its query by name, and what its token may do.

    resolve: finds what a token may do, by its secret; raises Refusal for one that there is not. is_own: whether the agent's own
    configuration asks.
    """

    def __init__(
        self, request: Request, rest: str, settings: Settings, resolve: Callable[[str], Authorizer] | None, *, is_own: bool = False
    ) -> None:
        self.method = request.method
        self.headers = request.headers
        self.body = request.body or b""
        #: What comes behind the route's own path: a key, an id.
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
        self._is_own = is_own
        #: Whether something was left out of the answer since the token may not see it.
        self.is_filtered = False

    @property
    def may_have_scripts(self) -> bool:
        """Whether checks with a script are accepted."""
        return self.settings.script_checks or (self._is_own and self.settings.local_script_checks)

    @property
    def token(self) -> str:
        """The secret that was given, "" for none."""
        bearer = self.headers.get("authorization") or ""
        given = self.first("token") or self.headers.get("x-consul-token") or ""
        return given or (bearer[7:].strip() if bearer[:7].lower() == "bearer " else "")

    @property
    def registration_token(self) -> str | None:
        """The token whose rights what is registered goes on with; None where nobody asks for one."""
        return None if self.authorizer is None else self.token

    @property
    def authorizer(self) -> Authorizer | None:
        """What the token may do; None where ACLs are off, and everybody may do everything. Raises Refusal for a token that there is not."""
        if self._authorizer is None and self._resolve is not None:
            self._authorizer = self._resolve(self.token)
        return self._authorizer

    def begin(self) -> None:
        """Look at the token anew: a query may have waited for long."""
        self._authorizer, self.is_filtered = None, False

    def allows(self, resource: str, name: str, access: str) -> bool:
        """Whether the token may do something."""
        authorizer = self.authorizer
        return authorizer is None or authorizer.allows(resource, name, access)

    def may(self, resource: str, name: str, access: str) -> bool:
        """Whether the token may see something: what it may not is left out of the answer."""
        if self.allows(resource, name, access):
            return True
        self.is_filtered = True
        return False

    def require(self, resource: str, name: str, access: str) -> None:
        """Refuse what the token may not do."""
        authorizer = self.authorizer
        if authorizer is not None and not authorizer.allows(resource, name, access):
            raise Refusal(403, authorizer.refusal(resource, name, access))

    def require_of_agent(self, resource: str, name: str) -> None:
        """Refuse a token that may not write what the agent itself has: 1.8 says what it lacks."""
        try:
            self.require(resource, name, "write")
        except Refusal as refusal:
            is_lacking = self.settings.version < V1_X and refusal.text == "Permission denied"
            raise Refusal(refusal.status, refusal.text + f": Missing {resource}:write on {name}" * is_lacking) from None

    def decode(self, shape: Shape, before: str = "Request decode failed: ", status: int = 400, *, namespaced: bool = False) -> Any:
        """The body, as a type takes it. Refuses what is none.

        before: what the refusal says before its reason. namespaced: whether Consul Enterprise takes a namespace here, which is said.
        """
        try:
            return decode(self.body, shape, version=self.settings.version)
        except Unreadable as error:
            after = _NO_NAMESPACES if namespaced and str(error).endswith('"Namespace"') else ""
            raise Refusal(status, f"{before}{error}{after}") from None

    def only_default(self) -> None:
        """Refuse a namespace and a partition, which only Consul Enterprise has."""
        if self._query or self.headers.items:  # a read in memory has neither mostly, and is to cost little
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
        """The parameters that most calls share: for how long a query waits, in seconds, and for an index above which. Refuses odd ones."""
        self.one_consistency()
        return self.waiting()

    def one_consistency(self) -> None:
        """Refuse to be asked for more than one."""
        for other in ("stale", "cached") if self.flag("consistent") else ():
            if self.flag(other):
                raise Refusal(400, f"Cannot specify ?{other} with ?consistent, conflicting semantics.")

    def waiting(self) -> tuple[float, int]:
        """As `options`, where nobody asks how consistent the answer is to be."""
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
        """Refuse where ACLs are off."""
        if not self.settings.acls:
            raise Refusal(401, "ACL support disabled")

    def reach_servers(self) -> None:
        """Refuse a datacenter that there is not, and then a token: what the agent itself refuses comes before."""
        self.reach_datacenter()
        self.know_token()

    def reach_datacenter(self) -> None:
        """Refuse a datacenter that there is not."""
        if self.first("dc") not in ("", self.settings.datacenter):
            raise Refusal(500, "No path to datacenter")

    def know_token(self) -> None:
        """Refuse a token that there is not."""
        _ = self.authorizer

    def flag(self, name: str) -> bool:
        """Whether a parameter is there at all; `stale=false` means stale."""
        return name in self._first

    def first(self, name: str) -> str:
        """The first value of a parameter, "" where it has none."""
        return self._first.get(name, "")

    def every(self, name: str) -> list[str]:
        """All values of a parameter."""
        return [value or "" for known, value in self._query if known == name]

    @property
    def consistency(self) -> str:
        """How consistent the answer is to be."""
        return next((mode for mode in ("stale", "consistent") if self.flag(mode)), "leader")

    def query_text(self, without: Container[str] = ()) -> str:
        """The query as Go writes it: sorted by name."""
        pairs = sorted((pair for pair in self._query if pair[0] not in without), key=lambda pair: pair[0])
        return "&".join(f"{quote_plus(name)}={quote_plus(value or '')}" for name, value in pairs)
