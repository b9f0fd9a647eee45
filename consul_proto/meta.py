"""The X-Consul headers of an answer. https://developer.hashicorp.com/consul/api-docs/features"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from consul_proto.frozen import dataclass

if TYPE_CHECKING:
    from consul_proto.message import Headers

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Meta:
    """The headers of an answer; None if Consul did not send one.

    index: X-Consul-Index, for blocking queries. content_hash: X-Consul-ContentHash, for blocking queries with `agent.service.get`.
    known_leader: whether the server that answered knows a leader. last_contact: seconds since its last contact with the leader.
    effective_consistency: "leader", "stale" or "consistent" (catalog and health). query_backend: "blocking-query" or "streaming".
    cache: "HIT" or "MISS" in the agent's cache. age: the age of a cached answer, in seconds.
    filtered_by_acls: whether the token may not read some entries (since 1.11). default_acl_policy: "allow" or "deny" (since 1.9).
    reason: the health of a local service. kv_warning: a warning about the key (since 1.22).
    translate_addresses: whether the addresses are WAN addresses.
    """

    index: int | None = None
    content_hash: str | None = None
    known_leader: bool | None = None
    last_contact: float | None = None
    effective_consistency: str | None = None
    query_backend: str | None = None
    cache: str | None = None
    age: float | None = None
    filtered_by_acls: bool = False
    default_acl_policy: str | None = None
    reason: str | None = None
    kv_warning: str | None = None
    translate_addresses: bool = False

    @classmethod
    def of(cls, headers: Headers) -> Meta:
        """Read the headers of an answer. A value that should be a number and is not becomes None."""
        known_leader = headers.get("x-consul-knownleader")
        contact = _number(headers.get("x-consul-lastcontact"))
        return cls(
            index=_number(headers.get("x-consul-index")),
            content_hash=headers.get("x-consul-contenthash"),
            known_leader=None if known_leader is None else known_leader == "true",
            last_contact=None if contact is None else contact / 1000,
            effective_consistency=headers.get("x-consul-effective-consistency"),
            query_backend=headers.get("x-consul-query-backend"),
            cache=headers.get("x-cache"),
            age=_number(headers.get("age")),
            filtered_by_acls=headers.get("x-consul-results-filtered-by-acls") == "true",
            default_acl_policy=headers.get("x-consul-default-acl-policy"),
            reason=headers.get("x-consul-reason"),
            kv_warning=headers.get("x-consul-kv-warning"),
            translate_addresses=headers.get("x-consul-translate-addresses") == "true",
        )


def _number(text: str | None) -> int | None:
    """Return a decimal number of up to 20 digits, or None."""
    return int(text) if text and len(text) <= 20 and text.isascii() and text.isdigit() else None


@dataclass(frozen=True, slots=True)
class Reply(Generic[T]):
    """A value with the X-Consul headers of its answer."""

    value: T
    meta: Meta
