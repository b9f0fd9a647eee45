"""The memory that a read of many keys needs, beside the size of the answer. Each figure comes from a process of its own, and one call.

"peak" is what tracemalloc saw allocated during the call, the body and the result included. It sees all that Python allocates, and nothing
of Go. "RSS" is by how much the call raised the most memory that was resident, which is less exact.
"""

from __future__ import annotations

from contextlib import closing

from benchmarks import bodies
from benchmarks.parts import GO, PY_CONSUL, SOCKET, Target
from benchmarks.peers import Missing
from benchmarks.processes import Site
from benchmarks.results import Result

_LINES = (
    (f"{SOCKET}, kv.items", SOCKET, "items"),
    (f"{SOCKET}, kv.records", SOCKET, "records"),
    (f"{SOCKET}, kv.get_records", SOCKET, "get_records"),
    (GO, GO, "keys"),
    (PY_CONSUL, PY_CONSUL, "keys"),
    ("bare/socket", "bare/socket", "keys"),
)
_BODY = "the body"
_LIMIT = 2.5


def _resident(site: Site, client: str, case: str) -> float:
    """Return by how many bytes a call raises the peak of the resident memory."""
    with closing(site.start(client)) as worker:
        before: float = worker.ask("get", calls=20)["rss"]
        after: float = worker.ask(case, calls=1)["rss"]
        return after - before


def _traced(site: Site, client: str, case: str) -> float:
    """Return the most bytes that Python has allocated during a call."""
    with closing(site.start(client)) as worker:
        worker.ask("get", calls=20)
        peak: float = worker.ask(case, trace=True)["peak"]
        return peak


def run(site: Site) -> Result:
    """Return the table."""
    body = float(len(bodies.keys(site.keys)))
    result = Result("keys-memory", f"{site.keys:,} keys by prefix: memory, each in a fresh process", ("peak", "rss"))
    result.add(_BODY, {"peak": body / 1e6, "rss": body / 1e6})
    for name, client, case in _LINES:
        try:
            traced = float("nan") if client == GO else _traced(site, client, case)
            result.add(name, {"peak": traced / 1e6, "rss": _resident(site, client, case) / 1e6})
        except Missing as why:
            result.drop(name, str(why))
    limits = {"kv.items": _LIMIT, "kv.records": _LIMIT}
    of_peak = tuple(Target(name, _BODY, limits.get(name.rpartition(" ")[2]), "peak") for name, client, _ in _LINES if client != GO)
    result.judge((*of_peak, *(Target(name, _BODY, None, "rss") for name, _, _ in _LINES)))
    result.notes.append("peak: by tracemalloc, body and result included; RSS: growth of the most resident memory")
    return result
