"""Auth methods. The members have Consul's own names.

An auth method is a union by `Type`: after `if method["Type"] == "jwt":`, type checkers know the members of its `Config`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NotRequired, TypeAlias, TypedDict

from consul_proto.types.options import Scope

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consul_proto.durations import Duration


class KubernetesAuthMethodConfig(TypedDict, total=False):
    """How Consul asks Kubernetes about service accounts."""

    Host: str  # the URL of the Kubernetes API
    CACert: str  # PEM
    ServiceAccountJWT: str  # a secret


class OIDCClientAssertionKey(TypedDict):
    """The key that signs the proof."""

    PemKey: str  # PEM; a secret


class OIDCClientAssertion(TypedDict, total=False):
    """How Consul proves its identity to the OIDC provider, instead of by a secret. Since 1.22; Enterprise."""

    Audience: list[str]
    PrivateKey: OIDCClientAssertionKey
    KeyAlgorithm: str


class OIDCAuthMethodConfig(TypedDict, total=False):
    """How the types jwt and oidc check tokens."""

    JWTSupportedAlgs: list[str]
    BoundAudiences: list[str]
    ClaimMappings: dict[str, str]  # claim -> attribute of the login: value.<attribute>
    ListClaimMappings: dict[str, str]  # claim -> attribute of the login: list.<attribute>
    OIDCDiscoveryURL: str
    OIDCDiscoveryCACert: str  # PEM
    OIDCClientID: str
    OIDCClientSecret: str  # a secret
    OIDCClientAssertion: OIDCClientAssertion  # since 1.22.0
    OIDCClientUsePKCE: bool  # since 1.22.0
    OIDCScopes: list[str]
    OIDCACRValues: list[str]  # since 1.8.16
    AllowedRedirectURIs: list[str]
    VerboseOIDCLogging: bool
    JWKSURL: str
    JWKSCACert: str  # PEM
    JWTValidationPubKeys: list[str]  # PEM
    BoundIssuer: str
    ExpirationLeeway: str | int  # a Go duration, or nanoseconds
    NotBeforeLeeway: str | int  # the same
    ClockSkewLeeway: str | int  # the same


class AWSAuthMethodConfig(TypedDict, total=False):
    """Which users and roles of AWS IAM may log in. Since 1.12."""

    BoundIAMPrincipalARNs: list[str]
    EnableIAMEntityDetails: bool
    IAMEntityTags: list[str]
    ServerIDHeaderValue: str
    MaxRetries: int
    IAMEndpoint: str
    STSEndpoint: str
    AllowedSTSHeaderValues: list[str]


class ACLAuthMethodNamespaceRule(TypedDict):
    """The namespace in which a login creates its token. Since 1.8; Enterprise."""

    Selector: NotRequired[str]
    BindNamespace: str


class AuthMethodListEntry(TypedDict):
    """An auth method in a list, without its Config. Members that are empty are missing."""

    Name: str
    Type: Literal["kubernetes", "jwt", "oidc", "aws-iam"]
    DisplayName: NotRequired[str]  # since 1.8.0
    Description: NotRequired[str]
    MaxTokenTTL: NotRequired[str]  # a Go duration; since 1.10.0
    TokenLocality: NotRequired[str]  # local (default) | global; since 1.10.0
    CreateIndex: int
    ModifyIndex: int
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise


class AnyAuthMethod(TypedDict):
    """The members that auth methods of all types have. Members that are empty are missing."""

    Name: str
    DisplayName: NotRequired[str]  # since 1.8.0
    Description: NotRequired[str]
    MaxTokenTTL: NotRequired[str]  # a Go duration: how long the tokens of logins are valid; since 1.8.0
    TokenLocality: NotRequired[str]  # local (default) | global; since 1.8.0
    NamespaceRules: NotRequired[list[ACLAuthMethodNamespaceRule]]  # since 1.8.0; Enterprise
    CreateIndex: int
    ModifyIndex: int
    Namespace: NotRequired[str]  # since 1.7.0; Enterprise
    Partition: NotRequired[str]  # since 1.11.0; Enterprise


class KubernetesAuthMethod(AnyAuthMethod):
    """An auth method for service accounts of Kubernetes."""

    Type: Literal["kubernetes"]
    Config: KubernetesAuthMethodConfig


class JWTAuthMethod(AnyAuthMethod):
    """An auth method for signed tokens (jwt), or for people at an OpenID provider (oidc; Enterprise). Since 1.8."""

    Type: Literal["jwt", "oidc"]
    Config: OIDCAuthMethodConfig


class AWSAuthMethod(AnyAuthMethod):
    """An auth method for users and roles of AWS IAM. Since 1.12."""

    Type: Literal["aws-iam"]
    Config: AWSAuthMethodConfig


ACLAuthMethod: TypeAlias = KubernetesAuthMethod | JWTAuthMethod | AWSAuthMethod

AuthMethodConfig: TypeAlias = KubernetesAuthMethodConfig | OIDCAuthMethodConfig | AWSAuthMethodConfig


class AuthMethodOptions(Scope, total=False):
    """What an auth method is, besides its type and config; see `acl.auth_method.create`. An option that is left out becomes empty."""

    display_name: str
    description: str
    max_token_ttl: Duration
    token_locality: Literal["local", "global"]
    namespace_rules: Sequence[ACLAuthMethodNamespaceRule]
