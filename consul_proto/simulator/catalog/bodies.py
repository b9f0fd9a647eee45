"""The types of request bodies: Consul's types, with their Go names if errors show them.

Members are from https://pkg.go.dev/github.com/hashicorp/consul/api and the API pages, Go types from the agents' errors for values of other
types.
"""

from __future__ import annotations

from consul_proto.simulator.catalog.check_definitions import CATALOG_DEFINITION, TXN_DEFINITION
from consul_proto.simulator.catalog.proxy_bodies import ANONYMOUS, PROXY, names
from consul_proto.simulator.go.json import Anything, Bool, Bytes, Duration, Float, Integer, ListOf, MapOf, Shape, Struct, Text

TEXT, BOOL, INTEGER, ANY, DURATION = Text(), Bool(), Integer(), Anything(), Duration()
RAFT = Integer("uint64", 0, 2**64 - 1, embedded="RaftIndex")
INDEX, TEXTS, META = Integer("uint64", 0, 2**64 - 1), ListOf(TEXT), MapOf(TEXT)


def texts(*names: str) -> dict[str, Shape]:
    """Return members that are strings."""
    return dict.fromkeys(names, TEXT)


INDEXES: dict[str, Shape] = {"CreateIndex": RAFT, "ModifyIndex": RAFT}
_API_INDEXES: dict[str, Shape] = {"CreateIndex": INDEX, "ModifyIndex": INDEX}

# The catalog.

_ADDRESS = Struct("structs.ServiceAddress", {"Address": TEXT, "Port": INTEGER})
_PORTS = ListOf(Struct("structs.ServicePort", {"Name": TEXT, "Port": INTEGER, "Default": BOOL}), "structs.ServicePorts")
_WEIGHTS = Struct("structs.Weights", {"Passing": INTEGER, "Warning": INTEGER})
_LOCALITY = Struct("structs.Locality", {"Region": TEXT, "Zone": TEXT})

_NODE_SERVICE = Struct(
    "structs.NodeService",
    {
        "Kind": Text("structs.ServiceKind"),
        **texts("ID", "Service"),
        "Tags": TEXTS,
        "Address": TEXT,
        "TaggedAddresses": MapOf(_ADDRESS),
        "Meta": META,
        "Port": INTEGER,
        "Weights": _WEIGHTS,
        "EnableTagOverride": BOOL,
        "Proxy": PROXY,
        "Connect": Struct(ANONYMOUS, {"Native": BOOL}, unknown="kept", own=()),
        **INDEXES,
        "SocketPath": TEXT,
        "Ports": _PORTS,
        "Locality": _LOCALITY,
        "PeerName": TEXT,
    },
    ("SocketPath", "Ports", "Locality", "PeerName"),
)

_HEALTH_CHECK = Struct(
    "structs.HealthCheck",
    {
        "Node": TEXT,
        "CheckID": Text("types.CheckID"),
        **texts("Name", "Status", "Notes", "Output", "ServiceID", "ServiceName"),
        "ServiceTags": TEXTS,
        "Type": TEXT,
        "Definition": CATALOG_DEFINITION,
        **INDEXES,
        **texts("Interval", "Timeout", "PeerName"),
        "ExposedPort": INTEGER,
    },
    ("Interval", "Timeout", "ExposedPort", "PeerName"),
)

CATALOG_REGISTER = Struct(
    "structs.RegisterRequest",
    {
        "ID": Text("types.NodeID"),
        **texts("Node", "Address", "Datacenter"),
        "TaggedAddresses": META,
        "NodeMeta": META,
        "Service": _NODE_SERVICE,
        "Check": _HEALTH_CHECK,
        "Checks": ListOf(_HEALTH_CHECK, "structs.HealthChecks"),
        "SkipNodeUpdate": BOOL,
        "Locality": _LOCALITY,
        "PeerName": TEXT,
    },
    ("Locality", "PeerName"),
)
CATALOG_DEREGISTER = Struct(
    ANONYMOUS,
    {**texts("Node", "ServiceID", "Datacenter", "Address", "PeerName"), "CheckID": Text("types.CheckID")},
    ("PeerName",),
    own=("Address",),
)

# The agent.

_DURATIONS = ("Interval", "Timeout", "TTL", "DeregisterCriticalServiceAfter")

_SINCE: dict[str, Shape] = {
    **texts("H2PING", "UDP", "OSService", "TLSServerName"),
    "H2PingUseTLS": BOOL,
    "TCPUseTLS": BOOL,
    "DisableRedirects": BOOL,
    "FailuresBeforeWarning": INTEGER,
}


