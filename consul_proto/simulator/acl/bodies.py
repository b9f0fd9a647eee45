"""The bodies of requests to the ACL system.

https://developer.hashicorp.com/consul/api-docs/acl; the Go types are from the agents' errors for values of other types.
"""

from __future__ import annotations

from functools import partial

from consul_proto.simulator.catalog.bodies import ANY, BOOL, DURATION, INDEXES, META, TEXT, TEXTS, texts
from consul_proto.simulator.catalog.proxy_bodies import ANONYMOUS
from consul_proto.simulator.go.json import ListOf, MapOf, Shape, Struct, Text

_LINK = {"ID": TEXT, "Name": TEXT}


def _identities(kind: str, name: str, **others: Shape) -> ListOf:
    return ListOf(Struct(f"structs.ACL{kind}", {name: TEXT, **others}), (f"[]*structs.ACL{kind}", f"structs.ACL{kind[:-1]}ies"))


def _links(kind: str) -> ListOf:
    return ListOf(Struct(f"structs.ACL{kind}Link", _LINK))


_IDENTITIES: dict[str, Shape] = {
    "ServiceIdentities": _identities("ServiceIdentity", "ServiceName", Datacenters=TEXTS),
    "NodeIdentities": _identities("NodeIdentity", "NodeName", Datacenter=TEXT),
}
ACL_TEMPLATE_VARIABLES = Struct("structs.ACLTemplatedPolicyVariables", {"name": TEXT})
_TEMPLATED = ListOf(
    Struct(
        "structs.ACLTemplatedPolicy",
        {**texts("TemplateID", "TemplateName"), "TemplateVariables": ACL_TEMPLATE_VARIABLES, "Datacenters": TEXTS},
    ),
    "structs.ACLTemplatedPolicies",
)
_acl = partial(Struct, ANONYMOUS)

ACL_POLICY = _acl(
    {**texts("ID", "Name", "Description", "Rules"), "Datacenters": TEXTS, "Hash": TEXT, **INDEXES},
    own=("Hash",),
)
ACL_ROLE = _acl(
    {
        **texts("ID", "Name", "Description"),
        "Policies": _links("RolePolicy"),
        **_IDENTITIES,
        "TemplatedPolicies": _TEMPLATED,
        "Hash": TEXT,
        **INDEXES,
    },
    ("TemplatedPolicies",),
    own=("Hash",),
)
ACL_TOKEN = _acl(
    {
        **texts("AccessorID", "SecretID", "Description"),
        "Policies": _links("TokenPolicy"),
        "Roles": _links("TokenRole"),
        **_IDENTITIES,
        "TemplatedPolicies": _TEMPLATED,
        "Local": BOOL,
        "AuthMethod": TEXT,
        "ExpirationTime": ANY,
        "ExpirationTTL": DURATION,
        "CreateTime": ANY,
        **texts("Hash", "Rules"),
        **INDEXES,
    },
    ("TemplatedPolicies",),
    gone=("Rules",),
    own=("ExpirationTTL", "Hash"),
)
ACL_RULE = Struct(
    "structs.ACLBindingRule",
    {**texts("ID", "Description", "AuthMethod", "Selector", "BindType", "BindName"), "BindVars": ACL_TEMPLATE_VARIABLES, **INDEXES},
    ("BindVars",),
)
ACL_METHOD = _acl(
    {
        "MaxTokenTTL": DURATION,
        **texts("Name", "Type", "DisplayName", "Description"),
        "TokenLocality": TEXT,
        "Config": MapOf(ANY),
        **INDEXES,
    },
    own=("MaxTokenTTL",),
)
ACL_LEGACY = Struct("structs.ACL", {**texts("ID", "Name", "Type", "Rules"), **INDEXES})
AGENT_TOKEN = Struct("api.AgentToken", texts("Token"))
ACL_BOOTSTRAP = Struct("api.BootstrapRequest", {"BootstrapSecret": TEXT})
ACL_LOGIN = Struct("structs.ACLLoginParams", {**texts("AuthMethod", "BearerToken"), "Meta": META})
ACL_AUTHORIZE = ListOf(Struct("structs.ACLAuthorizationRequest", {"Resource": Text("acl.Resource"), "Segment": TEXT, "Access": TEXT}))
