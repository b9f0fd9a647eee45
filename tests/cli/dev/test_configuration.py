"""Consul's own configuration files have the same effect on `consulate dev` as on a real agent."""

from __future__ import annotations

import http.client
import json
import re
from pathlib import Path
from typing import Any

import pytest

from consulate.cli.dev.configuration import read_files
from tests.agents import Agent, Binary, await_catalog, find_binaries, require_binary, start_agent, start_dev
from tests.cli.dev.raw import is_healthy, request

_SERVICES: dict[str, Any] = {
    "node_meta": {"rack": "r1"},
    "datacenter": "East",
    "service": {
        "name": "web",
        "tags": ["a", "b"],
        "port": 80,
        "meta": {"some_key": "v"},
        "enable_tag_override": True,
        "weights": {"passing": 3, "warning": 1},
        "tagged_addresses": {"lan": {"address": "10.0.0.1", "port": 81}},
        "check": {"id": "web-ttl", "name": "alive", "ttl": "30s", "status": "passing", "deregister_critical_service_after": "90m"},
    },
    "services": [
        {"id": "db1", "name": "db", "address": "10.0.0.2", "checks": [{"ttl": "10s", "notes": "n"}, {"name": "second", "ttl": "20s"}]},
        {"Name": "odd"},
    ],
    "check": {"id": "node-ttl", "name": "node", "ttl": "1h", "notes": "of the node", "status": "passing"},
    "checks": [{"name": "of db", "service_id": "db1", "ttl": "1h", "success_before_passing": 2}],
}

#: The same, in HCL.
_IN_HCL = """
node_meta { rack = "r1" }
datacenter = "East"   # it becomes "east"
service {
  name = "web"
  tags = ["a", "b"]
  port = 80
  meta = { some_key = "v" }
  enable_tag_override = true
  weights { passing = 3 warning = 1 }
  tagged_addresses { lan { address = "10.0.0.1" port = 81 } }
  check { id = "web-ttl" name = "alive" ttl = "30s" status = "passing" deregister_critical_service_after = "90m" }
}
services = [
  { id = "db1" name = "db" address = "10.0.0.2" checks = [{ ttl = "10s" notes = "n" }, { name = "second" ttl = "20s" }] },
  { name = "odd" },
]
check { id = "node-ttl" name = "node" ttl = "1h" notes = "of the node" status = "passing" }
checks = [{ name = "of db" service_id = "db1" ttl = "1h" success_before_passing = 2 }]
"""

#: What tells how the agent came out.
_PATHS = ("/v1/agent/services", "/v1/agent/checks", "/v1/catalog/services", "/v1/health/node/test-node", "/v1/catalog/node/test-node")

#: What differs: indexes, the port of the servers, and the virtual address of a proxy, which a real agent gets a little later.
_DIFFERS = frozenset({"CreateIndex", "ModifyIndex", "consul-virtual"})


def _told(agent: Agent, path: str) -> Any:
    connection = http.client.HTTPConnection(agent.host, agent.port, timeout=10)
    try:
        connection.request("GET", path)
        return _neutral(json.loads(connection.getresponse().read()))
    finally:
        connection.close()


def _neutral(value: Any) -> Any:
    """Drop the members that differ, and replace ids and hashes."""
    if isinstance(value, dict):
        if value.get("Service") == "consul":
            value = value | {"Port": 8300}
        shown = {
            name: re.sub(r"^[0-9a-f-]{16,36}$", "<id>", one) if isinstance(one, str) else _neutral(one)
            for name, one in value.items()
            if name not in _DIFFERS
        }
        return {name: one for name, one in shown.items() if one or name != "TaggedAddresses"}
    if isinstance(value, list):  # tags come in any order
        return sorted(value) if all(isinstance(one, str) for one in value) else [_neutral(one) for one in value]
    return value


@pytest.mark.real
@pytest.mark.parametrize("binary", [*find_binaries()] or [None], ids=lambda binary: "no Consul" if binary is None else binary.version)
@pytest.mark.parametrize("name", ["agent.json", "agent.hcl"])
def test_a_file_configures_it_as_it_configures_a_real_agent(binary: Binary | None, tmp_path: Path, name: str) -> None:
    if binary is None:
        pytest.skip("there is no Consul: name one in CONSUL_BINS or put it on PATH")
    file = tmp_path / name
    file.write_text(json.dumps(_SERVICES) if name.endswith("json") else _IN_HCL)
    with (
        start_agent(binary, acls=False, unix_socket=False, files=[file]) as real,
        start_dev(binary.version, "--config-file", str(file), unix_socket=False) as simulated,
    ):
        await_catalog(real)
        for path in _PATHS:
            assert _told(simulated, path) == _told(real, path), path


