"""Rules: how they are read, joined and applied.

https://developer.hashicorp.com/consul/docs/security/acl/acl-rules
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from consul_proto.simulator.engine.answers import Refusal
from consul_proto.simulator.engine.settings import Policy
from consul_proto.simulator.engine.versions import V1_15, V1_X, Version
from consul_proto.simulator.go import hcl

#: The resources whose rules have names, and the policies of each.
_NAMED = {
    "key": ("deny", "read", "list", "write"),
    **dict.fromkeys(("agent", "event", "identity", "node", "query", "service", "session"), ("deny", "read", "write")),
}

#: The resources with one rule and no names.
_SINGLE = ("acl", "keyring", "mesh", "operator", "peering")

_ACCESS = ("deny", "read", "list", "write")

#: The access that each policy allows.
_ALLOWS = {"deny": set(), "read": {"read"}, "list": {"read", "list"}, "write": {"read", "list", "write"}}

#: Consul's types by resource, as refusals of invalid rules show them.
_TYPES = {
    "agent": ("AgentRule", "Node"),
    "event": ("EventRule", "Event"),
    "key": ("KeyRule", "Prefix"),
    "node": ("NodeRule", "Name"),
    "query": ("PreparedQueryRule", "Prefix"),
    "service": ("ServiceRule", "Name"),
    "session": ("SessionRule", "Node"),
}


class Rule(NamedTuple):
    """One rule. prefix: it holds for every name that begins with its own."""

    resource: str
    name: str
    prefix: bool
    policy: str
    intentions: str = ""


def read_rules(text: str, *, legacy: bool = False, once: bool = True) -> list[Rule]:
    """Read rules in HCL or JSON. legacy: all names are prefixes, as in legacy tokens. Raises ValueError in Consul's words."""
    if not text.strip():
        return []
    try:
        given = hcl.parse(text, once=once)
    except ValueError as error:
        raise ValueError(f"Failed to parse ACL rules: {error}") from None
    rules: list[Rule] = []
    for member, content in given.items():
        resource, is_prefix = (member.removesuffix("_prefix"), True) if member.endswith("_prefix") else (member, legacy)
        if member in _SINGLE:
            rules.append(_single(member, content))
        elif resource in _NAMED:
            rules += [_rule(resource, name, is_prefix, body, member) for name, body in _each(content)]
    return rules


def _single(resource: str, policy: Any) -> Rule:
    if policy not in ("deny", "read", "write"):
        raise ValueError(f'Invalid {resource} policy: "{policy}"')
    return Rule(resource, "", True, policy)


