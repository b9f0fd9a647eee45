"""The types of proxies in request bodies, with their Go names where errors show them.

https://developer.hashicorp.com/consul/docs/reference/proxy/connect-proxy
"""

from __future__ import annotations

from consul_proto.simulator.go.json import Anything, Bool, Integer, ListOf, MapOf, Shape, Struct, Text

_TEXT, _BOOL, _INTEGER = Text(), Bool(), Integer()

#: Go's name of a type without a name is a page long; errors show its beginning.
ANONYMOUS = "struct { }"


def _texts(*members: str) -> dict[str, Shape]:
    return dict.fromkeys(members, _TEXT)


def names(listed: str) -> frozenset[str]:
    """Return the names in a text, which spaces separate."""
    return frozenset(listed.split())


_MESH_GATEWAY = Struct("structs.MeshGatewayConfig", {"Mode": Text("structs.MeshGatewayMode")})
_SINCE_UPSTREAM: dict[str, Shape] = {
    **_texts("DestinationPeer", "DestinationPartition", "LocalBindSocketPath", "LocalBindSocketMode"),
    "CentrallyConfigured": _BOOL,
}
_UPSTREAM = Struct(
    ANONYMOUS,
    {
        **_texts("DestinationType", "DestinationNamespace", "DestinationName", "Datacenter", "LocalBindAddress"),
        "LocalBindPort": _INTEGER,
        "Config": MapOf(Anything()),
        "MeshGateway": _MESH_GATEWAY,
        **_SINCE_UPSTREAM,
    },
    (*_SINCE_UPSTREAM, "mesh_gateway"),
    snake=names(
        "destination_type destination_namespace destination_partition destination_peer destination_name mesh_gateway "
        "local_bind_address local_bind_port local_bind_socket_path local_bind_socket_mode"
    ),
    own=(),
)

_EXPOSE_PATH = Struct(
    ANONYMOUS,
    {**_texts("Path", "Protocol"), "ListenerPort": _INTEGER, "LocalPathPort": _INTEGER, "ParsedFromCheck": _BOOL},
    ("parsed_from_check",),
    snake=names("listener_port local_path_port parsed_from_check"),
    own=(),
)
_EXPOSE = Struct("structs.ExposeConfig", {"Checks": _BOOL, "Paths": ListOf(_EXPOSE_PATH, "[]structs.ExposePath")})
_TRANSPARENT = Struct("structs.TransparentProxyConfig", {"OutboundListenerPort": _INTEGER, "DialedDirectly": _BOOL})
_ACCESS_LOGS = Struct(
    "structs.AccessLogsConfig",
    {"Enabled": _BOOL, "DisableListenerLogs": _BOOL, "Type": Text("structs.LogSinkType"), **_texts("Path", "JSONFormat", "TextFormat")},
)
_EXTENSION = Struct(
    "structs.EnvoyExtension", {**_texts("Name", "ConsulVersion", "EnvoyVersion"), "Required": _BOOL, "Arguments": MapOf(Anything())}
)

_SINCE_PROXY: dict[str, Shape] = {
    "Mode": Text("structs.ProxyMode"),
    "LocalServiceSocketPath": _TEXT,
    "TransparentProxy": _TRANSPARENT,
    "EnvoyExtensions": ListOf(_EXTENSION, "[]structs.EnvoyExtension"),
    "AccessLogs": _ACCESS_LOGS,
}
PROXY = Struct(
    ANONYMOUS,
    {
        **_texts("DestinationServiceName", "DestinationServiceID", "LocalServiceAddress"),
        "LocalServicePort": _INTEGER,
        "Config": MapOf(Anything()),
        "Upstreams": ListOf(_UPSTREAM, "structs.Upstreams"),
        "MeshGateway": _MESH_GATEWAY,
        "Expose": _EXPOSE,
        **_SINCE_PROXY,
    },
    (*_SINCE_PROXY, "mesh_gateway"),
    snake=names(
        "destination_service_name destination_service_id local_service_address local_service_port local_service_socket_path "
        "transparent_proxy mesh_gateway access_logs"
    ),
    own=(),
)