def _check(own: tuple[str, ...], **others: Shape) -> Struct:
    members: dict[str, Shape] = {
        **others,
        **texts("Name", "Status", "Notes", "ServiceID"),
        "Args": TEXTS,
        "ScriptArgs": TEXTS,
        "Header": MapOf(TEXTS),
        **texts("HTTP", "Method", "Body", "TCP", "DockerContainerID", "Shell", "GRPC", "AliasNode", "AliasService"),
        "GRPCUseTLS": BOOL,
        "TLSSkipVerify": BOOL,
        "SuccessBeforePassing": INTEGER,
        "FailuresBeforeCritical": INTEGER,
        "OutputMaxSize": INTEGER,
        **dict.fromkeys(_DURATIONS, DURATION),
        **_SINCE,
    }
    snake = names(
        "script_args docker_container_id tls_server_name tls_skip_verify deregister_critical_service_after service_id grpc_use_tls "
        "tcp_use_tls h2ping_use_tls"
    )
    # A type that is decoded member by member knows fewer other names than the one of a check by itself.
    by_itself = frozenset({"disable_redirects"}) if "ID" in others else frozenset()
    return Struct(ANONYMOUS, members, (*_SINCE, "grpc_use_tls"), snake=snake | by_itself, own=(*_DURATIONS, "args", *own))


#: A check that is registered by itself, and one that is registered with its service.
CHECK_REGISTER = _check((), ID=Text("types.CheckID"), Token=TEXT)
_SERVICE_CHECK = _check(("ServiceID",), CheckID=Text("types.CheckID"), ProxyHTTP=TEXT, ProxyGRPC=TEXT)
CHECK_UPDATE = Struct("agent.checkUpdate", texts("Status", "Output"))


def _service_definition(connect: Shape) -> Struct:
    return Struct(
        ANONYMOUS,
        {
            "Kind": Text("structs.ServiceKind"),
            **texts("ID", "Name", "Address", "Token"),
            "Tags": TEXTS,
            "Meta": META,
            "TaggedAddresses": MapOf(_ADDRESS),
            "Port": INTEGER,
            "Weights": _WEIGHTS,
            "EnableTagOverride": BOOL,
            "Check": _SERVICE_CHECK,
            "Checks": ListOf(_SERVICE_CHECK, "structs.CheckTypes"),
            "Proxy": PROXY,
            "Connect": connect,
            "SocketPath": TEXT,
            "Ports": _PORTS,
            "Locality": _LOCALITY,
        },
        ("SocketPath", "Ports", "Locality"),
        snake=names("tagged_addresses enable_tag_override"),
        own=(),
    )


def _connect(sidecar: Shape) -> Struct:
    return Struct(ANONYMOUS, {"Native": BOOL, "SidecarService": sidecar}, unknown="kept", snake=names("sidecar_service"), own=())


# The sidecar of a sidecar is refused, but must be valid; what is inside of that does not matter.
_NESTED = _service_definition(_connect(_service_definition(ANY)))
SERVICE_REGISTER = _service_definition(_connect(_NESTED))

# Sessions, coordinates, the operator.

SESSION = Struct(
    ANONYMOUS,
    {
        **texts("ID", "Name", "Node", "TTL"),
        "NodeChecks": TEXTS,
        "Checks": ListOf(Text("types.CheckID")),
        "ServiceChecks": ListOf(Struct("structs.ServiceCheck", texts("ID", "Namespace"), unknown="ignored")),
        "Behavior": Text("structs.SessionBehavior"),
        "LockDelay": DURATION,
    },
    unknown="ignored",
    own=("LockDelay",),
)

COORDINATE = Struct(
    "structs.CoordinateUpdateRequest",
    {
        **texts("Datacenter", "Node", "Segment"),
        "Coord": Struct("coordinate.Coordinate", {"Vec": ListOf(Float()), **dict.fromkeys(("Error", "Adjustment", "Height"), Float())}),
    },
)

AUTOPILOT = Struct(
    "api.AutopilotConfiguration",
    {
        "CleanupDeadServers": BOOL,
        "LastContactThreshold": Duration(own=True),
        "MaxTrailingLogs": INDEX,
        "ServerStabilizationTime": Duration(own=True),
        "MinQuorum": Integer("uint", 0, 2**64 - 1),
        "RedundancyZoneTag": TEXT,
        "DisableUpgradeMigration": BOOL,
        "UpgradeVersionTag": TEXT,
        **_API_INDEXES,
    },
)

KEYRING = Struct("agent.keyringArgs", {"Key": TEXT})

# Transactions.

