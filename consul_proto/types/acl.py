"""Tokens of the legacy ACL system (up to Consul 1.10). The members have Consul's own names."""

from __future__ import annotations

from typing import TypedDict


class LegacyACL(TypedDict):
    """Legacy tokens, gone in 1.11."""

    CreateIndex: int
    ModifyIndex: int
    ID: str  # the secret itself
    Name: str
    Type: str  # client | management
    Rules: str  # legacy HCL or JSON text
