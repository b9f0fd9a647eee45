"""`consulate register`, `deregister` and `services`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from consulate import Consul
from tests.cli.program import Shell


@pytest.fixture(autouse=True)
def no_services(consul: Consul) -> Iterator[None]:
    """Remove what a test has registered."""
    yield
    for service in consul.agent.services():
        consul.agent.service.deregister(service["ID"])


def _services(consul: Consul) -> dict[str, Any]:
    return {service["ID"]: service for service in consul.agent.services()}


def test_a_service_is_registered_and_removed(shell: Shell, consul: Consul) -> None:
    registered = shell.run("register", "web", "-a", "10.0.0.5", "-p", "8080", "-s", "web-1", "-t", "v1,blue", "no-check")
    assert registered.out == b""
    service = _services(consul)["web-1"]
    names = ("Service", "Address", "Port", "Tags")
    assert [service[name] for name in names] == ["web", "10.0.0.5", 8080, ["v1", "blue"]]
    assert consul.agent.checks() == []
    assert shell.run("deregister", "web-1", "--dry-run").out == b"would remove web with the ID web-1\n"
    assert "web-1" in _services(consul)
    assert shell.run("deregister", "web-1").out == b""
    assert _services(consul) == {}


@pytest.mark.parametrize(
    ("words", "definition"),
    [
        (["httpcheck", "10s", "http://127.0.0.1:1/"], {"Type": "http", "Interval": "10s"}),
        (["check", "1h", "/bin/true"], {"Type": "script", "Interval": "1h0m0s"}),
        (["check", "30", "/bin/true"], {"Type": "script", "Interval": "30s"}),
        (["ttl", "90s"], {"Type": "ttl"}),
    ],
)
def test_a_service_gets_its_check(shell: Shell, consul: Consul, words: list[str], definition: dict[str, str]) -> None:
    assert shell.run("register", "web", *words, "--dry-run").out == b"would register web with the ID web\n"
    assert _services(consul) == {}
    shell.run("register", "web", *words)
    (check,) = consul.agent.checks()
    found: dict[str, Any] = dict(check)
    assert (found["CheckID"], found["ServiceName"], found["Type"]) == ("service:web", "web", definition["Type"])
    if not shell.agent.version.startswith("1.8."):  # which does not say it
        assert found["Interval"] == definition.get("Interval", "")


def test_a_wrong_definition_is_not_sent(shell: Shell, consul: Consul) -> None:
    for words in (["check", "10s"], ["no-check", "x"], ["ttl"], ["ttl", "1d"], ["httpcheck", "soon", "http://x"], ["whatever"], []):
        assert shell.run("register", "web", *words, code=2).err
    assert _services(consul) == {}


def test_services_are_listed(shell: Shell, consul: Consul) -> None:
    assert shell.run("services").out == b"[]\n"
    consul.agent.service.register("web", "web-1", "10.0.0.5", 8080, ["blue", "v1"])
    (service,) = json.loads(shell.run("services").out)
    assert service == {**consul.agent.services()[0]}
    assert len(shell.run("services").lines) == 1
    assert '\n   "ID"' not in shell.run("services", "-i", "1").text
    assert '\n  "ID": "web-1"' in shell.run("services", "--indent", "1").text
    shown = shell.type("services").text
    assert "Address" in shown
    assert "{" not in shown
    assert shown.split()[-6:] == ["web-1", "web", "10.0.0.5", "8080", "blue,", "v1"]
    assert json.loads(shell.type("services", "--json").out) == [service]


def test_an_unknown_service_is_exit_code_1(shell: Shell) -> None:
    assert "none" in shell.run("deregister", "none", code=1).err
    assert "none" in shell.run("deregister", "none", "--dry-run", code=1).err
