"""The types of config entries, by kind: https://developer.hashicorp.com/consul/docs/reference/config-entry.

Entries of other kinds are stored as they are.
"""

from __future__ import annotations

from consul_proto.simulator.go.mapstructure import DURATION, NANOSECONDS, ListOf, MapOf, Opaque, Record, Scalar, Shape

TEXT, BOOL, NUMBER, UNSIGNED, LONG = Scalar("string"), Scalar("bool"), Scalar("int"), Scalar("uint32"), Scalar("uint64")
_WEIGHT = Scalar("float32")
_LIMIT, _COUNT = Scalar("int", pointer=True), Scalar("uint32", pointer=True)
_NANOSECONDS, _PAUSE = Scalar(NANOSECONDS), Scalar(NANOSECONDS, pointer=True)
_TEXTS, _META, _OPAQUE = ListOf(TEXT), MapOf(TEXT, "map[string]string"), MapOf(Opaque(), "map[string]interface {}")

_TRAILING: dict[str, Shape] = {"Meta": _META, "Hash": LONG, "CreateIndex": LONG, "ModifyIndex": LONG}


def _members(names: str, types: dict[str, Shape]) -> dict[str, Shape]:
    """Return the members in the order of `names`; those without a type are strings."""
    members = {name: types.get(name, TEXT) for name in names.split()}
    assert types.keys() <= members.keys(), names
    return members


def _shape(names: str, *, later: str = "", always: str = "", inline: bool = False, **types: Shape) -> Record:
    """Return a type. names: its members, in order; those without a type are strings. later, always: names for Record."""
    return Record(_members(names, types), frozenset(later.split()), frozenset(always.split()), inline=inline)


def _entry(names: str, *, later: str = "", always: str = "", **types: Shape) -> Record:
    """Return the type of an entry, with the members that every entry ends with."""
    members = _members(f"{names} {' '.join(_TRAILING)}", types | _TRAILING)
    return Record(members, frozenset(later.split()) | {"Hash"}, frozenset(always.split()) | {"Kind", "Name"})


# Shared by several kinds.

_MESH_GATEWAY = _shape("Mode", inline=True)
_EXPOSED = Record(
    {"ListenerPort": NUMBER, "Path": TEXT, "LocalPathPort": NUMBER, "Protocol": TEXT, "ParsedFromCheck": BOOL},
    once=frozenset({"ParsedFromCheck"}),
    inline=True,
)
_EXPOSE = _shape("Checks Paths", inline=True, Checks=BOOL, Paths=ListOf(_EXPOSED))
_TRANSPARENT = _shape("OutboundListenerPort DialedDirectly", inline=True, OutboundListenerPort=NUMBER, DialedDirectly=BOOL)
_EXTENSION = _shape(
    "Name Required Arguments ConsulVersion EnvoyVersion",
    always="Name Required Arguments ConsulVersion EnvoyVersion",
    inline=True,
    Required=BOOL,
    Arguments=_OPAQUE,
)
_LOGS = _shape("Enabled DisableListenerLogs Type Path JSONFormat TextFormat", inline=True, Enabled=BOOL, DisableListenerLogs=BOOL)
_LOCALITY = _shape("Mode")
_FAILOVER_POLICY = _shape("Mode Regions", Regions=_TEXTS)
_HEADERS = _shape("Add Set Remove", Add=_META, Set=_META, Remove=_TEXTS)
_HEALTH = _shape(
    "Interval MaxFailures EnforcingConsecutive5xx MaxEjectionPercent BaseEjectionTime",
    Interval=_NANOSECONDS,
    MaxFailures=UNSIGNED,
    EnforcingConsecutive5xx=_COUNT,
    MaxEjectionPercent=_COUNT,
    BaseEjectionTime=_PAUSE,
)
_PATHS = "PathExact PathPrefix PathRegex"
_CONNECTIONS = "MaxConnections MaxPendingRequests MaxConcurrentRequests"

# service-defaults

