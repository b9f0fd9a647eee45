"""Templated policies, since 1.17: policies with a variable for a name, which tokens and roles fill in.

https://developer.hashicorp.com/consul/api-docs/acl/templated-policies
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from functools import partial
from hashlib import blake2b
from typing import Any, NamedTuple

from consul_proto.simulator.acl.bodies import ACL_TEMPLATE_VARIABLES
from consul_proto.simulator.acl.policies import Rule, read_rules
from consul_proto.simulator.engine.answers import Refusal, multierror
from consul_proto.simulator.engine.request import ServerRequest
from consul_proto.simulator.engine.routes import Route
from consul_proto.simulator.engine.settings import Settings
from consul_proto.simulator.engine.versions import V1_17

#: The valid names of identities: https://developer.hashicorp.com/consul/api-docs/acl/tokens#servicename
IDENTITY_NAME = re.compile(r"[a-z0-9](?:[a-z0-9\-_]{0,254}[a-z0-9])?")

_SCHEMA = """{
\t"type": "object",
\t"properties": {
\t\t"name": { "type": "string", "$ref": "#/definitions/min-length-one" }
\t},
\t"required": ["name"],
\t"definitions": {
\t\t"min-length-one": {
\t\t\t\t"type": "string",
\t\t\t\t"minLength": 1
\t\t}
\t}
}"""

#: The end of the ID of a policy made of a template. It should be a hash of the rules, but is FNV's hash of nothing.
_HASH_OF_NOTHING = "6c62272e07bb014262b821756295c58d"

_GIVES = "Gives the token or role permissions"


def _rule(resource: str, policy: str, name: str = "", blank: str = "\t") -> str:
    """Return one rule of a template."""
    return f'{resource} "{name}" {{\n{blank}policy = "{policy}"\n}}'


_of_nomad = partial(_rule, blank="  ")


class Template(NamedTuple):
    """One template. has_name: whether it has a variable for a name. identity: the words of errors for a name that no identity may have."""

    id: str
    text: str
    description: str
    has_name: bool = True
    identity: str = ""

    def fault(self, variables: dict[str, str] | None) -> str:
        """Return what is wrong with the variables; "" if they are valid."""
        if not self.has_name:
            return ""
        if variables is None:
            return multierror(["Invalid type. Expected: object, given: null"])
        name = variables.get("name", "")
        if self.identity and not IDENTITY_NAME.fullmatch(name):
            shown = self.identity.format(json.dumps(name, ensure_ascii=False))
            return f"{shown} has an invalid name. Only lowercase alphanumeric characters, '-' and '_' are allowed"
        return "" if name else multierror(["name is required"])

    def render(self, variables: dict[str, str] | None) -> str:
        """Return the text of the rules."""
        return self.text.replace("{{.Name}}", (variables or {}).get("name", ""))


_READS = (_rule("node_prefix", "read"), _rule("service_prefix", "read"))
_OF_NOMAD = (_of_nomad("agent_prefix", "read"), _of_nomad("node_prefix", "read"), _of_nomad("service_prefix", "write"))

TEMPLATES = {
    "builtin/api-gateway": Template(
        "00000000-0000-0000-0000-000000000008",
        "\n".join(('mesh = "read"', *_READS, _rule("service", "write", "{{.Name}}"))),
        f"{_GIVES} for a Consul api gateway",
    ),
    "builtin/dns": Template(
        "00000000-0000-0000-0000-000000000005",
        "\n".join(("", *_READS, _rule("query_prefix", "read"))),
        f"{_GIVES} for the Consul DNS to query services in the network.",
        has_name=False,
    ),
    "builtin/node": Template(
        "00000000-0000-0000-0000-000000000004",
        "\n".join(("", _rule("node", "write", "{{.Name}}"), _READS[1])),
        f"{_GIVES} for a register an agent/node into the catalog. A node is typically a consul agent but can also be a physical server, "
        "cloud instance or a container.",
        identity="node identity {} ",
    ),
    "builtin/nomad-client": Template(
        "00000000-0000-0000-0000-000000000009",
        "\n".join((*_OF_NOMAD, _of_nomad("key_prefix", "read"))),
        f"{_GIVES} required for integration with a nomad client.",
        has_name=False,
    ),
    "builtin/nomad-server": Template(
        "00000000-0000-0000-0000-000000000006",
        "\n".join(("", 'acl = "write"', *_OF_NOMAD)),
        f"{_GIVES} required for integration with a nomad server.",
        has_name=False,
    ),
    "builtin/service": Template(
        "00000000-0000-0000-0000-000000000003",
        "\n".join(("", *(_rule("service", "write", "{{.Name}}" + end) for end in ("", "-sidecar-proxy")), *reversed(_READS))),
        f"{_GIVES} to register a service and discover services in the Consul catalog. It also gives the specified service's sidecar proxy "
        "the permission to discover and route traffic to other services.",
        identity="service identity {}",
    ),
}


def read_templates(given: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    """Read the templated policies of a token or a role. Refuses unknown templates and invalid names."""
    found: list[dict[str, Any]] = []
    for link in given:
        name, variables = link.get("TemplateName") or "", link.get("TemplateVariables")
        template = TEMPLATES.get(name)
        is_token = what == "token"
        if not name:
            raise Refusal(500, f"templated policy is missing the template name field on this {what}")
        if template is None:
            lost = f'no such ACL templated policy with Name "{name}"'
            raise Refusal(500, lost if is_token else f"templated policy with an invalid templated name: {name} for this {what}")
        if fault := template.fault(variables):
            before = f'validation error for templated policy "{name}"' if is_token else "encountered role with invalid templated policy"
            raise Refusal(500, f"{before}: {fault}")
        identity = template.id if is_token else link.get("TemplateID") or template.id
        shown: dict[str, Any] = {"TemplateID": identity, "TemplateName": name}
        shown |= {} if variables is None else {"TemplateVariables": {key: value for key, value in variables.items() if value}}
        found.append(shown | ({"Datacenters": link["Datacenters"]} if link.get("Datacenters") else {}))
    return unique_templates(found)


def unique_templates(links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first link for each template and name. The datacenters of the others do not count."""
    known: dict[tuple[str, str], dict[str, Any]] = {}
    for link in links:
        is_named = TEMPLATES[link["TemplateName"]].has_name
        known.setdefault((link["TemplateName"], (link.get("TemplateVariables") or {}).get("name", "") if is_named else ""), link)
    return list(known.values())


