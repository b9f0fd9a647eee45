"""`config.get` and `config.list`: type checkers know the members of the kind that the caller names.

The classes say this for each face, with one overload for each kind.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, TypeVar, overload

from consul_proto.namespace import operation

if TYPE_CHECKING:
    from typing import Unpack

    from consul_proto.namespace import Async, Namespace, Pure, Sync
    from consul_proto.operation import Operation
    from consul_proto.types.config_access import JWTProviderConfigEntry, ServiceIntentionsConfigEntry
    from consul_proto.types.config_api_routes import HTTPRouteConfigEntry, TCPRouteConfigEntry
    from consul_proto.types.config_defaults import MeshConfigEntry, ProxyConfigEntry, ServiceConfigEntry
    from consul_proto.types.config_gateways import (
        APIGatewayConfigEntry,
        BoundAPIGatewayConfigEntry,
        FileSystemCertificateConfigEntry,
        IngressGatewayConfigEntry,
        InlineCertificateConfigEntry,
        TerminatingGatewayConfigEntry,
    )
    from consul_proto.types.config_limits import RateLimitIPConfigEntry
    from consul_proto.types.config_routing import ServiceResolverConfigEntry, ServiceRouterConfigEntry, ServiceSplitterConfigEntry
    from consul_proto.types.config_sharing import ExportedServicesConfigEntry, SamenessGroupConfigEntry
    from consul_proto.types.options import FilteredReadOptions, ReadOptions

T = TypeVar("T")

#: What a task awaits.
Later: TypeAlias = Coroutine[Any, Any, T]


class Get(Protocol):
    """`config.get` of operations."""

    @overload
    def __call__(self, kind: Literal["service-defaults"], name: str, **options: Unpack[ReadOptions]) -> Operation[ServiceConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["proxy-defaults"], name: str, **options: Unpack[ReadOptions]) -> Operation[ProxyConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["service-router"], name: str, **options: Unpack[ReadOptions]
    ) -> Operation[ServiceRouterConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["service-splitter"], name: str, **options: Unpack[ReadOptions]
    ) -> Operation[ServiceSplitterConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["service-resolver"], name: str, **options: Unpack[ReadOptions]
    ) -> Operation[ServiceResolverConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["ingress-gateway"], name: str, **options: Unpack[ReadOptions]
    ) -> Operation[IngressGatewayConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["terminating-gateway"], name: str, **options: Unpack[ReadOptions]
    ) -> Operation[TerminatingGatewayConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["service-intentions"], name: str, **options: Unpack[ReadOptions]
    ) -> Operation[ServiceIntentionsConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["mesh"], name: str, **options: Unpack[ReadOptions]) -> Operation[MeshConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["exported-services"], name: str, **options: Unpack[ReadOptions]
    ) -> Operation[ExportedServicesConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["api-gateway"], name: str, **options: Unpack[ReadOptions]) -> Operation[APIGatewayConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["bound-api-gateway"], name: str, **options: Unpack[ReadOptions]
    ) -> Operation[BoundAPIGatewayConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["http-route"], name: str, **options: Unpack[ReadOptions]) -> Operation[HTTPRouteConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["tcp-route"], name: str, **options: Unpack[ReadOptions]) -> Operation[TCPRouteConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["inline-certificate"], name: str, **options: Unpack[ReadOptions]
    ) -> Operation[InlineCertificateConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["file-system-certificate"], name: str, **options: Unpack[ReadOptions]
    ) -> Operation[FileSystemCertificateConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["jwt-provider"], name: str, **options: Unpack[ReadOptions]) -> Operation[JWTProviderConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["sameness-group"], name: str, **options: Unpack[ReadOptions]
    ) -> Operation[SamenessGroupConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["control-plane-request-limit"], name: str, **options: Unpack[ReadOptions]
    ) -> Operation[RateLimitIPConfigEntry]: ...


class SyncGet(Protocol):
    """`config.get` for threads."""

    @overload
    def __call__(self, kind: Literal["service-defaults"], name: str, **options: Unpack[ReadOptions]) -> ServiceConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["proxy-defaults"], name: str, **options: Unpack[ReadOptions]) -> ProxyConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["service-router"], name: str, **options: Unpack[ReadOptions]) -> ServiceRouterConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["service-splitter"], name: str, **options: Unpack[ReadOptions]) -> ServiceSplitterConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["service-resolver"], name: str, **options: Unpack[ReadOptions]) -> ServiceResolverConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["ingress-gateway"], name: str, **options: Unpack[ReadOptions]) -> IngressGatewayConfigEntry: ...
    @overload
    def __call__(
        self, kind: Literal["terminating-gateway"], name: str, **options: Unpack[ReadOptions]
    ) -> TerminatingGatewayConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["service-intentions"], name: str, **options: Unpack[ReadOptions]) -> ServiceIntentionsConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["mesh"], name: str, **options: Unpack[ReadOptions]) -> MeshConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["exported-services"], name: str, **options: Unpack[ReadOptions]) -> ExportedServicesConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["api-gateway"], name: str, **options: Unpack[ReadOptions]) -> APIGatewayConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["bound-api-gateway"], name: str, **options: Unpack[ReadOptions]) -> BoundAPIGatewayConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["http-route"], name: str, **options: Unpack[ReadOptions]) -> HTTPRouteConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["tcp-route"], name: str, **options: Unpack[ReadOptions]) -> TCPRouteConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["inline-certificate"], name: str, **options: Unpack[ReadOptions]) -> InlineCertificateConfigEntry: ...
    @overload
    def __call__(
        self, kind: Literal["file-system-certificate"], name: str, **options: Unpack[ReadOptions]
    ) -> FileSystemCertificateConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["jwt-provider"], name: str, **options: Unpack[ReadOptions]) -> JWTProviderConfigEntry: ...
    @overload
    def __call__(self, kind: Literal["sameness-group"], name: str, **options: Unpack[ReadOptions]) -> SamenessGroupConfigEntry: ...
    @overload
    def __call__(
        self, kind: Literal["control-plane-request-limit"], name: str, **options: Unpack[ReadOptions]
    ) -> RateLimitIPConfigEntry: ...


class AsyncGet(Protocol):
    """`config.get` for tasks."""

    @overload
    def __call__(self, kind: Literal["service-defaults"], name: str, **options: Unpack[ReadOptions]) -> Later[ServiceConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["proxy-defaults"], name: str, **options: Unpack[ReadOptions]) -> Later[ProxyConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["service-router"], name: str, **options: Unpack[ReadOptions]) -> Later[ServiceRouterConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["service-splitter"], name: str, **options: Unpack[ReadOptions]
    ) -> Later[ServiceSplitterConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["service-resolver"], name: str, **options: Unpack[ReadOptions]
    ) -> Later[ServiceResolverConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["ingress-gateway"], name: str, **options: Unpack[ReadOptions]) -> Later[IngressGatewayConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["terminating-gateway"], name: str, **options: Unpack[ReadOptions]
    ) -> Later[TerminatingGatewayConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["service-intentions"], name: str, **options: Unpack[ReadOptions]
    ) -> Later[ServiceIntentionsConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["mesh"], name: str, **options: Unpack[ReadOptions]) -> Later[MeshConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["exported-services"], name: str, **options: Unpack[ReadOptions]
    ) -> Later[ExportedServicesConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["api-gateway"], name: str, **options: Unpack[ReadOptions]) -> Later[APIGatewayConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["bound-api-gateway"], name: str, **options: Unpack[ReadOptions]
    ) -> Later[BoundAPIGatewayConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["http-route"], name: str, **options: Unpack[ReadOptions]) -> Later[HTTPRouteConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["tcp-route"], name: str, **options: Unpack[ReadOptions]) -> Later[TCPRouteConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["inline-certificate"], name: str, **options: Unpack[ReadOptions]
    ) -> Later[InlineCertificateConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["file-system-certificate"], name: str, **options: Unpack[ReadOptions]
    ) -> Later[FileSystemCertificateConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["jwt-provider"], name: str, **options: Unpack[ReadOptions]) -> Later[JWTProviderConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["sameness-group"], name: str, **options: Unpack[ReadOptions]) -> Later[SamenessGroupConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["control-plane-request-limit"], name: str, **options: Unpack[ReadOptions]
    ) -> Later[RateLimitIPConfigEntry]: ...


class List(Protocol):
    """`config.list` of operations."""

    @overload
    def __call__(
        self, kind: Literal["service-defaults"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[ServiceConfigEntry]]: ...
    @overload
    def __call__(self, kind: Literal["proxy-defaults"], **options: Unpack[FilteredReadOptions]) -> Operation[list[ProxyConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["service-router"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[ServiceRouterConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["service-splitter"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[ServiceSplitterConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["service-resolver"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[ServiceResolverConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["ingress-gateway"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[IngressGatewayConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["terminating-gateway"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[TerminatingGatewayConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["service-intentions"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[ServiceIntentionsConfigEntry]]: ...
    @overload
    def __call__(self, kind: Literal["mesh"], **options: Unpack[FilteredReadOptions]) -> Operation[list[MeshConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["exported-services"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[ExportedServicesConfigEntry]]: ...
    @overload
    def __call__(self, kind: Literal["api-gateway"], **options: Unpack[FilteredReadOptions]) -> Operation[list[APIGatewayConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["bound-api-gateway"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[BoundAPIGatewayConfigEntry]]: ...
    @overload
    def __call__(self, kind: Literal["http-route"], **options: Unpack[FilteredReadOptions]) -> Operation[list[HTTPRouteConfigEntry]]: ...
    @overload
    def __call__(self, kind: Literal["tcp-route"], **options: Unpack[FilteredReadOptions]) -> Operation[list[TCPRouteConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["inline-certificate"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[InlineCertificateConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["file-system-certificate"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[FileSystemCertificateConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["jwt-provider"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[JWTProviderConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["sameness-group"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[SamenessGroupConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["control-plane-request-limit"], **options: Unpack[FilteredReadOptions]
    ) -> Operation[list[RateLimitIPConfigEntry]]: ...


class SyncList(Protocol):
    """`config.list` for threads."""

    @overload
    def __call__(self, kind: Literal["service-defaults"], **options: Unpack[FilteredReadOptions]) -> list[ServiceConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["proxy-defaults"], **options: Unpack[FilteredReadOptions]) -> list[ProxyConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["service-router"], **options: Unpack[FilteredReadOptions]) -> list[ServiceRouterConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["service-splitter"], **options: Unpack[FilteredReadOptions]) -> list[ServiceSplitterConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["service-resolver"], **options: Unpack[FilteredReadOptions]) -> list[ServiceResolverConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["ingress-gateway"], **options: Unpack[FilteredReadOptions]) -> list[IngressGatewayConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["terminating-gateway"], **options: Unpack[FilteredReadOptions]
    ) -> list[TerminatingGatewayConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["service-intentions"], **options: Unpack[FilteredReadOptions]
    ) -> list[ServiceIntentionsConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["mesh"], **options: Unpack[FilteredReadOptions]) -> list[MeshConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["exported-services"], **options: Unpack[FilteredReadOptions]) -> list[ExportedServicesConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["api-gateway"], **options: Unpack[FilteredReadOptions]) -> list[APIGatewayConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["bound-api-gateway"], **options: Unpack[FilteredReadOptions]) -> list[BoundAPIGatewayConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["http-route"], **options: Unpack[FilteredReadOptions]) -> list[HTTPRouteConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["tcp-route"], **options: Unpack[FilteredReadOptions]) -> list[TCPRouteConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["inline-certificate"], **options: Unpack[FilteredReadOptions]
    ) -> list[InlineCertificateConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["file-system-certificate"], **options: Unpack[FilteredReadOptions]
    ) -> list[FileSystemCertificateConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["jwt-provider"], **options: Unpack[FilteredReadOptions]) -> list[JWTProviderConfigEntry]: ...
    @overload
    def __call__(self, kind: Literal["sameness-group"], **options: Unpack[FilteredReadOptions]) -> list[SamenessGroupConfigEntry]: ...
    @overload
    def __call__(
        self, kind: Literal["control-plane-request-limit"], **options: Unpack[FilteredReadOptions]
    ) -> list[RateLimitIPConfigEntry]: ...


class AsyncList(Protocol):
    """`config.list` for tasks."""

    @overload
    def __call__(self, kind: Literal["service-defaults"], **options: Unpack[FilteredReadOptions]) -> Later[list[ServiceConfigEntry]]: ...
    @overload
    def __call__(self, kind: Literal["proxy-defaults"], **options: Unpack[FilteredReadOptions]) -> Later[list[ProxyConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["service-router"], **options: Unpack[FilteredReadOptions]
    ) -> Later[list[ServiceRouterConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["service-splitter"], **options: Unpack[FilteredReadOptions]
    ) -> Later[list[ServiceSplitterConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["service-resolver"], **options: Unpack[FilteredReadOptions]
    ) -> Later[list[ServiceResolverConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["ingress-gateway"], **options: Unpack[FilteredReadOptions]
    ) -> Later[list[IngressGatewayConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["terminating-gateway"], **options: Unpack[FilteredReadOptions]
    ) -> Later[list[TerminatingGatewayConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["service-intentions"], **options: Unpack[FilteredReadOptions]
    ) -> Later[list[ServiceIntentionsConfigEntry]]: ...
    @overload
    def __call__(self, kind: Literal["mesh"], **options: Unpack[FilteredReadOptions]) -> Later[list[MeshConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["exported-services"], **options: Unpack[FilteredReadOptions]
    ) -> Later[list[ExportedServicesConfigEntry]]: ...
    @overload
    def __call__(self, kind: Literal["api-gateway"], **options: Unpack[FilteredReadOptions]) -> Later[list[APIGatewayConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["bound-api-gateway"], **options: Unpack[FilteredReadOptions]
    ) -> Later[list[BoundAPIGatewayConfigEntry]]: ...
    @overload
    def __call__(self, kind: Literal["http-route"], **options: Unpack[FilteredReadOptions]) -> Later[list[HTTPRouteConfigEntry]]: ...
    @overload
    def __call__(self, kind: Literal["tcp-route"], **options: Unpack[FilteredReadOptions]) -> Later[list[TCPRouteConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["inline-certificate"], **options: Unpack[FilteredReadOptions]
    ) -> Later[list[InlineCertificateConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["file-system-certificate"], **options: Unpack[FilteredReadOptions]
    ) -> Later[list[FileSystemCertificateConfigEntry]]: ...
    @overload
    def __call__(self, kind: Literal["jwt-provider"], **options: Unpack[FilteredReadOptions]) -> Later[list[JWTProviderConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["sameness-group"], **options: Unpack[FilteredReadOptions]
    ) -> Later[list[SamenessGroupConfigEntry]]: ...
    @overload
    def __call__(
        self, kind: Literal["control-plane-request-limit"], **options: Unpack[FilteredReadOptions]
    ) -> Later[list[RateLimitIPConfigEntry]]: ...


class typed_get(operation[Any, ..., Any]):  # noqa: N801 - a decorator
    """Marks the method that builds `config.get`. A ParamSpec has no overloads, so the checkers are told the three faces by hand."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, obj: Namespace[Pure], owner: type[Any] | None = None) -> Get: ...
        @overload
        def __get__(self, obj: Namespace[Sync], owner: type[Any] | None = None) -> SyncGet: ...
        @overload
        def __get__(self, obj: Namespace[Async], owner: type[Any] | None = None) -> AsyncGet: ...
        @overload
        def __get__(self, obj: None, owner: type[Any] | None = None) -> typed_get: ...
        def __get__(self, obj: Any, owner: type[Any] | None = None) -> Any: ...


class typed_list(operation[Any, ..., Any]):  # noqa: N801 - a decorator
    """Marks the method that builds `config.list`. A ParamSpec has no overloads, so the checkers are told the three faces by hand."""

    if TYPE_CHECKING:

        @overload
        def __get__(self, obj: Namespace[Pure], owner: type[Any] | None = None) -> List: ...
        @overload
        def __get__(self, obj: Namespace[Sync], owner: type[Any] | None = None) -> SyncList: ...
        @overload
        def __get__(self, obj: Namespace[Async], owner: type[Any] | None = None) -> AsyncList: ...
        @overload
        def __get__(self, obj: None, owner: type[Any] | None = None) -> typed_list: ...
        def __get__(self, obj: Any, owner: type[Any] | None = None) -> Any: ...
