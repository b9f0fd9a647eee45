"""Random walks: workers who want the same thing, under random faults, and what must hold all the time and in the end.

A walk is its kind and its seed. After `HORIZON` the faults stop, and everybody must get what they wait for. Then all leave, and nothing
may be left of them. `scripts/recipes` runs many.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

from consul_proto.recipes.election import Election, Observer
from consul_proto.recipes.lock import Lock, worst_case_takeover
from consul_proto.recipes.outcomes import Acquired, GaveUp, LeaderChanged, Lost, SessionOpened
from consul_proto.recipes.semaphore import Semaphore
from consul_proto.recipes.session import KeptSession, SessionOptions
from consul_proto.simulator.engine.versions import V1_8, V1_22_5
from tests.recipes.official import Official, OfficialLock, OfficialSemaphore
from tests.recipes.world import Network, Worker, World, session_of

#: Seconds: the TTL of the sessions, the lock delay, when the faults stop, the longest delay of a message, and what a few messages take.
TTL, DELAY, HORIZON, LATEST, SLACK = 10.0, 15.0, 100.0, 20.0, 0.1

#: Seconds after the faults within which everybody has had their turn: two zombies, one after the other, and everybody's turn.
PATIENCE = 3 * worst_case_takeover(TTL, DELAY) + 60

KEY = "jobs/nightly"


class Walk:
    """One walk. Its subclasses say who the workers are, and what Consul shows of a holder."""

    limit = 1

    #: How many of the walks have no faults.
    calm = 0.15

    #: Whether an operator may destroy sessions: the lock delay protects from two holders then.
    may_rob = True

    def __init__(self, seed: int, *, is_driven: bool = False) -> None:
        """Plan a walk. is_driven: a test says who does what and what befalls them; nothing is planned."""
        self.random = random = Random(seed)
        calm = random.random() < self.calm
        rate: Callable[[], float] = lambda: 0.0 if calm else random.choice([0.0, 0.0, 0.02, 0.1, 0.3])  # noqa: E731
        network = Network(rate(), rate(), rate(), rate(), LATEST)
        self.is_calm = calm
        self.world = World(seed, network, version=random.choice([V1_8, V1_22_5]))
        self.world.check = self.check
        self.tokens: list[int] = []
        self.is_driven, self.is_ending = is_driven, False
        #: When the faults stopped.
        self.calm_since = HORIZON
        self.prepare()
        if is_driven:
            self.is_calm, self.world.network = False, Network()
            return
        for number in range(random.randint(2, 4)):
            self.begin(number)
        for _ in range(0 if calm else random.randint(0, 6)):
            self.fault(random.uniform(0, HORIZON * 0.9))

    # What differs.

    def prepare(self) -> None:
        """Choose what the workers share."""

    def machine(self, timeout: float | None) -> Any:
        """Return a new machine."""
        raise NotImplementedError

    def is_true(self, session: str) -> bool:
        """Return whether Consul says that a session holds what it contends for."""
        raise NotImplementedError

    # Who does what.

    def begin(self, number: int) -> None:
        """Let a worker begin some time."""
        random = self.random
        slots = random.choice([0, 1, 9, 9])

        def start() -> None:
            self.world.add(f"worker {number}", self.machine(self.timeout()), slots=slots, on_told=self.told)

        self.world.at(random.uniform(0, 20), start)

    def timeout(self) -> float | None:
        """Choose how long to wait."""
        return self.random.choice([None, None, None, 0, 3.0, 40.0]) if not self.is_ending else None

    def leave_later(self, worker: Worker, seconds: float) -> None:
        """Stop a machine after a time, if it is still the same."""
        machine = worker.machine

        def leave() -> None:
            if worker.machine is machine:
                self.resumed(worker, stop)

        def stop() -> None:
            self.world.stop(worker)
            since = self.world.now
            self.world.after(TTL + SLACK, lambda: self.has_cleaned_up(worker, machine, since))

        self.world.after(seconds, leave)

    def has_cleaned_up(self, worker: Worker, machine: Any, since: float) -> None:
        """Check that cleaning up ends within one TTL, unless the process was paused."""
        assert machine.is_over or worker.is_paused or worker.resumed_at >= since

    def resumed(self, worker: Worker, action: Callable[[], object]) -> None:
        """Do something in a process, once it is not paused."""
        if worker.is_paused:
            self.world.after(0.5, lambda: self.resumed(worker, action))
        else:
            action()

    def told(self, worker: Worker, event: Any) -> None:
        """React as a user does."""
        if isinstance(event, Acquired):
            self.count(worker, event.fencing_token)
        elif isinstance(event, Lost):
            self.is_a_loss(worker)
        if self.is_driven and not self.is_ending:
            return
        if isinstance(event, (Acquired, SessionOpened)):
            self.leave_later(worker, 0.5 if self.is_ending else self.random.choice([0.0, 1.0, 10.0, 40.0]))
        if isinstance(event, (Lost, GaveUp)) and self.random.random() < 0.3:
            self.leave_later(worker, self.random.uniform(0, 1))

    def count(self, worker: Worker, token: int) -> None:
        """Note a fencing token."""
        largest = max(self.tokens, default=0)
        if isinstance(worker.machine, Official):
            return
        # Two holders of a semaphore may hear of it in another order than Consul.
        assert token > (largest if self.limit == 1 else worker.before)
        assert token not in self.tokens
        self.tokens.append(token)

    def fault(self, time: float) -> None:
        """Plan a fault."""
        random, world = self.random, self.world
        kind = random.choice(["cut", "pause", "leader", "rob", "leave"])
        lasts = random.choice([0.5, 4.0, 15.0, 45.0])
        end = min(time + lasts, HORIZON)

        def one(change: Callable[[Worker], object]) -> None:
            if contenders := self.contenders():
                change(random.choice(contenders if kind in ("rob", "leave") else world.workers))

        def cut(worker: Worker) -> None:
            worker.is_cut = True
            world.at(end, lambda: setattr(worker, "is_cut", False))

        def pause(worker: Worker) -> None:
            if not worker.is_paused:
                world.pause(worker, True)
                world.at(end, lambda: world.pause(worker, False))

        if kind == "leader":
            world.at(time, lambda: world.lead(has_leader=False))
            world.at(end, lambda: world.lead(has_leader=True))
        elif kind != "rob" or self.may_rob:
            does = {"cut": cut, "pause": pause, "rob": world.rob, "leave": lambda worker: self.leave_later(worker, 0)}
            world.at(time, lambda: one(does[kind]))

    def contenders(self) -> list[Worker]:
        """Return the workers who are not observers."""
        return [worker for worker in self.world.workers if not isinstance(worker.machine, Observer)]

    # What must hold.

    def believers(self) -> list[Worker]:
        """Return the workers who hold it, as far as they know, by a look at the clock."""
        found = []
        for worker in self.world.workers:
            until = worker.machine.held_until if hasattr(worker.machine, "held_until") else None
            if until is not None:
                assert until in (worker.alive + TTL, float("inf")), "the TTL counts from the sending of the last renewal that succeeded"
                if self.world.now < until:
                    found.append(worker)
                else:
                    assert worker.is_paused or self.world.now == until, "a loss is known by the TTL"
        return found

    def check(self, worker: Worker) -> None:
        """Check what holds after each step."""
        if worker.machine.is_over and not isinstance(worker.machine, Observer):
            self.world.end_given(session_of(worker.machine))
            self.again(worker)
        if "acquire" in worker.flights and worker.flights["acquire"].sent == self.world.now:
            worker.before = max(self.tokens, default=0)
        believers = self.believers()
        assert len(believers) <= self.limit, f"{len(believers)} hold it at {self.world.now}"
        for one in believers:
            assert one.is_robbed or self.is_true(session_of(one.machine)), f"{one.name} believes to hold it at {self.world.now}"

    def is_a_loss(self, worker: Worker) -> None:
        """Check that a loss is one."""
        assert self.world.now >= worker.alive + TTL or not self.is_true(session_of(worker.machine)), "no loss before the TTL is over"

    def again(self, worker: Worker) -> None:
        """Let a worker try again, until everybody has had it after the faults stopped."""
        machine = worker.machine
        if self.is_driven and not self.is_ending:
            return

        def restart() -> None:
            if worker.machine is machine and not self.has_had_it(worker):
                self.world.restart(worker, self.machine(self.timeout()))

        self.world.after(self.random.uniform(0.1, 5), lambda: self.resumed(worker, restart))

    def has_had_it(self, worker: Worker) -> bool:
        """Return whether a worker had its turn after the faults."""
        return any(time >= self.calm_since and isinstance(event, (Acquired, SessionOpened)) for time, event in worker.told)

    def run(self) -> int:
        """Run the walk, and return how many steps the machines took."""
        self.world.run(HORIZON)
        self.finish()
        return self.world.steps

    def finish(self) -> None:
        """Let everybody have their turn without faults, and leave."""
        world = self.world
        self.is_ending, world.network, self.calm_since = True, Network(), world.now
        contenders = self.contenders()
        for worker in contenders:
            if worker.machine.held_until is not None:
                self.leave_later(worker, 1.0)
            elif worker.machine.is_over and self.is_driven:
                self.again(worker)
        world.run(world.now + PATIENCE, while_=lambda: not all(map(self.is_done, contenders)))
        assert [worker.name for worker in contenders if not self.is_done(worker)] == [], "everybody gets it once faults stop"
        self.at_rest(contenders)

    def is_done(self, worker: Worker) -> bool:
        """Return whether a worker had its turn and has left."""
        return self.has_had_it(worker) and worker.machine.is_over

    def at_rest(self, contenders: list[Worker]) -> None:
        """Check that nothing is left once everybody has left."""
        world = self.world
        assert [worker.name for worker in contenders if session_of(worker.machine) in world.sessions] == []
        assert not self.is_calm or world.sessions == {}
        # Answers to `create` that were lost leave sessions, which end by themselves.
        world.run(max(world.now, self.calm_since + LATEST) + 2 * TTL + SLACK)
        for worker in world.workers:
            if not worker.machine.is_over:
                world.stop(worker)
        assert world.sessions == {}
        assert [key for key, entry in world.keys.items() if entry.session] == []
        assert not any(worker.flights for worker in world.workers)
        assert all(parked.response is not None for _, _, parked in world.simulator._deadlines), "no query is left behind"
        self.leaves()

    def leaves(self) -> None:
        """Check what the keys say in the end."""


class SessionWalk(Walk):
    """Everybody keeps a session of their own."""

    limit = 4

    def machine(self, timeout: float | None) -> KeptSession:
        return KeptSession(SessionOptions(TTL), timeout=timeout, jitter=self.random.random)

    def is_true(self, session: str) -> bool:
        return session in self.world.sessions


class LockWalk(Walk):
    """Everybody wants the same lock."""

    delete = False

    def prepare(self) -> None:
        self.delete = self.random.random() < 0.5

    def machine(self, timeout: float | None) -> Any:
        session = self.world.give_session(TTL, DELAY) if self.random.random() < 0.2 else None
        return Lock(KEY, session=session, ttl=TTL, delay=DELAY, timeout=timeout, delete=self.delete, jitter=self.random.random)

    def is_true(self, session: str) -> bool:
        return KEY in self.world.keys and self.world.keys[KEY].session == session

    def leaves(self) -> None:
        assert not self.delete or KEY not in self.world.keys


class SemaphoreWalk(Walk):
    """Everybody wants a slot."""

    may_rob = False

    def prepare(self) -> None:
        self.limit = self.random.randint(1, 3)

    def machine(self, timeout: float | None) -> Any:
        return Semaphore(KEY, self.limit, ttl=TTL, timeout=timeout, jitter=self.random.random)

    def holders(self) -> set[str]:
        """Return the holders that `.lock` names."""
        lock = self.world.keys.get(f"{KEY}/.lock")
        return set(json.loads(lock.value)["Holders"]) if lock else set()

    def is_true(self, session: str) -> bool:
        return session in self.holders() and f"{KEY}/{session}" in self.world.keys

    def leaves(self) -> None:
        assert [key for key in self.world.keys if key != f"{KEY}/.lock"] == []
        # Under faults, a transaction that was late may have added one that nobody prunes until the next comes.
        assert not self.is_calm or self.holders() == set(), "everybody removed themselves"


class ElectionWalk(LockWalk):
    """Everybody wants to lead, and one observes."""

    def prepare(self) -> None:
        self.observer = self.world.add("observer", Observer(KEY, jitter=self.random.random), slots=self.random.choice([0, 9]))

    def machine(self, timeout: float | None) -> Election:
        random = self.random
        return Election(KEY, value="me", again=random.random() < 0.7, ttl=TTL, delay=DELAY, timeout=timeout, jitter=random.random)

    def leaves(self) -> None:
        changes = [event.leader for _, event in self.observer.told if isinstance(event, LeaderChanged)]
        assert changes[-1] is None, "nobody leads any more"
        assert all(one != other for one, other in pairwise(changes)), "only changes are told"
        assert all(leader is None or leader.value == "me" for leader in changes)


class OfficialLockWalk(LockWalk):
    """Some use the official client's lock. It is slow to notice faults, so there are none."""

    calm = 1.0

    def machine(self, timeout: float | None) -> Any:
        if self.random.random() < 0.5:
            return super().machine(timeout)
        return OfficialLock(KEY, TTL, self.random.random, delay=DELAY)

    def leaves(self) -> None:
        """The official client does not delete the key."""


class OfficialSemaphoreWalk(SemaphoreWalk):
    """Some use the official client's semaphore."""

    calm = 1.0

    def machine(self, timeout: float | None) -> Any:
        if self.random.random() < 0.5:
            return super().machine(timeout)
        return OfficialSemaphore(KEY, self.limit, TTL, self.random.random)


#: The machines -> their walks under faults.
WALKS: dict[str, type[Walk]] = {"session": SessionWalk, "lock": LockWalk, "semaphore": SemaphoreWalk, "election": ElectionWalk}

#: Walks beside the official client, without faults.
OFFICIAL: dict[str, type[Walk]] = {"official-lock": OfficialLockWalk, "official-semaphore": OfficialSemaphoreWalk}
