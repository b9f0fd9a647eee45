"""Compare drawn filters on real Consuls and on the simulator: `scripts/filters --expressions 5000`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from consulate import Consul
from consulate.testing import ConsulAgent
from tests.agents import Binary, await_catalog, find_binaries, find_dev_versions, start_agent
from tests.filters.comparison import Comparison

#: The most differences to show.
_SHOWN = 20


@contextmanager
def on_simulator(version: str) -> Iterator[Comparison]:
    """Make a comparison with a simulated agent."""
    client = ConsulAgent(version=version).client()  # type: ignore[arg-type]  # one of those that it can emulate
    yield Comparison(client, is_new=version != "1.8.7", is_simulated=True)


@contextmanager
def on_consul(binary: Binary) -> Iterator[Comparison]:
    """Make a comparison with a real agent, and stop it at the end."""
    with start_agent(binary, acls=False) as agent, Consul(agent.host, agent.port) as client:
        comparison = Comparison(client, is_new=not binary.version.startswith("1.8."), is_simulated=False)
        await_catalog(agent)
        yield comparison


def main() -> int:
    """Read the arguments and run. Return 1 if a row differed, 2 if there is no Consul."""
    reader = argparse.ArgumentParser(prog="scripts/filters", description=__doc__)
    reader.add_argument("--expressions", type=int, default=5000, help="how many, spread over the calls; for each agent")
    reader.add_argument("--seed", type=int, default=0, help="two runs with the same one draw the same expressions")
    given = reader.parse_args()
    binaries = find_binaries()
    if not binaries:
        print("there is no Consul: name some in CONSUL_BINS (scripts/get-consul puts one on the machine)", file=sys.stderr)
        return 2
    sides = [(f"Consul {one.version}", on_consul(one)) for one in binaries]
    sides += [(f"simulated {version}", on_simulator(version)) for version in find_dev_versions()]
    differed = 0
    for name, side in sides:
        began = time.monotonic()
        with side as comparison:
            found = [*comparison.differences(given.expressions, given.seed)]
        print("\n".join(found[:_SHOWN]))
        took = time.monotonic() - began
        print(f"{name}: {comparison.sent} expressions in {took:.0f} s, {len(found)} differed")
        for call, (selected, left) in comparison.counted.items():
            print(f"    {call}: {selected} selected a row, {left} left one out")
        differed += len(found)
    return int(differed > 0)


if __name__ == "__main__":
    sys.exit(main())
