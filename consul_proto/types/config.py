"""Config entries of any kind. Type checkers tell the kinds apart by `Kind`; the modules `config_...` have the members of each.

`ConfigEntryBody` is what `config.apply` takes, `ConfigEntry` what Consul returns: the same members, and the indexes. An entry that was read
can be changed and applied again.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from consul_proto.types.config_access import (
    JWTProvider,
    JWTProviderConfigEntry,
    ServiceIntentions,
    ServiceIntentionsConfigEntry,
)
from consul_proto.types.config_api_routes import HTTPRoute, HTTPRouteConfigEntry, TCPRoute, TCPRouteConfigEntry
from consul_proto.types.config_defaults import (
    Mesh,
    MeshConfigEntry,
    ProxyConfigEntry,
    ProxyDefaults,
    ServiceConfigEntry,
    ServiceDefaults,
)
from consul_proto.types.config_gateways import (
    APIGateway,
    APIGatewayConfigEntry,
    BoundAPIGatewayConfigEntry,
    FileSystemCertificate,
    FileSystemCertificateConfigEntry,
    IngressGateway,
    IngressGatewayConfigEntry,
    InlineCertificate,
    InlineCertificateConfigEntry,
    TerminatingGateway,
    TerminatingGatewayConfigEntry,
)
from consul_proto.types.config_limits import ControlPlaneRequestLimit, RateLimitIPConfigEntry
from consul_proto.types.config_routing import (
    ServiceResolver,
    ServiceResolverConfigEntry,
    ServiceRouter,
    ServiceRouterConfigEntry,
    ServiceSplitter,
    ServiceSplitterConfigEntry,
)
from consul_proto.types.config_sharing import (
    ExportedServices,
    ExportedServicesConfigEntry,
    SamenessGroup,
    SamenessGroupConfigEntry,
)

#: Each kind, with the first Consul that has it.
ConfigKind: TypeAlias = Literal[
    "service-defaults",  # 1.5
    "proxy-defaults",  # 1.5
    "service-router",  # 1.6
    "service-splitter",  # 1.6
    "service-resolver",  # 1.6
    "ingress-gateway",  # 1.8
    "terminating-gateway",  # 1.8
    "service-intentions",  # 1.9
    "mesh",  # 1.10
    "exported-services",  # 1.11
    "api-gateway",  # 1.15
    "bound-api-gateway",  # 1.15; read only
    "http-route",  # 1.15
    "tcp-route",  # 1.15
    "inline-certificate",  # 1.15
    "jwt-provider",  # 1.16
    "sameness-group",  # 1.16; Enterprise
    "control-plane-request-limit",  # 1.16; Enterprise
    "file-system-certificate",  # 1.19
]

#: An entry as `config.apply` takes it.
ConfigEntryBody: TypeAlias = (
    ServiceDefaults
    | ProxyDefaults
    | ServiceRouter
    | ServiceSplitter
    | ServiceResolver
    | IngressGateway
    | TerminatingGateway
    | ServiceIntentions
    | Mesh
    | ExportedServices
    | APIGateway
    | HTTPRoute
    | TCPRoute
    | InlineCertificate
    | FileSystemCertificate
    | JWTProvider
    | SamenessGroup
    | ControlPlaneRequestLimit
)

#: An entry as Consul returns it.
ConfigEntry: TypeAlias = (
    ServiceConfigEntry
    | ProxyConfigEntry
    | ServiceRouterConfigEntry
    | ServiceSplitterConfigEntry
    | ServiceResolverConfigEntry
    | IngressGatewayConfigEntry
    | TerminatingGatewayConfigEntry
    | ServiceIntentionsConfigEntry
    | MeshConfigEntry
    | ExportedServicesConfigEntry
    | APIGatewayConfigEntry
    | BoundAPIGatewayConfigEntry
    | HTTPRouteConfigEntry
    | TCPRouteConfigEntry
    | InlineCertificateConfigEntry
    | FileSystemCertificateConfigEntry
    | JWTProviderConfigEntry
    | SamenessGroupConfigEntry
    | RateLimitIPConfigEntry
)
