"""Tokens and passwords are sent to the agent, and never shown, even if the server echoes them."""

from __future__ import annotations

import json
import logging
import pickle
import traceback
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from consulate import Consul, Login, TokenFile
from consulate.exceptions import ConsulateException, RequestError
from tests.faces import Face, on_every_face, outcome
from tests.fakes.faults import HEALTHY
from tests.fakes.raw_server import Echo, ReadRequest, Send, answer
from tests.transports.conftest import Serve


def _all_text(error: BaseException) -> str:
    """Return all texts of an exception, also its traceback."""
    assert isinstance(error, ConsulateException)
    restored = pickle.loads(pickle.dumps(error))
    assert str(restored) == str(error)
    lines = traceback.format_exception(error)
    return "".join([str(error), repr(error), str(error.args), repr(error.body), repr(vars(error)), repr(restored.body), *lines])


@on_every_face
@pytest.mark.parametrize("status", [200, 400, 403, 404, 500])
def test_a_server_that_echoes_the_request(face: Face, status: int, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    token, password = str(uuid.uuid4()), uuid.uuid4().hex
    server = serve(face, [ReadRequest(), Echo(status), *HEALTHY])
    caplog.set_level(logging.DEBUG)

    async def scenario(client: Any) -> None:
        error = await outcome(client.agent.self())
        text = _all_text(error)
        for secret in (token, password):
            assert secret not in text
            assert secret not in caplog.text
            assert secret not in repr(client)
        assert await client.kv.get("k") == "v"
        assert {request.header("X-Consul-Token") for request in server.requests} == {token}
        assert all(token not in request.target for request in server.requests)
        assert (server.requests[0].header("Authorization") or "").startswith("Basic ")

    face.run(scenario, server.url, token=token, basic_auth=("operator", password), timeout=10)


@on_every_face
def test_a_server_that_echoes_the_token_instead_of_http(face: Face, serve: Serve) -> None:
    token = str(uuid.uuid4())
    server = serve(face, [ReadRequest(), Send(f"X-Consul-Token: {token}\r\n\r\n".encode())])

    async def scenario(client: Any) -> None:
        error = await outcome(client.kv.get("k"))
        assert isinstance(error, RequestError)
        assert token not in _all_text(error)

    face.run(scenario, server.url, token=token, timeout=2)


@on_every_face
def test_the_token_of_a_call_itself_is_sent_and_never_shown(face: Face, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    token, own = str(uuid.uuid4()), str(uuid.uuid4())
    nonsense = Send(f"X-Consul-Token: {own}\r\n\r\n".encode())
    server = serve(face, [ReadRequest(), Echo(200), ReadRequest(), Echo(403), ReadRequest(), Echo(500), ReadRequest(), nonsense])
    caplog.set_level(logging.DEBUG)

    async def scenario(client: Any) -> None:
        operation = replace(client.ops.agent.self(), token=own)
        for _ in range(4):
            error = await outcome(client.perform(operation))
            assert own not in _all_text(error) + caplog.text + repr(operation)
        sent = [request.header("X-Consul-Token") for request in server.requests]
        assert sent[:3] == [own] * 3
        assert set(sent) == {own}

    face.run(scenario, server.url, token=token, timeout=2)


@on_every_face
def test_no_error_shows_a_legacy_acl_id(face: Face, serve: Serve) -> None:
    secret = str(uuid.uuid4())
    server = serve(face, [ReadRequest(), Echo(500), ReadRequest(), Echo(301)])

    async def scenario(client: Any) -> None:
        for _ in range(2):
            error = await outcome(client.acl.info(secret))
            assert "/v1/acl/info/{acl_id}" in str(error)
            assert secret not in str(error) + repr(error)
        assert server.requests[0].target == f"/v1/acl/info/{secret}"
        assert secret not in repr(client.ops.acl.info(secret))

    face.run(scenario, server.url, timeout=2)


@on_every_face
def test_tokens_from_a_file_and_from_the_environment(face: Face, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = {name: str(uuid.uuid4()) for name in ("file", "variable", "argument", "file of the environment")}
    server = serve(face, HEALTHY)
    for name in ("file", "file of the environment"):
        (tmp_path / name).write_text(f"  {tokens[name]}\n")

    async def scenario(client: Any) -> None:
        await client.kv.get("k")

    monkeypatch.setenv("CONSUL_HTTP_TOKEN", tokens["variable"])
    face.run(scenario, server.url)
    monkeypatch.setenv("CONSUL_HTTP_TOKEN_FILE", str(tmp_path / "file of the environment"))
    face.run(scenario, server.url)
    face.run(scenario, server.url, token=tokens["argument"])
    face.run(scenario, server.url, token=tokens["argument"], token_file=tmp_path / "file")
    sent = [request.header("X-Consul-Token") for request in server.requests]
    assert sent == [tokens["variable"], tokens["file of the environment"], tokens["argument"], tokens["file"]]


@on_every_face
@pytest.mark.parametrize("status", [200, 400, 403, 404, 500])
def test_no_token_of_a_file_is_shown_also_no_old_one(
    face: Face, status: int, serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = [str(uuid.uuid4()) for _ in range(3)]
    told = Send(answer(status, " ".join(tokens).encode()))
    server = serve(face, [ReadRequest(), told, ReadRequest(), told, ReadRequest(), told, *HEALTHY])
    path = tmp_path / "token"
    path.write_text(tokens[0])
    identity = TokenFile(path)
    caplog.set_level(logging.DEBUG)

    async def scenario(client: Any) -> None:
        for number, token in enumerate(tokens):
            path.write_text(token + "\n" * number)
            text = _all_text(await outcome(client.agent.self())) + caplog.text + repr(client) + repr(identity)
            assert [one for one in tokens[: number + 1] if one in text] == []
        assert [request.header("X-Consul-Token") for request in server.requests] == tokens
        assert all(token not in request.target for request in server.requests for token in tokens)

    face.run(scenario, server.url, auth=identity, timeout=5)


@on_every_face
@pytest.mark.parametrize("status", [200, 400, 403, 500])
def test_no_bearer_token_is_shown_and_no_token_of_a_login(
    face: Face, status: int, serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bearer, token = f"h.{uuid.uuid4().hex}.s", str(uuid.uuid4())
    path = tmp_path / "jwt"
    path.write_text(bearer)
    logged_in = Send(answer(200, json.dumps({"SecretID": token}).encode(), [("Content-Type", "application/json")]))
    told = Send(answer(status, f"{bearer} {token}".encode()))
    broken = Send(answer(200, json.dumps({"SecretID": f"{token}\n"}).encode(), [("Content-Type", "application/json")]))
    steps = (told, broken, logged_in, told, told)
    server = serve(face, [step for answered in steps for step in (ReadRequest(), answered)])
    identity = Login("jwt", path)
    caplog.set_level(logging.DEBUG)

    async def scenario(client: Any) -> None:
        for number in range(3):
            text = _all_text(await outcome(client.agent.self()))
            assert bearer not in text
            assert number == 0 or token not in text
        assert [request.header("X-Consul-Token") for request in server.requests] == [None, None, None, token]

    face.run(scenario, server.url, auth=identity, timeout=5)
    assert server.requests[-1].target == "/v1/acl/logout"
    for secret in (bearer, token):
        assert secret not in caplog.text + repr(identity)
        assert all(secret not in request.target for request in server.requests)


def test_the_password_of_the_environment(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.faces import URLLIB3

    server = serve(URLLIB3, HEALTHY)
    monkeypatch.setenv("CONSUL_HTTP_AUTH", "operator:pass:word")
    with Consul(server.url) as client:
        client.kv.get("k")
    assert server.requests[0].header("Authorization") == "Basic b3BlcmF0b3I6cGFzczp3b3Jk"
