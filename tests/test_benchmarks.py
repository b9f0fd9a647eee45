"""The benchmarks run, with few calls; nothing is said about the times that they print."""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from benchmarks.flamegraph import titled
from benchmarks.gauge import Gauge
from benchmarks.machine import find_cores, on_core
from benchmarks.parts import Target, parts
from benchmarks.peers import Missing, Peers
from benchmarks.results import Result
from tests.fakes.plain_client import PATIENCE

_ROOT = Path(__file__).parent.parent

#: What is not measured without py-consul and Go.
_PEERS = re.compile(r"Go|py-consul|Consulate/socket-msgspec|first kv.get, (Go|py-consul)")


# The server


def _ask(sock: socket.socket, request: bytes, cut: int) -> bytes:
    """Send a request in two pieces, and return the body of the answer."""
    sock.sendall(request[:cut])
    sock.sendall(request[cut:])
    response = http.client.HTTPResponse(sock, method=request[:3].decode())
    response.begin()
    assert response.status == 200
    body = response.read()
    assert (response.getheader("Transfer-Encoding") == "chunked") == (len(body) > 2048)
    response.close()
    return body


@pytest.mark.parametrize("end", ["its standard input", "SIGTERM"])
def test_the_canned_server_answers_until_its_end(end: str) -> None:
    program = _ROOT / "benchmarks" / "canned_server.py"
    get, put = b"GET /v1/%s HTTP/1.1\r\nHost: x\r\n\r\n", b"PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\ncontent-length: 9\r\n\r\n123456789"
    with ExitStack() as stack:
        pipe = subprocess.PIPE
        command = [sys.executable, "-W", "error", str(program)]
        server = stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe))
        stack.callback(server.kill)
        assert server.stdout is not None
        address = json.loads(server.stdout.readline())
        tcp = stack.enter_context(socket.create_connection(("127.0.0.1", address["port"]), timeout=PATIENCE))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        unix.settimeout(PATIENCE)
        unix.connect(address["unix_path"])
        for sock in (tcp, unix):
            for cut in (1000, 20, -3, -1):
                (pair,) = json.loads(_ask(sock, get % b"kv/bench/key?stale", cut))
                assert base64.b64decode(pair["Value"]) == b"v" * 40
                assert len({pair["Key"] for pair in json.loads(_ask(sock, get % b"kv/bench/70/?recurse", cut))}) == 70
                assert len(json.loads(_ask(sock, get % b"health/service/web-3", cut))) == 3
                assert _ask(sock, put, cut) == b"true"
        if end == "SIGTERM":
            server.send_signal(signal.SIGTERM)
            server.wait(PATIENCE)
        assert server.communicate(timeout=PATIENCE) == (b"", b"")
        assert server.returncode == 0
        assert (tcp.recv(1), unix.recv(1)) == (b"", b"")
        assert not Path(address["unix_path"]).parent.exists()


# The command

_FEW = ["--rounds", "1", "--calls", "1", "--patience", "0", "--without-peers"]


