"""The key/value store. The members have Consul's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

if TYPE_CHECKING:
    from consul_proto.codec import Stored


class Record(TypedDict):
    """A key with all its fields; the value is decoded."""

    Key: str
    CreateIndex: int
    ModifyIndex: int
    LockIndex: int  # how often the lock on it was taken
    Flags: int  # 0 .. 2**64 - 1
    Value: Stored
    Session: NotRequired[str]  # the session that holds the lock
    Namespace: NotRequired[str]  # Enterprise
    Partition: NotRequired[str]  # Enterprise, since 1.11