def _each(content: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for block in content if isinstance(content, list) else [content]:
        for name, body in block.items() if isinstance(block, Mapping) else ():
            for one in body if isinstance(body, list) else [body]:
                yield name, one


def _rule(resource: str, name: str, prefix: bool, body: Mapping[str, Any], written_as: str) -> Rule:
    policy, intentions = body.get("policy", ""), body.get("intentions", "")
    is_bad = policy not in _NAMED[resource]
    if is_bad or (resource == "service" and intentions not in ("", "deny", "read", "write")):
        kind, member = _TYPES.get(resource, ("Rule", "Name"))
        rest = f', Intentions:"{intentions}"' if resource == "service" else ""
        shown = f'&acl.{kind}{{{member}:"{name}", Policy:"{policy}"{rest}, EnterpriseRule:acl.EnterpriseRule{{}}}}'
        raise ValueError(f"Invalid {written_as}{'' if is_bad else ' intentions'} policy: {shown}")
    return Rule(resource, name, prefix, policy, intentions)


def of_service(name: str) -> list[Rule]:
    """Return the rules of a service identity."""
    every = [Rule("service", "", True, "read"), Rule("node", "", True, "read")]
    return [Rule("service", name, False, "write"), Rule("service", f"{name}-sidecar-proxy", False, "write"), *every]


def of_everything(access: str, *, version: Version) -> str:
    """Return the rules of a built-in policy as text. access: "write" or "read", for everything."""
    plain = {name: f'{name} = "{access}"' for name in _SINGLE}
    more = f'\tintentions = "{access}"\n'
    block = {name: f'{name}_prefix "" {{\n\tpolicy = "{access}"\n{more * (name == "service")}}}' for name in _NAMED}
    names = ["acl", "agent", "event", "key", "keyring", "node", "operator", *([] if version < V1_X else ["mesh", "peering"])]
    return "\n" + "\n".join((plain | block)[name] for name in [*names, "query", "service", "session"])


def of_node(name: str) -> list[Rule]:
    """Return the rules of a node identity."""
    return [Rule("node", name, False, "write"), Rule("service", "", True, "read")]


@dataclass(frozen=True)
class Permissions:
    """What a token may do by all of its rules. If several rules have the same name, "deny" wins, then the widest.

    manages: the token may do everything. default: the policy where no rule applies. accessor: the token's name in refusals; "" in 1.8,
    which names no token.
    """

    rules: tuple[Rule, ...]
    default: Policy
    manages: bool = False
    accessor: str = field(default="", repr=False)
    is_anonymous: bool = False

    def allows(self, resource: str, name: str, access: str) -> bool:
        """Return whether the token has a right."""
        if self.manages:
            return True
        if resource == "intention":
            return self._allows_intention(name, access)
        if resource == "key_prefix":
            return self._allows_all_below(name, access)
        policy = self._policy(resource, name)
        if policy is None:
            # The default policy never grants the rights to manage ACLs and to take snapshots.
            return self.default == "allow" and resource not in ("acl", "snapshot")
        return access in _ALLOWS[policy]

    def _policy(self, resource: str, name: str) -> str | None:
        """Return the policy of the best rule: one for exactly this name, else that with the longest prefix."""
        best: tuple[bool, int] | None = None
        found: list[str] = []
        for rule in self.rules:
            if rule.resource != resource or not (name.startswith(rule.name) if rule.prefix else name == rule.name):
                continue
            rank = (not rule.prefix, len(rule.name))
            if best is None or rank > best:
                best, found = rank, []
            if rank == best:
                found.append(rule.policy)
        return None if best is None else "deny" if "deny" in found else max(found, key=_ACCESS.index)

    def _allows_all_below(self, prefix: str, access: str) -> bool:
        below = [rule for rule in self.rules if rule.resource == "key" and rule.name.startswith(prefix)]
        return self.allows("key", prefix, access) and all(access in _ALLOWS[rule.policy] for rule in below)

    def _allows_intention(self, name: str, access: str) -> bool:
        given = [rule for rule in self.rules if rule.resource == "service" and rule.intentions]
        with_intentions = Permissions(tuple(rule._replace(policy=rule.intentions) for rule in given), self.default)
        policy = with_intentions._policy("service", name)
        if policy is not None:
            return access in _ALLOWS[policy]
        policy = self._policy("service", name)
        return self.default == "allow" if policy is None else access == "read" and policy != "deny"

    def refusal(self, resource: str, name: str, access: str) -> str:
        """Return Consul's words for a token that lacks a right."""
        if not self.accessor or resource == "event":
            return "Permission denied"
        resource = resource.removesuffix("_prefix")
        on = f' on "{name}"' if name and resource not in _SINGLE else ""
        what = f"lacks permission '{resource}:{access}'{on}"
        if self.is_anonymous:
            implied = "The anonymous token is used implicitly when a request does not specify a token."
            return f"Permission denied: anonymous token {what}. {implied}"
        return f"Permission denied: token with AccessorID '{self.accessor}' {what}"


def check_rules(rules: str, *, legacy: bool = False, version: Version) -> list[Rule]:
    """Read rules. Refuses invalid ones."""
    try:
        return read_rules(rules, legacy=legacy, once=version >= V1_15)
    except ValueError as error:
        before = "ACL rule compilation failed: " if legacy else ""
        raise Refusal(500, f"{before}{error}") from None
