"""Config entries with the routes of API gateways. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, Required, TypedDict

from consul_proto.types.config_entry import StoredEntry

if TYPE_CHECKING:
    from consul_proto.types.config_entry import ConfigEntryStatus, ResourceReference


class APIGatewayJWTClaimVerification(TypedDict, total=False):
    """A claim that a token must have. Enterprise."""

    Path: list[str]
    Value: str


class APIGatewayJWTProvider(TypedDict, total=False):
    """A provider whose tokens are accepted. Enterprise."""

    Name: Required[str]  # a jwt-provider entry
    VerifyClaims: list[APIGatewayJWTClaimVerification]


class APIGatewayJWTRequirement(TypedDict, total=False):
    """The tokens that requests to a listener need. Enterprise."""

    Providers: list[APIGatewayJWTProvider]


class JWTFilter(TypedDict, total=False):
    """The tokens that requests of a route need. Enterprise."""

    Providers: list[APIGatewayJWTProvider]


class HTTPHeaderFilter(TypedDict, total=False):
    """How headers are changed."""

    Add: dict[str, str] | None
    Remove: list[str] | None
    Set: dict[str, str] | None


class URLRewrite(TypedDict, total=False):
    """A path that replaces the one that was matched."""

    Path: str


class RetryFilter(TypedDict, total=False):
    """When requests are tried again."""

    NumRetries: int
    RetryOn: list[str]
    RetryOnStatusCodes: list[int]
    RetryOnConnectFailure: bool


class TimeoutFilter(TypedDict, total=False):
    """How long a request may take. Written as "5s" or in nanoseconds, returned in nanoseconds."""

    RequestTimeout: str | int
    IdleTimeout: str | int


class HTTPFilters(TypedDict, total=False):
    """What happens to requests on their way to a service."""

    Headers: list[HTTPHeaderFilter] | None
    URLRewrite: URLRewrite | None
    RetryFilter: RetryFilter | None  # since 1.17.0
    TimeoutFilter: TimeoutFilter | None  # since 1.17.0
    JWT: JWTFilter | None  # since 1.17.0; Enterprise


class HTTPResponseFilters(TypedDict, total=False):
    """What happens to responses on their way back."""

    Headers: list[HTTPHeaderFilter] | None


class HTTPHeaderMatch(TypedDict, total=False):
    """A condition for a header."""

    Match: str  # exact | prefix | suffix | present | regex
    Name: str
    Value: str


class HTTPPathMatch(TypedDict, total=False):
    """A condition for the path."""

    Match: str  # exact | prefix | regex
    Value: str


class HTTPQueryMatch(TypedDict, total=False):
    """A condition for a parameter of the query."""

    Match: str  # exact | present | regex
    Name: str
    Value: str


class HTTPMatch(TypedDict, total=False):
    """Conditions for a request, which must all hold."""

    Headers: list[HTTPHeaderMatch] | None
    Method: str  # "": any
    Path: HTTPPathMatch
    Query: list[HTTPQueryMatch] | None


class HTTPService(TypedDict, total=False):
    """A service that gets requests of a rule."""

    Name: Required[str]
    Weight: int  # among the services of the rule
    Filters: HTTPFilters
    ResponseFilters: HTTPResponseFilters  # since 1.17.0
    Partition: str  # Enterprise
    Namespace: str  # Enterprise


class HTTPRouteRule(TypedDict, total=False):
    """Which requests go to which services; one of the matches must fit."""

    Filters: HTTPFilters
    ResponseFilters: HTTPResponseFilters  # since 1.17.0
    Matches: list[HTTPMatch] | None
    Services: list[HTTPService] | None


class HTTPRoute(TypedDict):
    """Rules for HTTP requests to an API gateway."""

    Kind: Literal["http-route"]
    Name: str
    Parents: NotRequired[list[ResourceReference] | None]  # gateways and their listeners
    Rules: NotRequired[list[HTTPRouteRule] | None]
    Hostnames: NotRequired[list[str] | None]
    Status: NotRequired[ConfigEntryStatus]  # written by Consul
    Partition: NotRequired[str]  # Enterprise
    Namespace: NotRequired[str]  # Enterprise
    Meta: NotRequired[dict[str, str]]


class HTTPRouteConfigEntry(HTTPRoute, StoredEntry):
    """An http-route entry as Consul returns it."""


class TCPService(TypedDict, total=False):
    """The service that gets connections."""

    Name: Required[str]
    Partition: str  # Enterprise
    Namespace: str  # Enterprise


class TCPRoute(TypedDict):
    """The service for TCP connections to an API gateway."""

    Kind: Literal["tcp-route"]
    Name: str
    Parents: NotRequired[list[ResourceReference] | None]  # gateways and their listeners
    Services: NotRequired[list[TCPService] | None]  # at most one
    Status: NotRequired[ConfigEntryStatus]  # written by Consul
    Partition: NotRequired[str]  # Enterprise
    Namespace: NotRequired[str]  # Enterprise
    Meta: NotRequired[dict[str, str]]


class TCPRouteConfigEntry(TCPRoute, StoredEntry):
    """A tcp-route entry as Consul returns it."""
