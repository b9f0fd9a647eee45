"""Which of several agents a request goes to, and what an outcome means: done, go on with another agent, or raise.

A client has one `Agents`. For each request it gives a `RoutedCall`, which says which agent is next, what to send to it and within which
time. The transport sends that, reports what came of it, and goes on until there is an answer or an error. The rules:

- A request goes to the first agent that works, in the client's order. A request about the agent itself (`/v1/agent/`, `/v1/event/`) always
  goes to the same agent.
- After a failure that certainly had no effect, the request goes on to the next agent. One that may be sent twice, such as a read, goes on
  after any failure. Anything else raises as soon as it may have had an effect.
- An agent that failed is left alone for a while. Then one call tries it. If all are left alone, all are tried all the same.
- A blocking query stays with the agent that gave its index. If it goes to another agent, it is sent without the index.

https://developer.hashicorp.com/consul/api-docs/features/blocking
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from consul_proto.errors import (
    Cancelled,
    ClientClosed,
    RequestError,
    RequestTimeout,
    StaleConnection,
    UnreadableBody,
    is_retryable,
    words,
)
from consul_proto.message import NO_HEADERS, Response

if TYPE_CHECKING:
    from consul_proto.message import Headers, Request

#: In which order the agents are tried: as they are given, or at random for each request. (libpq: load_balance_hosts=disable or random.)
AgentOrder: TypeAlias = Literal["given", "random"]

#: Returns a random number from 0 to 1.
Draw: TypeAlias = Callable[[], float]

#: Seconds for which an agent is left alone after its first failure, and at most. Each further failure doubles them, as in Elastic's
#: clients: https://elastic-transport-python.readthedocs.io/en/latest/node_pool.html
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0

#: What one agent knows and others do not: its services, checks, members and logs, and the events that it has seen.
_OF_ONE_AGENT = ("/v1/agent/", "/v1/event/")

#: What may be sent twice although it is not a GET: a session that is renewed twice lives as long, and the other reads.
_REPEATABLE = ("/v1/session/renew/", "/v1/discovery-chain/")

#: An endpoint that answers 429 for a cluster that is not healthy: that is no rate limit.
_HEALTH = "/v1/operator/autopilot/health"

#: A client agent that has not found its servers yet, so it cannot have done anything.
_NO_SERVERS = re.compile(rb"No known Consul servers\s*")

#: An agent that cannot reach a server, or lost it during the call.
_LOST_SERVER = re.compile(rb"rpc error (?:getting client: |making call: EOF)")

#: Statuses with which a proxy says that it has no answer of the agent.
_OF_A_PROXY = (502, 503, 504)

#: Errors that do not depend on the agent.
_OWN = (Cancelled, ClientClosed, UnreadableBody)

#: The parameters that hold what an earlier answer gave, in one of these headers; and all parameters of a blocking query.
_INDEXES, _INDEX_HEADERS = ("index", "hash"), ("x-consul-index", "x-consul-contenthash")
_WAITING = frozenset({*_INDEXES, "wait"})

#: The parameters that do not change which read it is.
_NOT_OF_A_READ = _WAITING | {"stale", "consistent", "leader", "cached"}

#: How many indexes are remembered: of answers to blocking queries, and of others.
_MOST_INDEXES = 2048

#: The fewest seconds that must be left to try another agent.
_LEAST = 0.001


def is_of_one_agent(request: Request) -> bool:
    """Return whether a request is about the agent itself, so that another agent cannot answer it."""
    return request.path.startswith(_OF_ONE_AGENT)


def is_repeatable(request: Request) -> bool:
    """Return whether a request that was carried out may be sent again to another agent: it has the same effect twice as once."""
    return request.method == "GET" or request.path.startswith(_REPEATABLE)


def did_nothing(response: Response) -> bool:
    """Return whether an answer says that the request certainly had no effect, and that another agent may carry it out."""
    return is_retryable(response.status, response.body) or (response.status == 500 and _NO_SERVERS.fullmatch(response.body) is not None)


def moves_on(request: Request, response: Response) -> bool:
    """Return whether an answer means that another agent should be asked."""
    status = response.status
    if status < 429 or (status == 429 and request.path == _HEALTH):
        return False
    is_unanswered = status in _OF_A_PROXY or (status == 500 and _LOST_SERVER.search(response.body) is not None)
    return did_nothing(response) or (is_unanswered and is_repeatable(request))


class AgentResponse(Response):
    """An answer that says which agent gave it, and what the agents before it said. `Response.address` and `earlier` tell it."""

    __slots__ = ("_address", "_earlier")

    _address: str | None
    _earlier: str

    def __init__(
        self, status: int, headers: Headers = NO_HEADERS, body: bytes = b"", address: str | None = None, earlier: str = ""
    ) -> None:
        super().__init__(status, headers, body)
        object.__setattr__(self, "_address", address)
        object.__setattr__(self, "_earlier", earlier)

    @property
    def address(self) -> str | None:
        """The address of the agent."""
        return self._address

    @property
    def earlier(self) -> str:
        """What the agents before it said, in a line."""
        return self._earlier


class _Indexes:
    """Which agent gave which blocking index: the last ones."""

    def __init__(self) -> None:
        self._agents: dict[object, int] = {}

    def note(self, key: object, agent: int) -> None:
        """Note which agent gave an index."""
        self._agents.pop(key, None)
        self._agents[key] = agent
        if len(self._agents) > _MOST_INDEXES:
            del self._agents[next(iter(self._agents))]

    def find(self, key: object) -> int | None:
        """Return which agent gave an index; None if that is not known."""
        return self._agents.get(key)


class _Agent:
    """What is known of an agent. failures: in a row. until: when the time ends for which it is left alone."""

    __slots__ = ("address", "failures", "until")

    def __init__(self, address: str) -> None:
        self.address = address
        self.failures = 0
        self.until = float("-inf")


class Agents:
    """The agents of a client. It is not safe to share between threads: the transport has a lock for it.

    addresses: how the agents are called, in order. draw: for the order "random", and for the pauses.
    """

    def __init__(self, addresses: Sequence[str], order: AgentOrder, draw: Draw) -> None:
        self._agents = [_Agent(address) for address in addresses]
        self._is_random = order == "random"
        self._draw = draw
        #: The agent of calls that are about an agent.
        self.home = int(draw() * len(addresses)) % len(addresses) if self._is_random else 0
        # Apart: many other reads must not make the client forget to whom its blocking queries belong.
        self._indexes, self._blocking_indexes = _Indexes(), _Indexes()

    def route(self, request: Request, timeout: float | None, now: float) -> RoutedCall:
        """Begin a call. timeout: its seconds; None: no limit."""
        return RoutedCall(self, request, timeout, now)

    def address(self, agent: int) -> str:
        """Return how an agent is called."""
        return self._agents[agent].address

    def candidates(self, request: Request, giver: int | None, now: float) -> tuple[list[int], int]:
        """Return the agents in the order in which to try them, and how many of them are not left alone. giver: goes first if it works."""
        if is_of_one_agent(request):
            return [self.home], 1
        order = list(range(len(self._agents)))
        if self._is_random:
            order.sort(key=lambda _agent: self._draw())
        if giver is not None:
            order.remove(giver)
            order.insert(0, giver)
        ready = [agent for agent in order if self._agents[agent].until <= now]
        return [*ready, *(agent for agent in order if agent not in ready)], len(ready)

    def giver(self, request: Request) -> int | None:
        """Return the agent that gave the index of a blocking query; None for another request, or if that is not known."""
        if request.wait <= 0:
            return None
        key = _index_key(request, next((value for name, value in request.query if name in _INDEXES), None))
        found = self._blocking_indexes.find(key)
        return self._indexes.find(key) if found is None else found

    def begin_trial(self, agent: int, now: float) -> bool:
        """Return whether this attempt finds out if an agent works again. One call does that; the others go on to leave it alone."""
        state = self._agents[agent]
        if not state.failures or state.until > now:
            return False
        state.until = now + self._pause(state.failures)
        return True

    def note_failure(self, agent: int, now: float, *, is_trial: bool) -> None:
        """Note that an agent failed. Many calls may fail at once: only the first one, and a trial, make the pause longer."""
        state = self._agents[agent]
        if not state.failures or is_trial:
            state.failures += 1
            state.until = now + self._pause(state.failures)

    def note_answer(self, agent: int, request: Request, response: Response, *, is_blocking: bool) -> None:
        """Note that an agent works, and that it gave the index of its answer."""
        state = self._agents[agent]
        state.failures, state.until = 0, float("-inf")
        if is_of_one_agent(request) or not is_repeatable(request):
            return
        for name in _INDEX_HEADERS:
            if (value := response.headers.get(name)) is not None:
                (self._blocking_indexes if is_blocking else self._indexes).note(_index_key(request, value), agent)

    def _pause(self, failures: int) -> float:
        """Return for how many seconds to leave an agent alone. A half is random, so that clients do not come back all at once."""
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 16)) * (1 + self._draw()) / 2


def _index_key(request: Request, index: str | None) -> object:
    """Return what an index belongs to: a read, without what says how to wait, and which server may answer."""
    return request.path, tuple([item for item in request.query if item[0] not in _NOT_OF_A_READ]), index


def _anew(request: Request) -> Request:
    """Return a blocking query as an ordinary read, which is answered at once."""
    return replace(request, query=tuple([item for item in request.query if item[0] not in _WAITING]), wait=0.0)


class RoutedCall:
    """A request on its way. Send `request` to `agent` within `timeout`, report what came of it, and go on until there is a result.

    agent: the number of the agent. request: what to send to it. timeout: seconds for that; None: no limit.
    """

    def __init__(self, agents: Agents, request: Request, timeout: float | None, now: float) -> None:
        giver = agents.giver(request)
        self._agents = agents
        self._is_alone = is_of_one_agent(request)
        self._is_repeatable = is_repeatable(request)
        self._is_blocking = request.wait > 0
        self._queue, self._ready = agents.candidates(request, giver, now)
        #: The agent that may get the index.
        self._owner = self._queue[0] if giver is None else giver
        #: Seconds for the call, without the wait of a blocking query; and when it must end.
        self._patience = None if timeout is None or timeout <= request.wait else timeout - request.wait
        self._deadline = None if timeout is None else now + timeout
        #: What each agent said.
        self._said: dict[str, str] = {}
        #: The last answer after which the call went on.
        self._refusal: tuple[str, Response] | None = None
        self._was_stale = self._maybe_applied = False
        self.request = request
        self._go_on(now)

    @property
    def address(self) -> str:
        """The address of the agent."""
        return self._agents.address(self.agent)

    def report(self, outcome: Response | RequestError, now: float) -> Response | RequestError | None:
        """Return the answer of the call, or the error to raise; None: go on. outcome: what the agent answered, or the transport raised."""
        if isinstance(outcome, RequestError):
            outcome.address = self.address
            outcome.maybe_applied = self._maybe_applied = self._maybe_applied or outcome.maybe_applied
            if self._is_alone or isinstance(outcome, _OWN):
                return outcome
            may_go_on = self._is_repeatable or not outcome.maybe_applied
            if isinstance(outcome, StaleConnection) and may_go_on and not self._was_stale:
                # Agents close idle connections in good health: the same one gets the request on a new connection.
                self._was_stale = True
                self.timeout = self._share(now)
                return None
            said = outcome.message
        elif self._is_alone or not moves_on(self.request, outcome):
            self._agents.note_answer(self.agent, self.request, outcome, is_blocking=self._is_blocking)
            return AgentResponse(outcome.status, outcome.headers, outcome.body, self.address)
        else:
            may_go_on = True
            self._maybe_applied = self._maybe_applied or not did_nothing(outcome)
            self._refusal = self.address, outcome
            said = f"{outcome.status} {words(outcome.body, outcome.headers.get('content-type') or '')}"
        self._agents.note_failure(self.agent, now, is_trial=self._is_trial)
        self._said[self.address] = " ".join(said.split())
        if may_go_on and self._queue and (self._deadline is None or self._deadline - now > _LEAST):
            self._go_on(now)
            return None
        return self._result(outcome, may_go_on=may_go_on)

    def _go_on(self, now: float) -> None:
        """Turn to the next agent."""
        self.agent = self._queue.pop(0)
        self._ready -= 1
        self._is_trial = self._agents.begin_trial(self.agent, now)
        if self.request.wait > 0 and self.agent != self._owner:
            self.request = _anew(self.request)
            if self._deadline is not None and self._patience is not None:
                self._deadline = min(self._deadline, now + self._patience)
        self.timeout = self._share(now)

    def _share(self, now: float) -> float | None:
        """Return for how many seconds the agent may keep the call: all that is left, or an equal share if the call may go on to others.

        Agents that are left alone count only where no other is left.
        """
        if self._deadline is None:
            return None
        left = max(self._deadline - now, _LEAST)
        if not self._is_repeatable:
            return left
        others = self._ready if self._ready >= 0 else len(self._queue)
        wait = self.request.wait
        return min(left, wait + max(left - wait, 0.0) / (others + 1))

    def _result(self, outcome: Response | RequestError, *, may_go_on: bool) -> Response | RequestError:
        """Return what the caller gets if no agent is left. An answer that asks to try again later is better than an error."""
        if self._refusal is not None and may_go_on:
            address, response = self._refusal
            return AgentResponse(response.status, response.headers, response.body, address, self._earlier(address))
        assert isinstance(outcome, RequestError), "an answer after which a call cannot go on is its result"
        if len(self._said) == 1:
            return outcome
        kind = RequestTimeout if isinstance(outcome, RequestTimeout) else RequestError
        error = kind(f"no agent answered: {self._earlier()}", maybe_applied=self._maybe_applied)
        error.address = ", ".join(self._said)
        error.__cause__ = outcome
        return error

    def _earlier(self, but: str = "") -> str:
        """Return what the agents said, but for one."""
        return "; ".join(f"{address} said: {said}" for address, said in self._said.items() if address != but)
