"""Faults between a client and Consul, and plans of them. Each fault is a value; its `steps` say what happens to one request.

This file does no I/O: `transports.faults.transport` injects the faults, around any transport. Times are seconds of the transport's clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from consul_proto.errors import StaleConnection
from consul_proto.flow import Sleep
from consul_proto.message import Headers, Response
from transports.errors import timeout_error, wire_error

if TYPE_CHECKING:
    from consul_proto.message import Request

#: A generator: it yields a sleep, or a request to send (and gets its answer). It returns the client's answer, or raises.
Steps = Generator["Request | Sleep", "Response | None", Response]

#: Returns the earlier answers to the same read, oldest first.
Earlier = Callable[["Request"], Sequence[Response]]

#: The requests that a plan counts.
Kind = Literal["all", "reads", "writes"]

#: The answers of an agent without a leader, and of one over its limits.request_limits; recorded from Consul 1.22.5.
_NO_LEADER = b"No cluster leader"
_TOO_MANY = b"rate limit exceeded, try again later or against a different server"
_TEXT = ("Content-Type", "text/plain; charset=utf-8")


class Printer(Protocol):
    """The one method of IPython's pretty printer that is used here."""

    def text(self, text: str, /) -> object:
        """Print a text."""
        ...


class Fault(Protocol):
    """Something that goes wrong with one request."""

    def steps(self, request: Request, timeout: float | None, earlier: Earlier, /) -> Steps:
        """Yield what happens to the request, and return the client's answer or raise.

        timeout: seconds that the client waits; None: no limit. earlier: returns the earlier answers to the same read."""
        ...


def _send_on(request: Request) -> Generator[Request | Sleep, Response | None, Response]:
    answer = yield request
    assert answer is not None, "the transport that runs these steps answers each request"
    return answer


def _wait_until_timeout(timeout: float | None) -> Steps:
    """Wait until the client's time limit, and raise RequestTimeout. A client without a limit sees a reset connection instead."""
    if timeout is None:
        raise wire_error(ConnectionResetError(), sent=True)
    yield Sleep(timeout)
    raise timeout_error(sent=True)


@dataclass(frozen=True, slots=True)
class Drop:
    """The request never arrives. after: "refused", the connection is refused; "timeout", the client waits until its time limit."""

    after: Literal["refused", "timeout"] = "refused"

    def steps(self, _request: Request, timeout: float | None, _earlier: Earlier) -> Steps:
        """Yield the steps; see `Fault.steps`."""
        if self.after == "refused":
            raise wire_error(ConnectionRefusedError(), sent=False)
        return (yield from _wait_until_timeout(timeout))


@dataclass(frozen=True, slots=True)
class Delay:
    """The request or its answer is late.

    seconds: the delay; the request is carried out even if the client's time limit is shorter.
    of: what is late, "request" or "answer".
    """

    seconds: float = 1.0
    of: Literal["request", "answer"] = "request"

    def steps(self, request: Request, timeout: float | None, _earlier: Earlier) -> Steps:
        """Yield the steps; see `Fault.steps`."""
        in_time = timeout is None or self.seconds < timeout
        pause = self.seconds if timeout is None else min(self.seconds, timeout)
        if self.of == "request":
            yield Sleep(pause)
        answer = yield from _send_on(request)
        if self.of == "answer":
            yield Sleep(pause)
        if not in_time:
            raise timeout_error(sent=True)
        return answer


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset.

    applied: whether the request was carried out before; the client cannot tell.
    idle: whether it was an idle connection that was used again; then the client resends a read.
    """

    applied: bool = True
    idle: bool = False

    def steps(self, request: Request, _timeout: float | None, _earlier: Earlier) -> Steps:
        """Yield the steps; see `Fault.steps`."""
        if self.applied:
            yield from _send_on(request)
        error = wire_error(ConnectionResetError(), sent=True)
        raise StaleConnection(error.message, maybe_applied=True) if self.idle else error


@dataclass(frozen=True, slots=True)
class Truncate:
    """The request is carried out, and its answer is cut off.

    length: bytes of the body that arrive. noticed: whether the client can tell, because the answer has a Content-Length.
    """

    length: int = 0
    noticed: bool = True

    def steps(self, request: Request, _timeout: float | None, _earlier: Earlier) -> Steps:
        """Yield the steps; see `Fault.steps`."""
        answer = yield from _send_on(request)
        if self.length >= len(answer.body):
            return answer
        if self.noticed:
            raise wire_error(EOFError(), sent=True)
        headers = Headers((name, value) for name, value in answer.headers if name != "content-length")
        return Response(answer.status, headers, answer.body[: self.length])


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The request arrives twice, as if a proxy had resent it. sees: which of the two answers the client gets."""

    sees: Literal["first", "second"] = "second"

    def steps(self, request: Request, _timeout: float | None, _earlier: Earlier) -> Steps:
        """Yield the steps; see `Fault.steps`."""
        first = yield from _send_on(request)
        second = yield from _send_on(request)
        return first if self.sees == "first" else second