#: Files as people write them, by their names.
_ACCEPTED = {
    "one-block-is-a-list-of-one.hcl": """
        service { name = "web" checks { ttl = "1h" status = "passing" } }
    """,
    "blocks-of-a-proxy.hcl": """
        service {
          name = "web-proxy"
          kind = "connect-proxy"
          port = 1
          proxy {
            destination_service_name = "web"
            config { protocol = "http" nested { a = 1 } }
            upstreams { destination_name = "db" local_bind_port = 2 config { b = 2 } mesh_gateway { mode = "local" } }
            expose { paths { path = "/h" local_path_port = 3 listener_port = 4 } }
          }
        }
        services { name = "other" check { id = "own" ttl = "1h" status = "passing" } checks { ttl = "2h" status = "passing" } }
        services { name = "third" checks { ttl = "1h" } checks { ttl = "2h" } }
        checks { name = "of node" ttl = "1h" status = "passing" }
    """,
    "names-in-any-case.json": json.dumps(
        {
            "Service": {"Name": "web", "TAGS": ["a"], "Check": {"TTL": "1h", "Status": "passing", "TLSSkipVerify": True}},
            "Check": {"Name": "n", "TTL": "1h", "Status": "passing", "DeregisterCriticalServiceAfter": "90m"},
            "Node_Meta": {"Rack": "r1"},
        }
    ),
    "numbers-and-lists-of-one.json": json.dumps(
        {
            "services": [
                {"name": "a", "port": 80.0, "weights": [{"passing": 3}], "tags": ["a", None], "meta": {"k": None}},
                {"name": "b", "port": [81.5], "connect": [{"sidecar_service": [{"checks": [{"ttl": "1h"}]}]}]},
                {"name": "c", "address": "0.0.0.0", "check": {"ttl": "1h", "status": "odd"}},
            ],
        }
    ),
    "service-beside-services.hcl": """
        service { name = "web" }
        services = [{ name = "web" port = 3 }, { name = "db" }]
        check { id = "same" name = "one" ttl = "1h" status = "passing" }
        checks = [{ id = "same" name = "two" ttl = "2h" status = "passing" }, { id = "nameless" ttl = "1h" status = "passing" }]
    """,
    "the-type-of-checks.hcl": """
        service { name = "web" check { grpc = "127.0.0.1:1" interval = "1h" timeout = "3s" status = "passing" } }
        check { name = "n" grpc = "127.0.0.1:1" interval = "1h" timeout = "3s" status = "passing" header { x = ["y"] } }
        checks { name = "of web" service_id = "web" ttl = "1h" status = "passing" }
    """,
    "a-sidecar.hcl": """
        service {
          name = "web"
          tags = ["t"]
          port = 80
          connect {
            sidecar_service { tags = ["s"] meta { a = "b" } checks { id = "c" ttl = "1h" } proxy { upstreams { destination_name = "db" } } }
          }
        }
    """,
    "nothing.json": '{"services": null, "checks": [], "service": null}',
}

#: The same, for what 1.8.7 does not have.
_ACCEPTED_LATER = {
    "named-ports.hcl": """
        services { name = "list" ports = [{ name = "http", port = 80, default = true }, { name = "admin", port = 81.0 }] }
        services { name = "blocks" ports { name = "http" port = 80 default = true } ports { name = "admin" port = 81 } }
        services { name = "one" ports { name = "http" port = 80 default = true } }
    """,
}

