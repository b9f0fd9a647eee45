"""Measure Consulate beside the bare libraries, py-consul and the official Go client, in one run, on a server with canned answers.

    python -m benchmarks                          everything; takes a few minutes, and more if the machine is not quiet
    python -m benchmarks --only get,concurrent    some parts
    python -m benchmarks --quick --without-peers  a look while you work
    python -m benchmarks --before ../other-clone  beside another copy of Consulate too: what has a change brought?

Each client runs in a process of its own, on one core; the server runs on another one. All make their calls in turn, round after round. The
figures are medians over the rounds, for a call, and the ratios are ratios of medians. Compare only ratios: times depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import memory, start_up
from benchmarks.gauge import Gauge
from benchmarks.machine import describe, find_cores
from benchmarks.parts import beside_before, parts
from benchmarks.peers import Peers
from benchmarks.processes import Server, Site
from benchmarks.results import Result
from benchmarks.rounds import run

_NAMES = ("get", "put", "concurrent", "health", "keys", "memory", "start")


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(_NAMES):
        raise argparse.ArgumentTypeError(f"no part is called {min(unknown)}; there are {', '.join(_NAMES)}")
    return names


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=_names, default=_NAMES, metavar="PARTS", help=f"some of {','.join(_NAMES)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, help="in a piece of a round, for each line; by default, as many as the part needs")
    parser.add_argument("--patience", type=float, default=3, help="seconds to wait, for each figure, until both cores are quiet")
    parser.add_argument("--keys", type=int, default=100_000, help="how many keys the read by prefix finds")
    parser.add_argument("--quick", action="store_true", help="3 rounds of a fifth of the calls, each measured once: not exact")
    parser.add_argument("--without-peers", action="store_true", help="leave out Go, py-consul and msgspec, which are installed otherwise")
    parser.add_argument("--renew", action="store_true", help="install them again")
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="compare with another copy of Consulate too: a clone or a worktree")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures of all rounds to a file")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.patience = min(options.rounds, 3), 0.0
    return options


def _show(result: Result, results: list[Result]) -> None:
    results.append(result)
    print(f"\n{result.as_text()}", flush=True)


def main() -> int:
    """Run the parts, and print a table for each. Return the status: 0 also where a target is not met."""
    options = _arguments()
    cores = find_cores()
    machine = describe(cores)
    for name, value in machine.items():
        print(f"{name}: {value}")
    versions: dict[str, str] = {}
    results: list[Result] = []
    with Server(cores) as server:
        peers = Peers(allowed=not options.without_peers, renew=options.renew)
        gauge = Gauge(cores.client, cores.server, patience=options.patience)
        site = Site(server, peers, cores, options.keys, options.before and options.before.absolute())
        for part in parts(options.keys):
            if part.group in options.only:
                calls = options.calls or max(part.calls // (5 if options.quick else 1), 1)
                part = beside_before(part) if options.before else part
                _show(run(part, site, gauge, options.rounds, calls, versions), results)
        if "keys" in options.only:
            _show(memory.run(site), results)
        if "start" in options.only:
            _show(start_up.run(site, options.rounds), results)
    machine["quiet"] = str(gauge)
    machine["versions"] = ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) or "none used"
    print(f"\nversions: {machine['versions']}")
    print(machine["quiet"])
    verdicts = [verdict.met for result in results for verdict in result.verdicts if verdict.target.limit is not None]
    print(f"targets: {verdicts.count(True)} met, {verdicts.count(False)} not met, {verdicts.count(None)} unknown")
    if options.json:
        options.json.write_text(json.dumps({"machine": machine, "parts": [result.as_json() for result in results]}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
