"""The certificate authority of the service mesh. The members have Consul's own names. Times are RFC 3339."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from consul_proto.types.options import DatacenterReadOptions

if TYPE_CHECKING:
    from consul_proto.durations import Duration


class CARoot(TypedDict):
    """A root certificate that proxies trust."""

    ID: str
    Name: str
    SerialNumber: int
    SigningKeyID: str
    ExternalTrustDomain: str  # since 1.4.0
    NotBefore: str
    NotAfter: str
    RootCert: str  # PEM
    IntermediateCerts: list[str] | None  # PEM
    Active: bool  # signs new certificates; the others are only trusted, during a rotation
    PrivateKeyType: str  # ec | rsa; since 1.6.0
    PrivateKeyBits: int  # since 1.6.0
    CreateIndex: int
    ModifyIndex: int


class CARootList(TypedDict):
    """The root certificates, and which of them signs."""

    ActiveRootID: str
    TrustDomain: str  # the host of every SPIFFE ID of the cluster
    Roots: list[CARoot]


class CAConfig(TypedDict):
    """The configuration of the certificate authority. It may contain keys and tokens of the provider."""

    Provider: str  # consul | vault | aws-pca
    Config: dict[str, object]  # the members depend on the provider
    State: dict[str, str] | None  # of the provider; read-only; since 1.7.0
    ForceWithoutCrossSigning: bool  # since 1.7.0
    CreateIndex: int
    ModifyIndex: int


class CARootsOptions(DatacenterReadOptions, total=False):
    """index, wait: for a blocking query; see `ReadOptions`."""

    index: int
    wait: Duration
