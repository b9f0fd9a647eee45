"""What goes wrong between a client and Consul, by name: each fault is a value, and says in `steps` what becomes of one request.

Nothing here sends: `transports.faults.transport` does, around any transport.
Times are seconds, and pass as the transport's own `sleep` lets them.
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

#: Yields a sleep, or the request to have it carried out (and gets its answer); returns the answer that the client sees, or raises.
Steps = Generator["Request | Sleep", "Response | None", Response]

#: The answers that the same read got before, oldest first.
Earlier = Callable[["Request"], Sequence[Response]]

#: Requests that a fault is for.
Kind = Literal["all", "reads", "writes"]

#: What an agent without a leader, and one whose limits.request_limits are reached, say; recorded from agents of 1.22.5.
_NO_LEADER = b"No cluster leader"
_TOO_MANY = b"rate limit exceeded, try again later or against a different server"
_TEXT = ("Content-Type", "text/plain; charset=utf-8")


class Printer(Protocol):
    """As much of IPython's pretty printer as is used."""

    def text(self, text: str, /) -> object:
        """Print a text as it is."""
        ...


class Fault(Protocol):
    """Something that goes wrong with one request."""

    def steps(self, request: Request, timeout: float | None, earlier: Earlier, /) -> Steps:
        """What happens instead of carrying the request out."""
        ...


def _send_on(request: Request) -> Generator[Request | Sleep, Response | None, Response]:
    answer = yield request
    assert answer is not None, "whoever drives a fault answers its requests"
    return answer


def _wait_until_timeout(timeout: float | None) -> Steps:
    """Nothing comes until the client's time is up. One without a limit sees the connection end, as it does when a host goes away."""
    if timeout is None:
        raise wire_error(ConnectionResetError(), sent=True)
    yield Sleep(timeout)
    raise timeout_error(sent=True)


@dataclass(frozen=True, slots=True)
class Drop:
    """The request never arrives. after: "refused", no connection can be had; "timeout", the client waits until its time is up."""

    after: Literal["refused", "timeout"] = "refused"

    def steps(self, _request: Request, timeout: float | None, _earlier: Earlier) -> Steps:
        """As `Fault.steps`."""
        if self.after == "refused":
            raise wire_error(ConnectionRefusedError(), sent=False)
        return (yield from _wait_until_timeout(timeout))


@dataclass(frozen=True, slots=True)
class Delay:
    """The request arrives late, or its answer does. seconds: how late; past the client's time the request is still carried out.

    of: "request", "answer".
    """

    seconds: float = 1.0
    of: Literal["request", "answer"] = "request"

    def steps(self, request: Request, timeout: float | None, _earlier: Earlier) -> Steps:
        """As `Fault.steps`."""
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
    """The connection is reset. applied: whether the request was carried out before; the client cannot tell.

    idle: whether it was an idle connection, used again; then the client sends a read once more.
    """

    applied: bool = True
    idle: bool = False

    def steps(self, request: Request, _timeout: float | None, _earlier: Earlier) -> Steps:
        """As `Fault.steps`."""
        if self.applied:
            yield from _send_on(request)
        error = wire_error(ConnectionResetError(), sent=True)
        raise StaleConnection(error.message, maybe_applied=True) if self.idle else error


@dataclass(frozen=True, slots=True)
class Truncate:
    """The request is carried out, and its answer is cut off. length: bytes of the body that arrive.

    noticed: whether the client can tell, since the answer said how long it is.
    """

    length: int = 0
    noticed: bool = True

    def steps(self, request: Request, _timeout: float | None, _earlier: Earlier) -> Steps:
        """As `Fault.steps`."""
        answer = yield from _send_on(request)
        if self.length >= len(answer.body):
            return answer
        if self.noticed:
            raise wire_error(EOFError(), sent=True)
        headers = Headers((name, value) for name, value in answer.headers if name != "content-length")
        return Response(answer.status, headers, answer.body[: self.length])


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The request arrives twice, as when a proxy sends it again. sees: which answer the client gets."""

    sees: Literal["first", "second"] = "second"

    def steps(self, request: Request, _timeout: float | None, _earlier: Earlier) -> Steps:
        """As `Fault.steps`."""
        first = yield from _send_on(request)
        second = yield from _send_on(request)
        return first if self.sees == "first" else second


@dataclass(frozen=True, slots=True)
class Leaderless:
    """The agent knows no leader, and answers 500; nothing is done. A client tries again."""

    def steps(self, _request: Request, _timeout: float | None, _earlier: Earlier) -> Steps:
        """As `Fault.steps`."""
        yield Sleep(0.0)
        return Response(500, Headers([_TEXT]), _NO_LEADER)


@dataclass(frozen=True, slots=True)
class Limited:
    """The agent asks to slow down with a 429; nothing is done. A client tries again."""

    def steps(self, _request: Request, _timeout: float | None, _earlier: Earlier) -> Steps:
        """As `Fault.steps`."""
        yield Sleep(0.0)
        return Response(429, Headers([_TEXT]), _TOO_MANY)


@dataclass(frozen=True, slots=True)
class Stale:
    """A read gets an older answer of the same read, `back` answers ago; where there is none that old, the oldest. Writes go through."""

    back: int = 1

    def steps(self, request: Request, _timeout: float | None, earlier: Earlier) -> Steps:
        """As `Fault.steps`."""
        answer = yield from _send_on(request)
        older = [known for known in earlier(request) if known != answer] if request.method == "GET" else []
        return older[-min(self.back, len(older))] if older else answer


@dataclass(frozen=True, slots=True)
class LeaderChange:
    """The leader goes, and this request and those of the next `seconds` get a 500; `FaultPlan` keeps the time."""

    seconds: float = 0.5

    def steps(self, request: Request, timeout: float | None, earlier: Earlier) -> Steps:
        """As `Fault.steps`."""
        return Leaderless().steps(request, timeout, earlier)


#: Every kind of fault once, as `FaultPlan.random` draws them.
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
    """What befalls the requests of one client: the first fault the first request, and so on; None: nothing. After the last: nothing.

    of: count only "reads", only "writes", or "all". path: count only requests whose path begins so ("/v1/kv/"). Values, equal where they
    do the same, with a repr that makes them again; a client keeps its place in its plan itself.
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
        """A plan without end: each request meets, with probability `rate`, one of these faults. The same seed gives the same plan."""
        if not 0 <= rate <= 1:
            raise ValueError("a rate is a probability, from 0 to 1")
        plan = cls.__new__(cls)
        plan._begin(tuple(faults), of, path, seed, rate)  # noqa: SLF001 - its own
        return plan

    def counts(self, request: Request) -> bool:
        """Whether a request has a place in the plan."""
        kinds = {"all": True, "reads": request.method == "GET", "writes": request.method != "GET"}
        return kinds[self.of] and request.path.startswith(self.path)

    def __getitem__(self, number: int) -> Fault | None:
        """What befalls a request; the first one that counts is number 0."""
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
        """Have IPython's printer, which is Hypothesis's, show the repr rather than the fields."""
        printer.text(repr(self))


@dataclass(frozen=True, slots=True)
class Injection:
    """A request that something befell: the how manieth of its client that counted, and what it was."""

    number: int
    request: str
    fault: Fault