#: Files with which no agent starts, and what `consulate dev` says.
_REFUSED = {
    'service { name = "a" } service { name = "b" }': "service must be one block",
    'service { name = "a" check { ttl = "1s" } check { ttl = "2s" } }': "service.check must be one block",
    'service { name = "a" meta { x = "1" } meta { y = "2" } }': "service.meta must be a block",
    'service { name = "a" port = "80" }': "service.port must be a whole number",
    'service { name = "a" port = true }': "service.port must be a whole number",
    'service { name = "a" tags = "x" }': "service.tags must be a list",
    'service { name = "a" tags = [1] }': "service.tags[0] must be a string",
    'service { name = "a" bogus = 1 }': "service.bogus is not a setting of Consul",
    'service { name = "a" enable_tag_override = 1 }': "service.enable_tag_override must be true or false",
    'service "web" { port = 1 }': "service.web is not a setting of Consul",
    'check { name = "a" ttl = 10 }': 'check.ttl must be a duration in quotes, such as "10s"',
    'check { name = "a" ttl = "soon" }': 'check.ttl must be a duration in quotes, such as "10s"',
    'check { name = "a" ttl = "0s" }': "TTL must be > 0 for TTL checks",
    'service { name = "a" check { notes = "n" } }': "TTL must be > 0 for TTL checks",
    'service { name = "a" check {} }': "TTL must be > 0 for TTL checks",
    "services {}": "Missing service name",
    'check { name = "a" ttl = "1h" output_max_size = -1 }': "MaxOutputMaxSize must be positive",
    'check { name = "a" ttl = "1h" check_id = "x" }': "check.check_id is not a setting of Consul",
    '{"services": {}}': "services must be a list",
    '{"checks": {"name": "a", "ttl": "1h"}}': "checks must be a list",
    '{"service": {"name": "a", "checks": {"ttl": "1h"}}}': "service.checks must be a list",
    '{"service": {"name": "a"}, "Service": {"name": "b"}}': "service is given twice",
    '{"service": {"name": "a", "EnableTagOverride": true}}': "service.EnableTagOverride is not a setting of Consul",
}

_BINARIES = pytest.mark.parametrize(
    "binary", [*find_binaries()] or [None], ids=lambda binary: "no Consul" if binary is None else binary.version
)


@pytest.mark.real
@_BINARIES
@pytest.mark.parametrize("name", [*_ACCEPTED, *_ACCEPTED_LATER])
def test_a_file_as_people_write_it(binary: Binary | None, tmp_path: Path, name: str) -> None:
    binary = require_binary(binary)
    if name in _ACCEPTED_LATER and binary.version == "1.8.7":
        pytest.skip("1.8.7 does not have it")
    file = tmp_path / name
    file.write_text((_ACCEPTED | _ACCEPTED_LATER)[name])
    with (
        start_agent(binary, acls=False, unix_socket=False, files=[file]) as real,
        start_dev(binary.version, "--config-file", str(file), unix_socket=False) as simulated,
    ):
        for path in _PATHS[:2]:
            assert _told(simulated, path) == _told(real, path), path


@pytest.mark.real
@_BINARIES
def test_files_with_which_no_agent_starts(binary: Binary | None, tmp_path: Path) -> None:
    binary = require_binary(binary)
    for text, says in _REFUSED.items():
        file = tmp_path / ("agent.json" if text.startswith("{") else "agent.hcl")
        file.write_text(text)
        with pytest.raises(RuntimeError), start_agent(binary, acls=False, unix_socket=False, files=[file]):
            pass
        with pytest.raises(RuntimeError, match=re.escape(says)), start_dev(binary.version, "--config-file", str(file)):
            pass


@pytest.mark.parametrize(
    "text", ['service { name = "a" ports { name = "http" port = 80 default = true } }', 'check { name = "a" udp = "x" }']
)
def test_a_file_for_a_later_consul_stops_an_earlier_one(tmp_path: Path, text: str) -> None:
    file = tmp_path / "agent.hcl"
    file.write_text(text)
    with pytest.raises(RuntimeError, match=r"is not a setting of Consul 1\.8\.7"), start_dev("1.8.7", "--config-file", str(file)):
        pass


def test_a_file_chooses_the_addresses_and_the_command_line_the_port(tmp_path: Path) -> None:
    """A file can turn TCP off by naming only UNIX sockets, as with Consul; the port of the command line wins over that of a file."""
    path, file = tmp_path / "own.sock", tmp_path / "agent.json"
    file.write_text(json.dumps({"ports": {"http": 1}, "addresses": {"http": f"127.0.0.1 unix://{path}"}}))
    with start_dev("1.22.5", "--config-file", str(file)) as agent:
        assert is_healthy(agent)
        assert path.is_socket()
    assert not path.exists()


