"""Draw where the time of a call goes, as flame graphs: docs/flame-get-socket.svg and so on. py-spy samples the workers of the benchmark.

    scripts/flamegraph                        kv.get on every transport
    scripts/flamegraph --case put socket      kv.put over a plain socket

The width of a box is the share of the samples in which the function ran, itself or in what it called. A function of C, such as `sock.recv`,
counts for the function that calls it; the time in which it waits does not count. py-spy needs the right to look into another process: run
this as root where ptrace is restricted.
"""

from __future__ import annotations

import argparse
import platform
import re
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from benchmarks.machine import find_cores, on_core
from benchmarks.peers import Missing, Peers
from benchmarks.processes import Server, Site, environment

_KINDS = ("socket", "unix", "urllib3", "asyncio", "trio")
_DOCS = Path(__file__).parent.parent / "docs"

#: Samples a second; not a round number, so that it does not keep step with anything.
_RATE = 997


def draw(site: Site, kind: str, case: str, calls: int) -> Path:
    """Write the flame graph of a client, and return its path. Raises Missing."""
    target = _DOCS / f"flame-{case}-{kind}.svg"
    with closing(site.start(f"Consulate/{kind}")) as worker:
        worker.ask(case, calls=max(calls // 10, 1))
        with tempfile.TemporaryDirectory() as folder:
            drawn = Path(folder) / "flame.svg"
            # --function: a box for a function, not for each of its lines.
            command = [site.peers.py_spy, "record", "--pid", str(worker.pid), "--rate", str(_RATE), "--function", "--output", str(drawn)]
            with on_core(site.cores.server):
                profiler = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())
            assert profiler.stdout is not None
            said = profiler.stdout.readline()
            if "Sampling process" not in said:
                profiler.communicate()
                raise Missing(f"py-spy cannot look into its child: {said.strip()}")
            worker.ask(case, calls=calls)
            worker.close()
            said, _ = profiler.communicate()
            if not drawn.exists():
                raise Missing(f"py-spy drew nothing: {said.strip()}")
            target.write_text(titled(drawn.read_text(), f"kv.{case}, {kind}, {calls:,} calls, Python {platform.python_version()}"))
    return target


def titled(drawing: str, title: str) -> str:
    """Return a flame graph with another title: py-spy writes its own command, with paths of this machine."""
    return re.sub(r'(<text id="title"[^>]*>)[^<]*(</text>)', lambda found: found[1] + title + found[2], drawing, count=1)


def main() -> int:
    """Draw the flame graphs."""
    parser = argparse.ArgumentParser("scripts/flamegraph", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", default=_KINDS, metavar="KIND", help=f"some of {', '.join(_KINDS)}")
    parser.add_argument("--case", default="get", help="a call of benchmarks/workers/ours.py: get, put, health-200, items, ...")
    parser.add_argument("--calls", type=int, default=30_000)
    options = parser.parse_args()
    if unknown := set(options.kinds) - set(_KINDS):
        parser.error(f"no client is called {min(unknown)}; there are {', '.join(_KINDS)}")
    cores = find_cores()
    with Server(cores) as server:
        site = Site(server, Peers(), cores, keys=100_000)
        for kind in options.kinds:
            try:
                print(f"docs/{draw(site, kind, options.case, options.calls).name}")
            except Missing as why:
                print(why, file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
