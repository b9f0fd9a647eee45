"""Clusters with ACL objects of each kind, for the tests of `consulate acl`."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from consulate import Consul
from tests.agents import Agent, Binary, find_binaries, find_dev_versions, start_agent, start_dev
from tests.cli.program import Shell
from tests.fakes.bearer_tokens import Issuer

AGENTS: list[str | Binary] = [*find_dev_versions(), *find_binaries()]

ISSUER = Issuer()

CONFIG: Any = ISSUER.config

WEB = ("11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222")
OPS = ("33333333-aaaa-4aaa-8aaa-333333333333", "44444444-bbbb-4bbb-8bbb-444444444444")
ANONYMOUS = "00000000-0000-0000-0000-000000000002"
LEGACY = "55555555-cccc-4ccc-8ccc-555555555555"
SECRETS = (WEB[1], OPS[1], LEGACY)


class Cluster:
    """An agent with ACLs, a client with all rights, and a shell whose commands have them too."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self.token = str(agent.management_token)
        self.consul = Consul(agent.host, agent.port, token=self.token)
        self.shell = Shell(agent, {"CONSUL_HTTP_TOKEN": self.token})

    def with_token(self, secret: str) -> Shell:
        """Return a shell whose commands have another token."""
        return Shell(self.agent, {"CONSUL_HTTP_TOKEN": secret})


def start(stack: ExitStack, kind: str | Binary) -> Cluster:
    agent = stack.enter_context(start_dev(kind, acls=True) if isinstance(kind, str) else start_agent(kind, acls=True))
    cluster = Cluster(agent)
    stack.callback(cluster.consul.close)
    return cluster


def fill(consul: Consul) -> None:
    acl = consul.acl
    acl.policy.create("web-read", description="d\u00e9j\u00e0", rules='service "web" { policy = "read" }', datacenters=["dc1"])
    acl.policy.create("kv-write", rules='key_prefix "app/" { policy = "write" }')
    acl.role.create("web", description="the web", policies=[{"Name": "web-read"}], service_identities=[{"ServiceName": "web"}])
    acl.auth_method.create("ci", "jwt", CONFIG, description="builds", max_token_ttl="10m")
    acl.binding_rule.create("ci", "role", "web", description="one")
    acl.binding_rule.create("ci", "service", "api", selector='value.name == "api"')
    acl.token.create(
        accessor_id=WEB[0], secret_id=WEB[1], description="the web", policies=[{"Name": "kv-write"}], roles=[{"Name": "web"}],
        expiration_ttl="1h",
    )  # fmt: skip
    acl.token.create(accessor_id=OPS[0], secret_id=OPS[1], policies=[{"Name": "global-management"}], local=True)
    acl.token.update(ANONYMOUS, description="nobody", policies=[{"Name": "web-read"}])


_OWN = ("ID", "CreateIndex", "ModifyIndex", "Hash", "CreateTime", "Legacy")


def _without_own(found: Any) -> Any:
    """Return what must be the same in two clusters."""
    if isinstance(found, dict):
        return {name: _without_own(value) for name, value in found.items() if name not in _OWN}
    return [_without_own(each) for each in found] if isinstance(found, list) else found


def state(consul: Consul) -> dict[str, Any]:
    acl = consul.acl
    tokens = {each["AccessorID"]: acl.token.read(each["AccessorID"]) for each in acl.token.list()}
    own = acl.token.self()["AccessorID"]
    return {
        "policies": {each["Name"]: _without_own(acl.policy.read(each["ID"])) for each in acl.policy.list()},
        "roles": {each["Name"]: _without_own(each) for each in acl.role.list()},
        "methods": {each["Name"]: _without_own(acl.auth_method.read(each["Name"])) for each in acl.auth_method.list()},
        "rules": sorted((_without_own(each) for each in acl.binding_rule.list()), key=str),
        "tokens": {accessor: _without_own(token) for accessor, token in tokens.items() if accessor != own},
    }


def drop_own_token(cluster: Cluster, file: Path) -> None:
    """Remove the management token of the first cluster from a backup, so that both clusters may have the same objects."""
    document = json.loads(file.read_text())
    document["Tokens"] = [token for token in document["Tokens"] if token["SecretID"] != cluster.token]
    file.write_text(json.dumps(document))
