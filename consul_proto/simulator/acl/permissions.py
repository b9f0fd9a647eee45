"""What a token may do: how rules are joined and applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from consul_proto.simulator.acl.policies import SINGLE, Rule
from consul_proto.simulator.engine.settings import Policy

#: The access that each policy allows.
_ALLOWS = {"deny": set(), "read": {"read"}, "list": {"read", "list"}, "write": {"read", "list", "write"}}

#: The policies, the strongest first.
_STRENGTH = ("deny", "write", "list", "read")

#: The resources that use the rule of another resource if they have none.
_INSTEAD = {"mesh": "operator", "peering": "operator"}


def join_rules(rules: Iterable[Rule]) -> dict[tuple[str, bool], dict[str, str]]:
    """Return the policies by resource and kind of name, then by name.

    If several rules have the same name, "deny" wins, then the policy that allows most. A policy that is not in lower case never wins over
    another one. For "acl" and other resources without names, it counts as no rule.
    """
    joined: dict[tuple[str, str, bool], Rule] = {}
    for rule in rules:
        key = (rule.resource, rule.name, rule.prefix)
        before = joined.get(key) or (Rule(*key, "") if rule.resource in SINGLE else rule)
        policy = _stronger(rule.policy, before.policy)
        joined[key] = before._replace(policy=policy, intentions=_stronger(rule.intentions, before.intentions))
    found: dict[tuple[str, bool], dict[str, str]] = {}
    for rule in joined.values():
        if rule.policy:
            found.setdefault((rule.resource, rule.prefix), {})[rule.name] = rule.policy.lower()
        if rule.resource == "service":
            implied = "read" if rule.policy in ("read", "write") else "deny"
            found.setdefault(("intention", rule.prefix), {})[rule.name] = (rule.intentions or implied).lower()
    return found


def _stronger(new: str, before: str) -> str:
    return next((policy for policy in _STRENGTH if policy in (new, before)), before)


@dataclass(frozen=True)
class Permissions:
    """What a token may do by all of its rules.

    manages: whether the token may do everything. default: the policy if no rule applies. accessor: the token's name in refusals; "" in 1.8,
    which names no token.
    """

    rules: tuple[Rule, ...]
    default: Policy
    manages: bool = False
    accessor: str = field(default="", repr=False)
    is_anonymous: bool = False

    @cached_property
    def _joined(self) -> dict[tuple[str, bool], dict[str, str]]:
        return join_rules(self.rules)

    def allows(self, resource: str, name: str, access: str) -> bool:
        """Return whether the token has a right."""
        if self.manages:
            return True
        decided = self._decide(resource, name, access)
        # The default policy never grants the rights to manage ACLs and to take snapshots.
        return decided if decided is not None else self.default == "allow" and resource not in ("acl", "snapshot")

    def _decide(self, resource: str, name: str, access: str) -> bool | None:
        """Return what the rules say, None if no rule applies."""
        if resource == "key_prefix":
            return self._decide_all_below(name)
        if resource == "intention" and name == "*":
            return self._decide_every(access)
        policy = self._policy(resource, name)
        if policy is None and resource in _INSTEAD:
            policy = self._policy(_INSTEAD[resource], name)
        return None if policy is None else access in _ALLOWS[policy]

    def _policy(self, resource: str, name: str) -> str | None:
        """Return the policy of the best rule: one for exactly this name, else that with the longest prefix."""
        exact = self._joined.get((resource, False), {}).get(name)
        return exact if exact is not None else self._of_prefix(resource, name)

    def _of_prefix(self, resource: str, name: str) -> str | None:
        prefixes = self._joined.get((resource, True), {})
        return prefixes[max(found, key=len)] if (found := [prefix for prefix in prefixes if name.startswith(prefix)]) else None

    def _decide_all_below(self, prefix: str) -> bool | None:
        """Return whether all keys below a prefix may be written. Only a rule for a prefix grants it, and each rule below may deny it."""
        base = self._of_prefix("key", prefix)
        below = [policy for is_prefix in (True, False) for name, policy in self._of("key", is_prefix) if name.startswith(prefix)]
        if base not in (None, "write") or any(policy != "write" for policy in below):
            return False
        return None if base is None else True

    def _of(self, resource: str, is_prefix: bool) -> Iterable[tuple[str, str]]:
        return self._joined.get((resource, is_prefix), {}).items()

    def _decide_every(self, access: str) -> bool | None:
        """Return whether intentions for "*" may be read, for which any rule is enough, or written, which needs all of them."""
        allowed = [access in _ALLOWS[policy] for is_prefix in (True, False) for _, policy in self._of("intention", is_prefix)]
        of_all = self._joined.get(("intention", True), {}).get("")
        decided = None if of_all is None else access in _ALLOWS[of_all]
        if access == "read":
            return True if any(allowed) else decided
        return decided if all(allowed) else False

    def refusal(self, resource: str, name: str, access: str) -> str:
        """Return Consul's words for a token that lacks a right."""
        if not self.accessor or resource == "event":
            return "Permission denied"
        resource = resource.removesuffix("_prefix")
        on = f' on "{name}"' if name and resource not in SINGLE else ""
        what = f"lacks permission '{resource}:{access}'{on}"
        if self.is_anonymous:
            implied = "The anonymous token is used implicitly when a request does not specify a token."
            return f"Permission denied: anonymous token {what}. {implied}"
        return f"Permission denied: token with AccessorID '{self.accessor}' {what}"