def test_an_invalid_definition_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "agent.json"
    for given, says in (
        ({"service": {"name": "web", "check": {"ttl": "soon"}}}, 'service.check.ttl must be a duration in quotes, such as "10s"'),
        ({"service": {"name": "web", "check": {"interval": "10s"}}}, "the service 'web' cannot be registered"),
        ({"check": {"ttl": "10s"}}, "a check without a name cannot be registered"),
        ({"services": [7]}, "services[0] must be a block"),
    ):
        file.write_text(json.dumps(given))
        with pytest.raises(RuntimeError, match=re.escape(says)), start_dev("1.22.5", "--config-file", str(file)):
            pass


@pytest.mark.parametrize(("setting", "remote"), [("enable_script_checks", 200), ("enable_local_script_checks", 500), ("none", 500)])
def test_scripts_run_only_if_they_are_enabled(tmp_path: Path, setting: str, remote: int) -> None:
    """enable_local_script_checks enables only the scripts that the file defines."""
    file, ran = tmp_path / "agent.json", tmp_path / "ran"
    check = {"id": "s", "name": "s", "interval": "1s", "args": ["/bin/sh", "-c", f"echo x >{ran}; echo fine"]}
    file.write_text(json.dumps({setting: True, "checks": [check]} if setting != "none" else {}))
    with start_dev("1.22.5", "--config-file", str(file), script_checks=False) as agent:
        if setting != "none":
            body = b""
            while b"fine" not in body:
                _, body = request(agent, "GET", "/v1/agent/checks")
            assert ran.exists()
        another = json.dumps({"Name": "t", "Interval": "1s", "Args": ["true"]}).encode()
        assert request(agent, "PUT", "/v1/agent/check/register", another)[0] == remote


_LIMITS = """
session_ttl_min = "1s"
limits { kv_max_value_size = 10 txn_max_req_len = 300 }
config_entries {
  bootstrap { kind = "proxy-defaults" name = "global" config { protocol = "http" a_b = 1 } mesh_gateway { mode = "local" } }
  bootstrap { kind = "service-resolver" name = "web" subsets { v1 { filter = "Service.Meta.v == 1" } } }
}
"""

#: Requests that come upon the limits, or see the entries.
_WITH_LIMITS = (
    ("PUT", "/v1/session/create", b'{"TTL": "1s"}'),
    ("PUT", "/v1/session/create", b'{"TTL": "999ms"}'),
    ("PUT", "/v1/kv/a", b"0123456789"),
    ("PUT", "/v1/kv/a", b"01234567890"),
    ("PUT", "/v1/txn", b'[{"KV": {"Verb": "set", "Key": "a", "Value": "MDEyMzQ1Njc4OWFi"}}]'),
    ("PUT", "/v1/txn", b'[{"KV": {"Verb": "set", "Key": "%s", "Value": "MDEy"}}]' % (b"a" * 300)),
    ("GET", "/v1/config/proxy-defaults", b""),
    ("GET", "/v1/config/service-resolver", b""),
)


@pytest.mark.real
@pytest.mark.parametrize("binary", [*find_binaries()] or [None], ids=lambda binary: "no Consul" if binary is None else binary.version)
def test_limits_and_entries_of_a_file(binary: Binary | None, tmp_path: Path) -> None:
    binary = require_binary(binary)
    file = tmp_path / "agent.hcl"
    file.write_text(_LIMITS)
    answers = []
    with (
        start_agent(binary, acls=False, unix_socket=False, files=[file]) as real,
        start_dev(binary.version, "--config-file", str(file), unix_socket=False) as simulated,
    ):
        for agent in (real, simulated):
            said = [request(agent, *ask) for ask in _WITH_LIMITS]
            answers.append([(status, _neutral_text(body)) for status, body in said])
    assert answers[1] == answers[0]


def _neutral_text(body: bytes) -> Any:
    try:
        value = json.loads(body)
    except ValueError:
        return body
    entries = value if isinstance(value, list) else [value]
    return [
        {name: one for name, one in entry.items() if name not in ("ID", "Hash", *_DIFFERS)} for entry in entries if isinstance(entry, dict)
    ]


