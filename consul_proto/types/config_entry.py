"""What the kinds of config entries share. The members have Consul's own names.

A class such as `ServiceResolver` is an entry as `config.apply` takes it; `ServiceResolverConfigEntry` is an entry as Consul returns it.
Members without a "since" are as old as their kind. Enterprise: members that only Consul Enterprise takes.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class StoredEntry(TypedDict):
    """What Consul adds to an entry that it stores. `config.apply` takes an entry with these members, and ignores them."""

    CreateIndex: int
    ModifyIndex: int  # for `cas`
    Hash: NotRequired[int]  # of the other members; up to 2**64 - 1; not on old versions


class HTTPHeaderModifiers(TypedDict, total=False):
    """How the headers of requests or responses are changed."""

    Add: dict[str, str]  # added to the values that are there
    Set: dict[str, str]  # replaces the values that are there
    Remove: list[str]  # names


class PassiveHealthCheck(TypedDict, total=False):
    """When an instance whose requests fail gets no traffic for some time."""

    Interval: str | int  # between two looks; written as "10s" or in nanoseconds, returned in nanoseconds
    MaxFailures: int
    EnforcingConsecutive5xx: int  # percent of failures in a row that count; since 1.12.5
    MaxEjectionPercent: int  # since 1.14.7
    BaseEjectionTime: str | int  # as Interval; since 1.14.7


class ServiceResolverFailoverPolicy(TypedDict, total=False):
    """In which order the targets of a failover are tried."""

    Mode: str  # "" | sequential | order-by-locality (Enterprise)
    Regions: list[str]


class ServiceResolverPrioritizeByLocality(TypedDict, total=False):
    """Whether instances in the same region and zone are preferred. Enterprise."""

    Mode: str  # "" | none | failover


class ResourceReference(TypedDict, total=False):
    """Another entry, or a listener of it."""

    Kind: str
    Name: str
    SectionName: str  # the name of a listener; "" for the whole entry
    Partition: str  # Enterprise
    Namespace: str  # Enterprise


class Condition(TypedDict):
    """Something that Consul found out about an entry of an API gateway."""

    Type: str  # Accepted | Bound | Conflicted | ResolvedRefs | ...
    Status: str  # True | False | Unknown
    Reason: str  # one word
    Message: str
    Resource: ResourceReference
    LastTransitionTime: str  # RFC 3339


class ConfigEntryStatus(TypedDict, total=False):
    """The state of an API gateway or of a route. Consul writes it."""

    Conditions: list[Condition] | None
