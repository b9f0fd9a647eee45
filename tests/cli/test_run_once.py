"""`consulate run_once`: of processes that start a command at the same moment, one runs it, and at most once an interval."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from consulate import Consul
from tests.agents import find_binaries, start_dev
from tests.cli.program import PATIENCE, Shell


@pytest.fixture
def nothing_left(consul: Consul) -> Iterator[None]:
    """No session may be left, and no key but the record."""
    yield
    assert consul.session.list() == []
    assert [key for key in consul.kv if not key.endswith("_last_run")] == []


def _run_together(shell: Shell, count: int, *words: str) -> list[tuple[int, str]]:
    """Start this many processes at the same moment; return how each ended."""
    processes = [shell.begin("run_once", *words) for _ in range(count)]
    ends = []
    for process in processes:
        with process:
            out, errors = process.communicate(timeout=PATIENCE)
            assert errors == b""
            ends.append((process.returncode, out.decode()))
    return ends


def _check_that_one_runs_it(shell: Shell, consul: Consul, runs: Path, key: str = "jobs/x") -> None:
    """Start a command that takes no time in 20 processes, and again within the interval, and after it."""
    words = ("-i", "600", key, f"echo ran >> {runs}")
    ends = _run_together(shell, 20, *words)
    assert runs.read_text() == "ran\n"
    assert [code for code, _ in ends] == [0] * 20
    assert sorted(out.endswith(". Exiting\n") for _, out in ends) == [False] + [True] * 19
    assert [out for _, out in ends if not out] == [""]
    shell.run("run_once", *words)
    assert runs.read_text() == "ran\n"
    consul.kv.put(f"{key}_last_run", "1700000000")
    shell.run("run_once", *words)
    assert runs.read_text() == "ran\n" * 2


@pytest.mark.usefixtures("nothing_left")
def test_of_20_processes_one_runs_the_command(shell: Shell, consul: Consul, tmp_path: Path) -> None:
    _check_that_one_runs_it(shell, consul, tmp_path / "runs")


@pytest.mark.skipif(not find_binaries(), reason="a hundred processes take long: they run where real Consuls are tried too (CONSUL_BINS)")
def test_of_20_processes_one_runs_the_command_each_time(tmp_path: Path) -> None:
    """On one agent, since this takes long; `scripts/run-once` does it 100 times, on real ones."""
    with start_dev("1.22.5") as agent, Consul(agent.host, agent.port) as consul:
        for repeat in range(5):
            _check_that_one_runs_it(Shell(agent), consul, tmp_path / str(repeat), f"jobs/{repeat}")
        assert consul.session.list() == []


@pytest.mark.usefixtures("nothing_left")
def test_without_an_interval_one_runs_it_while_it_runs(shell: Shell, tmp_path: Path) -> None:
    runs, fifo = tmp_path / "runs", tmp_path / "fifo"
    os.mkfifo(fifo)
    script = f"echo x >> {runs}; echo entered; read line < {fifo}; echo done"
    with shell.begin("run_once", "jobs/x", "--", "sh", "-c", script) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == b"entered\n"
        for _, out in _run_together(shell, 3, "jobs/x", f"echo x >> {runs}"):
            assert out == "Another machine holds the lock 'jobs/x' and runs the command. Exiting\n"
        fifo.write_text("\n")
        assert first.stdout.readline() == b"done\n"
        assert first.wait(PATIENCE) == 0
    shell.run("run_once", "jobs/x", f"echo x >> {runs}")
    assert runs.read_text() == "x\nx\n"


@pytest.mark.usefixtures("nothing_left")
def test_a_run_within_the_interval_says_what_the_older_command_said(shell: Shell, consul: Consul) -> None:
    consul.kv.put("p_last_run", "4000000000")
    out = shell.run("run_once", "--interval", "1h", "p", "echo", "no").text
    assert out == "Last run happened fewer than 3600 seconds ago, at 2096-10-02 07:06:40+00:00. Exiting\n"


@pytest.mark.usefixtures("nothing_left")
def test_the_exit_code_is_that_of_the_command(shell: Shell) -> None:
    assert shell.run("run_once", "p", "echo", "-n", "x").out == b"x"
    assert shell.run("run_once", "p", "exit 7", code=7).out == b""
    assert "cannot be run" in shell.run("run_once", "p", "no-such-program", "x", code=127).err
    assert shell.run("run_once", "-i", "600", "p", "true").text.startswith("Last run happened fewer than 600 seconds ago")


@pytest.mark.usefixtures("nothing_left")
def test_wrong_usage_is_exit_code_2(shell: Shell, consul: Consul) -> None:
    for words in (["p"], ["p", "-i", "5", "true"], ["-i", "soon", "p", "true"]):
        assert shell.run("run_once", *words, code=2).err
    consul.kv.put("p_last_run", "yesterday")
    assert "delete it" in shell.run("run_once", "p", "true", code=2).err
    assert consul.kv.get("p_last_run") == "yesterday"


@pytest.mark.usefixtures("nothing_left")
def test_a_lost_lock_stops_the_command(shell: Shell, consul: Consul) -> None:
    with shell.begin("run_once", "--delay", "0", "p", "--", "sh", "-c", "echo entered; sleep 600") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"entered\n"
        (session,) = consul.session.list()
        consul.session.destroy(session["ID"])
        consul.kv.delete("p")
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + signal.SIGTERM
    assert errors.endswith(b"the command is stopped\n")
