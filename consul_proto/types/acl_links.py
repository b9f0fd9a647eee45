"""What ACL tokens and roles are made of: links and identities. The members have Consul's own names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NotRequired, TypeAlias, TypedDict


class ACLLink(TypedDict):
    """A link to a policy or a role."""

    ID: str
    Name: str


class ACLLinkByID(TypedDict):
    """A link in a request."""

    ID: str


class ACLLinkByName(TypedDict):
    """A link in a request; Consul stores the ID, so that it outlives a change of the name."""

    Name: str


#: Links in a request.
ACLLinks: TypeAlias = Sequence[ACLLink | ACLLinkByID | ACLLinkByName]


class ACLServiceIdentity(TypedDict):
    """The rights of a service: to register itself and its sidecar proxy, and to discover others."""

    ServiceName: str
    Datacenters: NotRequired[list[str]]  # where it is valid; missing: in all


class ACLNodeIdentity(TypedDict):
    """The rights of an agent: to register its node, and to discover services. Since 1.8.1."""

    NodeName: str
    Datacenter: str


class ACLTemplatedPolicyVariables(TypedDict, total=False):
    """The variables of a templated policy. A request may have either member; answers have `name`."""

    Name: str
    name: str


class ACLTemplatedPolicy(TypedDict):
    """A policy that Consul makes from a template, such as "builtin/service". Since 1.17."""

    TemplateName: str
    TemplateVariables: NotRequired[ACLTemplatedPolicyVariables]
    Datacenters: NotRequired[list[str]]  # where it is valid; missing: in all
    TemplateID: NotRequired[str]
