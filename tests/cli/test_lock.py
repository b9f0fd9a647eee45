"""`consulate lock`: it excludes itself and `consul lock`, passes signals on, and stops its command when the lock is lost."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from consulate import Consul
from tests.agents import Binary, find_binaries, require_binary
from tests.cli.program import PATIENCE, PROGRAM, Shell

#: A command that says when it runs, and ends when its standard input does.
_HOLD = "echo entered; cat > /dev/null"


@pytest.fixture(autouse=True)
def nothing_left(consul: Consul) -> Iterator[None]:
    """No session and no key of a lock may be left."""
    yield
    assert consul.session.list() == []
    assert [key for key in consul.kv if "lock" in key] == []


@contextmanager
def _begun(shell: Shell, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a command; kill it at the end, if it has not ended."""
    pipe = subprocess.PIPE
    with subprocess.Popen([*PROGRAM, *words], stdin=pipe, stdout=pipe, stderr=pipe, env=shell.environment) as process:
        try:
            yield process
        finally:
            process.kill()


def _line(process: subprocess.Popen[bytes]) -> bytes:
    """Return the next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline()


def _ended(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Wait for its end; return its exit code and its errors."""
    _, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, errors.decode()


def _await(is_done: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _destroy(consul: Consul) -> None:
    """Take the lock away. Its key stays, as always after a loss, and is deleted here."""
    (session,) = consul.session.list()
    consul.session.destroy(session["ID"])
    consul.kv.delete("k/.lock")


def test_the_command_runs_with_the_lock_and_its_status_is_returned(shell: Shell, consul: Consul) -> None:
    assert shell.run("lock", "k", "--", "sh", "-c", 'echo "$@"; exit 7', "x", "-v", "--", "a  b", code=7).out == b"-v -- a  b\n"
    assert shell.run("lock", "k", "--", "echo 1 && exit 3", code=3).out == b"1\n"
    assert shell.run("lock", "k", "cat", given=b"in").out == b"in"
    assert shell.run("lock", "k", "kill -KILL $$", code=137).err == ""
    shown = shell.run("lock", "/a//b/", "--", "echo $CONSUL_LOCK_HELD $CONSULATE_FENCING_TOKEN; " + _get(shell, "a/b/.lock")).text.split()
    assert shown[0] == "true"
    assert int(shown[1]) > 0
    assert shown[2] == "locked"


def _get(shell: Shell, key: str) -> str:
    """Return a line for the shell that says whether a key is locked."""
    code = f"from consulate import Consul; print('locked' if Consul().kv.get_record({key!r}).get('Session') else 'free')"
    return f'{sys.executable} -c "{code}"'


def test_a_command_that_cannot_be_run_is_127_or_126(shell: Shell, tmp_path: Path) -> None:
    assert "cannot be run: No such file" in shell.run("lock", "k", "--", "no-such-program", "x", code=127).err
    (tmp_path / "file").touch()
    assert "cannot be run: Permission" in shell.run("lock", "k", "--", str(tmp_path / "file"), "x", code=126).err


def test_wrong_usage_is_exit_code_2(shell: Shell) -> None:
    for words in (["k"], ["k", "--"], [], ["", "--", "true"], ["k", "--ttl", "30s", "--", "true"], ["--ttl", "1d", "k", "true"]):
        assert shell.run("lock", *words, code=2).err


def test_two_exclude_each_other(shell: Shell) -> None:
    with _begun(shell, "lock", "k", "--", _HOLD) as first:
        assert _line(first) == b"entered\n"
        assert "others hold it" in shell.run("lock", "--timeout", "0", "k", "true", code=1).err
        assert "within 0.2 s" in shell.run("lock", "--timeout", "200ms", "k", "true", code=1).err
        with _begun(shell, "lock", "k", "--", "echo second") as second:
            assert second.stderr is not None
            assert second.stderr.readline() == b"waiting for the lock on k\n"
            assert _ended(first) == (0, "")
            assert _line(second) == b"second\n"
            assert _ended(second)[0] == 0


@pytest.mark.parametrize(
    ("number", "says"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "SIGTERM came"), (signal.SIGHUP, "SIGHUP came")]
)
def test_a_signal_while_it_waits_leaves_nothing(shell: Shell, consul: Consul, number: signal.Signals, says: str) -> None:
    with _begun(shell, "lock", "k", "--", _HOLD) as first:
        assert _line(first) == b"entered\n"
        with _begun(shell, "lock", "k", "--", "true") as second:
            assert second.stderr is not None
            second.stderr.readline()
            second.send_signal(number)
            code, errors = _ended(second)
        assert (code, says in errors) == (128 + number, True)
        assert len(consul.session.list()) == 1
        assert _ended(first)[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_are_passed_on(shell: Shell, number: signal.Signals) -> None:
    name = number.name.removeprefix("SIG")
    with _begun(
        shell, "lock", "k", "--", "sh", "-c", f"trap 'echo got {name}; exit 9' {name}; echo entered; while :; do sleep 0.05; done"
    ) as process:
        assert _line(process) == b"entered\n"
        process.send_signal(number)
        assert _line(process) == f"got {name}\n".encode()
        assert _ended(process)[0] == 9
    # A single process: a shell that has just started another one may outlive the signal that ends this one.
    with _begun(shell, "lock", "k", "--", "sh", "-c", "echo entered; exec sleep 600") as process:
        assert _line(process) == b"entered\n"
        process.send_signal(number)
        assert _ended(process) == (128 + number, "")


def test_a_lost_lock_stops_the_command_and_what_it_started(shell: Shell, consul: Consul) -> None:
    with _begun(shell, "lock", "--delay", "0", "k", "--", "sh -c 'echo $$; sleep 600; :'; :") as process:
        inner = int(_line(process))
        _destroy(consul)
        code, errors = _ended(process)
    assert code == 128 + signal.SIGTERM
    assert errors.startswith("Error: the lock 'k/.lock' was lost: ")
    assert errors.endswith("; the command is stopped\n")
    _await(lambda: not _is_running(inner))


def test_a_lost_lock_stops_the_command_also_if_nobody_reads_the_errors(shell: Shell, consul: Consul) -> None:
    with _begun(shell, "lock", "--delay", "0", "k", "--", "sh", "-c", "echo entered; exec sleep 600") as process:
        assert _line(process) == b"entered\n"
        assert process.stderr is not None
        process.stderr.close()
        _destroy(consul)
        assert process.wait(PATIENCE) == 128 + signal.SIGTERM


def test_a_command_that_ignores_sigterm_is_killed(shell: Shell, consul: Consul) -> None:
    with _begun(
        shell, "lock", "--delay", "0", "--grace", "0.3", "k", "--", "trap '' TERM; echo entered; while :; do sleep 0.05; done"
    ) as process:
        assert _line(process) == b"entered\n"
        _destroy(consul)
        assert _ended(process)[0] == 128 + signal.SIGKILL


def test_a_command_that_ends_well_after_a_loss_is_a_failure(shell: Shell, consul: Consul) -> None:
    with _begun(shell, "lock", "--delay", "0", "k", "--", "trap 'exit 0' TERM; echo entered; while :; do sleep 0.05; done") as process:
        assert _line(process) == b"entered\n"
        _destroy(consul)
        assert _ended(process)[0] == 1


def test_with_keep_the_command_goes_on(shell: Shell, consul: Consul) -> None:
    with _begun(shell, "lock", "--delay", "0", "--keep", "k", "--", "echo entered; cat; exit 4") as process:
        assert _line(process) == b"entered\n"
        _destroy(consul)
        assert process.stderr is not None
        assert process.stderr.readline().endswith(b"; the command goes on\n")
        assert process.stdin is not None
        process.stdin.write(b"on\n")
        process.stdin.flush()
        assert _line(process) == b"on\n"
        assert _ended(process) == (4, "")


def _is_running(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_ctrl_c_on_a_terminal_reaches_the_command_once(shell: Shell) -> None:
    """The terminal sends it to all processes in its foreground."""
    script = "n=0; trap 'n=$((n+1)); echo got $n' INT; trap 'exit 5' USR1; echo $$; while :; do sleep 0.05; done"
    control, terminal = pty.openpty()
    takes_terminal = (
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    )
    words = [sys.executable, "-c", takes_terminal, *PROGRAM[1:]]
    with subprocess.Popen(
        [*words, "lock", "k", "--", "sh", "-c", script],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=shell.environment,
        start_new_session=True,
    ) as process:
        os.close(terminal)
        try:
            with os.fdopen(control, "r+b", buffering=0) as screen:
                pid = int(screen.readline())
                screen.write(b"\x03")
                assert screen.readline().strip() == b"^Cgot 1"
                screen.write(b"\x03")
                assert screen.readline().strip() == b"^Cgot 2"
                os.kill(pid, signal.SIGUSR1)
                assert process.wait(PATIENCE) == 5
        finally:
            process.kill()


def _official(shell: Shell, binary: Binary, *words: str) -> list[str]:
    return [binary.path, "lock", f"-http-addr=http://{shell.agent.host}:{shell.agent.port}", *words]


def _consul_binary() -> Binary:
    return require_binary(next(iter(find_binaries()), None))


def test_it_excludes_the_official_lock_both_ways(shell: Shell, consul: Consul) -> None:
    binary = next((one for one in find_binaries() if one.version == shell.agent.version), None) or _consul_binary()
    pipe = subprocess.PIPE
    with _begun(shell, "lock", "jobs/x", "--", _HOLD) as ours:
        assert _line(ours) == b"entered\n"
        tried = subprocess.run(
            _official(shell, binary, "-try=500ms", "jobs/x", "echo", "theirs"), check=False, capture_output=True, timeout=PATIENCE
        )
        assert tried.returncode != 0
        assert b"theirs" not in tried.stdout
        for session in consul.session.list():  # `consul lock` leaves that of an attempt in vain
            if session["Name"].startswith("Consul lock"):
                consul.session.destroy(session["ID"])
        with subprocess.Popen(_official(shell, binary, "-pass-stdin", "jobs/x", _HOLD), stdin=pipe, stdout=pipe) as theirs:
            try:
                assert _ended(ours)[0] == 0
                assert _line(theirs) == b"entered\n"
                assert "others hold it" in shell.run("lock", "--timeout", "0", "jobs/x", "true", code=1).err
                with _begun(shell, "lock", "jobs/x", "echo again") as waiting:
                    assert waiting.stderr is not None
                    assert waiting.stderr.readline() == b"waiting for the lock on jobs/x\n"
                    theirs.communicate(timeout=PATIENCE)
                    assert _line(waiting) == b"again\n"
                    assert _ended(waiting)[0] == 0
                assert theirs.returncode == 0
            finally:
                theirs.kill()