_TXN_KV = Struct(
    "api.KVTxnOp",
    {
        "Verb": Text("api.KVOp"),
        "Key": TEXT,
        "Value": Bytes(),
        "Flags": INDEX,
        "Index": INDEX,
        **texts("Session", "Namespace", "Partition"),
    },
    ("Partition",),
)
_TXN_NODE = Struct(
    "api.Node",
    {
        **texts("ID", "Node", "Address", "Datacenter", "Partition", "PeerName"),
        "TaggedAddresses": META,
        "Meta": META,
        "Locality": Struct("api.Locality", {"Region": TEXT, "Zone": TEXT}),
        **_API_INDEXES,
    },
    ("Partition", "PeerName", "Locality"),
)
_TXN_SERVICE = Struct(
    "api.AgentService",
    {
        "Kind": Text("api.ServiceKind"),
        **texts("ID", "Service", "Address"),
        "Tags": TEXTS,
        "Meta": META,
        "Port": INTEGER,
        "TaggedAddresses": MapOf(Struct("api.ServiceAddress", {"Address": TEXT, "Port": INTEGER})),
        "EnableTagOverride": BOOL,
        "Weights": Struct("api.AgentWeights", {"Passing": INTEGER, "Warning": INTEGER}),
        "ContentHash": TEXT,
        **_API_INDEXES,
        "Proxy": Struct(
            "api.AgentServiceConnectProxyConfig",
            {
                **texts("DestinationServiceName", "DestinationServiceID", "LocalServiceAddress"),
                "LocalServicePort": INTEGER,
                "Config": MapOf(ANY),
                "Upstreams": ListOf(Struct("api.Upstream", {}, unknown="kept")),
            },
            unknown="kept",
        ),
        "Connect": Struct("api.AgentServiceConnect", {"Native": BOOL}, unknown="kept"),
        "Namespace": TEXT,
        **texts("SocketPath", "Datacenter", "PeerName", "Partition"),
        "Ports": ListOf(Struct("api.ServicePort", {"Name": TEXT, "Port": INTEGER, "Default": BOOL}), "api.ServicePorts"),
        "Locality": Struct("api.Locality", {"Region": TEXT, "Zone": TEXT}),
    },
    ("SocketPath", "Datacenter", "PeerName", "Partition", "Ports", "Locality"),
)
_TXN_CHECK = Struct(
    "api.HealthCheck",
    {
        **texts("Node", "CheckID", "Name", "Status", "Notes", "Output", "ServiceID", "ServiceName", "Type", "Namespace"),
        "ServiceTags": TEXTS,
        "Definition": TXN_DEFINITION,
        **_API_INDEXES,
        "Partition": TEXT,
        "ExposedPort": INTEGER,
        "PeerName": TEXT,
    },
    ("Partition", "ExposedPort", "PeerName"),
)
TXN = ListOf(
    Struct(
        "api.TxnOp",
        {
            "KV": _TXN_KV,
            "Node": Struct("api.NodeTxnOp", {"Verb": Text("api.NodeOp"), "Node": _TXN_NODE}),
            "Service": Struct("api.ServiceTxnOp", {"Verb": Text("api.ServiceOp"), "Node": TEXT, "Service": _TXN_SERVICE}),
            "Check": Struct("api.CheckTxnOp", {"Verb": Text("api.CheckOp"), "Check": _TXN_CHECK}),
        },
    ),
    "api.TxnOps",
)

# Prepared queries, intentions.

_FAILOVER = Struct(
    ("structs.QueryDatacenterOptions", "structs.QueryFailoverOptions"),
    {"NearestN": INTEGER, "Datacenters": TEXTS, "Targets": ListOf(Struct("structs.QueryFailoverTarget", {}, unknown="kept"))},
    ("Targets",),
)
QUERY = Struct(
    "structs.PreparedQuery",
    {
        **texts("ID", "Name", "Session", "Token"),
        **INDEXES,
        "Template": Struct("structs.QueryTemplateOptions", {"Type": TEXT, "Regexp": TEXT, "RemoveEmptyTags": BOOL}),
        "Service": Struct(
            "structs.ServiceQuery",
            {
                "Service": TEXT,
                "Failover": _FAILOVER,
                "OnlyPassing": BOOL,
                "IgnoreCheckIDs": ListOf(Text("types.CheckID")),
                "Near": TEXT,
                "Tags": TEXTS,
                "NodeMeta": META,
                "ServiceMeta": META,
                "Connect": BOOL,
                **texts("Peer", "SamenessGroup"),
            },
            ("Peer", "SamenessGroup"),
        ),
        "DNS": Struct("structs.QueryDNSOptions", {"TTL": TEXT}),
    },
)

AUTHORIZE = Struct("structs.ConnectAuthorizeRequest", texts("Target", "ClientCertURI", "ClientCertSerial"))

_OWN = ("Hash", "CreatedAt", "UpdatedAt")
_SINCE_INTENTION: dict[str, Shape] = {
    "Permissions": ListOf(Struct("structs.IntentionPermission", {}, unknown="kept"), "[]*structs.IntentionPermission"),
    **texts("SourcePeer", "SourcePartition", "DestinationPartition", "SourceSamenessGroup"),
}
INTENTION = Struct(
    ANONYMOUS,
    {
        **texts("ID", "Description", "SourceNS", "SourceName", "DestinationNS", "DestinationName", "DefaultAddr", *_OWN),
        "SourceType": Text("structs.IntentionSourceType"),
        "Action": Text("structs.IntentionAction"),
        "DefaultPort": INTEGER,
        "Meta": META,
        "Precedence": INTEGER,
        **INDEXES,
        **_SINCE_INTENTION,
    },
    tuple(_SINCE_INTENTION),
    own=_OWN,
)