def test_a_file_that_turns_acls_on_gets_default_policy_allow(tmp_path: Path) -> None:
    """As with Consul, if the file names no default_policy. Only ACLs that --acl-token turns on deny by default."""
    file = tmp_path / "agent.json"
    file.write_text('{"acl": {"enabled": true}}')
    with start_dev("1.22.5", "--config-file", str(file)) as agent:
        assert request(agent, "PUT", "/v1/kv/a", b"v") == (200, b"true")
        assert request(agent, "GET", "/v1/acl/tokens")[0] == 403
        early = b"ACL system must be bootstrapped before making any requests that require authorization: ACL not found"
        assert request(agent, "GET", "/v1/kv/a", X_Consul_Token="none") == (403, early)
        request(agent, "PUT", "/v1/acl/bootstrap")
        assert request(agent, "GET", "/v1/kv/a", X_Consul_Token="none") == (403, b"ACL not found")


#: What sdk/testutil of the Go client writes, for Consul 1.22.5.
_OF_TESTUTIL: dict[str, Any] = {
    "node_name": "node-1b671a64-40d5-491e-99b0-da01ff1f3341",
    "node_id": "1b671a64-40d5-491e-99b0-da01ff1f3341",
    "performance": {"raft_multiplier": 1},
    "bootstrap": True,
    "server": True,
    "data_dir": "/nowhere/data",
    "segments": None,
    "disable_update_check": True,
    "log_level": "debug",
    "bind_addr": "127.0.0.1",
    "addresses": {},
    "ports": {"dns": 1, "http": 0, "https": 2, "serf_lan": 3, "serf_wan": 4, "server": 5, "grpc": 6, "grpc_tls": 7},
    "primary_datacenter": "dc1",
    "acl": {"enabled": True, "default_policy": "deny", "tokens": {"master": "root", "agent": "root"}},
    "connect": {"ca_config": {"cluster_id": "11111111-2222-3333-4444-555555555555"}, "enabled": True},
    "skip_leave_on_interrupt": True,
    "peering": {"enabled": True},
    "version": "1.22.5",
}


def test_it_starts_with_the_configuration_of_consuls_test_helpers(tmp_path: Path) -> None:
    """The agent starts, and has what these helpers wait for before each test."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps(_OF_TESTUTIL))
    configured = read_files([str(file)])
    assert "segments" not in configured.ignored, "it says nothing"
    assert {"performance", "ports.dns", "connect.ca_config", "version"} <= {*configured.ignored}
    with start_dev("1.22.5", "--config-file", str(file), named=False) as agent:
        _, said = request(agent, "GET", "/v1/agent/self", X_Consul_Token="root")
        node = json.loads(said)["Config"]
        assert (node["NodeName"], node["NodeID"]) == (_OF_TESTUTIL["node_name"], _OF_TESTUTIL["node_id"])
        assert request(agent, "GET", "/v1/status/leader")[1] == b'"127.0.0.1:8300"'
        assert request(agent, "GET", "/v1/agent/connect/ca/roots")[0] == 200
        assert request(agent, "GET", "/v1/kv/a")[0] == 403


def test_connect_can_be_off(tmp_path: Path) -> None:
    file = tmp_path / "agent.hcl"
    file.write_text("connect { enabled = false }")
    with start_dev("1.22.5", "--config-file", str(file)) as agent:
        for path in ("/v1/connect/ca/roots", "/v1/agent/connect/ca/roots"):
            assert request(agent, "GET", path) == (500, b"Connect must be enabled in order to use this endpoint")


def test_tokens_of_a_file(tmp_path: Path) -> None:
    """The management token allows everything; a request without a token uses the default one; services need no token."""
    file = tmp_path / "agent.hcl"
    file.write_text("""
        acl { enabled = true default_policy = "deny" tokens { initial_management = "root-secret" default = "root-secret" } }
        service { name = "web" port = 80 }
    """)
    with start_dev("1.22.5", "--config-file", str(file)) as agent:
        assert request(agent, "GET", "/v1/kv/a", X_Consul_Token="root-secret")[0] == 404
        assert request(agent, "GET", "/v1/kv/a")[0] == 404
        assert request(agent, "GET", "/v1/kv/a", X_Consul_Token="other")[0] == 403
        assert b'"web"' in request(agent, "GET", "/v1/catalog/services")[1]
