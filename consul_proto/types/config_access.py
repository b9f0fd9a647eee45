"""Config entries about who may connect: intentions, and providers of JSON web tokens. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, Required, TypedDict

from consul_proto.types.config_entry import StoredEntry

if TYPE_CHECKING:
    from consul_proto.types.intention_permissions import IntentionJWTRequirement, IntentionPermission


class SourceIntention(TypedDict, total=False):
    """What one service may do with another. Either Action or Permissions is set."""

    Name: Required[str]  # "*": any service
    Peer: str  # since 1.13.0
    Partition: str  # since 1.11.0; Enterprise
    Namespace: str  # Enterprise
    SamenessGroup: str  # since 1.16.0; Enterprise
    Action: str  # allow | deny
    Permissions: list[IntentionPermission]
    Precedence: int  # written by Consul; the highest decides
    Type: str  # "" | consul
    Description: str
    LegacyID: str  # of an intention from before 1.9
    LegacyMeta: dict[str, str]
    LegacyCreateTime: str  # RFC 3339
    LegacyUpdateTime: str  # RFC 3339


class ServiceIntentions(TypedDict):
    """Which services may connect to a service."""

    Kind: Literal["service-intentions"]
    Name: str  # the service that is connected to; "*": any
    Partition: NotRequired[str]  # since 1.11.0; Enterprise
    Namespace: NotRequired[str]  # Enterprise
    Sources: list[SourceIntention]  # at least one
    JWT: NotRequired[IntentionJWTRequirement]  # since 1.16.0
    Meta: NotRequired[dict[str, str]]


class ServiceIntentionsConfigEntry(ServiceIntentions, StoredEntry):
    """A service-intentions entry as Consul returns it."""


class LocalJWKS(TypedDict, total=False):
    """Keys that the proxies have. One of the members is set."""

    JWKS: str  # base64 of a JSON web key set
    Filename: str


class JWKSTLSCertProviderInstance(TypedDict, total=False):
    """A certificate provider of Envoy."""

    InstanceName: str
    CertificateName: str


class JWKSTLSCertTrustedCA(TypedDict, total=False):
    """The authorities to trust. One of the members is set."""

    Filename: str
    EnvironmentVariable: str
    InlineString: str
    InlineBytes: str  # base64


class JWKSTLSCertificate(TypedDict, total=False):
    """How the server of the keys is verified. One of the members is set."""

    CaCertificateProviderInstance: JWKSTLSCertProviderInstance
    TrustedCA: JWKSTLSCertTrustedCA


class JWKSCluster(TypedDict, total=False):
    """How Envoy connects to the server of the keys."""

    DiscoveryType: str  # STRICT_DNS | STATIC | LOGICAL_DNS | EDS | ORIGINAL_DST
    TLSCertificates: JWKSTLSCertificate
    ConnectTimeout: str | int  # written as "5s" or in nanoseconds, returned in nanoseconds


class RetryPolicyBackOff(TypedDict, total=False):
    """The wait between attempts. Written as "5s" or in nanoseconds, returned in nanoseconds."""

    BaseInterval: str | int
    MaxInterval: str | int


class JWKSRetryPolicy(TypedDict, total=False):
    """How often the keys are fetched again after a failure."""

    NumRetries: int
    RetryPolicyBackOff: RetryPolicyBackOff


class RemoteJWKS(TypedDict, total=False):
    """Keys that the proxies fetch."""

    URI: str
    RequestTimeoutMs: int  # milliseconds
    CacheDuration: str | int  # written as "5m" or in nanoseconds, returned in nanoseconds
    FetchAsynchronously: bool
    UseSNI: bool  # since 1.21.0
    RetryPolicy: JWKSRetryPolicy
    JWKSCluster: JWKSCluster  # since 1.16.1


class JSONWebKeySet(TypedDict, total=False):
    """Where the keys of a provider come from. One of the members is set."""

    Local: LocalJWKS
    Remote: RemoteJWKS


class JWTLocationHeader(TypedDict, total=False):
    """A header with the token."""

    Name: str
    ValuePrefix: str  # "Bearer "
    Forward: bool  # pass the header on


class JWTLocationQueryParam(TypedDict, total=False):
    """A parameter of the query with the token."""

    Name: str


class JWTLocationCookie(TypedDict, total=False):
    """A cookie with the token."""

    Name: str


class JWTLocation(TypedDict, total=False):
    """Where a request has its token. One of the members is set."""

    Header: JWTLocationHeader
    QueryParam: JWTLocationQueryParam
    Cookie: JWTLocationCookie


class JWTForwardingConfig(TypedDict, total=False):
    """A header in which the service gets the token's claims."""

    HeaderName: str
    PadForwardPayloadHeader: bool


class JWTCacheConfig(TypedDict, total=False):
    """A cache of verified tokens."""

    Size: int  # how many; 0: no cache


class JWTProvider(TypedDict):
    """An issuer of JSON web tokens, and how its tokens are verified."""

    Kind: Literal["jwt-provider"]
    Name: str
    JSONWebKeySet: JSONWebKeySet
    Issuer: NotRequired[str]
    Audiences: NotRequired[list[str]]
    Locations: NotRequired[list[JWTLocation]]
    Forwarding: NotRequired[JWTForwardingConfig]
    ClockSkewSeconds: NotRequired[int]  # seconds
    CacheConfig: NotRequired[JWTCacheConfig]
    Partition: NotRequired[str]  # Enterprise
    Namespace: NotRequired[str]  # Enterprise
    Meta: NotRequired[dict[str, str]]


class JWTProviderConfigEntry(JWTProvider, StoredEntry):
    """A jwt-provider entry as Consul returns it."""
