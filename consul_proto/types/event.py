"""User events. The members have Consul's own names."""

from __future__ import annotations

from typing import TypedDict


class UserEvent(TypedDict):
    """A user event as this agent saw it; the payload is already decoded from base64."""

    ID: str
    Name: str
    Payload: bytes
    NodeFilter: str
    ServiceFilter: str
    TagFilter: str
    Version: int
    LTime: int  # 0 in the answer to fire
