"""Kill one of two client agents of a real server again and again, under load, and judge what Consul has in the end; see load.py."""

from __future__ import annotations

import argparse
import sys
import time
from random import Random

from consul_proto.agents import AgentOrder
from tests.agents import Binary, find_binaries
from tests.recipes.chaos.cluster import start_cluster
from tests.several_agents.load import Load


def run(binary: Binary, *, kills: int, order: AgentOrder, seed: int) -> list[str]:
    """Run once. Return what went wrong."""
    random = Random(seed)
    with start_cluster(binary, servers=1, clients=2) as cluster:
        load = Load([member.address for member in cluster.clients], order=order)
        load.start()
        try:
            for _ in range(kills):
                time.sleep(random.uniform(0.3, 1.5))
                cluster.client.kill()
                time.sleep(random.uniform(0.0, 2.0))
                cluster.client.start()
                cluster.await_whole()
        finally:
            load.finish()
        found = load.judge(cluster.clients[1].address)
    says = f"Consul {binary.version}, order {order!r}, {kills} kills: {dict(load.calls)}; {len(found)} problems"
    sys.stdout.write("\n  ".join([says, *found[:20]]) + "\n")
    return found


def main() -> int:
    """Run on each Consul of CONSUL_BINS; 1 where something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--order", choices=("given", "random"), default="given")
    options = parser.parse_args()
    binaries = find_binaries()
    if not binaries:
        sys.exit("there is no Consul: name one in CONSUL_BINS or put it on PATH")
    found = [run(binary, kills=options.kills, order=options.order, seed=options.seed) for binary in binaries]
    return int(any(found))


if __name__ == "__main__":
    sys.exit(main())
