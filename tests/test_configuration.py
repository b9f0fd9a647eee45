"""What a client reads from its arguments and from the environment, on both clients and on the documented classes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from consul_proto.message import Response
from consulate import AsyncConsul, Consul, api
from consulate.api import kv
from transports.memory import AsyncMemoryTransport, MemoryTransport

if TYPE_CHECKING:
    from consul_proto.config import Config
    from transports.protocol import AsyncTransport, Transport

#: What can be made, with the address as its first argument.
CLIENTS: list[Callable[..., Any]] = [Consul, AsyncConsul]
EVERYTHING: list[Callable[..., Any]] = [*CLIENTS, kv.KV, api.agent.Agent, api.txn.Txn]

on_both_clients = pytest.mark.parametrize("make", CLIENTS, ids=lambda make: str(make.__name__))
on_everything = pytest.mark.parametrize("make", EVERYTHING, ids=lambda make: str(make.__name__))


@pytest.fixture(autouse=True)
def no_consul_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables of the machine that the tests run on."""
    for name in [name for name in os.environ if name.startswith("CONSUL_")]:
        monkeypatch.delenv(name)


class Noted:
    """An adapter that notes where the client would connect."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def transport(self, config: Config) -> Transport:
        """Note the address, for a client for threads."""
        self.addresses.append(str(config.address))
        return MemoryTransport(lambda _request: Response(200))

    def async_transport(self, config: Config) -> AsyncTransport:
        """Note the address, for a client for tasks."""
        self.addresses.append(str(config.address))
        return AsyncMemoryTransport(lambda _request: Response(200))


@on_everything
def test_tls_over_a_unix_socket(make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSUL_HTTP_SSL", "true")
    noted = Noted()
    make("unix:///run/consul.sock", adapter=noted)
    assert noted.addresses == ["https+unix:///run/consul.sock"]


@on_both_clients
def test_tls_over_the_unix_socket_of_the_environment(make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONSUL_HTTP_ADDR", "unix:///run/consul.sock")
    monkeypatch.setenv("CONSUL_HTTP_SSL", "true")
    noted = Noted()
    make(adapter=noted)
    assert noted.addresses == ["https+unix:///run/consul.sock"]


@on_everything
@pytest.mark.parametrize("uri", ["http://h:8500/v1", "http://h:8500/v1/", "http://h:8500"])
def test_a_base_uri_means_the_same_everywhere(make: Callable[..., Any], uri: str) -> None:
    noted = Noted()
    make(uri, adapter=noted)
    assert noted.addresses == ["http://h:8500"]


class TestTokens:
    @pytest.fixture
    def empty(self, tmp_path: Path) -> Path:
        file = tmp_path / "empty"
        file.write_text(" \n")
        return file

    def _token(self, client: Any) -> str | None:
        token: str | None = client._context.settings.token
        return token

    @on_both_clients
    def test_an_empty_file_of_the_environment_hides_no_token(
        self, make: Callable[..., Any], empty: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CONSUL_HTTP_TOKEN_FILE", str(empty))
        assert self._token(make()) is None
        monkeypatch.setenv("CONSUL_HTTP_TOKEN", "of-the-environment")
        assert self._token(make()) == "of-the-environment"

    @on_both_clients
    def test_an_empty_file_that_is_given_hides_no_token(self, make: Callable[..., Any], empty: Path) -> None:
        assert self._token(make(token_file=empty)) is None
        assert self._token(make(token_file=empty, token="given")) == "given"

    @on_both_clients
    def test_a_file_that_is_not_there(self, make: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CONSUL_HTTP_TOKEN", "of-the-environment")
        monkeypatch.setenv("CONSUL_HTTP_TOKEN_FILE", str(tmp_path / "none"))
        with pytest.raises(ValueError, match="the token file cannot be read"):
            make()


@on_everything
def test_several_agents(make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    noted = Noted()
    made = make("http://c1:8500,http://c2:8500", adapter=noted)
    assert noted.addresses == ["http://c1:8500", "http://c2:8500"]
    if make in CLIENTS:
        assert repr(made) == f"<{make.__name__} http://c1:8500, http://c2:8500>"
        monkeypatch.setenv("CONSUL_HTTP_ADDR", "c3:8500,https://c4:8501")
        make(adapter=noted)
        assert noted.addresses[2:] == ["http://c3:8500", "https://c4:8501"]


@on_both_clients
def test_one_address_is_a_client_without_anything_else(make: Callable[..., Any]) -> None:
    for host in ("http://c1:8500", ["http://c1:8500"], ["c1", "http://c1:8500"]):
        assert isinstance(make(host, adapter=Noted())._transport, MemoryTransport | AsyncMemoryTransport)
