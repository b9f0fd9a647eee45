"""What an intention allows or denies of HTTP requests, and the JSON web tokens that it asks for. The members have Consul's own names."""

from __future__ import annotations

from typing import Required, TypedDict


class IntentionHTTPHeaderPermission(TypedDict, total=False):
    """A condition for a header. One of Present, Exact, Prefix, Suffix, Contains and Regex is set."""

    Name: Required[str]
    Present: bool
    Exact: str
    Prefix: str
    Suffix: str
    Contains: str  # since 1.20.1
    Regex: str
    Invert: bool
    IgnoreCase: bool  # since 1.20.1


class IntentionHTTPPermission(TypedDict, total=False):
    """Conditions for an HTTP request, which must all hold. At most one of the paths is set."""

    PathExact: str
    PathPrefix: str
    PathRegex: str
    Header: list[IntentionHTTPHeaderPermission]
    Methods: list[str]


class IntentionJWTClaimVerification(TypedDict, total=False):
    """A claim that a token must have."""

    Path: list[str]
    Value: str


class IntentionJWTProvider(TypedDict, total=False):
    """A provider whose tokens are accepted."""

    Name: Required[str]  # a jwt-provider entry
    VerifyClaims: list[IntentionJWTClaimVerification]


class IntentionJWTRequirement(TypedDict, total=False):
    """The tokens that requests need."""

    Providers: list[IntentionJWTProvider]


class IntentionPermission(TypedDict, total=False):
    """Which HTTP requests are allowed or denied. The first permission that matches decides."""

    Action: Required[str]  # allow | deny
    HTTP: IntentionHTTPPermission
    JWT: IntentionJWTRequirement  # since 1.16.0
