"""A base for Hypothesis's stateful tests: an agent, clients, programs, faults and time, under rules that shrink."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from consulate.testing.agent import ConsulAgent
from consulate.testing.programs import Program, Programs

if TYPE_CHECKING:
    from consul_proto.simulator.engine.versions import VersionName
    from transports.faults.plans import Fault

#: Seconds that may pass at once: about a lock delay, the shortest TTL, twice it, and a wait.
_PASSES = (1.0, 10.0, 15.0, 20.0, 60.0, 300.0)


#: Of the machine that runs.
_NUMBERS = st.runner().flatmap(lambda machine: st.integers(0, len(machine.programs) - 1))
_FAULTS = st.runner().flatmap(lambda machine: st.sampled_from(machine.faults))


class ConsulStateMachine(RuleBasedStateMachine):
    """Runs programs against an agent in memory, one request at a time, while time passes and faults befall them.

    Make a subclass; its `TestCase` is the test. Add rules of your own, which use `self.agent` and `self.clients`.

    client_count: how many clients `self.clients` has. version: whose answers the agent gives.
    faults: what may befall a program's request; none where it is empty.
    """

    client_count: ClassVar[int] = 2
    version: ClassVar[VersionName] = "1.22.5"
    faults: ClassVar[Sequence[Fault]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.agent = ConsulAgent(version=self.version)
        self.clients = [self.agent.client() for _ in range(self.client_count)]
        self.programs = Programs(self.agent, *self.make_programs())

    def make_programs(self) -> Sequence[Program]:
        """Return the programs to run; override it. Called once, when the agent is there."""
        return ()

    def check(self) -> None:
        """Assert what must hold after each step; override it."""

    @precondition(lambda self: len(self.programs) > 0)
    @rule(number=_NUMBERS)
    def turn(self, number: int) -> None:
        """Let a program go on to its next request; where that one cannot, nothing happens."""
        self.programs.turn(number)

    @rule(seconds=st.sampled_from(_PASSES))
    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.programs.advance(seconds)

    @precondition(lambda self: len(self.programs) > 0 and len(self.faults) > 0)
    @rule(number=_NUMBERS, fault=_FAULTS)
    def inject(self, number: int, fault: Fault) -> None:
        """Let the next request of a program meet a fault."""
        self.programs.inject(number, fault)

    @invariant()
    def holds(self) -> None:
        """Call `check`."""
        self.check()

    def teardown(self) -> None:
        """Stop the programs, and close the clients."""
        self.programs.close()
        for client in self.clients:
            client.close()
