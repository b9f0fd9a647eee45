"""Config entries that route the traffic of a service: routers, splitters, resolvers. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, Required, TypedDict

from consul_proto.types.config_entry import StoredEntry

if TYPE_CHECKING:
    from consul_proto.types.config_entry import (
        HTTPHeaderModifiers,
        ServiceResolverFailoverPolicy,
        ServiceResolverPrioritizeByLocality,
    )


class ServiceRouteHTTPMatchHeader(TypedDict, total=False):
    """A condition for a header. One of Present, Exact, Prefix, Suffix and Regex is set."""

    Name: Required[str]
    Present: bool
    Exact: str
    Prefix: str
    Suffix: str
    Regex: str
    Invert: bool


class ServiceRouteHTTPMatchQueryParam(TypedDict, total=False):
    """A condition for a parameter of the query. One of Present, Exact and Regex is set."""

    Name: Required[str]
    Present: bool
    Exact: str
    Regex: str


class ServiceRouteHTTPMatch(TypedDict, total=False):
    """Conditions for an HTTP request, which must all hold. At most one of the paths is set."""

    PathExact: str
    PathPrefix: str
    PathRegex: str
    CaseInsensitive: bool  # since 1.17.3
    Header: list[ServiceRouteHTTPMatchHeader]
    QueryParam: list[ServiceRouteHTTPMatchQueryParam]
    Methods: list[str]


class ServiceRouteMatch(TypedDict, total=False):
    """Which requests a route is for; without conditions, all."""

    HTTP: ServiceRouteHTTPMatch


class ServiceRouteDestination(TypedDict, total=False):
    """Where a route sends requests, and how."""

    Service: str  # "": the router's own service
    ServiceSubset: str
    Namespace: str  # Enterprise
    Partition: str  # since 1.11.0; Enterprise
    PrefixRewrite: str
    RequestTimeout: str  # a Go duration ("5s")
    IdleTimeout: str  # a Go duration; since 1.14.2
    NumRetries: int
    RetryOnConnectFailure: bool
    RetryOnStatusCodes: list[int]
    RetryOn: list[str]  # Envoy's conditions ("5xx"); since 1.14.0
    RequestHeaders: HTTPHeaderModifiers  # since 1.11.0
    ResponseHeaders: HTTPHeaderModifiers  # since 1.11.0


class ServiceRoute(TypedDict, total=False):
    """A route. The first one that matches is taken."""

    Match: ServiceRouteMatch
    Destination: ServiceRouteDestination


class ServiceRouter(TypedDict):
    """Routes for the HTTP requests to a service."""

    Kind: Literal["service-router"]
    Name: str  # the service
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    Routes: NotRequired[list[ServiceRoute] | None]
    Meta: NotRequired[dict[str, str]]  # since 1.8.4


class ServiceRouterConfigEntry(ServiceRouter, StoredEntry):
    """A service-router entry as Consul returns it."""


class ServiceSplit(TypedDict, total=False):
    """A part of the traffic, and where it goes."""

    Weight: Required[float]  # percent, in steps of 0.01; all of a splitter give 100
    Service: str  # "": the splitter's own service
    ServiceSubset: str
    Namespace: str  # Enterprise
    Partition: str  # since 1.11.0; Enterprise
    RequestHeaders: HTTPHeaderModifiers  # since 1.11.0
    ResponseHeaders: HTTPHeaderModifiers  # since 1.11.0


class ServiceSplitter(TypedDict):
    """How the requests to a service are divided between subsets or other services."""

    Kind: Literal["service-splitter"]
    Name: str  # the service
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    Splits: list[ServiceSplit]  # at least one
    Meta: NotRequired[dict[str, str]]  # since 1.8.4


class ServiceSplitterConfigEntry(ServiceSplitter, StoredEntry):
    """A service-splitter entry as Consul returns it."""


class ServiceResolverSubset(TypedDict, total=False):
    """Which instances of a service are in a subset."""

    Filter: str  # a filter expression ("Service.Meta.version == v1"); "": all
    OnlyPassing: bool  # leave out instances with a warning


class ServiceResolverRedirect(TypedDict, total=False):
    """The service whose instances are taken instead."""

    Service: str
    ServiceSubset: str
    Namespace: str  # Enterprise
    Partition: str  # since 1.11.0; Enterprise
    Datacenter: str
    Peer: str  # since 1.14.0
    SamenessGroup: str  # since 1.16.0; Enterprise


class ServiceResolverFailoverTarget(TypedDict, total=False):
    """Where to look for instances if this datacenter has no healthy ones."""

    Service: str
    ServiceSubset: str
    Partition: str  # Enterprise
    Namespace: str  # Enterprise
    Datacenter: str
    Peer: str


class ServiceResolverFailover(TypedDict, total=False):
    """Where instances are looked for if a subset has no healthy ones."""

    Service: str
    ServiceSubset: str
    Namespace: str  # Enterprise
    Datacenters: list[str]
    Targets: list[ServiceResolverFailoverTarget]  # since 1.14.0
    Policy: ServiceResolverFailoverPolicy  # since 1.16.0
    SamenessGroup: str  # since 1.16.0; Enterprise


class RingHashConfig(TypedDict, total=False):
    """The ring of the policy ring_hash."""

    MinimumRingSize: int
    MaximumRingSize: int


class LeastRequestConfig(TypedDict, total=False):
    """The policy least_request."""

    ChoiceCount: int  # how many instances are compared


class CookieConfig(TypedDict, total=False):
    """A cookie that the proxy sets. Either Session or TTL is set."""

    Session: bool
    TTL: str | int  # written as "5s" or in nanoseconds, returned in nanoseconds
    Path: str


class HashPolicy(TypedDict, total=False):
    """What of a request is hashed."""

    Field: str  # header | cookie | query_parameter; "" with SourceIP
    FieldValue: str  # its name
    CookieConfig: CookieConfig
    SourceIP: bool
    Terminal: bool  # leave out the policies that follow if this one gives a hash


class LoadBalancer(TypedDict, total=False):
    """How a proxy chooses an instance for a request."""

    Policy: str  # "" | random | round_robin | least_request | ring_hash | maglev
    RingHashConfig: RingHashConfig
    LeastRequestConfig: LeastRequestConfig
    HashPolicies: list[HashPolicy]  # for ring_hash and maglev


class ServiceResolver(TypedDict):
    """Which instances the name of a service stands for: its subsets, a redirect, failover, load balancing."""

    Kind: Literal["service-resolver"]
    Name: str  # the service
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    DefaultSubset: NotRequired[str]
    Subsets: NotRequired[dict[str, ServiceResolverSubset]]  # by name
    Redirect: NotRequired[ServiceResolverRedirect]
    Failover: NotRequired[dict[str, ServiceResolverFailover]]  # by subset; "*": any other
    ConnectTimeout: NotRequired[str]  # a Go duration ("15s")
    RequestTimeout: NotRequired[str]  # a Go duration; since 1.13.7
    PrioritizeByLocality: NotRequired[ServiceResolverPrioritizeByLocality]  # since 1.16.0; Enterprise
    LoadBalancer: NotRequired[LoadBalancer]  # since 1.9.0
    Meta: NotRequired[dict[str, str]]  # since 1.8.4


class ServiceResolverConfigEntry(ServiceResolver, StoredEntry):
    """A service-resolver entry as Consul returns it."""
