"""Tokens of the legacy ACL system, and of the documented calls. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from consul_proto.query import Consistency


class LegacyACL(TypedDict):
    """A token of the legacy system, which was removed in 1.11; since then, a token in the same shape."""

    CreateIndex: int
    ModifyIndex: int
    ID: str  # the secret itself
    Name: str
    Type: str  # client | management
    Rules: str  # HCL or JSON text


class ACLOptions(TypedDict, total=False):
    """How the documented reads of tokens are answered. consistency: "default", "leader", "stale" or "consistent"."""

    consistency: Consistency
