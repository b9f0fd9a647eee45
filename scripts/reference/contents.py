"""What the reference has: a page for each group of calls, the pages about classes, and the pages about types."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import Any

from consul_proto.message import Response
from consul_proto.namespace import group
from consulate import AsyncConsul, Consul
from scripts.reference.calls import Call, call_of
from scripts.reference.markdown import EXCEPTIONS_PAGE
from transports.memory import AsyncMemoryTransport, MemoryTransport


@dataclass(frozen=True)
class Group:
    """A group of calls. place: its name in a client ("agent.check"). summary: what the client says about it."""

    place: str
    summary: str
    kind: type[Any]
    calls: tuple[Call, ...]

    @property
    def page(self) -> str:
        """The path of its page."""
        return f"reference/{self.place.replace('.', '-')}.md"


def _answer(_request: object) -> Response:
    return Response(200)


def clients() -> tuple[Consul, AsyncConsul]:
    """Return a client for threads and one for tasks, which connect to nothing."""
    return Consul(transport=MemoryTransport(_answer)), AsyncConsul(transport=AsyncMemoryTransport(_answer))


@cache
def groups() -> tuple[Group, ...]:
    """Return each group of calls of a client, and behind it the groups inside it."""
    return tuple(_groups("", *clients()))


def _groups(place: str, threads: Any, tasks: Any) -> Iterator[Group]:
    for name in sorted(dir(threads)):
        member = getattr(type(threads), name, None)
        if isinstance(member, group):
            inner, other = getattr(threads, name), getattr(tasks, name)
            inside = f"{place}.{name}".removeprefix(".")
            yield Group(inside, member.__doc__ or "", type(inner), tuple(calls_of(f"client.{inside}", inner, other)))
            yield from _groups(inside, inner, other)


#: Calls with the parameters of `create` in the same group.
_LIKE_CREATE = frozenset({"update", "keep"})


def calls_of(place: str, threads: Any, tasks: Any) -> Iterator[Call]:
    """Yield the calls of a group, or of a client."""
    create = call_of(f"{place}.create", threads.create, type(threads)) if hasattr(threads, "create") else None
    for name in sorted(name for name in dir(threads) if not name.startswith("_")):
        member = getattr(type(threads), name, None)
        if callable(member) and not isinstance(member, type):
            call = call_of(f"{place}.{name}", getattr(threads, name), type(threads), getattr(tasks, name, None))
            yield replace(call, like=create) if name in _LIKE_CREATE else call


#: The page of a guide that says more about a group.
GUIDES = {
    "kv": ("The key/value store", "../kv.md"),
    "session": ("Locks and elections", "../recipes.md"),
    "snapshot": ("Snapshots", "../calls.md#snapshots"),
    "txn": ("The key/value store", "../kv.md#writing"),
    "acl": ("The documented ACL calls", "../acl.md"),
}


@dataclass(frozen=True)
class ClassPage:
    """A page about classes and functions.

    members: "module:Name", or "module:Name as instance" for a class whose methods are called on something with this name;
    "!" before it: users make objects of the class.
    """

    page: str
    title: str
    text: str
    members: tuple[str, ...]

    def found(self) -> Iterator[tuple[Any, str, bool]]:
        """Yield each member, what its methods are called on, and whether users make it."""
        for member in self.members:
            home, _, instance = member.removeprefix("!").partition(" as ")
            module, _, name = home.partition(":")
            yield getattr(import_module(module), name), instance, member.startswith("!")


def _exceptions() -> tuple[str, ...]:
    from consulate import exceptions

    kinds = [getattr(exceptions, name) for name in exceptions.__all__]
    kinds.sort(key=lambda kind: (len(inspect.getmro(kind)), exceptions.__all__.index(kind.__name__)))
    return tuple(f"consulate.exceptions:{kind.__name__} as error" for kind in kinds)


CLASS_PAGES = (
    ClassPage(
        "reference/clients.md",
        "Clients",
        "What a client has besides its groups of calls. [Configuration](../configuration.md) explains the arguments.",
        (
            "!consulate:Consul as client",
            "!consulate:AsyncConsul as client",
            "!consulate:Cancel as cancel",
            "!consulate:Limits",
            "!consulate:TokenFile",
            "!consulate:Login",
            "consulate:Meta",
            "consulate:Reply",
        ),
    ),
    ClassPage(
        EXCEPTIONS_PAGE,
        "Exceptions",
        "`consulate.exceptions`. [Errors and retries](../errors.md) says what to do about each.",
        _exceptions(),
    ),
    ClassPage(
        "reference/recipes.md",
        "Locks, semaphores, elections",
        "What [`client.lock`](clients.md#lock), [`client.semaphore`](clients.md#semaphore), [`client.election`](clients.md#election) and"
        " [`client.session.keep`](session.md#session-keep) return. [Locks and elections](../recipes.md) explains them.",
        (
            "consulate.recipes.lock:Lock",
            "consulate.recipes.lock:AsyncLock as lock",
            "consulate.recipes.lock:Semaphore",
            "consulate.recipes.lock:AsyncSemaphore as semaphore",
            "consulate.recipes.election:Election",
            "consulate.recipes.election:AsyncElection as election",
            "consulate.recipes.session:SessionKeeper as keeper",
            "consulate.recipes.session:AsyncSessionKeeper as keeper",
            "consulate.recipes.held:Held",
            "consulate.recipes.held:AsyncHeld as held",
            "consulate.recipes.held:LiveSession as session",
            "consulate.recipes.held:AsyncLiveSession as session",
            "consulate.recipes.held:Loss as held.lost",
            "consulate.recipes.held:AsyncLoss as held.lost",
            "consulate.recipes.election:Followed as leaders",
            "consulate.recipes.election:AsyncFollowed as leaders",
            "consul_proto.recipes.outcomes:Leader",
        ),
    ),
    ClassPage(
        "reference/filters.md",
        "consulate.filters",
        "The expressions of `filter=`, and the fields from which they are built. [Filters](../filters.md) explains them.",
        (
            "consulate.filters:Filter",
            *(f"consul_proto.filters.fields:{name} as field" for name in ("Text", "Number", "Flag", "TextList", "TextMap", "Each")),
        ),
    ),
    ClassPage(
        "reference/bulk.md",
        "Results of bulk calls",
        "What [`client.kv.put_many`](kv.md#kv-put_many) and its siblings return. [Many keys at once](../bulk.md) explains them.",
        (
            "consul_proto.recipes.bulk_result:BulkResult as result",
            "consul_proto.recipes.bulk_result:FailedBatch as failure",
            "consul_proto.recipes.bulk_result:Refusal as refusal",
        ),
    ),
    ClassPage(
        "reference/testing.md",
        "consulate.testing",
        "[Testing](../testing.md) explains them.",
        (
            "!consulate.testing:ConsulAgent as agent",
            "!consulate.testing:Programs as programs",
            "!consulate.testing:Interleaving",
            "!consulate.testing:Pass",
            "consulate.testing:End",
            "consulate.testing:sleep",
            "!consulate.testing:FaultPlan as plan",
            "!transports.faults.plans:Drop",
            "!transports.faults.plans:Delay",
            "!transports.faults.plans:Reset",
            "!transports.faults.plans:Truncate",
            "!transports.faults.plans:Duplicate",
            "!transports.faults.plans:Leaderless",
            "!transports.faults.plans:Limited",
            "!transports.faults.plans:Stale",
            "!transports.faults.plans:LeaderChange",
            "transports.faults.plans:Injection",
            "!consulate.testing:FaultyTransport as transport",
            "!consulate.testing:AsyncFaultyTransport as transport",
            "consulate.testing:ConsulStateMachine as machine",
        ),
    ),
    ClassPage(
        "reference/strategies.md",
        "consulate.testing.strategies",
        "Strategies for Hypothesis (extra `testing`): arguments of calls, answers of Consul, fault plans, and interleavings of programs."
        " [Testing](../testing.md) explains them.",
        tuple(f"consulate.testing.strategies:{name}" for name in import_module("consulate.testing.strategies").__all__),
    ),
    ClassPage(
        "reference/adapters.md",
        "consulate.adapters",
        "An adapter creates the transport of a client: `Consul(adapter=adapters.SocketRequest)`.",
        (
            "consulate.adapters:Adapter",
            "consulate.adapters:Request as adapter",
            "consulate.adapters:UnixSocketRequest as adapter",
            "consulate.adapters:SocketRequest as adapter",
        ),
    ),
    ClassPage(
        "reference/transports.md",
        "Your own transport",
        "Any object with the methods of `Transport`, or of `AsyncTransport` for tasks, can carry the calls of a client:"
        " `Consul(transport=...)`. `transports.protocol` has the protocols, `consul_proto` the rest.",
        (
            "transports.protocol:Transport",
            "transports.protocol:AsyncTransport as transport",
            "transports.protocol:StreamingTransport as transport",
            "transports.protocol:AsyncStreamingTransport as transport",
            "transports.protocol:CancellableTransport as transport",
            "transports.protocol:OpenAnswer as answer",
            "transports.protocol:AsyncOpenAnswer as answer",
            "transports.protocol:CancelHandle as cancel",
            "transports.protocol:Clock",
            "transports.protocol:AsyncClock as clock",
            "!consul_proto.message:Request",
            "!consul_proto.message:Response",
            "!consul_proto.message:Headers",
            "!consul_proto.message:StreamedBody as body",
            "!consul_proto.operation:Operation",
            "!consul_proto.stream:Stream",
            "consul_proto.stream:Events",
            "consul_proto.stream:AsyncEvents as events",
            "!transports.memory:MemoryTransport as transport",
            "!transports.memory:AsyncMemoryTransport as transport",
        ),
    ),
    ClassPage(
        "reference/transactions.md",
        "consulate.api.txn",
        "The operations for [`client.txn.commit`](txn.md#txn-commit).",
        tuple(f"consulate.api.txn:{name}" for name in import_module("consulate.api.txn").__all__ if name.islower()),
    ),
)