def rules_of(link: dict[str, Any]) -> list[Rule]:
    """Return the rules of a templated policy. Refuses a gateway's name that makes them invalid."""
    policy = synthetic(link)
    try:
        return [*read_rules(policy["Rules"], version=V1_17)]
    except ValueError as error:
        raise Refusal(500, f'failed to parse the ACL policies: failed to parse "{policy["Name"]}": {error}') from None


def synthetic(link: dict[str, Any]) -> dict[str, Any]:
    """Return the policy that a templated policy stands for."""
    rules, places = TEMPLATES[link["TemplateName"]].render(link.get("TemplateVariables")), link.get("Datacenters") or []
    identity = rules.encode().hex() + _HASH_OF_NOTHING
    name, description = f"synthetic-policy-{identity}", f"synthetic policy generated from templated policy: {link['TemplateName']}"
    digest = blake2b("".join((name, description, rules, *places)).encode(), digest_size=32).digest()
    shown = {"ID": identity, "Name": name, "Description": description, "Rules": rules} | ({"Datacenters": places} if places else {})
    return {**shown, "Hash": b64encode(digest).decode("ascii"), "CreateIndex": 0, "ModifyIndex": 0}


def synthetics(record: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the policies that the identities and templated policies of a token or a role stand for."""
    services = [
        {"TemplateName": "builtin/service", "TemplateVariables": {"name": one["ServiceName"]}, "Datacenters": one.get("Datacenters")}
        for one in record.get("ServiceIdentities") or ()
    ]
    nodes = [
        {"TemplateName": "builtin/node", "TemplateVariables": {"name": one["NodeName"]}, "Datacenters": [one["Datacenter"]]}
        for one in record.get("NodeIdentities") or ()
    ]
    return [synthetic(link) for link in (*services, *nodes, *(record.get("TemplatedPolicies") or ()))]


class TemplateEndpoint:
    """`/v1/acl/templated-policies` and `/v1/acl/templated-policy/`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def routes(self) -> dict[str, Route]:
        """Return the endpoints; none before 1.17."""
        if self._settings.version < V1_17:
            return {}
        return {
            "/v1/acl/templated-policies": Route(("GET",), write=self.every),
            "/v1/acl/templated-policy/name/": Route(("GET",), write=self.one, deep=True),
            "/v1/acl/templated-policy/preview/": Route(("POST",), write=self.preview, deep=True),
        }

    def _name(self, request: ServerRequest) -> str:
        """Return the name in the path. Refuses a token that may not read ACLs."""
        request.need_acls()
        if not request.rest:
            raise Refusal(400, "Missing templated policy Name")
        request.only_default()
        request.require("acl", "", "read")
        return request.rest

    def every(self, request: ServerRequest, _now: float) -> dict[str, Any]:
        """GET all templates, by name."""
        request.need_acls()
        request.only_default()
        request.require("acl", "", "read")
        return {name: _render(name) for name in TEMPLATES}

    def one(self, request: ServerRequest, _now: float) -> dict[str, Any]:
        """GET one template."""
        name = self._name(request)
        if name not in TEMPLATES:
            raise Refusal(400, f"Invalid templated policy Name: {name}")
        return _render(name)

    def preview(self, request: ServerRequest, _now: float) -> dict[str, Any]:
        """POST preview: return the policy that a template makes."""
        name = self._name(request)
        template = TEMPLATES.get(name)
        if template is None:
            raise Refusal(400, f'templated policy "{name}" does not exist')
        variables = request.decode(ACL_TEMPLATE_VARIABLES, "Failed to decode request body: ")
        if fault := template.fault(variables):
            raise Refusal(400, f'validation error for templated policy: "{name}": {fault}')
        return synthetic({"TemplateName": name, "TemplateVariables": variables})


def _render(name: str) -> dict[str, str]:
    template = TEMPLATES[name]
    schema = _SCHEMA if template.has_name else ""
    return {"TemplateName": name, "Schema": schema, "Template": template.text, "Description": template.description}