@dataclass(frozen=True, slots=True)
class Leaderless:
    """The agent has no leader and answers 500; the request has no effect. A client retries."""

    def steps(self, _request: Request, _timeout: float | None, _earlier: Earlier) -> Steps:
        """Yield the steps; see `Fault.steps`."""
        yield Sleep(0.0)
        return Response(500, Headers([_TEXT]), _NO_LEADER)


@dataclass(frozen=True, slots=True)
class Limited:
    """The agent limits the rate and answers 429; the request has no effect. A client retries."""

    def steps(self, _request: Request, _timeout: float | None, _earlier: Earlier) -> Steps:
        """Yield the steps; see `Fault.steps`."""
        yield Sleep(0.0)
        return Response(429, Headers([_TEXT]), _TOO_MANY)


@dataclass(frozen=True, slots=True)
class Stale:
    """A read gets an earlier answer to the same read. Writes are not affected.

    back: how many answers ago; if there are fewer, the oldest."""

    back: int = 1

    def steps(self, request: Request, _timeout: float | None, earlier: Earlier) -> Steps:
        """Yield the steps; see `Fault.steps`."""
        answer = yield from _send_on(request)
        older = [known for known in earlier(request) if known != answer] if request.method == "GET" else []
        return older[-min(self.back, len(older))] if older else answer


@dataclass(frozen=True, slots=True)
class LeaderChange:
    """The leader is lost: this request, and all within the next `seconds`, get a 500."""

    seconds: float = 0.5

    def steps(self, request: Request, timeout: float | None, earlier: Earlier) -> Steps:
        """Yield the steps; see `Fault.steps`."""
        return Leaderless().steps(request, timeout, earlier)


#: Every kind of fault: what `FaultPlan.random` chooses from.
EVERY: tuple[Fault, ...] = (
    Drop("refused"),
    Drop("timeout"),
    Delay(1.0),
    Delay(1.0, "answer"),
    Reset(applied=False),
    Reset(applied=True),
    Reset(applied=False, idle=True),
    Truncate(),
    Truncate(noticed=False),
    Duplicate("first"),
    Duplicate("second"),
    Leaderless(),
    Limited(),
    Stale(),
    LeaderChange(),
)


@dataclass(frozen=True)
class FaultPlan:
    """The faults for the requests of one client: the first fault is for the first request, and so on; None: no fault.

    Requests after the last fault are not affected. of: count only "reads", only "writes", or "all". path: count only requests whose path
    begins with this text ("/v1/kv/"). A plan is a value: plans with the same faults are equal, and its repr is an expression that makes it.
    """

    faults: tuple[Fault | None, ...] = ()
    of: Kind = "all"
    path: str = "/"
    _seed: int | None = field(default=None, kw_only=True)
    _rate: float = field(default=0.0, kw_only=True)

    def __init__(self, faults: Iterable[Fault | None] = (), *, of: Kind = "all", path: str = "/") -> None:
        self._begin(tuple(faults), of, path, None, 0.0)

    def _begin(self, faults: tuple[Fault | None, ...], of: Kind, path: str, seed: int | None, rate: float) -> None:
        for name, value in {"faults": faults, "of": of, "path": path, "_seed": seed, "_rate": rate}.items():
            object.__setattr__(self, name, value)

    @classmethod
    def random(cls, *, seed: int, rate: float = 0.1, faults: Iterable[Fault] = EVERY, of: Kind = "all", path: str = "/") -> FaultPlan:
        """Return a plan without end: each request meets one of these faults with probability `rate`. The same seed gives the same plan.

        Raises ValueError for a rate that is not between 0 and 1."""
        if not 0 <= rate <= 1:
            raise ValueError(f"rate must be a probability from 0 to 1, not {rate!r}")
        plan = cls.__new__(cls)
        plan._begin(tuple(faults), of, path, seed, rate)  # noqa: SLF001 - its own
        return plan

    def counts(self, request: Request) -> bool:
        """Return whether the plan counts a request."""
        kinds = {"all": True, "reads": request.method == "GET", "writes": request.method != "GET"}
        return kinds[self.of] and request.path.startswith(self.path)

    def __getitem__(self, number: int) -> Fault | None:
        """Return the fault for a request, or None. The first counted request is number 0."""
        if self._seed is None:
            return self.faults[number] if number < len(self.faults) else None
        draw = random.Random(f"{self._seed}:{number}")  # noqa: S311 - not a secret
        return draw.choice(self.faults) if self.faults and draw.random() < self._rate else None

    def __repr__(self) -> str:
        options = "".join(
            f", {name}={value!r}" for name, value, usual in (("of", self.of, "all"), ("path", self.path, "/")) if value != usual
        )
        if self._seed is None:
            return f"FaultPlan({list(self.faults)!r}{options})"
        faults = "" if self.faults == EVERY else f", faults={list(self.faults)!r}"
        return f"FaultPlan.random(seed={self._seed}, rate={self._rate}{faults}{options})"

    def _repr_pretty_(self, printer: Printer, _cycle: bool) -> None:
        """Show the repr instead of the fields in IPython's printer, which Hypothesis uses."""
        printer.text(repr(self))


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault that met a request. number: the position of the request among the client's counted requests; the first is 0."""

    number: int
    request: str
    fault: Fault
