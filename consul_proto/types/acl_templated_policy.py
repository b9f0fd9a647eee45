"""Templated policies. The members have Consul's own names."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class ACLTemplatedPolicyResponse(TypedDict):
    """A template that Consul makes policies from. Since 1.17."""

    TemplateName: str  # "builtin/service"
    Schema: str  # the JSON schema of its variables, "" if it has none
    Template: str  # the rules, with the variables as {{.Name}}
    Description: NotRequired[str]  # since 1.17.1
