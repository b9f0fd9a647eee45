"""What a client does whose token comes from a file or from a login, for threads and for tasks."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from consul_proto.identity.tokens import Use
from consul_proto.message import Request, Response
from consulate import AsyncConsul, Consul, Login, TokenFile
from consulate.exceptions import ConsulateException, Forbidden, RequestTimeout
from consulate.testing import Interleaving, Programs, sleep
from tests.faces import AwaitableClient, Face, on_every_face, on_every_tcp_face, outcome, run_sync
from tests.fakes.faults import GOOD
from tests.fakes.logins import MANAGES, METHOD, SENT, Logins, Sent
from tests.fakes.raw_server import ClosedPort, ReadRequest, Repeat, Send, answer
from tests.transports.conftest import Serve
from transports.identity import tokens_of
from transports.memory import MemoryTransport

_KINDS = ["threads", "asyncio", "trio"]


def _run(agent: Logins, kind: str, scenario: Callable[[Any], Any], **options: Any) -> None:
    """Run a scenario on a client of an agent, and close the client."""
    if kind == "threads":
        with closing(agent.client(**options)) as client:
            run_sync(scenario(AwaitableClient(client)))
        return

    async def main() -> None:
        async with agent.async_client(**options) as client:
            await scenario(client)

    anyio.run(main, backend=kind)


@pytest.fixture
def bearer(tmp_path: Path) -> Path:
    path = tmp_path / "jwt"
    path.write_text(" header.payload.signature-of-the-bearer\n")
    return path


@pytest.mark.parametrize("kind", _KINDS)
class TestALogin:
    def test_the_first_call_logs_in_and_closing_logs_out(self, kind: str, bearer: Path) -> None:
        agent = Logins()

        async def scenario(client: Any) -> None:
            assert agent.logins == 0
            for _ in range(3):
                await client.kv.put("k", "v")
            assert agent.logins == 1

        _run(agent, kind, scenario, auth=Login(METHOD, bearer))
        assert (agent.logins, agent.logouts, agent.tokens) == (1, 1, {})

    def test_a_token_that_a_follower_does_not_know_yet_is_waited_for(self, kind: str, bearer: Path) -> None:
        agent = Logins(lag=1.0)

        async def scenario(client: Any) -> None:
            await client.kv.put("k", "v")
            assert agent.logins == 1
            assert 1.0 <= agent.now < 1.5

        _run(agent, kind, scenario, auth=Login(METHOD, bearer))

    def test_a_token_that_no_server_ever_knows_is_an_error_within_the_time_limit(self, kind: str, bearer: Path) -> None:
        agent = Logins(lag=1e9)

        async def scenario(client: Any) -> None:
            error = await outcome(client.kv.put("k", "v"))
            assert type(error) is Forbidden
            assert agent.now <= 2.0
            assert agent.logins == 1

        _run(agent, kind, scenario, auth=Login(METHOD, bearer), timeout=2.0)

    def test_it_logs_in_again_before_the_token_expires(self, kind: str, bearer: Path) -> None:
        agent = Logins(lifetime=60.0)

        async def scenario(client: Any) -> None:
            sent = Sent()
            SENT.set(sent)
            await client.kv.put("k", "v")
            agent.advance(47.0)
            await client.kv.put("k", "v")
            assert agent.logins == 1
            agent.advance(2.0)
            await client.kv.put("k", "v")
            assert agent.logins == 2
            assert sent.refused == []
            agent.advance(600.0)
            await client.kv.put("k", "v")
            assert agent.logins == 3
            assert sent.refused == []

        _run(agent, kind, scenario, auth=Login(METHOD, bearer))

    def test_a_renewal_that_fails_leaves_the_old_token(self, kind: str, bearer: Path, caplog: pytest.LogCaptureFixture) -> None:
        agent = Logins(lifetime=100.0)

        async def scenario(client: Any) -> None:
            await client.kv.put("k", "v")
            agent.advance(81.0)
            bearer.write_text("another")  # noqa: ASYNC240 - it is small
            await client.kv.put("k", "v")
            await client.kv.put("k", "v")
            assert (agent.attempts, agent.logins) == (2, 1)
            assert "a new login failed, the old token is used until it expires: POST /v1/acl/login" in caplog.text
            agent.advance(20.0)
            assert type(await outcome(client.kv.put("k", "v"))) is Forbidden

        _run(agent, kind, scenario, auth=Login(METHOD, bearer))

    def test_a_failed_login_says_who_where_and_why_and_no_secret(self, kind: str, bearer: Path) -> None:
        agent = Logins()
        agent.bearer = "another"

        async def scenario(client: Any) -> None:
            error = await outcome(client.kv.put("k", "v"))
            assert type(error) is Forbidden
            assert error.maybe_applied is False
            for part in ("POST /v1/acl/login on http://localhost:8500: 403 Permission denied", f"auth method '{METHOD}' failed"):
                assert part in str(error)
            assert "signature-of-the-bearer" not in str(error) + repr(vars(error))
            bearer.unlink()  # noqa: ASYNC240 - as above
            error = await outcome(client.kv.put("k", "v"))
            assert type(error) is ConsulateException
            assert f"the bearer token file {bearer} cannot be read" in str(error)
            bearer.write_text(" \n")  # noqa: ASYNC240 - as above
            assert "is empty" in str(await outcome(client.kv.put("k", "v")))

        _run(agent, kind, scenario, auth=Login(METHOD, bearer))
        assert agent.logouts == 0

    def test_an_unknown_auth_method_is_no_missing_key(self, kind: str, bearer: Path) -> None:
        async def scenario(client: Any) -> None:
            error = await outcome(client.kv.get("k"))
            assert type(error) is Forbidden
            assert 'auth method "nothing" not found' in str(error)

        _run(Logins(), kind, scenario, auth=Login("nothing", bearer))

    def test_a_missing_acl_object_is_no_reason_to_log_in_again(self, kind: str, bearer: Path) -> None:
        agent = Logins()

        async def scenario(client: Any) -> None:
            await client.kv.put("k", "v")
            agent.advance(60.0)
            for _ in range(3):
                assert isinstance(await outcome(client.acl.token.read("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee")), ConsulateException)
            assert agent.logins == 1

        _run(agent, kind, scenario, auth=Login(METHOD, bearer))

    def test_streams_and_recipes_use_it(self, kind: str, bearer: Path) -> None:
        agent = Logins(lifetime=60.0)

        async def scenario(client: Any) -> None:
            async with client.lock("jobs/.lock") as held:
                assert not held.lost.is_set()
                if kind != "threads":
                    async with client.kv.stream_records("jobs") as records:
                        assert [record["Key"] async for record in records] == ["jobs/.lock"]
            assert agent.logins == 1

        _run(agent, kind, scenario, auth=Login(METHOD, bearer))
        assert agent.logouts == 1

    def test_a_view_with_a_token_of_its_own_has_no_identity(self, kind: str, bearer: Path) -> None:
        agent = Logins()

        async def scenario(client: Any) -> None:
            sent = Sent()
            SENT.set(sent)
            await client.using(token=MANAGES).kv.put("k", "v")
            await outcome(client.using(token=None).kv.put("k", "v"))
            await client.using(token=MANAGES).using(timeout=5).kv.put("k", "v")
            await client.perform(replace(client.ops.kv.put("k", "v"), token=MANAGES))
            assert agent.logins == 0
            await client.using(timeout=5).kv.put("k", "v")
            assert agent.logins == 1
            assert sent.tokens == [MANAGES, None, MANAGES, MANAGES, *agent.tokens]

        _run(agent, kind, scenario, auth=Login(METHOD, bearer))


def test_clients_share_a_login_and_the_last_one_logs_out(bearer: Path) -> None:
    agent = Logins()
    login = Login(METHOD, bearer)
    first, second = agent.client(auth=login), agent.client(auth=login)
    first.kv.put("k", "v")
    second.kv.put("k", "v")
    first.close()
    first.close()
    assert agent.logouts == 0
    second.kv.put("k", "v")
    second.close()
    assert (agent.logins, agent.logouts) == (1, 1)


def test_a_task_that_waits_for_the_login_of_another_keeps_its_own_time_limit(bearer: Path) -> None:
    """The login of a thread hangs; a task of another client gives up after its own time, and its event loop goes on."""
    agent = Logins(real=True)
    asked, goes_on = threading.Event(), threading.Event()
    login = Login(METHOD, bearer)

    def hang(request: Request) -> Response:
        asked.set()
        goes_on.wait(10)
        return Response(500, body=b"too late")

    async def main() -> None:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await anyio.sleep(0.01)
                ticks += 1

        async with agent.async_client(auth=login, timeout=0.3) as client, anyio.create_task_group() as group:
            group.start_soon(tick)
            error = await outcome(client.kv.put("k", "v"))
            assert type(error) is RequestTimeout
            assert error.maybe_applied is False
            with anyio.move_on_after(0.1) as limit:
                await client.kv.put("k", "v")
            assert limit.cancelled_caught
            assert ticks > 3
            group.cancel_scope.cancel()

    with closing(Consul(transport=MemoryTransport(hang), auth=login)) as client:
        errors: list[Any] = []

        def first() -> None:
            try:
                client.kv.put("k", "v")
            except ConsulateException as error:
                errors.append(error)

        thread = threading.Thread(target=first)
        thread.start()
        asked.wait(10)
        anyio.run(main)
        goes_on.set()
        thread.join(10)
    assert f"auth method '{METHOD}' failed" in str(errors[0])


class TestATokenFile:
    @pytest.mark.parametrize("kind", _KINDS)
    def test_it_is_read_again_when_it_changed_and_when_it_was_refused(self, kind: str, tmp_path: Path) -> None:
        agent, path = Logins(), tmp_path / "token"
        tokens = [agent.agent.make_token()["SecretID"] for _ in range(3)]
        path.write_text(tokens[0])
        identity = TokenFile(path)

        async def scenario(client: Any) -> None:
            sent = Sent()
            SENT.set(sent)
            await client.kv.put("k", "v")
            path.write_text(f"  {tokens[1]}\n")
            await client.kv.put("k", "v")
            before = path.stat()
            path.write_text(f"  {tokens[2]}\n")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # it seems to be unchanged
            await client.kv.put("k", "v")
            for token in await client.using(token=MANAGES).acl.token.list():
                if token["SecretID"] == tokens[1]:
                    await client.using(token=MANAGES).acl.token.delete(token["AccessorID"])
            sent.tokens.clear()
            agent.advance(10.0)
            await client.kv.put("k", "v")
            assert sent.tokens == tokens[1:]
            assert sent.refused == tokens[1:2]
            assert tokens_of(identity).secrets == tuple(tokens)

        _run(agent, kind, scenario, auth=identity)

    @pytest.mark.parametrize("kind", _KINDS)
    def test_a_refused_token_is_an_error_while_the_file_has_no_other(self, kind: str, tmp_path: Path) -> None:
        agent, path = Logins(), tmp_path / "token"
        path.write_text("aaaaaaaa-0000-0000-0000-000000000000")

        async def scenario(client: Any) -> None:
            sent = Sent()
            SENT.set(sent)
            assert type(await outcome(client.kv.put("k", "v"))) is Forbidden
            assert len(sent.tokens) == 1
            path.write_text(MANAGES)
            await client.kv.put("k", "v")

        _run(agent, kind, scenario, auth=TokenFile(path))

    def test_a_file_that_is_broken_or_empty_while_it_is_replaced(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        agent, path = Logins(), tmp_path / "token"
        path.write_text(MANAGES)
        with agent.client(auth=TokenFile(path)) as client:
            for broken in ("", "two\nlines", None):
                caplog.clear()
                path.unlink() if broken is None else path.write_text(broken)
                for _ in range(3):
                    client.kv.put("k", "v")
                assert [record.levelno for record in caplog.records] == [logging.WARNING]
                assert "the last token is used" in caplog.text
                assert "two" not in caplog.text
            path.write_text(agent.agent.make_token()["SecretID"])
            client.kv.put("k", "v")

    def test_it_must_be_readable_at_first(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="the token file cannot be read: .*No such file"):
            TokenFile(tmp_path / "none")
        (tmp_path / "none").write_bytes(b"\xff")
        with pytest.raises(ValueError, match="is not text in UTF-8"):
            TokenFile(tmp_path / "none")

    def test_it_is_what_token_file_and_the_variable_name(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "token"

        def sent(request: Request) -> Response:
            tokens.append(request.headers.get("x-consul-token"))
            return Response(200, body=b"true")

        tokens: list[str | None] = []
        given: list[dict[str, Any]] = [{"token_file": path}, {}]
        for options in given:
            path.write_text("first")
            if not options:
                monkeypatch.setenv("CONSUL_HTTP_TOKEN_FILE", str(path))
            with Consul(transport=MemoryTransport(sent), **options) as client:
                client.kv.put("k", "v")
                path.write_text("second")
                client.kv.put("k", "v")
        assert tokens == ["first", "second", "first", "second"]

    def test_a_child_process_has_a_lock_of_its_own(self, tmp_path: Path) -> None:
        (tmp_path / "token").write_text("t")
        identity = tokens_of(TokenFile(tmp_path / "token"))
        with identity._lock:
            child = os.fork()
            if child == 0:
                os._exit(0 if identity.next(0.0) == Use("t") else 1)
        assert os.waitpid(child, 0)[1] == 0


@on_every_face
def test_over_http_a_refused_call_is_sent_again_with_the_new_token(face: Face, serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old")
    server = serve(face, [ReadRequest(), Send(answer(403, b"ACL not found")), Repeat((ReadRequest(), Send(GOOD)))])
    identity = TokenFile(path)

    async def scenario(client: Any) -> None:
        before = path.stat()
        path.write_text("new")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert await client.kv.get("k") == "v"
        assert await client.kv.get("k") == "v"

    face.run(scenario, server.url, auth=identity, timeout=5)
    assert [request.header("X-Consul-Token") for request in server.requests] == ["old", "new", "new"]


@on_every_tcp_face
def test_with_several_agents_the_login_goes_to_one_that_works(face: Face, serve: Serve, bearer: Path) -> None:
    logged_in = Send(answer(200, b'{"SecretID": "made"}', [("Content-Type", "application/json")]))
    server = serve(face, [ReadRequest(), logged_in, Repeat((ReadRequest(), Send(GOOD)))])

    async def scenario(client: Any) -> None:
        assert await client.kv.get("k") == "v"

    with ClosedPort() as closed:
        face.run(scenario, [f"http://127.0.0.1:{closed.port}", server.url], auth=Login("jwt", bearer), timeout=5)
    sent = [(request.target.partition("?")[0], request.header("X-Consul-Token")) for request in server.requests]
    assert sent == [("/v1/acl/login", None), ("/v1/kv/k", "made"), ("/v1/acl/logout", "made")]


def test_auth_and_token_are_not_given_together(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    given: list[dict[str, Any]] = [{"token": "t"}, {"token_file": tmp_path / "token"}]
    for other in given:
        with pytest.raises(ValueError, match="auth= says who the client is; leave out token= and token_file="):
            Consul(auth=TokenFile(tmp_path / "token"), **other)


def _program(consul: Consul, login: Login) -> None:
    with Consul(transport=consul._transport, auth=login) as client:
        client.kv.put("k", "v")
        sleep(consul, 20)
        client.kv.put("k", "v")


async def _task_program(consul: AsyncConsul, login: Login) -> None:
    async with AsyncConsul(transport=consul._transport, auth=login) as client:
        await client.kv.put("k", "v")
        await sleep(consul, 20)
        await client.kv.put("k", "v")


@pytest.mark.parametrize("order", [[0] * 20, [0, 1, 2] * 20, [2, 2, 1, 0, 1, 1, 2]])
def test_programs_that_a_test_controls_share_a_login(order: list[int], bearer: Path) -> None:
    agent, login = Logins(lifetime=15.0), Login(METHOD, bearer)
    programs: list[Any] = [partial(_program, login=login), partial(_task_program, login=login), partial(_program, login=login)]
    ends = Programs(agent, *programs).run(Interleaving(*order))
    assert [end.error for end in ends] == [None] * 3
    assert agent.logins == agent.attempts
    assert agent.tokens == {}
