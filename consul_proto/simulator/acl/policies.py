"""Rules: how they are read and checked.

https://developer.hashicorp.com/consul/docs/security/acl/acl-rules
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.versions import V1_15, V1_X, Version
from consul_proto.simulator.go.hcl import parse_items
from consul_proto.simulator.go.hcl_decoder import Struct, decode
from consul_proto.simulator.go.quoting import quote

#: Consul's types by resource, in the order in which agents check them: the type's name, its member for the name, and whether it has an
#: EnterpriseRule.
_NAMED = {
    "agent": ("AgentRule", "Node", False),
    "key": ("KeyRule", "Prefix", True),
    "node": ("NodeRule", "Name", True),
    "service": ("ServiceRule", "Name", True),
    "session": ("SessionRule", "Node", False),
    "event": ("EventRule", "Event", False),
    "query": ("PreparedQueryRule", "Prefix", False),
}

#: The resources with one rule and no names. "acl" is checked before all others, the rest after them.
SINGLE = ("acl", "keyring", "operator", "mesh", "peering")

#: Those that 1.8.7 has too.
_OLD_SINGLE = ("acl", "keyring", "operator")

_POLICIES = ("deny", "read", "write")


class Rule(NamedTuple):
    """One rule. prefix: it holds for every name that begins with its own. policy, intentions: as they are written, in any case."""

    resource: str
    name: str
    prefix: bool
    policy: str
    intentions: str = ""


def _shape(single: tuple[str, ...], forms: tuple[str, ...]) -> Struct:
    """Return the type of rules. forms: what follows the name of a resource."""
    of = {
        resource: Struct({"Policy": None} | ({"Intentions": None} if resource == "service" else {}), key)
        for resource, (_, key, _) in _NAMED.items()
    }
    named = {resource + form: of[resource] for resource in _NAMED for form in forms}
    first = {name: None for name in single if name == "acl"}
    return Struct({**first, **named, **{name: None for name in single if name != "acl"}})


_SHAPES = {
    (legacy, is_old): _shape(
        tuple(name for name in (_OLD_SINGLE if is_old else SINGLE) if not legacy or name != "acl"), ("",) if legacy else ("", "_prefix")
    )
    for legacy in (True, False)
    for is_old in (True, False)
}


@lru_cache(maxsize=1024)
def read_rules(text: str, *, legacy: bool = False, version: Version) -> tuple[Rule, ...]:
    """Read rules in HCL or JSON. legacy: all names are prefixes, as in legacy tokens. Raises ValueError in Consul's words."""
    if not text:
        return ()
    shape = _SHAPES[legacy, version < V1_X]
    try:
        given = decode(parse_items(text, once=version >= V1_15), shape)
    except ValueError as error:
        raise ValueError(f"Failed to parse ACL rules: {error}") from None
    return tuple(rule for member, inner in shape.members.items() for rule in _rules(member, inner, given[member], legacy=legacy))


def _rules(member: str, shape: Struct | None, given: Any, *, legacy: bool) -> Iterator[Rule]:
    """Check the rules of a member, and return them."""
    if shape is None:
        if given and given.lower() not in _POLICIES:
            raise ValueError(f"Invalid {member} policy: {quote(given)}")
        yield from [Rule(member, "", True, given)] if given else []
        return
    resource = member.removesuffix("_prefix")
    allowed = (*_POLICIES, "list") if resource == "key" else _POLICIES
    for body in given:
        policy, intentions = body["Policy"], body.get("Intentions", "")
        if policy.lower() not in allowed:
            raise ValueError(f"Invalid {member} policy: {_shown(resource, body)}")
        if intentions and intentions.lower() not in _POLICIES:
            raise ValueError(f"Invalid {member} intentions policy: {_shown(resource, body)}")
        yield Rule(resource, body[shape.key], legacy or member != resource, policy, intentions)


def _shown(resource: str, body: dict[str, str]) -> str:
    """Return a rule as refusals show it."""
    kind, _, has_more = _NAMED[resource]
    members = [f"{name}:{quote(value)}" for name, value in body.items()]
    return f"&acl.{kind}{{{', '.join([*members, *(['EnterpriseRule:acl.EnterpriseRule{}'] if has_more else [])])}}}"


def of_service(name: str) -> list[Rule]:
    """Return the rules of a service identity."""
    every = [Rule("service", "", True, "read"), Rule("node", "", True, "read")]
    return [Rule("service", name, False, "write"), Rule("service", f"{name}-sidecar-proxy", False, "write"), *every]


def of_everything(access: str, *, version: Version) -> str:
    """Return the rules of a built-in policy as text. access: "write" or "read", for everything."""
    plain = {name: f'{name} = "{access}"' for name in SINGLE}
    more = f'\tintentions = "{access}"\n'
    block = {name: f'{name}_prefix "" {{\n\tpolicy = "{access}"\n{more * (name == "service")}}}' for name in _NAMED}
    order = ["acl", "agent", "event", "key", "keyring", "node", "operator", *([] if version < V1_X else ["mesh", "peering"])]
    return "\n" + "\n".join((plain | block)[name] for name in [*order, "query", "service", "session"])


def of_node(name: str) -> list[Rule]:
    """Return the rules of a node identity."""
    return [Rule("node", name, False, "write"), Rule("service", "", True, "read")]


def check_rules(rules: str, *, legacy: bool = False, version: Version) -> None:
    """Refuse invalid rules."""
    try:
        read_rules(rules, legacy=legacy, version=version)
    except ValueError as error:
        before = "ACL rule compilation failed: " if legacy else ""
        raise Refusal(500, f"{before}{error}") from None
