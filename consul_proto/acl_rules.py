"""Translate ACL rules between the syntax of the legacy system and that of today's policies.

In legacy rules, `key "app/"` applies to all keys that begin with "app/". In a policy, this is `key_prefix "app/"`, and `key "app/"` applies
to one key only. Rules are HCL or JSON. Only the names of resources change; comments and layout stay.

Consul's own translation, `/v1/acl/rules/translate`, was removed in 1.11:
https://developer.hashicorp.com/consul/docs/secure/acl/legacy
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

#: The parts of HCL 1 and of JSON that matter here: https://github.com/hashicorp/hcl/tree/hcl1#syntax
_PARTS = r"""
      (?P<blank>   [ \t\r\n]+ | \#[^\n]* | //[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<word>    "(?: \\. | %s [^"\\] )*+" | [^\W\d][\w.-]* )
    | (?P<literal> -?[\d.][\w.+-]* | <<-?(?P<anchor>\w+)\r?\n(?:.*?\n)??[ \t]*(?P=anchor)(?![^\r\n]) )
    | (?P<mark>    . )
"""
_JSON = re.compile(_PARTS % "", re.VERBOSE | re.DOTALL)

#: An interpolation in a string of HCL may contain quotation marks.
_HCL = re.compile(_PARTS % r"\$\{(?:[^{}]|\{[^{}]*\})*+\} |", re.VERBOSE | re.DOTALL)

#: The resources whose legacy rules apply to prefixes.
_PREFIXED = ("agent", "event", "key", "node", "query", "service", "session")

_TO_POLICY = {name: f"{name}_prefix" for name in _PREFIXED}
_TO_LEGACY = {new: old for old, new in _TO_POLICY.items()}


def policy_rules(rules: str) -> str:
    """Return legacy rules in the syntax of policies. Rules that cannot be parsed come back changed in part: Consul refuses them."""
    return "".join(_renamed(rules, _TO_POLICY))


def legacy_rules(rules: str) -> str:
    """Return the rules that `policy_rules` translated, in the syntax of the legacy system."""
    return "".join(_renamed(rules, _TO_LEGACY))


def _renamed(rules: str, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the parts of the rules, with other names for resources. A resource is the first word of an item at the outermost level."""
    is_json = rules.lstrip().startswith("{")
    outermost, depth = int(is_json), 0
    is_name, is_value = not is_json, False
    for part in (_JSON if is_json else _HCL).finditer(rules):
        kind, text = part.lastgroup, part[0]
        if kind == "mark":
            depth += (text in "{[") - (text in "}]")
            is_value = text == "="
            if depth == outermost and text in ("{},]" if is_json else "},]"):
                is_name = True
        elif kind != "blank" and depth == outermost:
            if is_name and kind == "word":
                name = text.strip('"')
                text = text.replace(name, names.get(name.lower(), name)) if name else text
            # In HCL, the next item may follow a value without any mark.
            is_name, is_value = is_value, False
        yield text
