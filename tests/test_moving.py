"""The pages for those who move from an older client name each of its calls, and the call beside it runs."""

from __future__ import annotations

import ast
import json
import re
from base64 import b64encode
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from consulate import Consul, adapters
from consulate.api.txn import kv_set
from consulate.exceptions import ConsulateException
from consulate.testing import ConsulAgent
from tests.agents import Binary, find_binaries, start_agent
from tests.conformance.endpoints.acl_objects import ISSUER

_ROOT = Path(__file__).parent.parent
_DOCS = _ROOT / "docs"

#: Client -> the names of its public calls, as `dir` shows them (of the older consulate: as its API reference names them).
_CALLS: dict[str, list[str]] = json.loads((_ROOT / "tests" / "spec" / "older-clients.json").read_text())

_PAGES = {"moving-from-consulate.md": ["consulate"], "moving-from-python-consul.md": ["python-consul", "py-consul"]}

#: What an agent in memory refuses: calls that it does not simulate, and calls that need several servers, or encrypted gossip.
_REFUSED = {
    'consul.agent.connect.ca_leaf("web")': "501 the simulator does not know",
    'consul.discovery_chain.read("web")': "501 the simulator does not know",
    "consul.connect.ca.config_get()": "501 the simulator does not know",
    'consul.connect.ca.config_set("consul", {})': "501 the simulator does not know",
    'consul.operator.raft.remove_peer(address="10.0.0.9:8300")': "was not found in the Raft configuration",
    "consul.operator.raft.transfer_leader()": "cannot find peer",
    "consul.operator.keyring.list()": "Keyring is empty",
    "consul.operator.keyring.install(key)": "No keyring to modify",
    "consul.operator.keyring.use(key)": "No keyring to modify",
    "consul.operator.keyring.remove(key)": "No keyring to modify",
    "consul.acl.bootstrap()": "ACL bootstrap no longer allowed",
    'consul.acl.login("jwt", bearer_token)': "error parsing token",
    "consul.using(token=secret).acl.logout()": "token wasn't created via login",
}

#: Refusals that one real agent would give too.
_NOT_ALONE = {"was not found in the Raft configuration", "cannot find peer", "ACL bootstrap no longer allowed"}

_TOKEN = "11111111-2222-3333-4444-555555555555"
_CONFIG: Any = {"JWTValidationPubKeys": ["-----BEGIN PUBLIC KEY-----"]}
_KEY = b64encode(bytes(range(32))).decode()
_RULES = 'key "" { policy = "read" }'


class Row(NamedTuple):
    """A row of a table: the older calls, ours, and whether the older ones are marked as those of py-consul only."""

    page: str
    theirs: list[str]
    ours: list[str]
    is_marked: bool