_UPSTREAM = _shape(
    "Name Peer EnvoyListenerJSON EnvoyClusterJSON Protocol ConnectTimeoutMs Limits PassiveHealthCheck MeshGateway "
    "BalanceOutboundConnections",
    always="Peer",
    ConnectTimeoutMs=NUMBER,
    Limits=_shape(_CONNECTIONS, MaxConnections=_LIMIT, MaxPendingRequests=_LIMIT, MaxConcurrentRequests=_LIMIT),
    PassiveHealthCheck=_HEALTH,
    MeshGateway=_MESH_GATEWAY,
)
_RATES = "RequestsPerSecond RequestsMaxBurst"
_ROUTE_LIMITS = _shape(f"{_PATHS} {_RATES}", always=f"{_PATHS} {_RATES}", inline=True, RequestsPerSecond=NUMBER, RequestsMaxBurst=NUMBER)
_INSTANCE_LIMITS = _shape(
    f"{_RATES} Routes",
    always=f"{_RATES} Routes",
    inline=True,
    RequestsPerSecond=NUMBER,
    RequestsMaxBurst=NUMBER,
    Routes=ListOf(_ROUTE_LIMITS),
)

# service-router

_MATCHED = _shape(
    f"{_PATHS} CaseInsensitive Header QueryParam Methods",
    later="CaseInsensitive",
    CaseInsensitive=BOOL,
    Header=ListOf(_shape("Name Present Exact Prefix Suffix Regex Invert", always="Name", inline=True, Present=BOOL, Invert=BOOL)),
    QueryParam=ListOf(_shape("Name Present Exact Regex", always="Name", inline=True, Present=BOOL)),
    Methods=_TEXTS,
)
_ROUTED_TO = _shape(
    "Service ServiceSubset Namespace Partition PrefixRewrite RequestTimeout IdleTimeout NumRetries RetryOnConnectFailure RetryOn "
    "RetryOnStatusCodes RequestHeaders ResponseHeaders",
    later="Partition IdleTimeout RetryOn RequestHeaders ResponseHeaders",
    RequestTimeout=DURATION,
    IdleTimeout=DURATION,
    NumRetries=UNSIGNED,
    RetryOnConnectFailure=BOOL,
    RetryOn=_TEXTS,
    RetryOnStatusCodes=ListOf(UNSIGNED),
    RequestHeaders=_HEADERS,
    ResponseHeaders=_HEADERS,
)
_ROUTE = _shape("Match Destination", inline=True, Match=_shape("HTTP", HTTP=_MATCHED), Destination=_ROUTED_TO)

# service-splitter

_SPLIT = _shape(
    "Weight Service ServiceSubset Namespace Partition RequestHeaders ResponseHeaders",
    later="Partition RequestHeaders ResponseHeaders",
    always="Weight",
    inline=True,
    Weight=_WEIGHT,
    RequestHeaders=_HEADERS,
    ResponseHeaders=_HEADERS,
)

# service-resolver

_FAILOVER = _shape(
    "Service ServiceSubset Namespace Datacenters Targets Policy SamenessGroup",
    later="SamenessGroup Targets Policy",
    inline=True,
    Datacenters=_TEXTS,
    Targets=ListOf(_shape("Service ServiceSubset Partition Namespace Datacenter Peer", inline=True)),
    Policy=_FAILOVER_POLICY,
)
_REDIRECT = _shape("Service ServiceSubset Namespace Partition Datacenter Peer SamenessGroup", later="Partition Peer SamenessGroup")
_HASH_POLICY = _shape(
    "Field FieldValue CookieConfig SourceIP Terminal",
    inline=True,
    CookieConfig=_shape("Session TTL Path", Session=BOOL, TTL=_NANOSECONDS),
    SourceIP=BOOL,
    Terminal=BOOL,
)
_BALANCER = _shape(
    "Policy RingHashConfig LeastRequestConfig HashPolicies",
    RingHashConfig=_shape("MinimumRingSize MaximumRingSize", MinimumRingSize=LONG, MaximumRingSize=LONG),
    LeastRequestConfig=_shape("ChoiceCount", ChoiceCount=UNSIGNED),
    HashPolicies=ListOf(_HASH_POLICY),
)

# ingress-gateway and terminating-gateway

_SDS = _shape("ClusterName CertResource")


