"""The examples of the document, run unchanged on every agent."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterator
from contextlib import closing
from itertools import takewhile
from typing import Any

import pytest

import consulate
from tests.agents import Agent
from tests.conformance.document import DOCUMENT

pytestmark = pytest.mark.real


def example(first: str, last: str, *corrections: tuple[str, str]) -> str:
    """Return the lines of the document from `first` to `last`, with the given corrections. Each correction must be needed."""
    text = DOCUMENT[DOCUMENT.index(first) :]
    text = text[: text.index(last) + len(last)] + "\n"
    for wrong, right in corrections:
        assert wrong in text
        text = text.replace(wrong, right)
    return text


def run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code, "consulate-api.txt", "exec"), names)
    return names


@pytest.fixture
def store(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> Iterator[consulate.Consul]:
    """A client on an empty store. Clients without arguments use the same agent."""
    assert agent.management_token is not None
    monkeypatch.setenv("CONSUL_HTTP_ADDR", f"{agent.host}:{agent.port}")
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", agent.management_token)
    with consulate.Consul() as client:
        client.kv.delete("", recurse=True)
        yield client
        client.kv.delete("", recurse=True)


def test_the_checks_of_the_agent(store: consulate.Consul) -> None:
    store.agent.check.register("the-documented-one", ttl="10s")
    names = run(example("import consulate\n\n# Create a new instance", "checks = session.agent.checks()"))
    assert "the-documented-one" in [check["Name"] for check in names["checks"]]
    store.agent.check.deregister("the-documented-one")
    names["session"].close()


def test_a_token(store: consulate.Consul, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", "an argument wins over the environment")
    token = ("5d24c96b4f6a4aefb99602ce9b60d16b", str(agent.management_token))
    names = run(example("import consulate\n\nsession = consulate.Consul(token=", "session.kv['release_flag'] = True", token))
    assert store.kv.items() == {"release_flag": True}
    names["session"].close()


def test_a_unix_socket(store: consulate.Consul, agent: Agent) -> None:
    store.agent.service.register("the-documented-one")
    path = ("/path/to/socket", agent.unix_path)
    code = example("consul = consulate.Consul('/path/to/socket'", "services = consul.agent.services()", path)
    names = run("import consulate\n" + code)
    assert "the-documented-one" in [service["Service"] for service in names["services"]]
    store.agent.service.deregister("the-documented-one")
    names["consul"].close()


def test_the_big_blob(store: consulate.Consul, capsys: pytest.CaptureFixture[str]) -> None:
    """With two corrections: a line of Python 2, and a wrong name. It prints every key, pair and value, and what it finds."""
    store.kv.put_many({"flavour": "vanilla", "foo": [1, "2"]})
    # The flag is deleted before the loops begin.
    corrections = (("print 'Already Set'", "print('Already Set')"), ("self.session.kv", "session.kv"))
    names = run(example("import consulate\n\nsession = consulate.Session()", "\nsession.kv.items()", *corrections))
    assert capsys.readouterr().out.splitlines() == [
        "2",
        'Key "flavour" set',
        'Key "foo" set',
        "flavour: vanilla",
        "foo: [1, '2']",
        "vanilla",
        "[1, '2']",
        'Key "flavour" found',
        "Already Set",
    ]
    assert names["should_release_feature"] is True
    names["session"].close()


def _below(prompt: str) -> str:
    """Return the output that the document shows below a prompt."""
    lines = DOCUMENT.partition(prompt)[2].splitlines()
    return "\n".join(takewhile(lambda line: not line.startswith(("Parameters:", "Return type:")), lines))


@pytest.mark.parametrize(
    ("call", "held"),
    [
        ("consul.kv.find('b')", {"baz": "qux", "bar": "baz", "foo": "bar"}),
        ("consul.kv.items()", {"foo": "bar", "bar": "baz", "quz": True, "corgie": "dog"}),
        ("consul.kv.keys()", {"foo": "bar", "bar": "baz", "quz": True}),
        ("consul.kv.records()", {"foo": "bar", "bar": "baz", "quz": True, "corgie": "dog"}),
        ("consul.kv.values()", {"foo": "bar", "bar": "baz", "quz": True}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_prompt_of_the_document(store: consulate.Consul, call: str, held: dict[str, Any]) -> None:
    """The call returns what the document shows. The document shows lists of values in no order."""
    for key, value in held.items():
        store.kv.set_record(key, 128 if key == "corgie" else 0, value)
    shown = literal_eval(_below(f">>> {call}\n"))
    found = eval(call, {"consul": store})
    assert type(found) is type(shown)
    if call == "consul.kv.values()":
        found, shown = sorted(found, key=repr), sorted(shown, key=repr)
    assert found == shown


def test_the_prompt_of_iteritems(store: consulate.Consul, capsys: pytest.CaptureFixture[str]) -> None:
    store.kv.put_many({"bar": "baz", "foo": "bar", "quz": True})
    code = example(">>> for key, value in consul.kv.iteritems():\n", "print(key, value)", (">>> ", ""), ("... ", ""))
    with closing(consulate.Consul()) as consul:
        exec(code, {"consul": consul})
    shown = _below("print(key, value)\n...\n").splitlines()
    assert capsys.readouterr().out.splitlines() == [" ".join(str(one) for one in literal_eval(line)) for line in shown]