def test_every_part_runs_and_every_line_has_figures(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    few = [*_FEW, "--keys", "50", "--json", str(report)]
    done = subprocess.run([sys.executable, "-m", "benchmarks", *few], cwd=_ROOT, capture_output=True, text=True, timeout=PATIENCE * 40)
    assert (done.returncode, done.stderr) == (0, "")
    found = {part["part"]: part for part in json.loads(report.read_text())["parts"]}
    assert list(found) == [*(part.name for part in parts(50)), "keys-memory", "start"]
    for part in found.values():
        assert all(_PEERS.match(name) and reason == "left out" for name, reason in part["missing"].items()), part["missing"]
        assert part["rounds"]
        for figures in part["rounds"].values():
            assert len({len(each) for each in figures.values()}) == 1
        assert part["title"] in done.stdout
    for part in parts(50):
        names = {line.name for line in part.lines}
        assert names == {*found[part.name]["rounds"], *found[part.name]["missing"]}
        assert {name for target in part.targets for name in (target.ours, target.base, target.less)} - {""} <= names


def test_an_unknown_part_is_refused() -> None:
    done = subprocess.run([sys.executable, "-m", "benchmarks", "--only", "get,gets"], cwd=_ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no part is called gets; there are get, put" in done.stderr


def test_another_copy_of_consulate_is_a_line_beside_each_of_this_one(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    copy = tmp_path / "copy"
    (copy / "consulate").mkdir(parents=True)
    (copy / "consulate" / "__init__.py").write_text("raise ImportError('this is the copy')")
    few = [*_FEW, "--only", "concurrent", "--before", str(copy), "--json", str(report)]
    subprocess.run([sys.executable, "-m", "benchmarks", *few], cwd=_ROOT, capture_output=True, timeout=PATIENCE * 4, check=True)
    (part,) = json.loads(report.read_text())["parts"]
    ours = {name.replace("Consulate/", "before/") for name in part["rounds"]}
    assert len(ours) == 4
    assert ours == {name for name, reason in part["missing"].items() if reason == "ImportError: this is the copy"}


# When it measures


def _gauge(patience: int, *times: float) -> tuple[Gauge, list[float]]:
    """Return a gauge whose loop takes 1 second at first, and then the times that are given; they are taken out of the list.

    A second is over each time it looks at the clock.
    """
    left: list[float] = []
    gauge = Gauge(None, patience=patience, time_loop=lambda: left.pop(0) if left else 1.0, now=partial(next, count()))
    left += times
    return gauge, left


@pytest.mark.parametrize(
    ("times", "found"),
    [
        ((1.0, 1.1), "first"),
        ((1.2, 1.3, 1.0, 1.0), "first"),
        ((1.0, 1.2, 1.0, 1.0), "second"),
        ((1.0, 1.3, 1.3, 1.0, 1.3, 1.0, 1.05), "third"),
    ],
)
def test_a_figure_counts_when_the_machine_was_quiet_before_and_after_it(times: tuple[float, ...], found: str) -> None:
    gauge, left = _gauge(20, *times)
    figures = iter(("first", "second", "third", "fourth"))
    assert gauge.quietest(lambda: next(figures)) == found
    assert not left
    assert str(gauge).startswith("1 of 1 figures")


def test_the_figure_of_the_quietest_attempt_counts_on_a_restless_machine() -> None:
    gauge, left = _gauge(4, 1.0, 1.6, 1.0, 1.3, 1.9, 1.5)
    figures = iter((10.0, 30.0, 20.0))
    assert gauge.quietest(lambda: next(figures)) == 30.0
    assert not left
    assert str(gauge).startswith("0 of 1 figures")


def test_a_faster_loop_is_the_measure_from_then_on() -> None:
    gauge, _ = _gauge(1, 0.5, 1.0)
    assert (gauge.slowness(), gauge.slowness()) == (1.0, 2.0)


# What it says


@pytest.mark.parametrize(
    ("target", "met", "shown"),
    [
        (Target("ours", "base", 0.5), True, "ours / base 0.50x at most 0.50x yes"),
        (Target("ours", "base", 0.49), False, "ours / base 0.50x at most 0.49x NO"),
        (Target("base", "ours", 2.1, "rate"), False, "base / ours 2.00x at least 2.10x NO"),
        (Target("base", "ours", 2.0, "rate"), True, "base / ours 2.00x at least 2.00x yes"),
        (Target("base", "ours", 1.5, less="less"), True, "(base - less) / ours 1.50x at most 1.50x yes"),
        (Target("ours", "", 9.0), False, "ours 10.00 at most 9.00 us NO"),
        (Target("ours", "base"), None, "ours / base 0.50x"),
        (Target("ours", "absent", 1.0), None, "ours / absent - at most 1.00x unknown"),
    ],
)
def test_medians_are_compared_with_a_target(target: Target, met: bool | None, shown: str) -> None:
    result = Result("name", "title", ("cpu", "rate"))
    for cpu in (9.0, 10.0, 1000.0):
        result.add("ours", {"cpu": cpu, "rate": cpu})
        result.add("base", {"cpu": 2 * cpu, "rate": 2 * cpu})
        result.add("less", {"cpu": cpu / 2, "rate": cpu / 2})
    result.drop("absent", "there is none")
    result.judge((target,))
    assert result.verdicts[0].met is met
    lines = [" ".join(line.split()) for line in result.as_text().splitlines()]
    assert shown in lines
    assert "absent missing: there is none" in lines
    assert "ours 10.0 10.0" in lines


def test_without_a_go_toolchain_the_lines_say_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(Missing, match="no Go toolchain"):
        _ = Peers().go


@pytest.mark.skipif(find_cores().client is None, reason="there is only one core, or it cannot be chosen")
def test_a_process_starts_on_the_core_and_this_one_stays_where_it_was() -> None:
    before = os.sched_getaffinity(0)
    core = find_cores().server
    with on_core(core):
        program = "import os; print(*os.sched_getaffinity(0))"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(core)]
    assert os.sched_getaffinity(0) == before


def test_a_flame_graph_has_no_command_and_no_path_in_its_title() -> None:
    drawing = '<svg><text id="title" x="1">py-spy record --pid 7 /home/someone</text><text id="details"> </text></svg>'
    assert titled(drawing, "kv.get") == '<svg><text id="title" x="1">kv.get</text><text id="details"> </text></svg>'
