"""The documented API: every row of the table runs on every agent and every client, and the table is complete."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator

import pytest

import consulate
from tests.agents import Agent
from tests.conformance import rows_agent, rows_catalog, rows_kv, rows_session
from tests.conformance.document import DOCUMENT, DocumentedCallable, callables, contains_text
from tests.conformance.table import ROWS, Row
from tests.conformance.world import World
from tests.faces import ALL, Face

assert all((rows_agent, rows_catalog, rows_kv, rows_session))  # they fill the table

#: The parameters whose default is not the documented one, because it comes from the CONSUL_* variables.
_FROM_THE_ENVIRONMENT = {("Consul.__init__", "host"), ("Consul.__init__", "port"), ("Consul.__init__", "scheme")}

#: Documented exceptions that are not raised, with the reason.
_NEVER_RAISED = {
    ("ACL.info", "Forbidden"): "Consul lets whoever knows the ID of a legacy token, which is its secret, read it",
    ("KV.get", "KeyError"): "its parameter `default`, None where it is not given, is the answer for a missing key",
}

#: The groups of calls, and the classes of the document by their name there.
_GROUPS = ("ACL", "Agent", "Catalog", "Event", "Health", "KV", "Session", "Status")
_CLASSES = {
    "Consul": consulate.Consul,
    "Agent.Check": consulate.api.agent.Agent.Check,
    "Agent.Service": consulate.api.agent.Agent.Service,
    **{name: getattr(getattr(consulate.api, name.lower()), name) for name in _GROUPS},
}


@pytest.mark.parametrize("face", ALL, ids=str)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, face: Face, agent: Agent) -> None:
    World(face, agent).run(row.check)


def test_every_documented_callable_has_a_row() -> None:
    documented = {documented.id for documented in callables()}
    assert len(documented) == 69
    assert documented == {row.covers for row in ROWS if not row.covers.startswith("example")}


def test_every_example_has_a_row() -> None:
    """Each block of the document that begins with an import or a prompt has a row."""
    assert len(re.findall(r"^import consulate$", DOCUMENT, re.MULTILINE)) == 3
    assert {row.covers for row in ROWS if row.covers.startswith("example")} == {
        "example first",
        "example token",
        "example unix socket",
        "example blob",
        "example service and check dicts",
        "example Forbidden",
    }


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_row_quotes_the_document(row: Row) -> None:
    assert contains_text(row.quote)


def _nodes(documented: DocumentedCallable) -> Iterator[ast.AST]:
    """Yield the code of the rows that cover a callable."""
    for row in ROWS:
        if row.covers == documented.id:
            yield from ast.walk(ast.parse(textwrap.dedent(inspect.getsource(row.check))))


def _callee(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""


@pytest.mark.parametrize(
    "documented", [one for one in callables() if one.parameters and not one.name.startswith("__")], ids=lambda one: str(one.id)
)
def test_the_rows_give_every_documented_parameter(documented: DocumentedCallable) -> None:
    names = [name for name, _ in documented.parameters]
    given: set[str] = set()
    for node in _nodes(documented):
        if isinstance(node, ast.Call) and _callee(node) == documented.name:
            assert not any(isinstance(argument, ast.Starred) for argument in node.args)
            given.update(names[: len(node.args)])
            given.update(keyword.arg for keyword in node.keywords if keyword.arg)
    assert given >= set(names)


@pytest.mark.parametrize("documented", [one for one in callables() if one.raises], ids=lambda one: str(one.id))
def test_the_rows_provoke_every_documented_exception(documented: DocumentedCallable) -> None:
    provoked = {
        name.id if isinstance(name, ast.Name) else name.attr
        for node in _nodes(documented)
        if isinstance(node, ast.Call) and _callee(node) == "raises"
        for name in node.args
        if isinstance(name, ast.Name | ast.Attribute)
    }
    assert documented.raises - provoked == {name for owner, name in _NEVER_RAISED if owner == documented.id}


@pytest.mark.parametrize("documented", callables(), ids=lambda documented: str(documented.id))
def test_a_signature_is_the_documented_one(documented: DocumentedCallable) -> None:
    """The documented parameters come first, in order, with their defaults; newer parameters are optional."""
    owner = _CLASSES[documented.owner]
    call = owner if documented.name == "__init__" else getattr(owner, documented.name)
    ours = [parameter for name, parameter in inspect.signature(call).parameters.items() if name != "self"]
    for (name, default), parameter in zip(documented.parameters, ours, strict=False):
        assert parameter.name == name
        assert parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        if default is None:
            assert documented.name == "__init__" or parameter.default is parameter.empty
        elif (documented.id, name) in _FROM_THE_ENVIRONMENT:
            assert parameter.default is None
        else:
            assert repr(parameter.default) == default
    assert len(ours) >= len(documented.parameters)
    for parameter in ours[len(documented.parameters) :]:
        assert parameter.default is not parameter.empty or parameter.kind is parameter.VAR_KEYWORD