def _tls(*, inline: bool = False) -> Record:
    names, later = "Enabled SDS TLSMinVersion TLSMaxVersion CipherSuites", "SDS TLSMinVersion TLSMaxVersion CipherSuites"
    return _shape(names, later=later, always="Enabled", inline=inline, Enabled=BOOL, SDS=_SDS, CipherSuites=_TEXTS)


_LISTENED = _shape(
    f"Name Hosts TLS RequestHeaders ResponseHeaders {_CONNECTIONS} PassiveHealthCheck",
    later=f"TLS RequestHeaders ResponseHeaders {_CONNECTIONS} PassiveHealthCheck",
    always="Name Hosts",
    inline=True,
    Hosts=_TEXTS,
    TLS=_shape("SDS", SDS=_SDS),
    RequestHeaders=_HEADERS,
    ResponseHeaders=_HEADERS,
    MaxConnections=UNSIGNED,
    MaxPendingRequests=UNSIGNED,
    MaxConcurrentRequests=UNSIGNED,
    PassiveHealthCheck=_HEALTH,
)
_LISTENER = _shape(
    "Port Protocol TLS Services",
    later="TLS",
    always="Port Protocol Services",
    inline=True,
    Port=NUMBER,
    TLS=_tls(),
    Services=ListOf(_LISTENED),
)
_LINKED = _shape(
    "Name CAFile CertFile KeyFile SNI DisableAutoHostRewrite",
    later="DisableAutoHostRewrite",
    inline=True,
    DisableAutoHostRewrite=BOOL,
)

# service-intentions

_CLAIM = _shape("Path Value", Path=_TEXTS)
_TOKENS = _shape("Providers", Providers=ListOf(_shape("Name VerifyClaims", VerifyClaims=ListOf(_CLAIM))))
_HEADER = _shape(
    "Name Present Exact Prefix Suffix Contains Regex Invert IgnoreCase",
    always="Name",
    inline=True,
    Present=BOOL,
    Invert=BOOL,
    IgnoreCase=BOOL,
)
_PERMISSION = _shape(
    "Action HTTP JWT",
    always="Action",
    HTTP=_shape(f"{_PATHS} Header Methods", Header=ListOf(_HEADER), Methods=_TEXTS),
    JWT=_TOKENS,
)
_SOURCE = _shape(
    "Name Action Permissions Precedence LegacyID Type Description LegacyMeta LegacyCreateTime LegacyUpdateTime Peer SamenessGroup",
    always="Name Precedence Type",
    Permissions=ListOf(_PERMISSION),
    Precedence=NUMBER,
    LegacyMeta=_META,
)

# mesh and exported-services

_DIRECTION = _shape("TLSMinVersion TLSMaxVersion CipherSuites", CipherSuites=_TEXTS)
_REGULAR = "InsecureDisablePathNormalization MergeSlashes PathWithEscapedSlashesAction HeadersWithUnderscoresAction"
_NORMALIZED = _shape(_REGULAR, always=_REGULAR, InsecureDisablePathNormalization=BOOL, MergeSlashes=BOOL)
_CONSUMER = Record(dict.fromkeys(("Partition", "Peer", "SamenessGroup"), TEXT), inline=True, aliases={"peer_name": "Peer"})

