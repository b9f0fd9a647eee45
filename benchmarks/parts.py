"""The parts of the benchmark that are rounds of calls: which clients make which calls, and what must hold."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from benchmarks.bodies import VALUE


@dataclass(frozen=True)
class Target:
    """A ratio of medians, and its limit; a limit of None: the ratio is shown, and nothing is promised.

    measure: "cpu" or "wall", in microseconds for a call; "rate": calls a second, which must be at least the limit. base: the client, or the
    client and case, to compare with; "": the limit is microseconds. less: a client, and case, whose time does not count.
    """

    ours: str
    base: str = ""
    limit: float | None = None
    measure: str = "cpu"
    less: str = ""


@dataclass(frozen=True)
class Line:
    """A client, and the case that it runs (workers/protocol.py), and what its check must return."""

    client: str
    case: str
    result: object = None
    label: str = ""

    @property
    def name(self) -> str:
        """The name of the line, by which a target finds it."""
        return self.label or self.client


@dataclass(frozen=True)
class Part:
    """A table: lines that take turns. calls: in a piece of a round, for each line. measures: the columns. group: its name for `--only`.

    pieces: how often a round has these calls, each time at a quiet moment. longest: the seconds of a piece, at most: a slow client makes
    fewer calls, so that others disturb it as rarely as the rest.
    """

    name: str
    title: str
    lines: tuple[Line, ...]
    targets: tuple[Target, ...]
    calls: int
    measures: tuple[str, ...] = ("cpu", "wall")
    group: str = ""
    pieces: int = 1
    longest: float = math.inf


SOCKET, UNIX, URLLIB3 = "Consulate/socket", "Consulate/unix", "Consulate/urllib3"
ASYNCIO, TRIO, MSGSPEC = "Consulate/asyncio", "Consulate/trio", "Consulate/socket-msgspec"
GO, GO_UNIX, PY_CONSUL, PY_CONSUL_ASYNCIO = "Go", "Go/unix", "py-consul", "py-consul/asyncio"
BARE = tuple(f"bare/{kind}" for kind in ("socket", "unix", "trio", "asyncio", "urllib3"))

_EVERY = (SOCKET, UNIX, TRIO, ASYNCIO, URLLIB3, GO, GO_UNIX, PY_CONSUL, PY_CONSUL_ASYNCIO, *BARE)


def _calls(name: str, title: str, result: object, more: float) -> Part:
    """Return a part that compares one call. more: how much more than for kv.get is allowed."""
    targets = (
        Target(SOCKET, GO, 0.7 * more),
        Target(UNIX, GO, 0.6 * more),
        Target(UNIX, GO_UNIX),
        Target(TRIO, GO, 1.3 * more),
        Target(ASYNCIO, GO, 1.6 * more),
        Target(ASYNCIO, PY_CONSUL_ASYNCIO, 0.6 * more),
        Target(URLLIB3, "bare/urllib3", 1.07 * more),
        Target(SOCKET, PY_CONSUL),
        Target(SOCKET, "bare/socket"),
        Target(UNIX, "bare/unix"),
        Target(TRIO, "bare/trio"),
        Target(ASYNCIO, "bare/asyncio"),
    )
    return Part(name, title, tuple(Line(client, name, result) for client in _EVERY), targets, 600, group=name, pieces=5, longest=0.04)


def _health(number: int, calls: int) -> Part:
    lines = tuple(Line(client, f"health-{number}", number) for client in (SOCKET, MSGSPEC, TRIO, ASYNCIO, GO, PY_CONSUL, "bare/socket"))
    targets = (
        Target(SOCKET, "bare/socket", 1.1),
        Target(MSGSPEC, "bare/socket", 0.6),
        Target(SOCKET, GO),
        Target(SOCKET, PY_CONSUL),
        Target(TRIO, "bare/socket"),
        Target(ASYNCIO, "bare/socket"),
    )
    return Part(
        f"health-{number}", f"health.service of {number:,} instances; bare: json.loads and a socket", lines, targets, calls, group="health"
    )


def _concurrent() -> Part:
    tasks, threads = "100 at a time", "16 threads"
    lines = (
        *(Line(client, "concurrent", label=f"{client}, {tasks}") for client in (ASYNCIO, TRIO, PY_CONSUL_ASYNCIO, GO)),
        *(Line(client, "threads", label=f"{client}, {threads}") for client in (SOCKET, URLLIB3, PY_CONSUL)),
    )
    targets = (
        Target(f"{ASYNCIO}, {tasks}", f"{PY_CONSUL_ASYNCIO}, {tasks}", 1.7, "rate"),
        Target(f"{ASYNCIO}, {tasks}", f"{GO}, {tasks}", 0.6, "rate"),
        Target(f"{TRIO}, {tasks}", f"{PY_CONSUL_ASYNCIO}, {tasks}", None, "rate"),
        Target(f"{TRIO}, {tasks}", f"{GO}, {tasks}", None, "rate"),
        Target(f"{SOCKET}, {threads}", f"{PY_CONSUL}, {threads}", 3.0, "rate"),
        Target(f"{URLLIB3}, {threads}", f"{PY_CONSUL}, {threads}", None, "rate"),
    )
    return Part("concurrent", "kv.get, many at a time", lines, targets, 3200, ("cpu", "rate"), "concurrent")


def _keys(number: int) -> Part:
    ours = {name: f"Consulate/socket, kv.{name}" for name in ("items", "records", "get_records")}
    lines = (
        *(Line(SOCKET, name, number, label) for name, label in ours.items()),
        *(Line(client, "keys", number) for client in (GO, PY_CONSUL, "bare/socket")),
    )
    targets = (
        Target(ours["items"], "bare/socket", 1.5),
        Target(ours["records"], "bare/socket", 1.5),
        Target(ours["get_records"], "bare/socket"),
        Target(ours["items"], GO),
        Target(ours["items"], PY_CONSUL),
    )
    return Part("keys", f"{number:,} keys by prefix; bare: json.loads, base64 and a socket", lines, targets, 1, group="keys")


def _memory() -> Part:
    sync, points = "in memory/sync", {kind: f"in memory/{kind}, checkpoint" for kind in ("asyncio", "trio")}
    lines = (
        Line(sync, "get", VALUE),
        *(Line(f"in memory/{kind}", "get", VALUE) for kind in points),
        *(Line(f"in memory/{kind}", "checkpoint", label=label) for kind, label in points.items()),
    )
    targets = (
        Target(sync, "", 20.0),
        *(Target(f"in memory/{kind}", sync, 1.3, less=label) for kind, label in points.items()),
    )
    return Part("in-memory", "kv.get of an agent in memory; less the event loop's own checkpoint", lines, targets, 5000, group="memory")


def beside_before(part: Part) -> Part:
    """Return a part that also has the lines of another copy of Consulate, next to those of this one."""
    lines, targets = list(part.lines), list(part.targets)
    measure = "rate" if "rate" in part.measures else "cpu"
    for line in part.lines:
        if line.client.startswith("Consulate/"):
            client, label = (name.replace("Consulate/", "before/") for name in (line.client, line.label))
            before = replace(line, client=client, label=label)
            lines.insert(lines.index(line) + 1, before)
            targets.append(Target(line.name, before.name, measure=measure))
    return replace(part, lines=tuple(lines), targets=tuple(targets))


def parts(keys: int) -> list[Part]:
    """Return all parts. keys: how many keys the read by prefix finds."""
    return [
        _calls("get", "kv.get", VALUE, 1.0),
        _calls("put", "kv.put of 1 KB", True, 1.1),
        _concurrent(),
        _health(200, 60),
        _health(5000, 1),
        _keys(keys),
        _memory(),
    ]
