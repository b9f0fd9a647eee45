"""Measure the command line: how long it takes to start, how fast it restores, and its memory for a million keys.

    CONSUL_BINS=/path/to/consul python -m benchmarks.command_line
    python -m benchmarks.command_line --only memory

start: `consulate --help` and `consulate kv get` beside a program that only imports click, and the official `consul kv get`, one after the
other, round after round. restore: `consulate kv restore` of 10,000 keys, and the same in a program that runs already, beside one
check-and-set for each key. memory: the most memory that `kv restore` and `kv backup` of 1,000,000 keys have, beside that of 10,000; Consul
is `consulate dev`, in a process of its own.
Without a Consul, `consulate dev` stands in for it. Each target says whether it is met; others' load counts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.gauge import Gauge
from benchmarks.machine import describe, find_cores, on_core
from benchmarks.processes import environment
from consulate import Consul
from consulate.kv_files import opened_backup, restore
from tests.agents import Agent, Binary, find_binaries, start_agent, start_dev

#: The targets: times as long as importing click; times as fast as a check-and-set for each key; bytes more for a hundred times the keys.
_HELP, _GET, _RESTORE, _MEMORY = 1.5, 2.5, 20.0, 20e6

_ROUNDS, _FEW, _MANY = 15, 10_000, 1_000_000

#: Rounds of restores, and check-and-sets in each. Other work on the machine makes it slower by a third for some seconds: with nine rounds,
#: two runs of the same code differed by a quarter.
_RESTORES, _SINGLES = 25, 1000

#: The most seconds to wait, for each, until both cores are quiet.
_PATIENCE = 6.0

#: The program as it is installed.
_CONSULATE = str(Path(sys.executable).with_name("consulate"))


def _verdict(is_met: bool) -> str:
    return "met" if is_met else "NOT MET"


def _environment(agent: Agent) -> dict[str, str]:
    return environment() | {"CONSUL_HTTP_ADDR": f"{agent.host}:{agent.port}"}


def _run(command: list[str], agent: Agent) -> tuple[float, float, int]:
    """Run a program. Return its seconds, those of its CPU, and the most memory that it had, in bytes. Raises CalledProcessError."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=_environment(agent), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def measure_start(agent: Agent, official: Binary | None) -> bool:
    """Print how long programs take from their start to their end."""
    programs = {
        "a bare interpreter": [sys.executable, "-c", "pass"],
        "import click": [sys.executable, "-c", "import click"],
        "consulate --help": [_CONSULATE, "--help"],
        "consulate kv get": [_CONSULATE, "kv", "get", "bench/key"],
    }
    if official is not None:
        programs["consul kv get"] = [str(official.path), "kv", "get", "bench/key"]
    times: dict[str, list[float]] = {name: [] for name in programs}
    with Consul(agent.host, agent.port) as consul:
        consul.kv.put("bench/key", "v")
    with on_core(find_cores().client):
        for command in programs.values():
            _run(command, agent)  # so that Python has compiled what it imports
        for _ in range(_ROUNDS):
            for name, command in programs.items():
                times[name].append(_run(command, agent)[1])
    medians = {name: statistics.median(found) for name, found in times.items()}
    click = medians["import click"]
    for name, median in medians.items():
        print(f"{name}: {median * 1e3:.1f} ms of CPU, {median / click:.2f} times `import click`")
    met = [medians["consulate --help"] <= _HELP * click, medians["consulate kv get"] <= _GET * click]
    print(
        f"    consulate --help at most {_HELP:g} times: {_verdict(met[0])}; consulate kv get at most {_GET:g} times: {_verdict(met[1])}",
        flush=True,
    )
    return all(met)


def _write_backup(path: Path, count: int) -> None:
    with path.open("w") as file:
        file.write("[\n")
        for number in range(count):
            file.write(json.dumps([f"bench/{number:07}", number % 7, f"{number:040}"]) + (",\n" if number < count - 1 else "\n]\n"))


