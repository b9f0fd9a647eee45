"""Measure the cost of a call before anything is sent: building its operation and applying the settings, compared with a bare Request.

    python benchmarks/building.py

All cases take turns in one run, in rounds of a few thousand calls. The output is nanoseconds of CPU time for a call (the median over the
rounds), and the ratio to the construction of the `Request` that the call sends.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable

from consul_proto.api import Operations
from consul_proto.message import Request
from consul_proto.options import Settings

_PLAIN = Settings()
_SCOPED = Settings(token="3b2d8a1e", datacenter="dc2", consistency="stale")

_api = Operations()
_kv, _health = _api.kv, _api.health
_get = _kv.get("bench/key")

#: The cases. All others are compared with the first.
_CASES: dict[str, Callable[[], object]] = {
    "a bare Request": lambda: Request("GET", "/v1/kv/bench/key"),
    "kv.get(key)": lambda: _kv.get("bench/key"),
    "kv.get(key, index=, wait=)": lambda: _kv.get("bench/key", index=7, wait="10s"),
    "operation.blocking(index=)": lambda: _get.blocking(index=7, wait="10s"),
    "kv.put(key, value)": lambda: _kv.put("bench/key", b"value"),
    "health.service(name)": lambda: _health.service("web"),
    "health.service(name, passing=)": lambda: _health.service("web", passing=True),
    "request(method, path)": lambda: _api.request("GET", "/v1/kv/bench/key"),
    "Settings.apply, nothing set": lambda: _PLAIN.apply(_get),
    "Settings.apply, token, dc, stale": lambda: _SCOPED.apply(_get),
}


def _time(call: Callable[[], object], calls: int) -> float:
    begun = time.process_time_ns()
    for _ in range(calls):
        call()
    return (time.process_time_ns() - begun) / calls


def main() -> None:
    """Time all cases, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--calls", type=int, default=4000, help="in a round")
    options = parser.parse_args()
    taken: dict[str, list[float]] = {name: [] for name in _CASES}
    gc.disable()
    for turn in range(options.rounds + 1):
        for name, call in _CASES.items():
            spent = _time(call, options.calls)
            if turn:
                taken[name].append(spent)
        gc.collect()
    bare = statistics.median(taken["a bare Request"])
    for name, times in taken.items():
        median = statistics.median(times)
        print(f"{name:34} {median:8.0f} ns {median / bare:7.2f}x")


if __name__ == "__main__":
    main()