def _rows(page: str) -> list[Row]:
    found = []
    for line in (_DOCS / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            theirs, ours, _ = (re.findall(r"`([^`]+)`", cell) for cell in cells)
            found.append(Row(page, theirs, ours, cells[0].endswith("*")))
    return found


_ROWS = [row for page in _PAGES for row in _rows(page)]

#: A kind of syntax on `c.kv` -> the method that it calls.
_OPERATORS = {ast.Assign: "__setitem__", ast.Delete: "__delitem__"}


def _name(code: str) -> str:
    """Return the name of the call in a line of code: "kv.get", or "kv.__len__" for an operator."""
    statement = ast.parse(code).body[0]
    for kind, method in _OPERATORS.items():
        if isinstance(statement, kind):
            return f"kv.{method}"
    assert isinstance(statement, ast.Expr)
    match statement.value:
        case ast.Subscript():
            return "kv.__getitem__"
        case ast.Compare():
            return "kv.__contains__"
        case ast.Call(func=ast.Name(id=function)):
            return {"len": "kv.__len__", "list": "kv.__iter__"}[function]
        case ast.Call(func=function):
            return ast.unparse(function).removeprefix("c.")
    raise AssertionError(code)


@pytest.mark.parametrize("page", _PAGES)
def test_a_page_names_each_call_of_the_older_clients(page: str) -> None:
    named = {_name(code) for row in _rows(page) for code in row.theirs}
    assert sorted(named) == sorted({call for client in _PAGES[page] for call in _CALLS[client]})


def test_the_names_of_consulate_are_those_of_its_reference() -> None:
    reference = (_ROOT / "tests" / "spec" / "consulate-api.txt").read_text()
    for call in _CALLS["consulate"]:
        assert re.search(rf"^(Agent\.)?{call.rpartition('.')[2]}\(", reference, re.MULTILINE), call


def test_calls_of_py_consul_only_are_marked() -> None:
    for row in _rows("moving-from-python-consul.md"):
        for code in row.theirs:
            if _name(code) in ("connect", "http_connect"):  # one row, for the name in each of the two
                continue
            assert row.is_marked == (_name(code) not in _CALLS["python-consul"]), code


@pytest.fixture
def names(tmp_path: Path) -> dict[str, Any]:
    """Return what the tables use: a client of an agent in memory, the ids of some objects on it, and so on."""
    consul = ConsulAgent(acl_token=_TOKEN, script_checks=True).client(token=_TOKEN)
    consul.kv.put_many({"app/a": "1", "app/b": "2"})
    consul.agent.service.register("web", port=80)
    consul.agent.check.register("ttl", ttl="10s")
    consul.catalog.register("n1", "10.0.0.1")
    consul.config.apply({"Kind": "service-defaults", "Name": "api", "Protocol": "http"})
    consul.connect.intentions.upsert("web", "db", action="allow")
    consul.acl.auth_method.create("jwt", "jwt", _CONFIG)
    rule = consul.acl.binding_rule.create("jwt", "service", "web")["ID"]
    file = tmp_path / "consul.snap"
    consul.snapshot.save(file)
    node = consul.agent.self()["Config"]["NodeName"]
    return {
        "Consul": Consul,
        "adapters": adapters,
        "kv_set": kv_set,
        "consul": consul,
        "session": consul.session.create(ttl=20),
        "node": node,
        "policy": consul.acl.policy.create("readers", rules=_RULES)["ID"],
        "role": consul.acl.role.create("r1")["ID"],
        "token": consul.acl.token.create()["AccessorID"],
        "legacy": consul.acl.create("legacy", rules=_RULES),
        "rule": rule,
        "query": consul.query.create({"Service": "web"}, name="find-web"),
        "bearer_token": "a.b.c",
        "secret": consul.acl.token.create()["SecretID"],
        "config": _CONFIG,
        "rules": _RULES,
        "uri": "spiffe://11111111-2222-3333-4444-555555555555.consul/ns/default/dc/dc1/svc/web",
        "coord": consul.coordinate.node(node)[0]["Coord"],
        "file": file,
        "key": _KEY,
    }


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: f"{row.page}: {row.ours[0]}"[12:])
def test_the_call_beside_it_runs(row: Row, names: dict[str, Any]) -> None:
    (ours,) = row.ours
    code = compile(ours, row.page, "exec")
    if ours in _REFUSED:
        with pytest.raises(ConsulateException, match=_REFUSED[ours]):
            exec(code, names)
    else:
        exec(code, names)


@pytest.mark.parametrize(
    "ours", [code for page in _PAGES for text in [(_DOCS / page).read_text()] for code in re.findall(r"`(consul\.[^`]*\))`", text)]
)
def test_each_call_that_a_page_mentions_exists(ours: str) -> None:
    for node in ast.walk(ast.parse(ours)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("consul.") and "(" not in ast.unparse(node.func):
            found: Any = ConsulAgent().client()
            for name in ast.unparse(node.func).split(".")[1:]:
                found = getattr(found, name)
            assert callable(found)


@pytest.mark.real
@pytest.mark.parametrize("binary", [one for one in find_binaries() if not one.version.startswith("1.8.")], ids=lambda one: str(one.version))
def test_what_the_agent_in_memory_refuses_runs_on_a_real_agent(binary: Binary) -> None:
    """Except what needs a second server (tests/conformance/test_two_agents.py has it), and the bootstrap of a new cluster."""
    settings = {"encrypt": _KEY, "connect": {"enabled": True}}
    with start_agent(binary, acls=True, settings=settings) as agent, Consul(agent.host, agent.port, token=agent.management_token) as consul:
        config: Any = ISSUER.config
        consul.acl.auth_method.create("jwt", "jwt", config)
        consul.acl.binding_rule.create("jwt", "service", "web")
        secret = consul.acl.login("jwt", ISSUER.sign("web"))["SecretID"]
        known = {"consul": consul, "secret": secret, "bearer_token": ISSUER.sign("web"), "key": _KEY}
        for ours, refusal in _REFUSED.items():
            if refusal in _NOT_ALONE:
                continue
            if "keyring.remove" in ours:
                with pytest.raises(ConsulateException, match="Removing the primary key is not allowed"):
                    exec(ours, known)
            else:
                exec(ours, known)