def measure_restore(agent: Agent, name: str, folder: Path) -> bool:
    """Print how many times faster a restore is than one check-and-set for each key: the command from its start, and the restore alone.

    All take turns. Each is measured while both cores are quiet.
    """
    file = folder / "few.json"
    _write_backup(file, _FEW)
    cores = find_cores()
    gauge = Gauge(cores.client, cores.server, patience=_PATIENCE)
    with Consul(agent.host, agent.port) as consul:
        actions: dict[str, Callable[[], object]] = {
            "the command, from its start": partial(_run, [_CONSULATE, "kv", "restore", "-f", str(file)], agent),
            "the restore alone": partial(_restore, consul, file),
            "check-and-set": partial(_check_and_set, consul),
        }
        consul.kv.delete("", recurse=True)  # what the other parts have written
        keys = dict.fromkeys(actions, _FEW) | {"check-and-set": _SINGLES}
        times: dict[str, list[float]] = {what: [] for what in actions}
        for _ in range(_RESTORES):
            for what, action in actions.items():
                seconds = gauge.quietest(partial(_seconds_to_write, consul, action, keys[what]))
                times[what].append(seconds / keys[what])
    singles = times.pop("check-and-set")
    print(f"kv restore of {_FEW:,} keys, {name}; a check-and-set takes {statistics.median(singles) * 1e6:.0f} us; {gauge}")
    is_met = True
    for what, found in times.items():
        # The median of the ratios of the rounds: the processor may be faster in some of them.
        ratio = statistics.median(single / one for single, one in zip(singles, found, strict=True))
        is_met = is_met and ratio >= _RESTORE
        faster = f"{ratio:.1f} times faster (at least {_RESTORE:g}: {_verdict(ratio >= _RESTORE)})"
        print(f"    {what}: {statistics.median(found) * 1e6:.0f} us a key, {faster}", flush=True)
    return is_met


def _seconds_to_write(consul: Consul, action: Callable[[], object], keys: int) -> float:
    """Return the seconds of an action that writes a number of keys. They are deleted afterwards."""
    begun = time.perf_counter()
    action()
    seconds = time.perf_counter() - begun
    assert consul.kv.count("bench/") == keys
    consul.kv.delete("", recurse=True)
    return seconds


def _restore(consul: Consul, file: Path) -> None:
    with opened_backup(file) as backup:
        restore(consul, backup)


def _check_and_set(consul: Consul) -> None:
    for key in range(_SINGLES):
        assert consul.kv.put(f"bench/{key:07}", f"{key:040}", flags=key % 7, cas=0)


def measure_memory(folder: Path) -> bool:
    """Print by how much a hundred times the keys raise the most memory of a restore and of a backup."""
    peaks: dict[str, list[int]] = {"restore": [], "backup": []}
    for count in (_FEW, _MANY):
        file, copy = folder / "keys.json", folder / "copy.json"
        _write_backup(file, count)
        with start_dev("1.22.5", unix_socket=False) as agent:
            peaks["restore"].append(_run([_CONSULATE, "kv", "restore", "-f", str(file)], agent)[2])
            peaks["backup"].append(_run([_CONSULATE, "kv", "backup", "-f", str(copy)], agent)[2])
        assert file.read_bytes() == copy.read_bytes()
    is_met = True
    for name, (few, many) in peaks.items():
        is_met = is_met and many - few <= _MEMORY
        more = f"{(many - few) / 1e6:.1f} MB more than the {few / 1e6:.0f} MB for {_FEW:,}"
        print(f"kv {name} of {_MANY:,} keys: {more} (at most {_MEMORY / 1e6:g}: {_verdict(many - few <= _MEMORY)})", flush=True)
    return is_met


@contextmanager
def _agent(binary: Binary | None) -> Iterator[tuple[Agent, str]]:
    if binary is None:
        with start_dev("1.22.5", unix_socket=False) as agent:
            yield agent, "consulate dev"
    else:
        with start_agent(binary, acls=False, unix_socket=False) as agent:
            yield agent, f"Consul {binary.version}"


def main() -> int:
    """Measure, and return 1 if a target is not met."""
    reader = argparse.ArgumentParser(
        "python -m benchmarks.command_line", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("--only", choices=["start", "restore", "memory"])
    only = reader.parse_args().only
    for what, value in describe(find_cores()).items():
        print(f"{what}: {value}", flush=True)
    met = []
    with tempfile.TemporaryDirectory(prefix="command-line-") as folder:
        binaries: list[Binary | None] = [*find_binaries()]
        for binary in binaries or [None]:
            with _agent(binary) as (agent, name):
                if only in (None, "start"):
                    met.append(measure_start(agent, binary))
                if only in (None, "restore"):
                    met.append(measure_restore(agent, name, Path(folder)))
        if only in (None, "memory"):
            met.append(measure_memory(Path(folder)))
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