#: By kind.
TYPES: dict[str, Record] = {
    "service-defaults": _entry(
        "Kind Name Protocol Mode TransparentProxy MutualTLSMode MeshGateway Expose ExternalSNI UpstreamConfig Destination "
        "MaxInboundConnections LocalConnectTimeoutMs LocalRequestTimeoutMs BalanceInboundConnections RateLimits EnvoyExtensions "
        "MaxRequestHeadersKB",
        later=(
            "Mode TransparentProxy MutualTLSMode UpstreamConfig Destination MaxInboundConnections LocalConnectTimeoutMs "
            "LocalRequestTimeoutMs BalanceInboundConnections RateLimits EnvoyExtensions MaxRequestHeadersKB"
        ),
        always="Protocol",
        TransparentProxy=_TRANSPARENT,
        MeshGateway=_MESH_GATEWAY,
        Expose=_EXPOSE,
        UpstreamConfig=_shape("Overrides Defaults", Overrides=ListOf(_UPSTREAM), Defaults=_UPSTREAM),
        Destination=_shape("Addresses Port", Addresses=_TEXTS, Port=NUMBER),
        MaxInboundConnections=NUMBER,
        LocalConnectTimeoutMs=NUMBER,
        LocalRequestTimeoutMs=NUMBER,
        RateLimits=_shape("InstanceLevel", InstanceLevel=_INSTANCE_LIMITS),
        EnvoyExtensions=ListOf(_EXTENSION),
        MaxRequestHeadersKB=_COUNT,
    ),
    "proxy-defaults": _entry(
        "Kind Name Config Mode TransparentProxy MutualTLSMode MeshGateway Expose AccessLogs EnvoyExtensions FailoverPolicy "
        "PrioritizeByLocality",
        later="Mode TransparentProxy MutualTLSMode AccessLogs EnvoyExtensions FailoverPolicy PrioritizeByLocality",
        always="Config",
        Config=_OPAQUE,
        TransparentProxy=_TRANSPARENT,
        MeshGateway=_MESH_GATEWAY,
        Expose=_EXPOSE,
        AccessLogs=_LOGS,
        EnvoyExtensions=ListOf(_EXTENSION),
        FailoverPolicy=_FAILOVER_POLICY,
        PrioritizeByLocality=_LOCALITY,
    ),
    "service-router": _entry("Kind Name Routes", always="Routes", Routes=ListOf(_ROUTE)),
    "service-splitter": _entry("Kind Name Splits", always="Splits", Splits=ListOf(_SPLIT)),
    "service-resolver": _entry(
        "Kind Name DefaultSubset Subsets Redirect Failover ConnectTimeout RequestTimeout PrioritizeByLocality LoadBalancer",
        later="RequestTimeout PrioritizeByLocality LoadBalancer",
        Subsets=MapOf(_shape("Filter OnlyPassing", inline=True, OnlyPassing=BOOL), "map[string]structs.ServiceResolverSubset"),
        Redirect=_REDIRECT,
        Failover=MapOf(_FAILOVER, "map[string]structs.ServiceResolverFailover"),
        ConnectTimeout=DURATION,
        RequestTimeout=DURATION,
        PrioritizeByLocality=_LOCALITY,
        LoadBalancer=_BALANCER,
    ),
    "ingress-gateway": _entry(
        "Kind Name TLS Listeners Defaults",
        later="Defaults",
        always="Listeners",
        TLS=_tls(inline=True),
        Listeners=ListOf(_LISTENER),
        Defaults=_shape(
            f"{_CONNECTIONS} PassiveHealthCheck",
            always=_CONNECTIONS,
            MaxConnections=UNSIGNED,
            MaxPendingRequests=UNSIGNED,
            MaxConcurrentRequests=UNSIGNED,
            PassiveHealthCheck=_HEALTH,
        ),
    ),
    "terminating-gateway": _entry("Kind Name Services", always="Services", Services=ListOf(_LINKED)),
    "service-intentions": _entry("Kind Name Sources JWT", always="Sources", Sources=ListOf(_SOURCE), JWT=_TOKENS),
    "mesh": _entry(
        "Kind TransparentProxy AllowEnablingPermissiveMutualTLS ValidateClusters TLS HTTP Peering",
        TransparentProxy=_shape("MeshDestinationsOnly", inline=True, always="MeshDestinationsOnly", MeshDestinationsOnly=BOOL),
        AllowEnablingPermissiveMutualTLS=BOOL,
        ValidateClusters=BOOL,
        TLS=_shape("Incoming Outgoing", Incoming=_DIRECTION, Outgoing=_DIRECTION),
        HTTP=_shape(
            "SanitizeXForwardedClientCert Incoming",
            always="SanitizeXForwardedClientCert",
            SanitizeXForwardedClientCert=BOOL,
            Incoming=_shape("RequestNormalization", RequestNormalization=_NORMALIZED),
        ),
        Peering=_shape("PeerThroughMeshGateways", always="PeerThroughMeshGateways", PeerThroughMeshGateways=BOOL),
    ),
    "exported-services": _entry(
        "Kind Name Services",
        Services=ListOf(_shape("Name Namespace Consumers", always="Name", inline=True, Consumers=ListOf(_CONSUMER))),
    ),
}
