"""The checks of a simulated agent have the same results and texts as in real agents (observed with 1.8.7 and 1.22.5)."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import pytest

from consul_proto.simulator import Simulator
from consul_proto.simulator.agent.probes import Probe
from tests.fakes.certificates import make
from transports.hosting.clock import Host
from transports.hosting.probe_http import probe_http
from transports.hosting.probe_script import run_script
from transports.hosting.probe_socket import CheckResult, probe_tcp, probe_udp
from transports.hosting.probes import run_probes

_ENOUGH = 10.0


class _Handler(BaseHTTPRequestHandler):
    """Answers with the status in the path. The body describes the request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        status = int(self.path.split("/")[1].partition("?")[0])
        if "slow" in self.path:
            time.sleep(1)
        read = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        given = sorted((name.lower(), value) for name, value in self.headers.items())
        shown = " ".join(f"{name}={value}" for name, value in given if name in ("host", "user-agent", "x-a", "referer"))
        body = b"0123456789" * 1000 if "large" in self.path else f"{self.command} {shown} {read!r}".encode()
        self.send_response(status)
        if status in (301, 302, 307):
            self.send_header("Location", "/302?around" if "around" in self.path else "/200")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):
            self.wfile.write(body)

    do_PUT = do_GET  # noqa: N815 # the name that http.server wants

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    """The address of a server to check."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a closed port."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{sock.getsockname()[1]}"


def _run(ask: Callable[[Probe], Awaitable[CheckResult]], **what: Any) -> CheckResult:
    what.setdefault("timeout", _ENOUGH)
    return anyio.run(ask, Probe("a", 1.0, **what))


@pytest.mark.parametrize(
    ("path", "status", "line"),
    [
        ("/200", "passing", "200 OK"),
        ("/299", "passing", "299 "),
        ("/429", "warning", "429 Too Many Requests"),
        ("/404", "critical", "404 Not Found"),
        ("/500", "critical", "500 Internal Server Error"),
        ("/302?once", "passing", "200 OK"),
    ],
)
def test_http(web: str, path: str, status: str, line: str) -> None:
    found = _run(probe_http, http=f"http://{web}{path}")
    referer = f" referer=http://{web}{path}" if path == "/302?once" else ""
    asked = f"GET host={web}{referer} user-agent=Consul Health Check b''"
    assert found == (status, f"HTTP GET http://{web}{path}: {line} Output: {asked}")


def test_http_checks_with_method_headers_and_body(web: str) -> None:
    headers = {"X-A": ("b", "c"), "Host": ("other",), "User-Agent": ("own",)}
    found = _run(probe_http, http=f"http://{web}/200", method="PUT", headers=headers, body="hello")
    assert found == ("passing", f"HTTP PUT http://{web}/200: 200 OK Output: PUT host=other user-agent=own x-a=b x-a=c b'hello'")


def test_http_checks_store_the_end_of_the_body(web: str) -> None:
    assert _run(probe_http, http=f"http://{web}/200?large", limit=12).output.endswith("200 OK Output: 890123456789")


def test_http_without_redirects(web: str) -> None:
    found = _run(probe_http, http=f"http://{web}/302", follow=False)
    assert (found.status, found.output.partition(" Output")[0]) == ("critical", f"HTTP GET http://{web}/302: 302 Found")


def test_http_checks_stop_after_10_redirects(web: str) -> None:
    assert _run(probe_http, http=f"http://{web}/302?around") == ("critical", f'Get "http://{web}/302?around": stopped after 10 redirects')


def test_http_checks_time_out(web: str) -> None:
    url = f"http://{web}/200?slow"
    says = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    assert _run(probe_http, http=url, timeout=0.1) == ("critical", f'Get "{url}": {says}')


def test_http_checks_of_a_closed_port(silent: str) -> None:
    refused = f'Get "http://{silent}/x": dial tcp {silent}: connect: connection refused'
    assert _run(probe_http, http=f"http://{silent}/x") == ("critical", refused)


@pytest.mark.parametrize("url", ["ftp://x/", "http://", "http://127.0.0.1:x/", "http://127.0.0.1:99999/", "x"])
def test_http_checks_with_an_invalid_url(url: str) -> None:
    found = _run(probe_http, http=url)
    assert found.status == "critical"
    assert found.output.startswith(f'Get "{url}": ')


def test_http_checks_of_the_wrong_protocol_or_headers(web: str) -> None:
    """TLS to a server without TLS, and headers that cannot be sent."""
    assert _run(probe_http, http=f"https://{web}/200", verify=False).status == "critical"
    assert _run(probe_http, http=f"http://{web}/200", headers={"a b": ("c",)}).status == "critical"


def test_tcp(web: str, silent: str) -> None:
    assert _run(probe_tcp, tcp=web) == ("passing", f"TCP connect {web}: Success")
    assert _run(probe_tcp, tcp=silent) == ("critical", f"dial tcp {silent}: connect: connection refused")
    assert _run(probe_tcp, tcp="nothing").status == "critical"
    local = f"localhost:{web.rpartition(':')[2]}"
    assert _run(probe_tcp, tcp=local) == ("passing", f"TCP connect {local}: Success")


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[str]:
    """The address of a server with a certificate of an authority that nobody knows."""
    context = make(tmp_path).stranger
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):  # until it is shut down
                while True:
                    connection = listening.accept()[0]
                    with suppress(OSError), connection:
                        context.wrap_socket(connection, server_side=True).close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_tcp_with_tls(tls: str, silent: str) -> None:
    unknown = "tls: failed to verify certificate: x509: certificate signed by unknown authority"
    assert _run(probe_tcp, tcp=tls, tls=True) == ("critical", unknown)
    assert _run(probe_tcp, tcp=tls, tls=True, verify=False) == ("passing", f"TCP+TLS connect {tls}: Success")
    assert _run(probe_tcp, tcp=silent, tls=True) == ("critical", f"dial tcp {silent}: connect: connection refused")


def test_tcp_with_tls_to_a_port_without_it(web: str) -> None:
    found = _run(probe_tcp, tcp=web, tls=True, verify=False)
    assert found == ("critical", "tls: first record does not look like a TLS handshake")


def test_udp(silent: str) -> None:
    assert _run(probe_udp, udp=silent) == ("critical", f"read udp {silent}: read: connection refused")
    with socket.socket(type=socket.SOCK_DGRAM) as listens:
        listens.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listens.getsockname()[1]}"
        assert _run(probe_udp, udp=address, timeout=0.1) == ("passing", f"UDP connect {address}: Success")


def _script(text: str, **what: Any) -> CheckResult:
    return _run(run_script, script=("/bin/sh", "-c", text), **what)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("echo hi; echo err >&2", ("passing", "hi\nerr\n")),
        ("echo warn; exit 1", ("warning", "warn\n")),
        ("echo crit; exit 2", ("critical", "crit\n")),
        ("kill -9 $$", ("critical", "")),
        ("printf '\\377a'", ("passing", "\ufffda")),
        ("read line; echo $?", ("passing", "1\n")),
    ],
)
def test_scripts(text: str, found: tuple[str, str]) -> None:
    assert _script(text) == found


def test_only_the_last_bytes_of_a_long_output_are_stored() -> None:
    assert _script("printf 0123456789", limit=4).output == "Captured 4 of 10 bytes\n...\n6789"


def test_scripts_that_cannot_be_started() -> None:
    assert _run(run_script, script=("/no/such",)) == ("critical", "fork/exec /no/such: no such file or directory")
    assert _run(run_script, script=("no-such",)) == ("critical", 'exec: "no-such": executable file not found in $PATH')


def test_a_script_over_its_time_limit_is_killed_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    found = _script(f"echo begin; sleep 60 & echo $! >{pids}; echo $$ >>{pids}; wait", timeout=0.5)
    assert found == ("critical", "Timed out (500ms) running check\n\nbegin\n")
    for pid in pids.read_text().split():
        _wait_until_gone(int(pid))


def _wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + _ENOUGH
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
            os.kill(pid, 0)
        except (ProcessLookupError, FileNotFoundError):
            return
        time.sleep(0.01)
    raise AssertionError(f"{pid} is still there")


class _FakeSimulator(Simulator):
    """A simulator with the checks of the test. It records their results."""

    def __init__(self, fake_probes: dict[str, Probe]) -> None:
        super().__init__()
        self.fake_probes = fake_probes
        self.found: list[tuple[str, str, str]] = []

    @property
    def probes(self) -> dict[str, Probe]:
        return self.fake_probes

    def record_probe(self, probe: Probe, status: str, output: str, now: float) -> None:
        self.found.append((probe.check_id, status, output))


def _run_checks(probes: dict[str, Probe], may_run: Callable[[Probe], bool], scenario: Callable[..., Awaitable[None]]) -> None:
    """Run checks while the scenario runs."""

    async def run() -> None:
        simulator = _FakeSimulator(probes)
        host = Host(simulator)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run_probes, host, may_run)
            with anyio.fail_after(_ENOUGH):
                await scenario(host, simulator.found)
            tasks.cancel_scope.cancel()

    anyio.run(run)


def test_checks_come_and_go(web: str) -> None:
    """One check is replaced, one is removed, and one with a script is not run."""
    probes = {
        "web": Probe("web", 0.1, tcp=web),
        "gone": Probe("gone", 0.1, tcp=web),
        "script": Probe("script", 0.1, script=(sys.executable, "-c", "")),
    }

    async def scenario(host: Host, found: list[tuple[str, str, str]]) -> None:
        async def until(check_id: str, output: str) -> None:
            while not any(one[0] == check_id and output in one[2] for one in found):  # noqa: ASYNC110 # it happens in the checks
                await anyio.sleep(0.01)

        await until("web", "TCP")
        await until("gone", "TCP")
        probes["web"] = Probe("web", 0.1, http=f"http://{web}/200")
        del probes["gone"]
        host.record_probe(Probe("other", 1.0), "passing", "")  # something changed
        await until("web", "HTTP")
        found.clear()
        await until("web", "HTTP")
        await until("web", "HTTP")
        assert {one[0] for one in found} == {"web"}

    _run_checks(probes, lambda probe: not probe.script, scenario)


def test_a_running_script_is_killed_when_the_agent_ends(tmp_path: Path) -> None:
    pids = tmp_path / "pids"

    async def scenario(host: Host, found: object) -> None:
        while not pids.exists() or not pids.read_text().endswith("\n"):  # noqa: ASYNC110 # the script writes it
            await anyio.sleep(0.01)

    _run_checks({"a": Probe("a", 1.0, 60.0, script=("/bin/sh", "-c", f"echo $$ >{pids}; sleep 60"))}, lambda _: True, scenario)
    _wait_until_gone(int(pids.read_text()))
